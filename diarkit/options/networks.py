"""Networks of other toolkits: Kaldi's nnet3 and ONNX files, run, changed and taken over."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

COMPUTE = "Kaldi nnet3-xvector-compute"
COPY = "Kaldi nnet3-copy"


@dataclass(frozen=True)
class ChunkOptions:
    chunk_size: int = tunable(
        -1, "Average the vectors of chunks of so many frames; -1: all frames are one chunk, of which the network looks "
        "at no more than its statistics pooling does.", "frames", COMPUTE)
    min_chunk_size: int = tunable(100, "Least frames of a chunk.", "frames", COMPUTE)
    pad_input: bool = tunable(
        True, "Fill up shorter chunks by repeating their first and last frames; if false, they are left out.", "",
        COMPUTE)
    apply_exp: bool = tunable(False, "Write e to the power of the output, such as posteriors of log posteriors.")

    def __post_init__(self):
        if self.chunk_size < 1 and self.chunk_size != -1:
            raise UsageError(f"--chunk-size={self.chunk_size} is neither a number of frames nor -1")
        if self.min_chunk_size < 1:
            raise UsageError(f"--min-chunk-size={self.min_chunk_size} must be at least 1")


@dataclass(frozen=True)
class ComputerOptions:
    """How Kaldi runs a network; here all are of no effect."""

    use_gpu: str = tunable("no", "Taken, and of no effect: this runs on the CPU.", "", COMPUTE,
                           ("yes", "no", "optional", "wait", "true", "false"))
    cached_compiler_in: str = tunable("", "Taken, and of no effect: nothing is compiled.", "FILE", COMPUTE)
    cached_compiler_out: str = tunable("", "The same.", "FILE", COMPUTE)
    frame_subsampling_factor: int = tunable(1, "Taken, and of no effect: there is one output.", "", COMPUTE)


@dataclass(frozen=True)
class CopyNetworkOptions:
    binary: bool = tunable(True, "Write the network in binary, not as text.", "", COPY)
    nnet_config: str = tunable(
        "", "Lines of nodes that are added, or take the place of those of the same name: `output-node name=output "
        "input=tdnn6.affine` moves the output.", "FILE", COPY)
    edits: str = tunable("", "remove-orphans takes out the nodes and components that no output needs.", "", COPY,
                         ("", "remove-orphans"))
    learning_rate: float = tunable(-1.0, "Learning rate of all layers that have one; less than 0: as it is.", "", COPY)
    prepare_for_test: bool = tunable(False, "Taken, and of no effect: networks are always used as in a test.", "",
                                     "Kaldi nnet3-am-copy")
