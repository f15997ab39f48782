"""Speaker changes within segments."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class ChangeOptions:
    method: str = tunable(
        "bic", "How different two stretches are: delta-BIC, generalized likelihood ratio, symmetric Kullback-Leibler.",
        choices=("bic", "glr", "kl2"))
    search: str = tunable(
        "growing", "A window that grows until it has a change in it (bic only), or peaks of the difference of two "
        "neighbouring windows, checked by BIC.", choices=("growing", "two-pass"))
    covariance: str = tunable("full", "Of the Gaussians.", choices=("full", "diagonal"))
    penalty: float = tunable(
        1.0, "Lambda, the weight of BIC's penalty: more is fewer changes; 0 keeps all peaks of two-pass; diagonal ones "
        "want about 2.5.", "",
        "Chen & Gopalakrishnan 1998", names=("lambda",))
    window: float = tunable(1.5, "On each side of a candidate; the growing one begins with twice this.", "s")
    growth: float = tunable(0.5, "Growing: longer by this if there is no change in it.", "s")
    max_window: float = tunable(10.0, "Look no farther back than this.", "s")
    smoothing: float = tunable(0.3, "Two-pass: length of the smoothing of the differences.", "s")
    prominence: float = tunable(
        0.1, "Two-pass: a peak rises this far above both sides, in standard deviations of the differences.", "",
        "Delacourt & Wellekens 2000")
    threshold: float | None = tunable(None, "Two-pass: and is above this, if given.", "nats")
    min_duration: float = tunable(0.75, "No piece is shorter than this, but where the segment is.", "s")
    resolution: float = tunable(0.1, "From one candidate to the next.", "s")
    floor: float = tunable(0.1, "Added to variances, in parts of that of the whole segment.")
    frame_shift: float = tunable(0.01, "From one frame of the features to the next.", "s")
