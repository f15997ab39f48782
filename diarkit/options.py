"""Every tunable of the toolkit, once: its name, default, unit, meaning and source.

Each dataclass is one subject. From it come the command line (cli.options), the configuration files
(`--name=value`), the JSON beside a model (dataclasses.asdict) and the tests.
"""

from dataclasses import dataclass, field, fields


def tunable(default, help, unit="", source="", choices=(), names=()):
    """A field: `names` are other spellings that the command line takes, such as Kaldi's."""
    return field(default=default, metadata=dict(help=help, unit=unit, source=source, choices=choices, names=names))


def from_mapping(cls, mapping):
    """An instance of `cls` from a mapping such as a parsed JSON object; unknown names raise KeyError."""
    unknown = set(mapping) - {f.name for f in fields(cls)}
    if unknown:
        raise KeyError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    return cls(**mapping)


KALDI_WINDOW = "Kaldi feature-window.h"
KALDI_MEL = "Kaldi mel-computations.h"


@dataclass(frozen=True)
class FrameOptions:
    """What fbank and MFCC share: how frames are cut and what mel filters see."""

    sample_frequency: float = tunable(16000.0, "Sampling rate of the features.", "Hz", KALDI_WINDOW)
    frame_length: float = tunable(25.0, "Length of a frame.", "ms", KALDI_WINDOW)
    frame_shift: float = tunable(10.0, "From one frame to the next.", "ms", KALDI_WINDOW)
    snip_edges: bool = tunable(True, "Whole frames only; false mirrors the signal at its ends.", "", KALDI_WINDOW)
    dither: float = tunable(0.0, "Noise added to every sample.", "standard deviation", "Kaldi: 1")
    seed: int = tunable(0, "Of the dither; with the key it decides the noise of a recording.")
    preemphasis_coefficient: float = tunable(0.97, "x[t] - C x[t - 1].", "", KALDI_WINDOW)
    remove_dc_offset: bool = tunable(True, "Subtract the mean of every frame.", "", KALDI_WINDOW)
    window_type: str = tunable(
        "povey", "Analysis window.", "", KALDI_WINDOW,
        ("hamming", "hanning", "povey", "rectangular", "sine", "blackman"), names=("window",))
    blackman_coeff: float = tunable(0.42, "Of the blackman window.", "", KALDI_WINDOW)
    round_to_power_of_two: bool = tunable(True, "Pad frames with zeros to a power of two.", "", KALDI_WINDOW)
    low_freq: float = tunable(20.0, "Lower edge of the mel filters.", "Hz", KALDI_MEL)
    high_freq: float = tunable(0.0, "Upper edge; 0 or less counts from the Nyquist frequency.", "Hz", KALDI_MEL)
    energy_floor: float = tunable(0.0, "Floor under the energy; 0 is none.", "", "Kaldi feature-mfcc.h")
    raw_energy: bool = tunable(True, "Energy before preemphasis and window.", "", "Kaldi feature-mfcc.h")
    htk_compat: bool = tunable(False, "Energy last, as HTK has it.", "", "Kaldi feature-mfcc.h")


@dataclass(frozen=True)
class FbankOptions(FrameOptions):
    num_mel_bins: int = tunable(23, "Number of mel filters.", "", KALDI_MEL)
    use_energy: bool = tunable(False, "Add the log energy as a column.", "", "Kaldi feature-fbank.h")
    use_log_fbank: bool = tunable(True, "Logarithm of the filterbank energies.", "", "Kaldi feature-fbank.h")
    use_power: bool = tunable(True, "Power spectrum; false: magnitude.", "", "Kaldi feature-fbank.h")


@dataclass(frozen=True)
class MfccOptions(FrameOptions):
    num_mel_bins: int = tunable(23, "Number of mel filters.", "", KALDI_MEL)
    num_ceps: int = tunable(13, "Cepstra kept, C0 included.", "", "Kaldi feature-mfcc.h")
    cepstral_lifter: float = tunable(22.0, "Scaling of the cepstra; 0 is none.", "", "Kaldi feature-mfcc.h")
    use_energy: bool = tunable(True, "Log energy in place of C0.", "", "Kaldi feature-mfcc.h")


@dataclass(frozen=True)
class InputOptions:
    """Which channel of a recording the small tools read, and whether they may change its sampling rate."""

    channel: int = tunable(-1, "Channel to read, counted from 0; -1: the recording has to have one only.")
    allow_downsample: bool = tunable(False, "Resample recordings of a higher rate.", "", "Kaldi compute-mfcc-feats")
    allow_upsample: bool = tunable(False, "Resample recordings of a lower rate.", "", "Kaldi compute-mfcc-feats")
    allow_resample: bool = tunable(False, "Both.")


@dataclass(frozen=True)
class VadOptions:
    method: str = tunable("silero", "Whose decision; diarize calls it --vad.", choices=("energy", "webrtc", "silero"))
    threshold: float | None = tunable(
        None, "Speech begins here: log energy (default 5.0) or Silero's probability (default 0.2).", "",
        "Kaldi compute-vad; RESULTS.md", names=("vad-energy-threshold",))
    offset_ratio: float = tunable(0.7, "Silero: speech ends below this part of the threshold.", "", "RESULTS.md")
    extend: float = tunable(
        0.2, "Silero: make speech longer at each end by up to this while it is loud.", "s", "RESULTS.md")
    above_background: float = tunable(6.0, "Silero: loud is this much above the background.", "dB", "RESULTS.md")
    below_speech: float = tunable(35.0, "Silero: and no more than this below the speech.", "dB", "RESULTS.md")
    energy_mean_scale: float = tunable(
        0.5, "Energy: the mean log energy of the recording times this is added to the threshold.", "",
        "Kaldi compute-vad", names=("vad-energy-mean-scale",))
    frames_context: int = tunable(
        0, "Energy: frames on each side that vote.", "", "Kaldi compute-vad", names=("vad-frames-context",))
    proportion_threshold: float = tunable(
        0.6, "Energy: the part of them that has to be loud.", "", "Kaldi compute-vad",
        names=("vad-proportion-threshold",))
    webrtc_mode: int = tunable(2, "WebRTC: 0 lets much through, 3 little.", "0 to 3")


@dataclass(frozen=True)
class SegmentOptions:
    frame_shift: float = tunable(0.01, "From one decision to the next.", "s")
    min_silence: float = tunable(0.3, "Fill shorter silences.", "s", "RESULTS.md")
    min_speech: float = tunable(0.1, "Drop shorter speech, after that.", "s", "RESULTS.md")
    pad_start: float = tunable(0.01, "Begin segments earlier by this.", "s", "RESULTS.md")
    pad_end: float = tunable(0.0, "End segments later by this.", "s", "RESULTS.md")
    max_segment_length: float = tunable(0.0, "Cut longer segments into equal parts; 0 is never.", "s")


@dataclass(frozen=True)
class SubsegmentOptions:
    window: float = tunable(
        1.5, "Length of a window.", "s", "Kaldi callhome_diarization", names=("max-segment-duration",))
    period: float = tunable(0.75, "From one window to the next.", "s", "Kaldi callhome_diarization")
    min_segment: float = tunable(
        0.5, "Move the last window back if it would be shorter than this.", "s", "Kaldi callhome_diarization")


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
    embeddings_out: str = tunable(
        "", "Write the embedding of every window, and of every speaker the mean under <recording>-speaker-<n>, to "
        "this table.", "wspecifier")


@dataclass(frozen=True)
class PretrainedOptions:
    wheel: str = tunable("", "Take the model out of this wheel, and download nothing.", "FILE")


@dataclass(frozen=True)
class CosineOptions:
    subtract_mean: bool = tunable(
        False, "Subtract the mean of the recording's vectors first.", "", "Kaldi score_cossim.sh: true")


@dataclass(frozen=True)
class AhcOptions:
    """Bounds of the calibrated threshold are for cosines of CAM++ (RESULTS.md); models carry their own."""

    threshold: float | None = tunable(
        None, "Merge clusters while their similarity is at least this; default: calibrated for each recording.",
        "unit of the scores", "Kaldi: 0")
    num_speakers: int | None = tunable(None, "Find exactly this many speakers, or one a segment if those are fewer.")
    min_speakers: int | None = tunable(None, "Find at least this many.")
    max_speakers: int | None = tunable(None, "Find at most this many.")
    linkage: str = tunable(
        "average", "Similarity of clusters: mean, lowest or highest of their pairs.", "", "Kaldi: average",
        ("average", "complete", "single"))
    min_threshold: float = tunable(0.28, "Lower bound of the calibrated threshold.", "cosine", "RESULTS.md")
    max_threshold: float = tunable(0.45, "Upper bound of the calibrated threshold.", "cosine", "RESULTS.md")
    margin: float = tunable(
        0.06, "Subtracted from the crossing point of the calibration, whole for up to 64 segments, then falling as "
        "their number grows.", "cosine", "RESULTS.md")
    min_cluster_size: int | None = tunable(
        None, "Give the segments of smaller clusters to the others; default a third of the root of the number of "
        "segments, at least 3 (2 of fewer than 12), or 1 where --threshold is given.", "segments")
    reassign: int = tunable(2, "Times that segments may move to the most similar speaker, if there are such.")


@dataclass(frozen=True)
class DerOptions:
    collar: float = tunable(
        0.0, "Do not score this much on each side of both ends of every turn of the reference.", "s",
        "md-eval -c; pyannote's collar is twice this")
    ignore_overlap: bool = tunable(
        False, "Do not score where turns of the reference overlap.", source="md-eval -1", names=("ignore-overlaps",))
    uem: str = tunable("", "Score only these regions.", "UEM file")
    scorer: str = tunable("md-eval", "Whose rules.", choices=("md-eval", "dscore"))


@dataclass(frozen=True)
class MakeRttmOptions:
    rttm_channel: int = tunable(1, "Channel written into the RTTM.", source="Kaldi's make_rttm.py has 0")


@dataclass(frozen=True)
class PlotOptions:
    reference: str = tunable("", "Draw this beneath, and where the two differ.", "RTTM file")
    uem: str = tunable("", "Show only these regions.", "UEM file")
    recording: str = tunable("", "Draw this recording only.")
    width: int = tunable(0, "Width; 0 is that of the terminal, or 1400 pixels for pictures.", "columns or pixels")
    ascii: bool = tunable(False, "Use no characters but ASCII.")


@dataclass(frozen=True)
class ShowTableOptions:
    shapes: bool = tunable(False, "Print a line for every entry: key, kind, shape, least, mean and greatest value.")
    limit: int = tunable(0, "Stop after this many entries; 0 is all.", "entries")
