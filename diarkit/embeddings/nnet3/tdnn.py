"""An nnet3 x-vector network as a TDNN of ours: the layers of diarkit.embeddings.tdnn.Tdnn and their weights.

All that is linear between two ReLUs becomes one layer: affine components over several times, fixed transforms such as
LDA, scales and offsets. A batch norm after a ReLU stays one. The result is the same function for every window in which
the pooling of the network looks at all frames.
"""

import math
from typing import NamedTuple

import numpy as np

from diarkit.embeddings.nnet3.layers import AFFINE, SCALED, UNCHANGED, affine, scale_and_offset
from diarkit.embeddings.nnet3.network import INPUT, in_order
from diarkit.errors import DataError

EPSILON = 1e-3  # of the batch norms of a Tdnn
FLOOR = 1e-10  # of its variances
LARGEST = 8192  # numbers of what passes a layer: there are matrices of this squared
MOST_TIMES = 1000  # that a layer takes, those between as well


class Form(NamedTuple):
    """What a node is of a base, the output of a layer: the sum over times o of terms[o] base(t + o), and bias.

    terms : {o: (dim, numbers of the base)}; None in place of a matrix: the base itself
    """

    base: str
    terms: dict
    bias: object
    dim: int

    @property
    def is_base(self):
        return set(self.terms) == {0} and self.terms[0] is None


class Layer(NamedTuple):
    """A layer, linear and then a ReLU: the Form before this, and scale and offset of the batch norm after it."""

    name: str
    form: Form
    norm: list


class Converted(NamedTuple):
    """network : arguments of Tdnn, for model.json; weights : {name in its state: float32 array}; frames : that the
    pooling looks at, from the first one whose context is there"""

    network: dict
    weights: dict
    input_dim: int
    frames: int
    embedding: str


def as_tdnn(network, embedding=""):
    """The Converted of a network; `embedding` names the affine node to take, else it is the first one after pooling.

    Raises DataError naming the node that does not fit.
    """
    nodes = {node.name: node for node in network.nodes}
    if INPUT not in nodes or nodes[INPUT].kind != "input-node":
        raise DataError(f"the network takes no {INPUT}")
    target = embedding or next((node.name for node in network.nodes if node.kind == "output-node"), "output")
    reader = Reader(network)
    for name in in_order(nodes, target):
        try:
            reader.take(nodes[name])
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        if not embedding and reader.first_after_pooling:
            break
    return reader.converted(embedding or reader.first_after_pooling)


class Reader:
    """Takes nodes up one by one, each after those that it needs."""

    def __init__(self, network):
        self.nodes = {node.name: node for node in network.nodes}
        self.components = network.components
        self.consumers = [name for node in network.nodes for name in node.inputs]
        self.forms, self.layers, self.pooled = {}, [], None
        self.first_after_pooling = ""
        self.frame_layers = 0

    def take(self, node):
        if node.kind == "input-node":
            if node.name != INPUT:
                raise DataError("an input besides that of frames")
            self.forms[INPUT] = Form(INPUT, {0: None}, 0, within_limit(node.values["dim"]))
            return
        if node.kind == "output-node":
            self.forms[node.name] = self.through(None, node.values["input"])
            return
        if node.kind == "dim-range-node":
            whole = self.forms[node.values["input-node"]]
            chosen = np.eye(within_limit(whole.dim))[node.values["dim-offset"] :][: node.values["dim"]]
            self.forms[node.name] = self.through(chosen, node.values["input-node"])
            return
        component = self.components[node.values["component"]]
        if component.kind.startswith("Statistics"):
            self.take_statistics(node, component)
        elif component.kind == "RectifiedLinearComponent":
            self.take_relu(node)
        else:
            self.forms[node.name] = self.linear(node, component)
            if self.pooled and not self.first_after_pooling and component.kind in AFFINE:
                self.first_after_pooling = node.name

    def linear(self, node, component):
        """The Form of a node that is linear."""
        descriptor = node.values["input"]
        if component.kind in UNCHANGED:
            return self.through(None, descriptor)
        if component.kind in AFFINE:
            weights, bias = affine(component)
            if component.kind == "TdnnComponent":
                offsets = component.array("TimeOffsets", 1).tolist()
                descriptor = ("Append", tuple(("Offset", (descriptor, str(offset))) for offset in offsets))
            return self.plus(self.through(weights.astype(np.float64), descriptor), bias)
        if component.kind not in SCALED:
            raise DataError(f"a {component.kind}, and a TDNN has affine layers, ReLU and batch norm only")
        scale, offset = scale_and_offset(component)
        last = self.layers[-1] if self.layers else None
        if last and descriptor == last.name and not last.norm and self.consumers.count(last.name) == 1 \
                and (scale > 0).all():
            last.norm.extend([scale, offset])
            return self.forms[descriptor]
        within_limit(len(scale))
        return self.plus(self.through(np.diag(scale), descriptor), offset)

    def take_relu(self, node):
        form = self.through(None, node.values["input"])
        base = self.pooled.name if self.pooled and self.frame_layers == len(self.layers) else (
            self.layers[-1].name if self.layers else INPUT)
        if form.base != base:
            raise DataError(f"takes its input from {form.base}, and in a TDNN a layer takes it from the one before "
                            f"it, here {base}")
        if any(matrix is None for matrix in form.terms.values()):
            raise DataError("a ReLU without an affine layer before it")
        self.layers.append(Layer(node.name, form, []))
        self.forms[node.name] = Form(node.name, {0: None}, 0, form.dim)

    def take_statistics(self, node, component):
        if component.kind == "StatisticsExtractionComponent":
            form = self.through(None, node.values["input"])
            if self.pooled or not self.layers or form.base != self.layers[-1].name or not form.is_base:
                raise DataError("statistics that are not those of the last layer of the TDNN alone")
            if not component.get("IncludeVarinance", component.get("IncludeVariance", True)) or \
                    component.get("InputPeriod", 1) != 1 or component.get("OutputPeriod", 1) != 1:
                raise DataError("statistics that are not means and deviations of all frames")
            self.forms[node.name] = Form(node.name, {0: None}, 0, 2 * form.dim)
            return
        if component.get("LeftContext", 0) or component.get("NumLogCountFeatures", 0) or \
                not component.get("OutputStddevs", False) or \
                not math.isclose(component.get("VarianceFloor", FLOOR), FLOOR, rel_tol=1e-3):
            raise DataError("a pooling that is not that of means and deviations of the frames that follow")
        self.pooled, self.frame_layers = node, len(self.layers)
        self.forms[node.name] = Form(node.name, {0: None}, 0, self.through(None, node.values["input"]).dim)

    def plus(self, form, bias):
        return form._replace(bias=form.bias + bias.astype(np.float64))

    def dim(self, descriptor):
        if isinstance(descriptor, str):
            return self.forms[descriptor].dim
        function, arguments = descriptor
        if function == "Append":
            return within_limit(sum(self.dim(argument) for argument in arguments))
        if function == "Const":
            raise self.refused(function)
        return self.dim(arguments[1 if function == "Scale" else 0])

    def through(self, weights, descriptor):
        """The Form of weights (dim, numbers of the descriptor) times a descriptor; None: of the descriptor itself."""
        if isinstance(descriptor, str):
            form = self.forms[descriptor]
            if weights is None:
                return form
            terms = {offset: weights if matrix is None else weights @ matrix for offset, matrix in form.terms.items()}
            return Form(form.base, terms, weights @ np.broadcast_to(form.bias, form.dim), len(weights))
        function, arguments = descriptor
        if function in ("Append", "Sum"):
            weights = np.eye(self.dim(descriptor)) if weights is None else weights
            found, first = [], 0
            for argument in arguments:
                last = first + self.dim(argument)
                part = weights[:, first:last] if function == "Append" else weights
                found.append(self.through(part, argument))
                first = last
            return self.sum_of(found)
        if function == "Scale":
            weights = np.eye(self.dim(descriptor)) if weights is None else weights
            return self.through(float(arguments[0]) * weights, arguments[1])
        if function == "Const":
            raise self.refused(function)
        form = self.through(weights, arguments[0])
        if function == "Offset" and len(arguments) == 2:
            return form._replace(terms={o + int(arguments[1]): part for o, part in form.terms.items()})
        if function == "Round" and int(arguments[1]) == 1 or function in ("ReplaceIndex", "IfDefined") and self.pooled:
            return form
        raise self.refused(function)

    @staticmethod
    def refused(function):
        return DataError(f"{function}(...), and a TDNN has the same layers at every time")

    def sum_of(self, forms):
        bases = {form.base: None for form in forms}
        if len(bases) > 1:
            raise DataError(f"it takes both {' and '.join(bases)}, and in a TDNN a layer takes the one before it alone")
        terms = {}
        for form in forms:
            for offset, matrix in form.terms.items():
                terms[offset] = terms.get(offset, 0) + matrix
        return Form(forms[0].base, terms, sum(form.bias for form in forms), forms[0].dim)

    def converted(self, embedding):
        """The Converted whose embedding is a node that has been taken up."""
        form = self.forms.get(embedding)
        if form is None or not self.pooled:
            raise DataError(f"no statistics pooling before {embedding or 'the output'}")
        segments = self.layers[self.frame_layers :]
        above = segments[-1].name if segments else self.pooled.name
        if form.base != above or form.terms.get(0, None) is None or set(form.terms) != {0}:
            raise DataError(f"{embedding} is not the affine part of a layer after pooling")
        description = {"type": "tdnn", "frame_layers": [], "segment_dims": [], "embedding_layer": len(segments) + 1}
        weights = {}
        for number, layer in enumerate(self.layers[: self.frame_layers]):
            try:
                offsets, kernel = over_grid(layer.form)
            except DataError as error:
                raise DataError(f"{layer.name}: {error}") from None
            description["frame_layers"].append([offsets, layer.form.dim])
            weights[f"frames.{number}.0.weight"] = kernel
            put(weights, f"frames.{number}.0", f"frames.{number}.2", layer.form, layer.norm)
        for number, layer in enumerate([*segments, Layer(embedding, form, [])]):
            if set(layer.form.terms) != {0}:
                raise DataError(f"{layer.name}: a layer after pooling that takes other times than its own")
            description["segment_dims"].append(layer.form.dim)
            weights[f"segments.{number}.affine.weight"] = layer.form.terms[0]
            put(weights, f"segments.{number}.affine", f"segments.{number}.norm", layer.form, layer.norm)
        pooling = self.components[self.pooled.values["component"]]
        weights = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}
        return Converted(description, weights, self.forms[INPUT].dim, pooling.get("RightContext", 0) + 1, embedding)


def put(weights, layer, norm, form, scale_and_shift):
    """Bias of a layer and the statistics of its batch norm, by which it scales and shifts; both to one without."""
    scale, shift = scale_and_shift or (np.ones(form.dim), np.zeros(form.dim))
    weights[f"{layer}.bias"] = np.broadcast_to(form.bias, form.dim)
    weights[f"{norm}.running_mean"] = -shift / scale
    weights[f"{norm}.running_var"] = 1 / scale**2 - EPSILON


def within_limit(size):
    """The size, if matrices can be made of it; raises DataError."""
    if size > LARGEST:
        raise DataError(f"{size} numbers, more than the {LARGEST} of any TDNN")
    return size


def over_grid(form):
    """Times at even distances and the weights at them, (dim, numbers of the base, times): 0 where there are none."""
    offsets = sorted(form.terms)
    step = math.gcd(*(offset - offsets[0] for offset in offsets)) or 1
    if (offsets[-1] - offsets[0]) // step >= MOST_TIMES:
        raise DataError(f"takes frames from {offsets[0]} to {offsets[-1]}: too many for a layer of a TDNN")
    grid = list(range(offsets[0], offsets[-1] + 1, step))
    zero = np.zeros_like(form.terms[offsets[0]])
    return grid, np.stack([form.terms.get(offset, zero) for offset in grid], axis=2)
