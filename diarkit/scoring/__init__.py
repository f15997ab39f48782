"""How well it was done: diarization error rate and its relatives, by the rules of the official scorers."""
