"""Training of x-vector networks: examples, losses, the schedule, the loop, several workers, what is held out."""
