"""diarkit: who spoke when, with small tools in the manner of Kaldi."""

__version__ = "0.1.0"
