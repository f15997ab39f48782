"""What happens to embeddings before they are clustered: transforms, PLDA, scores and their calibration."""
