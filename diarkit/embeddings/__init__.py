"""Speaker embeddings of windows of a recording: the networks, and what runs them."""
