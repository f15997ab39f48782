"""The graph of an nnet3 network: its nodes, as configuration lines write them, and changes of it.

    input-node name=input dim=23
    component-node name=tdnn1.affine component=tdnn1.affine input=Append(Offset(input, -2), input)
    dim-range-node name=half input-node=tdnn1.affine dim-offset=0 dim=20
    output-node name=output input=tdnn6.affine objective=linear

Source: Kaldi's nnet3/nnet-nnet.cc.
"""

import re
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.nnet3 import descriptors
from diarkit.io.nnet3.components import dims

FIELDS = {"input-node": ("dim",), "component-node": ("component", "input"),
          "dim-range-node": ("input-node", "dim-offset", "dim"), "output-node": ("input", "objective")}
_VALUE = re.compile(r"([\w-]+)=('[^']*'|\"[^\"]*\"|.*?)(?=\s+[\w-]+=|\s*$)")


class Node(NamedTuple):
    """A line of the graph. `values` are its fields but the name, whole numbers as such and `input` a descriptor."""

    kind: str
    name: str
    values: dict

    @property
    def inputs(self):
        """Names of the nodes that it needs."""
        if self.kind == "dim-range-node":
            return [self.values["input-node"]]
        return descriptors.inputs_of(self.values["input"]) if "input" in self.values else []


class Network(NamedTuple):
    """nodes : list of Node in the order of the file; components : {name: Component} in theirs"""

    nodes: list
    components: dict


def parse_line(line):
    """The Node that a configuration line writes; raises DataError."""
    kind, _, rest = line.strip().partition(" ")
    if kind not in FIELDS:
        raise DataError(f"{kind[:40]!r} begins no line of a network's graph: {', '.join(FIELDS)}")
    values, at, rest = {}, 0, rest.strip()
    while at < len(rest):
        match = _VALUE.match(rest, at)
        if not match:
            raise DataError(f"what is {rest[at:][:40]!r} in a line of {kind}?")
        values[match[1]] = match[2].strip("'\"")
        at = match.end() + len(rest[match.end() :]) - len(rest[match.end() :].lstrip())
    name = values.pop("name", "")
    if not re.fullmatch(descriptors.NAME, name):
        raise DataError(f"a {kind} with the name {name!r}")
    if kind == "output-node":
        values.setdefault("objective", "linear")
    for field in FIELDS[kind]:
        if field not in values:
            raise DataError(f"{kind} {name} has no {field}")
        if field in ("dim", "dim-offset"):
            if not re.fullmatch(r"\d{1,9}", values[field]) or field == "dim" and int(values[field]) < 1:
                raise DataError(f"{kind} {name}: {field}={values[field]}")
            values[field] = int(values[field])
    if odd := sorted(set(values) - set(FIELDS[kind])):
        raise DataError(f"{kind} {name} has {odd[0]}=, which is not known")
    if "input" in values:
        try:
            values["input"] = descriptors.parse(values["input"])
        except DataError as error:
            raise DataError(f"{kind} {name}: {error}") from None
    return Node(kind, name, values)


def text_of(node):
    """The line of a node as Kaldi writes it."""
    words = [node.kind, f"name={node.name}"]
    for field in FIELDS[node.kind]:
        value = node.values[field]
        words.append(f"{field}={descriptors.text_of(value) if field == 'input' else value}")
    return " ".join(words)


def check(network):
    """Raise DataError unless every node has what it needs and takes as many numbers as it gets; dims of all nodes."""
    known, kinds = {}, {}
    for node in network.nodes:
        if node.name in kinds:
            raise DataError(f"two nodes have the name {node.name}")
        kinds[node.name] = node.kind
    for kind in ("input-node", "output-node"):
        if not any(node.kind == kind for node in network.nodes):
            raise DataError(f"a network without an {kind}")
    for node in network.nodes:
        known[node.name] = _output_dim(network, node)
    for node in network.nodes:
        for name in node.inputs:
            if kinds.get(name, "output-node") == "output-node":
                raise DataError(f"{node.name} takes its input from {name}, which is not there")
        if node.kind == "component-node":
            try:
                needed, _ = dims(network.components[node.values["component"]])
                given = descriptor_dim(node.values["input"], known)
            except DataError as error:
                raise DataError(f"{node.name}: {error}") from None
            if needed != given:
                raise DataError(f"{node.name} gets {given} numbers, its component {node.values['component']} takes "
                                f"{needed}")
        if node.kind == "dim-range-node" and node.values["dim-offset"] + node.values["dim"] > known[node.inputs[0]]:
            raise DataError(f"{node.name} takes more than there is of {node.inputs[0]}")
    return {**known, **{node.name: descriptor_dim(node.values["input"], known)
                        for node in network.nodes if node.kind == "output-node"}}


def _output_dim(network, node):
    if node.kind == "component-node":
        name = node.values["component"]
        if name not in network.components:
            raise DataError(f"node {node.name}: there is no component {name}")
        try:
            return dims(network.components[name])[1]
        except DataError as error:
            raise DataError(f"component {name}: {error}") from None
    return node.values.get("dim")


def descriptor_dim(descriptor, known):
    """How many numbers a descriptor gives, by those of the nodes; raises DataError."""
    if isinstance(descriptor, str):
        return known[descriptor]
    if descriptor.function == "Const":
        return int(descriptor.arguments[1])
    found = [descriptor_dim(argument, known) for argument in descriptor.arguments
             if not isinstance(argument, str) or argument in known]
    if descriptor.function == "Append":
        return sum(found)
    if len(set(found)) > 1:
        raise DataError(f"{descriptor.function} of inputs of {' and '.join(map(str, found))} numbers")
    return found[0]


def with_lines(network, lines):
    """The network with configuration lines applied: a node of a name that is there takes the place of the old one.

    lines : iterable of (where, line), without what is empty or a comment. Raises DataError naming `where`.
    """
    nodes, new = list(network.nodes), set()
    for where, line in lines:
        try:
            if line.split()[0] == "component":
                raise DataError("components are not made from a configuration: only nodes can be changed")
            node = parse_line(line)
            if node.name in new:
                raise DataError(f"a second node {node.name}")
        except DataError as error:
            raise DataError(str(error), where) from None
        new.add(node.name)
        nodes = [old for old in nodes if old.name != node.name] + [node]
    return network._replace(nodes=nodes)


def without_orphans(network):
    """The network without the nodes and components that no output needs; inputs stay."""
    needed = set()
    waiting = [node.name for node in network.nodes if node.kind in ("output-node", "input-node")]
    by_name = {node.name: node for node in network.nodes}
    while waiting:
        name = waiting.pop()
        if name not in needed and name in by_name:
            needed.add(name)
            waiting += by_name[name].inputs
    nodes = [node for node in network.nodes if node.name in needed]
    used = {node.values.get("component") for node in nodes}
    return Network(nodes, {name: part for name, part in network.components.items() if name in used})
