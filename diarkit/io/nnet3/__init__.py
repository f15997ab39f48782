"""Kaldi's nnet3 networks: the files of raw networks, text and binary, their graphs of nodes, their components.

components  the layers and the fields that a file has of them
descriptors what a node takes as input, such as Append(Offset(tdnn1, -2), tdnn1)
graph       the nodes, and configuration lines that change them
files       reading and writing

Formats: Kaldi's nnet3/nnet-nnet.cc, nnet3/nnet-descriptor.cc and the Read() and Write() of its components.
"""
