"""Speech activity, and segments made from it."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.features import FbankOptions
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class VadOptions:
    method: str = tunable("silero", "Whose decision; diarize calls it --vad.", choices=("energy", "webrtc", "silero"))
    threshold: float | None = tunable(
        None, "Speech begins here: log energy (default 5.0) or probability (silero: default 0.2, dnn: 0.25).", "",
        "Kaldi compute-vad; RESULTS.md", names=("vad-energy-threshold",))
    offset_ratio: float = tunable(0.7, "Silero, dnn: speech ends below this part of the threshold.", "", "RESULTS.md")
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
    webrtc_smoothing: int = tunable(11, "WebRTC: frames, around each, whose majority decides; 1 is none.", "odd")


@dataclass(frozen=True)
class DetectorOptions(VadOptions):
    """What `vad` offers and diarize does not."""

    method: str = tunable("silero", "Whose decision.", choices=("energy", "webrtc", "silero", "dnn"))
    probabilities: bool = tunable(False, "Write the probability of speech instead of decisions (silero, dnn).")
    min_silence: float = tunable(0.0, "Fill shorter silences.", "s")
    min_speech: float = tunable(0.0, "Drop shorter speech, after that.", "s")
    pad_start: float = tunable(0.0, "Make speech begin earlier by this, after that.", "s")
    pad_end: float = tunable(0.0, "Make speech end later by this.", "s")
    omit_unvoiced_utts: bool = tunable(
        False, "Write nothing for a recording without speech.", "", "Kaldi compute-vad")


@dataclass(frozen=True)
class SegmentOptions:
    """The rule "hysteresis", from decisions or probabilities to segments."""

    frame_shift: float = tunable(0.01, "From one decision to the next.", "s")
    onset: float = tunable(0.5, "Hysteresis: speech begins where a number is this or more.", "", "Silero")
    offset: float = tunable(0.5, "Hysteresis: it ends where one is less than this.", "", "Silero")
    min_silence: float = tunable(0.3, "Hysteresis: fill shorter silences.", "s", "RESULTS.md")
    min_speech: float = tunable(0.1, "Hysteresis: drop shorter speech, after that.", "s", "RESULTS.md")
    pad_start: float = tunable(0.01, "Hysteresis: begin segments earlier by this.", "s", "RESULTS.md")
    pad_end: float = tunable(0.0, "Hysteresis: end segments later by this.", "s", "RESULTS.md")
    max_segment_length: float = tunable(0.0, "Cut longer segments into equal parts; 0 is never.", "s")


@dataclass(frozen=True)
class KaldiSegmentOptions:
    """The rule "kaldi", from decisions to segments."""

    silence_proportion: float = tunable(
        0.2, "Kaldi: the part of all segments that is silence.", "", "Kaldi segmentation.pl")
    hard_max_segment_length: float = tunable(
        30.0, "Kaldi: cut longer segments into equal parts.", "s", "Kaldi segmentation.pl")
    remove_noise_only_segments: bool = tunable(
        False, "Kaldi: drop segments without a decision 2, which then is speech and 1 noise.", "",
        "Kaldi vad_to_segments.sh")
    min_duration: float = tunable(0.25, "Kaldi: drop shorter segments, in the end.", "s", "Kaldi vad_to_segments.sh")
    first_separator: str = tunable("-", "Kaldi: between recording and start in names.")
    second_separator: str = tunable("-", "Kaldi: between start and end in names.")
    frame_shift: float = tunable(0.01, "From one decision to the next.", "s")
    max_segment_length: float = tunable(15.0, "Join segments up to this length.", "s", "Kaldi segmentation.pl")


@dataclass(frozen=True)
class SegmentRuleOptions:
    rule: str | None = tunable(
        None, "How decisions become segments; default kaldi, or hysteresis where an option of it is given.",
        choices=("kaldi", "hysteresis"))
    max_segment_length: float | None = tunable(
        None, "Kaldi: join segments up to this length (default 15). Hysteresis: cut longer ones into equal parts"
        " (default: none).", "s", "Kaldi segmentation.pl")


@dataclass(frozen=True)
class VadFrontEndOptions(FbankOptions):
    """What the network of `vad --method=dnn` hears: log mel energies, a frame for every 10 ms of the recording."""

    num_mel_bins: int = tunable(40, "Number of mel filters.")
    snip_edges: bool = tunable(False, "Whole frames only.")


@dataclass(frozen=True)
class VadNetworkOptions:
    """The size of the network of `vad --method=dnn`."""

    channels: int = tunable(64, "Channels of every layer.")
    layers: int = tunable(7, "Layers; one looks twice as far as the one before it, seven 1.29 s to each side.")
    means: int = tunable(
        5, "What they find is put beside its mean over 3 to the power of this frames; five are 2.43 s.")

    def __post_init__(self):
        for name, least, most in (("channels", 1, 4096), ("layers", 0, 16), ("means", 0, 10)):
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"--{name}={getattr(self, name)} is not from {least} to {most}")


@dataclass(frozen=True)
class VadTrainingOptions:
    epochs: int = tunable(50, "Passes over as much sound as there is with speech in it.")
    chunk: float = tunable(8.0, "Length of an example; what the network looks at around a frame is lost of it.", "s")
    batch_size: int = tunable(8, "Examples of a step.")
    learning_rate: float = tunable(0.003, "The highest, a quarter of the way; it ends near 0.")
    weight_decay: float = tunable(0.01, "Of AdamW.")
    noise_snrs: str = tunable(
        "20:15:10:5:0", "Other sounds are mixed into speech this much below it, one of these.", "dB",
        "Kaldi's augmentation of noise has 15:10:5:0")
    mixed: float = tunable(0.6, "The part of the examples with speech that gets another sound.")
    other_only: float = tunable(0.4, "The part of the examples that has no speech but another sound.")
    speed: float = tunable(1.5, "Other sounds are played faster or slower by up to this factor.")
    telephone: float = tunable(0.3, "The part of the examples that is limited to 300-3400 Hz.")
    equaliser: float = tunable(2.0, "Examples sound lighter or darker by about this at every octave.", "dB")
    reverberant: float = tunable(0.4, "The part of the examples that gets the echo of a room.")
    gain: float = tunable(20.0, "Examples become louder or softer by up to this.", "dB")
    held_out: float = tunable(0.1, "The part of the recordings that is not trained with but shows how it goes.")
    seed: int = tunable(0, "Of all that is random.")


@dataclass(frozen=True)
class MergeVadsOptions:
    rule: str = tunable("and", "Speech where all, one, or more than half of the tables have it.",
                        choices=("and", "or", "majority"))
    map: str = tunable("", "The result for every pair of classes, instead of a rule.", "file", "Kaldi merge-vads")


@dataclass(frozen=True)
class ScoreVadOptions:
    collar: float = tunable(
        0.0, "Do not score this much on each side of both ends of every turn of the reference.", "s",
        "md-eval -c; pyannote's collar is twice this")
    uem: str = tunable("", "Score only these regions.", "UEM file")
    frame_shift: float = tunable(0.01, "From one decision of a table to the next.", "s")
