"""Mixtures of Gaussians as background models, and the i-vectors that stand on them."""
