"""Kaldi's nnet3 x-vector networks: what their components compute, the whole network, chunks, as a TDNN of ours."""
