"""Embeddings, their models and the whole job."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class XvectorOptions:
    model: str = tunable(
        "", "A model folder or its name in the models' folder; default campplus, else ge2e. 'stats' is the mean "
        "and deviation of features, of which the input then has to be a table.", "FOLDER")
    threads: int = tunable(0, "Threads; 0 is one for each processor. The result is the same.")


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
