"""Kaldi nnet3 networks of random weights, in the shapes of the recipes, as their files have them."""

import numpy as np

from diarkit.io.nnet3.components import Component
from diarkit.io.nnet3.graph import Network, parse_line

# Kaldi's egs/*/v2 run_xvector.sh: numbers a frame, sizes of the layers over frames, frames pooled, of those after it.
RECIPES = {
    "callhome": (23, (512, 512, 512, 512, 1500), 400, (128,)),
    "sre16": (23, (512, 512, 512, 512, 1500), 10000, (512, 512)),
    "voxceleb": (30, (512, 512, 512, 512, 1500), 10000, (512, 512)),
}
OFFSETS = ((-2, -1, 0, 1, 2), (-2, 0, 2), (-3, 0, 3), (0,), (0,))


class Maker:
    """Puts a network together, layer by layer; each returns the name of its last node."""

    def __init__(self, input_dim, seed=0):
        self.rng = np.random.default_rng(seed)
        self.lines, self.components = [f"input-node name=input dim={input_dim}"], {}
        self.dims = {"input": input_dim}

    def add(self, name, kind, fields, dim, descriptor):
        self.components[name] = Component(kind, tuple((field, value if isinstance(value, tuple) else (value,))
                                                      for field, value in fields.items()))
        self.lines.append(f"component-node name={name} component={name} input={descriptor}")
        self.dims[name] = dim
        return name

    def append(self, source, offsets):
        """The descriptor of a node at several times, as Kaldi's xconfigs have it."""
        parts = [source if offset == 0 else f"Offset({source}, {offset})" for offset in offsets]
        return parts[0] if len(parts) == 1 else f"Append({', '.join(parts)})"

    def weights(self, inputs, dim):
        return {"LinearParams": (self.rng.normal(size=(dim, inputs)) / np.sqrt(inputs)).astype(np.float32),
                "BiasParams": self.rng.normal(scale=0.3, size=dim).astype(np.float32)}

    def affine(self, name, source, offsets, dim):
        fields = {"MaxChange": np.float32(0.75), "LearningRate": np.float32(0.001),
                  **self.weights(self.dims[source] * len(offsets), dim), "RankIn": 20, "RankOut": 80,
                  "UpdatePeriod": 4, "NumSamplesHistory": np.float32(2000), "Alpha": np.float32(4)}
        return self.add(name, "NaturalGradientAffineComponent", fields, dim, self.append(source, offsets))

    def relu(self, name, source):
        empty = np.zeros(0, np.float32)
        fields = {"Dim": self.dims[source], "ValueAvg": empty, "DerivAvg": empty, "Count": np.float64(0),
                  "OderivRms": empty, "OderivCount": np.float64(0), "NumDimsSelfRepaired": np.float64(0),
                  "NumDimsProcessed": np.float64(0), "SelfRepairScale": np.float32(1e-5)}
        return self.add(name, "RectifiedLinearComponent", fields, self.dims[source], source)

    def batch_norm(self, name, source, target_rms=1.0):
        dim = self.dims[source]
        fields = {"Dim": dim, "BlockDim": dim, "Epsilon": np.float32(0.001), "TargetRms": np.float32(target_rms),
                  "TestMode": False, "Count": np.float64(1000),
                  "StatsMean": self.rng.uniform(0.2, 0.4, dim).astype(np.float32),
                  "StatsVar": self.rng.uniform(0.2, 0.4, dim).astype(np.float32)}
        return self.add(name, "BatchNormComponent", fields, dim, source)

    def layer(self, name, source, offsets, dim, target_rms=1.0):
        """Affine, ReLU and batch norm."""
        relu = self.relu(f"{name}.relu", self.affine(f"{name}.affine", source, offsets, dim))
        return self.batch_norm(f"{name}.batchnorm", relu, target_rms)

    def pooling(self, source, last, log_counts=0):
        dim = self.dims[source]
        extraction = self.add(f"stats-extraction-0-{last}", "StatisticsExtractionComponent", {
            "InputDim": dim, "InputPeriod": 1, "OutputPeriod": 1, "IncludeVarinance": True}, 1 + 2 * dim, source)
        return self.add(f"stats-pooling-0-{last}", "StatisticsPoolingComponent", {
            "InputDim": 1 + 2 * dim, "InputPeriod": 1, "LeftContext": 0, "RightContext": last,
            "NumLogCountFeatures": log_counts, "OutputStddevs": True, "VarianceFloor": np.float32(1e-10)},
            2 * dim + log_counts, extraction)

    def network(self, output):
        return Network([parse_line(line) for line in [*self.lines, f"output-node name=output input={output}"]],
                       self.components)


def recipe(name, seed=0, target_rms=1.0, speakers=10):
    """The network of a recipe, its output the log probabilities of speakers, so few that it is made quickly."""
    input_dim, frames, last, segments = RECIPES[name]
    maker = Maker(input_dim, seed)
    source = "input"
    for number, (offsets, dim) in enumerate(zip(OFFSETS, frames, strict=True), 1):
        source = maker.layer(f"tdnn{number}", source, offsets, dim, target_rms)
    pooled = maker.pooling(source, last)
    for number, dim in enumerate(segments, 6):
        if number == 6:
            affine = maker.affine("tdnn6.affine", pooled, (0,), dim)
            maker.lines[-1] = maker.lines[-1].replace(f"input={pooled}", f"input=Round({pooled}, 1)")
        else:
            affine = maker.affine(f"tdnn{number}.affine", source, (0,), dim)
        source = maker.batch_norm(f"tdnn{number}.batchnorm", maker.relu(f"tdnn{number}.relu", affine), target_rms)
    source = maker.affine("output.affine", source, (0,), speakers)
    fields = {"Dim": speakers, "ValueAvg": np.zeros(0, np.float32), "DerivAvg": np.zeros(0, np.float32),
              "Count": np.float64(0), "NumDimsSelfRepaired": np.float64(0), "NumDimsProcessed": np.float64(0)}
    return maker.network(maker.add("output.log-softmax", "LogSoftmaxComponent", fields, speakers, source))
