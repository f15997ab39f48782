"""Speech activity by energy, as Kaldi's compute-vad has it: from features, a decision for every frame."""

import numpy as np

from diarkit.errors import DataError


def energy_decisions(log_energy, threshold=5.0, mean_scale=0.5, context=0, proportion=0.6):
    """Kaldi's compute-vad (src/ivector/voice-activity-detection.cc).

    A frame is loud if its log energy is above threshold + mean_scale * mean; it is speech if at least
    `proportion` of the frames at most `context` away are loud. (T,) -> (T,) bool.
    """
    log_energy = np.asarray(log_energy, np.float32)
    total = len(log_energy)
    if total == 0:
        return np.zeros(0, bool)
    scaled = np.float32(mean_scale) * np.float32(log_energy.sum(dtype=np.float64))
    loud = log_energy > np.float32(threshold) + scaled / np.float32(total)
    counts = np.concatenate([[0], np.cumsum(loud)])
    frames = np.arange(total)
    first, last = np.maximum(frames - context, 0), np.minimum(frames + context + 1, total)
    return counts[last] - counts[first] >= (last - first).astype(np.float32) * np.float32(proportion)


def first_column(features):
    """The log energy of a matrix of features, whole or (shape, iteration) in blocks of rows; a vector as it is."""
    if not hasattr(features, "shape"):
        features = np.asarray(features)
    if 0 in features.shape:
        raise DataError("no frames")
    if isinstance(features, np.ndarray):
        return features if features.ndim == 1 else features[:, 0]
    return np.concatenate([block[:, 0].copy() for block in features])  # a view would keep its block
