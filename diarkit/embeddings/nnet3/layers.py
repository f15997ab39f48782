"""What the components of an nnet3 network compute when it is used, row by row, and not trained.

A component has `kind`, get(field, default) and array(field, ndim); see diarkit.io.nnet3.components. Sources: Kaldi's
nnet3/nnet-simple-component.cc, nnet3/nnet-normalize-component.cc, nnet3/nnet-tdnn-component.cc.
"""

import numpy as np

from diarkit.errors import DataError

NORM_FLOOR = 2.0**-66  # of a mean square (Kaldi: NormalizeComponent::kSquaredNormFloor)
BLOCK = 512  # rows of a matrix product, always: see product
AFFINE = ("NaturalGradientAffineComponent", "AffineComponent", "FixedAffineComponent", "LinearComponent",
          "TdnnComponent")
UNCHANGED = ("NoOpComponent", "DropoutComponent", "GeneralDropoutComponent", "SpecAugmentTimeMaskComponent")
SCALED = ("BatchNormComponent", "FixedScaleComponent", "FixedBiasComponent", "ScaleAndOffsetComponent",
          "PerElementScaleComponent", "NaturalGradientPerElementScaleComponent", "PerElementOffsetComponent")


def function_of(component):
    """A function of (N, inputs) float32 rows, N <= BLOCK, that gives (N, outputs); raises DataError.

    Of a TdnnComponent the rows are those of its frames side by side.
    """
    kind = component.kind
    if kind in AFFINE:
        weights, bias = affine(component)
        weights = np.ascontiguousarray(weights.T, np.float32)
        bias = np.asarray(bias, np.float32)
        return lambda x: product(x, weights) + bias
    if kind in UNCHANGED:
        return lambda x: x
    if kind in SCALED:
        scale, offset = (part.astype(np.float32) for part in scale_and_offset(component))
        return lambda x: x * scale + offset
    if kind == "NormalizeComponent":
        return normalize(component)
    if kind == "PnormComponent":
        outputs = component.get("OutputDim")
        return lambda x: np.sqrt(np.square(x.reshape(len(x), outputs, -1)).sum(axis=2))
    if kind == "SumGroupComponent":
        starts = np.cumsum(component.array("Sizes", 1))[:-1]
        return lambda x: np.add.reduceat(x, np.concatenate([[0], starts]), axis=1)
    if kind not in ELEMENTWISE:
        raise DataError(f"a {kind} is not computed here")
    if component.get("BlockDim", component.get("Dim")) != component.get("Dim"):
        raise DataError(f"a {kind} in blocks is not computed here")
    return ELEMENTWISE[kind]


def product(x, weights):
    """x @ weights, (N, K) by (K, M), for N <= BLOCK.

    There are always BLOCK rows: of BLAS the last digits hang on how many there are, and here they are not to hang on
    what else is computed along with a row.
    """
    if len(x) == BLOCK:
        return x @ weights
    whole = np.zeros((BLOCK, x.shape[1]), np.float32)
    whole[: len(x)] = x
    return (whole @ weights)[: len(x)]


def affine(component):
    """Weights (outputs, inputs) and bias (outputs,) of one of AFFINE."""
    weights = component.array("Params" if component.kind == "LinearComponent" else "LinearParams", 2)
    bias = component.get("BiasParams")
    return weights, np.zeros(len(weights), np.float32) if bias is None or not bias.size else bias


def scale_and_offset(component):
    """x -> scale x + offset, float64 (D,) each, of one of SCALED."""
    kind = component.kind
    if kind == "BatchNormComponent":
        return batch_norm(component)
    field = {"FixedScaleComponent": "Scales", "ScaleAndOffsetComponent": "Scales", "FixedBiasComponent": "Bias",
             "PerElementOffsetComponent": "Offsets"}.get(kind, "Params")
    found = component.array(field, 1).astype(np.float64)
    if kind in ("FixedBiasComponent", "PerElementOffsetComponent"):
        return np.ones(len(found)), found
    if kind == "ScaleAndOffsetComponent":
        blocks = component.get("Dim", len(found)) // len(found)
        return np.tile(found, blocks), np.tile(component.array("Offsets", 1).astype(np.float64), blocks)
    return found, np.zeros(len(found))


def batch_norm(component):
    """Scale and offset by which a BatchNormComponent normalises in test mode."""
    if not component.get("Count", 0) > 0:
        raise DataError("a BatchNormComponent that has seen no data: the network has not been trained")
    mean = component.array("StatsMean", 1).astype(np.float64)
    variance = np.maximum(component.array("StatsVar", 1).astype(np.float64), 0)
    scale = component.get("TargetRms", 1.0) / np.sqrt(variance + component.get("Epsilon", 1e-3))
    blocks = component.get("Dim") // len(mean)
    return np.tile(scale, blocks), np.tile(-scale * mean, blocks)


def normalize(component):
    """Rows, or blocks of them, scaled to a root mean square."""
    if component.get("AddLogStddev"):
        raise DataError("a NormalizeComponent with the log deviation added is not computed here")
    dim = component.get("InputDim", component.get("Dim"))
    block, target = component.get("BlockDim", dim), np.float32(component.get("TargetRms", 1.0))

    def run(x):
        blocks = x.reshape(len(x), -1, block)
        square = np.square(blocks).mean(axis=2, keepdims=True) / np.square(target)
        return (blocks / np.sqrt(np.maximum(square, np.float32(NORM_FLOOR)))).reshape(x.shape)

    return run


def log_softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


ELEMENTWISE = {
    "RectifiedLinearComponent": lambda x: np.maximum(x, np.float32(0)),
    "SigmoidComponent": lambda x: 1 / (1 + np.exp(-np.clip(x, -80, 80))),
    "TanhComponent": np.tanh,
    "SoftmaxComponent": lambda x: np.exp(log_softmax(x)),
    "LogSoftmaxComponent": log_softmax,
}
