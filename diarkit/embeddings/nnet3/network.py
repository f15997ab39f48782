"""An nnet3 x-vector network as it is run: frame layers over many frames at once, pooling, layers after it.

Kaldi computes the output at time 0 of a chunk whose frames are 0, 1, ... Nothing is padded: a layer is known at the
times whose input frames are all there, and the statistics are those of the known ones among the times that the pooling
looks at, 0 to 400 or 0 to 10000 in the recipes (nnet3/nnet-general-component.cc). Up to there a network is the same at
every time, so that frames of many chunks can be computed together, and those that chunks share but once.

A network is nodes of kind, name, values and inputs, and components by name; see diarkit.io.nnet3.graph. A descriptor is
the name of a node or a pair of function and arguments.
"""

from typing import NamedTuple

import numpy as np

from diarkit.embeddings.nnet3.layers import BLOCK, function_of
from diarkit.errors import DataError

INPUT = "input"


class Stage(NamedTuple):
    """A layer over frames: what it takes and the functions that follow one another; known from frame `lead` of a chunk
    on, and up to `tail` frames before its end."""

    descriptor: object
    functions: list
    lead: int
    tail: int


class Pooling(NamedTuple):
    """Statistics of a descriptor over the frames first .. last of a chunk."""

    descriptor: object
    first: int
    last: int
    log_counts: int
    variance: bool
    deviation: bool
    floor: float
    lead: int
    tail: int


class Nnet3:
    """The network, ready to run; raises DataError naming the node that cannot be computed here.

    input_dim : numbers a frame
    shortest : frames that a chunk must have
    longest : frames of a chunk that can matter
    """

    def __init__(self, network, output="output"):
        self.components = network.components
        self.nodes = {node.name: node for node in network.nodes}
        if output not in self.nodes:
            raise DataError(f"no node {output}")
        if INPUT not in self.nodes or self.nodes[INPUT].kind != "input-node":
            raise DataError(f"the network takes no {INPUT}")
        self.input_dim = self.nodes[INPUT].values["dim"]
        self.frame_stages, self.poolings, self.segment_stages = {}, {}, {}
        self.owner = {}  # node over frames -> the stage in which it is, by the node that is first in it
        order = in_order(self.nodes, output)
        self.consumers = {name: sum(self.nodes[other].inputs.count(name) for other in order) for name in order}
        for name in order:
            try:
                self.add(self.nodes[name])
            except DataError as error:
                raise DataError(f"{name}: {error}") from None
        self.output = self.nodes[output].values["input"] if self.nodes[output].kind == "output-node" else output
        self.check_at_once(self.output)
        self.shortest = max(pooling.first + pooling.tail + 1 for pooling in self.poolings.values())
        self.longest = max(pooling.last + pooling.tail + 1 for pooling in self.poolings.values())

    def add(self, node):
        """Take a node up, whose inputs have been."""
        if node.kind == "input-node":
            if node.name != INPUT:
                raise DataError("an input besides that of frames; such as i-vectors are not computed with here")
            self.frame_stages[INPUT] = Stage(None, [], 0, 0)
            self.owner[INPUT] = INPUT
            return
        if node.kind == "output-node":
            return
        component = self.components.get(node.values.get("component"))
        if component is not None and component.kind.startswith("Statistics"):
            self.add_statistics(node, component)
            return
        if node.kind == "dim-range-node":
            first = node.values["dim-offset"]
            last = first + node.values["dim"]
            descriptor, function = node.inputs[0], lambda x: x[:, first:last]
        else:
            descriptor, function = node.values["input"], function_of(component)
            if component.kind == "TdnnComponent":
                offsets = component.array("TimeOffsets", 1).tolist()
                descriptor = ("Append", tuple(("Offset", (descriptor, str(offset))) for offset in offsets))
        if all(name in self.owner for name in node.inputs):
            self.add_to_frames(node, descriptor, function)
        else:
            self.check_at_once(descriptor)
            self.segment_stages[node.name] = Stage(descriptor, [function], 0, 0)

    def add_to_frames(self, node, descriptor, function):
        """A node over frames; it joins the stage of its input if that is all that takes it."""
        if isinstance(descriptor, str) and descriptor != INPUT and self.consumers[descriptor] == 1:
            self.owner[node.name] = self.owner[descriptor]
            self.frame_stages[self.owner[descriptor]].functions.append(function)
            return
        lead, tail = self.context(descriptor)
        self.frame_stages[node.name] = Stage(descriptor, [function], lead, tail)
        self.owner[node.name] = node.name

    def add_statistics(self, node, component):
        """Statistics are known by the node of pooling; that of extraction only says what they are of."""
        if component.kind == "StatisticsExtractionComponent":
            if component.get("InputPeriod", 1) != 1 or component.get("OutputPeriod", 1) != 1:
                raise DataError("statistics of every few frames are not computed here")
            self.context(node.values["input"])
            return
        source = node.values["input"]
        extraction = self.nodes[source] if isinstance(source, str) else None
        below = self.components.get(extraction.values.get("component")) if extraction else None
        if below is None or below.kind != "StatisticsExtractionComponent" or component.get("InputPeriod", 1) != 1:
            raise DataError("statistics pooling is computed here only where it follows extraction, for every frame")
        descriptor = extraction.values["input"]
        lead, tail = self.context(descriptor)
        variance = below.get("IncludeVarinance", below.get("IncludeVariance", True))
        first, last = max(-component.get("LeftContext", 0), lead), component.get("RightContext", 0)
        if last < first:
            raise DataError(f"its frames end at {last}, and none is known before {first}")
        self.poolings[node.name] = Pooling(
            descriptor, first, last,
            component.get("NumLogCountFeatures", 0), bool(variance), bool(component.get("OutputStddevs", False)),
            component.get("VarianceFloor", 1e-10), lead, tail)

    def context(self, descriptor):
        """From which frame of a chunk on, and up to how many before its end, a descriptor over frames is known."""
        if isinstance(descriptor, str):
            if descriptor not in self.owner:
                raise DataError(f"it takes {descriptor}, which is not there for every frame")
            stage = self.frame_stages[self.owner[descriptor]]
            return stage.lead, stage.tail
        function, arguments = descriptor
        if function in ("Append", "Sum"):
            found = [self.context(argument) for argument in arguments]
            return max(lead for lead, _ in found), max(tail for _, tail in found)
        if function == "Offset" and len(arguments) == 2:
            lead, tail = self.context(arguments[0])
            return lead - int(arguments[1]), tail + int(arguments[1])
        if function == "Scale":
            return self.context(arguments[1])
        if function == "Round" and int(arguments[1]) == 1:
            return self.context(arguments[0])
        raise DataError(f"{function}(...) over frames is not computed here")

    def check_at_once(self, descriptor):
        """Raise DataError unless a descriptor is known once a chunk, after pooling."""
        if isinstance(descriptor, str):
            if descriptor not in self.poolings and descriptor not in self.segment_stages:
                raise DataError(f"{descriptor} is taken once a chunk, but there is no statistics pooling before it")
            return
        function, arguments = descriptor
        if function in ("Append", "Sum"):
            for argument in arguments:
                self.check_at_once(argument)
        elif function in ("Round", "IfDefined") or function in ("Offset", "ReplaceIndex") and int(arguments[-1]) == 0:
            self.check_at_once(arguments[0])
        elif function == "Scale":
            self.check_at_once(arguments[1])
        else:
            raise DataError(f"{function}(...) after pooling is not computed here")

    def pool(self, frames, chunks):
        """Statistics of chunks: a list of one list a chunk, of float32 vectors, one a pooling.

        frames : (N, input_dim) float32; chunks : (first row, number of rows) each, of at least `shortest` rows
        """
        known = {INPUT: (0, frames)}
        for name, stage in self.frame_stages.items():
            if name != INPUT:
                known[name] = stage.lead, self.run_stage(stage, known, len(frames))
        found = []
        for start, count in chunks:
            found.append([])
            for pooling in self.poolings.values():
                end = min(pooling.last, count - 1 - pooling.tail) + 1
                rows = self.gather(pooling.descriptor, start + pooling.first, start + end, known)
                found[-1].append(statistics(rows, pooling))
        return found

    def run_stage(self, stage, known, total):
        parts = []
        for first in range(stage.lead, total - stage.tail, BLOCK):
            x = self.gather(stage.descriptor, first, min(first + BLOCK, total - stage.tail), known)
            for function in stage.functions:
                x = function(x)
            parts.append(x)
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def gather(self, descriptor, first, last, known):
        """Rows first .. last - 1 of a descriptor over frames; known : {node: (its first row, (n, D))}"""
        if isinstance(descriptor, str):
            begin, rows = known[self.owner[descriptor]]
            return rows[first - begin : last - begin]
        function, arguments = descriptor
        if function == "Append":
            return np.concatenate([self.gather(argument, first, last, known) for argument in arguments], axis=1)
        if function == "Sum":
            return sum(self.gather(argument, first, last, known) for argument in arguments)
        if function == "Scale":
            return np.float32(arguments[0]) * self.gather(arguments[1], first, last, known)
        offset = int(arguments[1]) if function == "Offset" else 0
        return self.gather(arguments[0], first + offset, last + offset, known)

    def finish(self, pooled):
        """The layers after pooling: what pool gives of at most BLOCK chunks -> (number of chunks, D) float32."""
        known = {name: np.stack([parts[i] for parts in pooled]) for i, name in enumerate(self.poolings)}
        for name, stage in self.segment_stages.items():
            known[name] = stage.functions[0](at_once(stage.descriptor, known))
        return at_once(self.output, known)


def in_order(nodes, output):
    """Names of the nodes that an output needs, each after those that it needs itself; raises DataError."""
    order, waiting, begun = [], [output], set()
    while waiting:
        name = waiting[-1]
        if name not in nodes:
            raise DataError(f"no node {name}")
        missing = [other for other in nodes[name].inputs if other not in order]
        if name in order or not missing:
            waiting.pop()
            order += [name] if name not in order else []
        elif name in begun:
            raise DataError(f"{name} takes its own output: recurrent networks are not computed here")
        else:
            begun.add(name)
            waiting += missing
    return order


def statistics(rows, pooling):
    """Log of the count, mean and deviation of (n, D) rows, as a Pooling has them; sums are in double precision."""
    mean = np.add.reduce(rows, axis=0, dtype=np.float64) / len(rows)
    parts = [np.full(pooling.log_counts, np.log(len(rows))), mean]
    if pooling.variance:
        square = np.add.reduce(np.square(rows - mean.astype(np.float32)), axis=0, dtype=np.float64) / len(rows)
        parts.append(np.sqrt(np.maximum(square, pooling.floor)) if pooling.deviation else square + mean * mean)
    return np.concatenate(parts).astype(np.float32)


def at_once(descriptor, known):
    """A descriptor of what is known once a chunk; known : {node: (N, D)}"""
    if isinstance(descriptor, str):
        return known[descriptor]
    function, arguments = descriptor
    if function == "Append":
        return np.concatenate([at_once(argument, known) for argument in arguments], axis=1)
    if function == "Sum":
        return sum(at_once(argument, known) for argument in arguments)
    if function == "Scale":
        return np.float32(arguments[0]) * at_once(arguments[1], known)
    return at_once(arguments[0], known)
