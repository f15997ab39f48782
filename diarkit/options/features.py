"""What features are made of, and what recordings they are made from."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

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
    vtln_low: float = tunable(100.0, "Lower end of what VTLN warps in full.", "Hz", KALDI_MEL)
    vtln_high: float = tunable(-500.0, "Upper end; negative counts from the Nyquist frequency.", "Hz", KALDI_MEL)
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
