"""From the embeddings or scores of a recording to labels of speakers."""
