"""Embeddings, their models and the whole job."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class XvectorOptions:
    model: str = tunable(
        "", "A model folder or its name in the models' folder; default campplus, else ge2e. 'stats' is the mean "
        "and deviation of features, of which the input then has to be a table.", "FOLDER")
    threads: int = tunable(0, "Threads; 0 is one for each processor. The result is the same.")
    batch_size: int = tunable(
        0, "Windows that the network takes at once, of a TDNN 75 frames for each; 0 is 8, on a GPU 128. It changes the "
        "result by rounding alone.")
    device: str = tunable("cpu", "Where the network computes; auto is a GPU if there is one.",
                          choices=("cpu", "cuda", "auto"))
    precision: str = tunable(
        "float32", "Of the network: bfloat16 is faster on processors that have it (AVX512-BF16, AMX) and on GPUs; "
        "int8, of TDNNs alone, on CPUs. What they cost: RESULTS.md.", choices=("float32", "bfloat16", "int8"))

    def __post_init__(self):
        for name in ("threads", "batch_size"):
            if getattr(self, name) < 0:
                raise UsageError(f"--{name.replace('_', '-')} must not be negative, {getattr(self, name)} is")


@dataclass(frozen=True)
class ExtractionOptions:
    chunk_size: int = tunable(
        10000, "A longer window is cut into chunks of so many frames, and the mean of their embeddings taken, weighted "
        "by their frames; 0 or less: none is.", "frames", "Kaldi egs/sre16/v2/local/nnet3/xvector/run_xvector.sh")
    min_chunk_size: int = tunable(
        0, "A shorter window is widened evenly by the frames around it, beyond the ends of the recording by its first "
        "and last frame; 0: 20, or what a TDNN needs for 6 frames that are pooled.", "frames",
        "Kaldi nnet3-xvector-compute")
    pad_input: bool = tunable(True, "Else a window that is shorter than that fails.", "", "Kaldi nnet3-xvector-compute")
    features: bool = tunable(
        False, "RSPECIFIER is a table of features, of which there is one every 10 ms, as the model's front end would "
        "make and normalise them. Models without a front end always take these.")
    share_batches: bool | None = tunable(
        None, "Windows of several recordings share batches; default on a GPU alone. The last bits of a vector then "
        "hang on the other recordings of the table.")

    def __post_init__(self):
        if self.min_chunk_size < 0:
            raise UsageError(f"--min-chunk-size must not be negative, {self.min_chunk_size} is")
        if 0 < self.chunk_size < self.min_chunk_size:
            raise UsageError(f"--chunk-size={self.chunk_size} is less than --min-chunk-size={self.min_chunk_size}")


@dataclass(frozen=True)
class DiarizeOptions:
    output_dir: str = tunable("", "Write <recording>.rttm (or .json) into this folder instead of stdout.", "FOLDER")
    json: bool = tunable(False, "Write JSON, an object a recording, one a line, instead of RTTM.")
    channels: str = tunable(
        "mix", "Of a recording with several: mix them; N, one of them, counted from 0; separate, each is one speaker, "
        "as on a telephone line recorded on both sides.", "mix|N|separate")
    clustering: str = tunable(
        "vbx", "How windows become speakers: agglomerative clustering, spectral clustering, k-means, or variational "
        "Bayes over time that begins with the first.", "", "RESULTS.md", ("ahc", "spectral", "kmeans", "vbx"))
    embeddings_out: str = tunable(
        "", "Write the embedding of every window, and of every speaker the mean under <recording>-speaker-<n>, to "
        "this table.", "wspecifier")


@dataclass(frozen=True)
class PretrainedOptions:
    wheel: str = tunable("", "Take the model out of this wheel, and download nothing.", "FILE")
