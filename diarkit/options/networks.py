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


@dataclass(frozen=True)
class FrontEndOptions:
    """What an imported network hears."""

    front_end: str = tunable(
        "", "Kaldi's conf file of the features that the network was trained on; the model then takes recordings. "
        "Default: it takes tables of features.", "FILE")
    features: str = tunable("mfcc", "Of which kind these are.", choices=("mfcc", "fbank"))
    cmn: str = tunable(
        "sliding", "Which mean is subtracted from every frame: that of the --cmn-window frames around it, of the "
        "window that becomes an embedding, of the recording, or none.", "", "Kaldi egs/sre16/v2, apply-cmvn-sliding",
        ("sliding", "window", "recording", "none"))
    cmn_window: int = tunable(300, "The frames around it.", "frames", "Kaldi egs/sre16/v2")

    def __post_init__(self):
        if self.cmn_window < 1:
            raise UsageError(f"--cmn-window={self.cmn_window} must be at least 1")


@dataclass(frozen=True)
class ImportNetworkOptions:
    embedding_node: str = tunable(
        "", "The affine layer whose output is the embedding; default: the one that extract.config says, else the first "
        "after pooling, tdnn6.affine in the recipes.", "NODE")


WESPEAKER = {"features": "fbank", "options": {"num_mel_bins": 80, "window_type": "hamming"}, "cmn": "window"}
VBX = {"features": "fbank", "options": {"num_mel_bins": 64, "high_freq": 7600.0, "snip_edges": False},
       "cmn": "sliding", "cmn_window": 300}
VBX_8K = {**VBX, "options": {**VBX["options"], "high_freq": 3700.0, "sample_frequency": 8000.0}}
# What networks of these toolkits hear (wespeaker/bin/infer_onnx.py, BUTSpeechFIT/VBx predict.py).
PRESETS = {"wespeaker": WESPEAKER, "vbx": VBX, "vbx-8k": VBX_8K}


@dataclass(frozen=True)
class OnnxOptions:
    preset: str = tunable(
        "wespeaker", "What the network hears: wespeaker, 80 log-mel energies less the mean of the window, 16 kHz; vbx, "
        "64 of 20-7600 Hz less the mean of the 3 s around each frame; vbx-8k, of 20-3700 Hz, 8 kHz.", "",
        "wespeaker/bin/infer_onnx.py, BUTSpeechFIT/VBx predict.py", tuple(PRESETS))
    front_end: str = tunable("", "Kaldi's conf file of other features in place of the preset's.", "FILE")
    features: str = tunable("fbank", "Of which kind those are.", choices=("mfcc", "fbank"))
    cmn: str = tunable("", "Another mean than the preset's that is subtracted from every frame.", "", "",
                       ("", "sliding", "window", "recording", "none"))
    cmn_window: int = tunable(300, "The frames around each of --cmn=sliding.", "frames")
    layout: str = tunable("auto", "What the network takes: (windows, time, features) or (windows, features, time).", "",
                          "", ("auto", "time-first", "features-first"))

    def __post_init__(self):
        if self.cmn_window < 1:
            raise UsageError(f"--cmn-window={self.cmn_window} must be at least 1")
