"""Components of an nnet3 network: their kinds, and the fields that a file has of them.

A component is written as <Kind> <Field> values ... </Kind>. Versions of Kaldi differ in which fields there are and in
their order, so all that are there are kept as they come; the tables here only tell whole numbers and doubles from
single-precision numbers, which binary files do not say and text files do not show.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError

AFFINE = ("NaturalGradientAffineComponent", "AffineComponent", "FixedAffineComponent")
NONLINEAR = ("RectifiedLinearComponent", "SigmoidComponent", "TanhComponent", "SoftmaxComponent", "LogSoftmaxComponent")
UNCHANGED = ("NoOpComponent", "DropoutComponent", "GeneralDropoutComponent", "SpecAugmentTimeMaskComponent")
SCALES = ("FixedScaleComponent", "FixedBiasComponent", "ScaleAndOffsetComponent", "PerElementScaleComponent",
          "PerElementOffsetComponent", "NaturalGradientPerElementScaleComponent")
KINDS = {*AFFINE, *NONLINEAR, *UNCHANGED, *SCALES, "LinearComponent", "TdnnComponent", "BatchNormComponent",
         "NormalizeComponent", "PnormComponent", "SumGroupComponent", "StatisticsExtractionComponent",
         "StatisticsPoolingComponent"}

WHOLE = {"Dim", "BlockDim", "InputDim", "OutputDim", "RankIn", "RankOut", "RankInOut", "Rank", "UpdatePeriod",
         "InputPeriod", "OutputPeriod", "LeftContext", "RightContext", "NumLogCountFeatures", "TimePeriod",
         "TimeMaskMaxFrames", "SpecAugmentMaxRegions"}
DOUBLE = {"Count", "OderivCount", "NumDimsSelfRepaired", "NumDimsProcessed", "UpdateCount", "ActiveScalingCount",
          "MaxChangeScaleStats"}
WHOLE_VECTORS = {"TimeOffsets", "Sizes"}
NUMBERS = {"Count", "Epsilon", "TargetRms", "VarianceFloor", "LearningRate", "LearningRateFactor"}
FLAGS = {"AddLogStddev", "IncludeVarinance", "IncludeVariance", "OutputStddevs"}
LARGEST_WHOLE = (1 << 31) - 1


class Component(NamedTuple):
    """`fields` are (name without brackets, tuple of values); numbers of arrays are float32 or float64 as stored."""

    kind: str
    fields: tuple

    def get(self, name, default=None):
        """The first value of a field, or `default`."""
        for field, values in self.fields:
            if field == name:
                return values[0] if values else True
        return default

    def array(self, name, ndim):
        """A matrix or vector that must be there; raises DataError."""
        found = self.get(name)
        if getattr(found, "ndim", None) != ndim or not found.size:
            raise DataError(f"a {self.kind} without <{name}>")
        return found

    def whole(self, name, default=None):
        """A whole number of at least 0 that must be there unless there is a default; raises DataError."""
        found = self.get(name, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise DataError(f"a {self.kind} without <{name}>")
        return found


def check_fields(component):
    """Raise DataError unless the fields that are used here hold what they should, and whole numbers are not negative.

    Arrays are checked where they are taken.
    """
    for name, found in component.fields:
        if name in FLAGS:
            good = len(found) == 1 and isinstance(found[0], bool)
        elif name in WHOLE:
            least = -1 if name.startswith("Rank") else 0
            good = len(found) > 0 and all(type(value) is int and least <= value <= LARGEST_WHOLE for value in found)
        elif name in NUMBERS:
            good = len(found) == 1 and np.ndim(found[0]) == 0 and not isinstance(found[0], bool)
        else:
            good = name != "BiasParams" or len(found) == 1 and np.ndim(found[0]) == 1
        if not good:
            raise DataError(f"<{name}> does not hold what it should")
    if component.kind == "BatchNormComponent" and component.get("Count"):
        mean, variance = component.array("StatsMean", 1), component.array("StatsVar", 1)
        size = component.whole("BlockDim", component.whole("Dim"))
        if len(mean) != len(variance) or len(mean) != size or component.whole("Dim") % size:
            raise DataError("statistics of a BatchNormComponent that do not fit its size")
        if component.get("Epsilon", 1e-3) <= 0:
            raise DataError("<Epsilon> is not above 0")
    if component.kind == "SumGroupComponent" and (component.array("Sizes", 1) < 1).any():
        raise DataError("a group of no inputs")
    if component.kind == "NormalizeComponent":
        size = component.whole("InputDim" if component.get("Dim") is None else "Dim")
        block = component.whole("BlockDim", size)
        if not block or size % block:
            raise DataError(f"blocks of {block} of {size} numbers")


def dims(component):
    """Numbers that a component takes and gives; raises DataError if its fields do not say."""
    kind = component.kind
    if kind in AFFINE or kind in ("LinearComponent", "TdnnComponent"):
        weights = component.array("Params" if kind == "LinearComponent" else "LinearParams", 2)
        bias = component.get("BiasParams")
        if bias is not None and bias.size and bias.shape != weights.shape[:1]:
            raise DataError(f"a bias of {bias.size} numbers for {len(weights)} outputs")
        taps = len(component.array("TimeOffsets", 1)) if kind == "TdnnComponent" else 1
        if weights.shape[1] % taps:
            raise DataError(f"weights for {weights.shape[1]} inputs at {taps} frames")
        return weights.shape[1] // taps, len(weights)
    if kind in SCALES:
        names = {"FixedScaleComponent": "Scales", "FixedBiasComponent": "Bias", "ScaleAndOffsetComponent": "Scales",
                 "PerElementOffsetComponent": "Offsets"}
        size = len(component.array(names.get(kind, "Params"), 1))
        size = component.whole("Dim", size) if kind == "ScaleAndOffsetComponent" else size
        return size, size
    if kind == "StatisticsExtractionComponent":
        size = component.whole("InputDim")
        return size, 1 + size * (1 + bool(component.get("IncludeVarinance", component.get("IncludeVariance", True))))
    if kind == "StatisticsPoolingComponent":
        size = component.whole("InputDim")
        return size, size - 1 + component.whole("NumLogCountFeatures", 0)
    if kind in ("PnormComponent", "SumGroupComponent"):
        return grouped_dims(component)
    size = component.whole("InputDim" if component.get("Dim") is None else "Dim")
    extra = size // component.whole("BlockDim", size or 1) if component.get("AddLogStddev") else 0
    return size, size + extra


def grouped_dims(component):
    if component.kind == "SumGroupComponent":
        sizes = component.array("Sizes", 1)
        return int(sizes.sum()), len(sizes)
    size, outputs = component.whole("InputDim"), component.whole("OutputDim")
    if not outputs or size % outputs:
        raise DataError(f"{size} inputs are no groups for {outputs} outputs")
    return size, outputs


def through_sums(component):
    """A BatchNormComponent with its statistics made of sums again, as Kaldi has them while it copies a network.

    Kaldi keeps sums in double precision and writes means and variances in single, which changes their last digits.
    """
    count, mean = component.get("Count"), component.get("StatsMean")
    if component.kind != "BatchNormComponent" or not count:
        return component
    total = mean.astype(np.float64) * count
    squares = (component.get("StatsVar").astype(np.float64) + mean.astype(np.float64) ** 2) * count
    share = np.float32(1 / count)
    mean = total.astype(np.float32) * share
    found = {"StatsMean": (mean,), "StatsVar": (squares.astype(np.float32) * share - mean * mean,)}
    return component._replace(fields=tuple((name, found.get(name, values)) for name, values in component.fields))


def with_learning_rate(component, rate):
    """The component with another learning rate, times its factor, if it has one."""
    rate = np.float32(rate * component.get("LearningRateFactor", 1.0))
    return component._replace(fields=tuple((name, (rate,) if name == "LearningRate" else values)
                                           for name, values in component.fields))
