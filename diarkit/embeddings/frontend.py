"""What an x-vector network hears: features of a recording and how they are normalised, as model.json has it.

    "front_end": {"features": "fbank", "options": {"num_mel_bins": 80, ...}, "cmn": "sliding", "cmn_window": 300}

`features` is "fbank" or "mfcc", `options` the fields of FbankOptions or MfccOptions that are not at their defaults (or
all of them). `cmn` says which mean is subtracted from every frame: "none"; "sliding", that of the `cmn_window` frames
around it, as Kaldi's recipes have it (apply-cmvn-sliding --center=true); "window", that of the window that becomes one
embedding; "recording", that of all of the recording.
"""

import numpy as np

from diarkit.cmvn import sliding_cmvn
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.options.features import FbankOptions, MfccOptions
from diarkit.options.transforms import SlidingCmvnOptions
from diarkit.options.tunables import from_mapping

KINDS = {"fbank": FbankOptions, "mfcc": MfccOptions}
CMN = ("none", "sliding", "window", "recording")
CMN_WINDOW = 300  # frames (Kaldi: egs/sre16/v2/local/nnet3/xvector/prepare_feats_for_egs.sh)


class FrontEnd:
    """Features as the description says them, see above; raises DataError if it is not one.

    sample_frequency : Hz
    shift : from one frame to the next, s
    dim : numbers a frame
    cmn, cmn_window : see above
    """

    def __init__(self, description):
        description = dict(description) if isinstance(description, dict) else {}
        kind, self.cmn = description.pop("features", None), description.pop("cmn", "none")
        options, self.cmn_window = description.pop("options", {}), description.pop("cmn_window", CMN_WINDOW)
        if kind not in KINDS or self.cmn not in CMN or not isinstance(options, dict):
            raise DataError(f"a front end has features {' or '.join(KINDS)} and cmn {', '.join(CMN)}")
        if description:
            raise DataError(f"a front end has no {', '.join(sorted(description))}")
        if not isinstance(self.cmn_window, int) or self.cmn_window < 1:
            raise DataError(f"cmn_window is a number of frames, not {self.cmn_window}")
        try:
            self.extractor = FeatureExtractor(from_mapping(KINDS[kind], options))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"front end: {error.args[0] if error.args else error}") from None
        self.sample_frequency = int(self.extractor.opts.sample_frequency)
        self.shift = self.extractor.opts.frame_shift / 1000
        self.dim = self.extractor.dim
        self.frames = self.extractor.frames

    def count(self, signal):
        """How many frames there are of a signal."""
        return self.frames.count(signal.num_samples)

    def raw(self, signal, first=0, last=None):
        """Features of frames first .. last - 1 (all that there are), not normalised; (T, dim) float32."""
        return self.extractor.compute(signal, first, last)

    def whole(self, signal):
        """Features of a recording, normalised unless each window is to be by itself; (T, dim) float32.

        Raises DataError if the signal is shorter than a frame.
        """
        return self.normalised(self.extractor.compute_whole(signal))

    def normalised(self, features):
        """The features of all of a recording, (T, dim), normalised unless each window is to be by itself."""
        if self.cmn == "recording":
            return without_mean(features)
        if self.cmn == "sliding" and len(features):
            opts = SlidingCmvnOptions(cmn_window=self.cmn_window, center=True)
            return np.concatenate(list(sliding_cmvn([features], features.shape, opts)[0]))
        return features

    def window(self, frames):
        """The frames of one window out of those, (T, dim) or of a batch (B, T, dim), as the network takes them."""
        return without_mean(frames) if self.cmn == "window" else frames


def without_mean(frames):
    return frames - frames.mean(axis=-2, keepdims=True, dtype=np.float64).astype(np.float32)
