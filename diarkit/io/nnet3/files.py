"""Files of raw nnet3 networks, text and binary, as Kaldi's nnet3-copy reads and writes them.

    <Nnet3>
    input-node name=input dim=23
    ...

    <NumComponents> 22
    <ComponentName> tdnn1.affine <NaturalGradientAffineComponent> <MaxChange> 0.75 ... </NaturalGradientAffineComponent>
    ...
    </Nnet3>

In binary the lines of the graph are text as well. A file of one kind written as the other and read again has the
numbers to the seven digits of Kaldi's text.
"""

import os
import struct

import numpy as np

from diarkit.errors import DataError
from diarkit.io import textvalues, values
from diarkit.io.nnet3 import graph
from diarkit.io.nnet3.components import DOUBLE, KINDS, WHOLE, WHOLE_VECTORS, Component, check_fields, through_sums
from diarkit.io.objects import read_object
from diarkit.io.outputs import Output
from diarkit.io.streams import read_lines

LONGEST_LINE = 1 << 20  # bytes
LONGEST_WORD = 200  # bytes
MOST_COMPONENTS = 100000
MOST_NODES = 10000
MOST_NUMBERS = 1 << 20  # of a vector of whole numbers
SMALL = 1 << 23  # four bytes that are less than this as a whole number are one: as a float it would be denormal


def read_network(rxfilename):
    """Read a raw network, a graph.Network. Raises DataError naming the file, also if its parts do not fit."""
    return read_object(rxfilename, _read, graph.check)


def read_config(path):
    """Lines of a configuration (where, line), without what is empty or a comment. Raises DataError naming the file."""
    found = []
    for number, line in read_lines(path):
        line = line.partition("#")[0].strip()
        if line:
            found.append((f"{path}:{number}", line))
    return found


def embedding_of(folder, network):
    """The node that extract.config in a folder of Kaldi's takes for the output; "" where there is no such file.

    Raises DataError naming the file.
    """
    path = os.path.join(folder, "extract.config")
    if not os.path.exists(path):
        return ""
    for node in graph.with_lines(network, read_config(path)).nodes:
        if node.kind == "output-node" and isinstance(node.values["input"], str):
            return node.values["input"]
    raise DataError("takes no single node for the output", path)


def _read(source):
    binary = values.is_binary(source)
    if binary:
        source.take(2)
    words = _Words(source, binary)
    first = words.word()
    if first == "<TransitionModel>":
        raise DataError("an acoustic model with transitions, not a raw network: Kaldi's nnet3-am-copy --raw=true "
                        "takes the network out of it")
    if first != "<Nnet3>":
        raise DataError("<Nnet3> expected: not Kaldi's file of a network, or damaged")
    nodes = _read_nodes(source)
    words.expect("<NumComponents>")
    count = words.whole()
    if not 0 <= count <= MOST_COMPONENTS:
        raise DataError(f"{count} components")
    components = {}
    for _ in range(count):
        words.expect("<ComponentName>")
        name = words.word()
        if name in components:
            raise DataError(f"two components have the name {name}")
        try:
            components[name] = _read_component(words)
        except DataError as error:
            raise DataError(f"component {name}: {error}") from None
    words.expect("</Nnet3>")
    return graph.Network(nodes, components)


def _read_nodes(source):
    nodes, first = [], True
    while True:
        line = source.take_until(b"\n", LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise DataError("the data end within the graph (truncated)")
        line = line.strip()
        if not line and not first:
            return nodes
        if len(nodes) == MOST_NODES:
            raise DataError(f"a graph of more than {MOST_NODES} nodes")
        if line:
            try:
                nodes.append(graph.parse_line(line.decode()))
            except UnicodeDecodeError:
                raise DataError("the graph is not text: damaged") from None
        first = False


def _read_component(words):
    kind = words.word()[1:-1]
    if kind not in KINDS:
        raise DataError(f"of kind {kind}, which is not known here")
    fields, token = [], words.word()
    while token not in (f"</{kind}>", f"<{kind}>"):  # some old versions leave out the stroke
        if not (token.startswith("<") and token.endswith(">") and len(token) > 2) or token.startswith("</"):
            raise DataError(f"</{kind}> is missing: {token!r} where a field should be")
        try:
            fields.append((token[1:-1], words.values(token[1:-1])))
        except DataError as error:
            raise DataError(f"{token}: {error}") from None
        token = words.word()
    component = Component(kind, tuple(fields))
    check_fields(component)
    return component


class _Words:
    """The tokens and values of a file, one after the other."""

    def __init__(self, source, binary):
        self.source = source
        self.binary = binary

    def word(self):
        """The next word, with the blank after it taken."""
        self.source.skip_space()
        taken = bytearray()
        while len(taken) < LONGEST_WORD and self.source.fill(1):
            byte = self.source.take(1)
            if byte in b" \n\t\r":
                break
            taken += byte
        if not taken:
            raise DataError("the data end within a network (truncated)")
        return taken.decode("ascii", "replace")

    def expect(self, token):
        found = self.word()
        if found != token:
            raise DataError(f"{token} expected, not {found[:40]!r}: damaged")

    def whole(self):
        found = self.binary_number("Dim") if self.binary else self.text_number("Dim")
        if not isinstance(found, int):
            raise DataError("a whole number expected")
        return found

    def values(self, field):
        """All values up to the next token."""
        if field in WHOLE_VECTORS:
            return (self.whole_vector(),)
        found = []
        while self.ahead() != b"<":
            found.append(self.binary_value(field) if self.binary else self.text_value(field))
        for value in found:
            if isinstance(value, np.ndarray):
                values.check_finite(value)
            elif value != value or value in (np.inf, -np.inf):
                raise DataError(f"not a number: {value}")
        return tuple(found)

    def ahead(self):
        if not self.binary:
            self.source.skip_space()
        self.source.need(1)
        return self.source.buffer[self.source.pos : self.source.pos + 1]

    def binary_value(self, field):
        self.source.need(2)
        head = self.source.buffer[self.source.pos : self.source.pos + 2]
        if head[:1] in b"FDC" and head[1:] in b"MV":
            return values.read_binary(self.source)
        if head[:1] in b"TF":
            return self.source.take(1) == b"T"
        return self.binary_number(field)

    def binary_number(self, field):
        size = self.source.take(1)[0]
        if size == 8:
            return np.float64(struct.unpack("<d", self.source.take(8))[0])
        if size != 4:
            raise DataError("a number expected: damaged")
        data = self.source.take(4)
        (whole,) = struct.unpack("<i", data)
        if field in WHOLE or 0 < abs(whole) < SMALL:
            return whole
        return np.frombuffer(data, "<f4")[0]

    def text_value(self, field):
        if self.ahead() == b"[":
            return textvalues.read_text(self.source)
        word = self.word()
        return word == "T" if word in ("T", "F") else self.text_number(field, word)

    def text_number(self, field, word=None):
        word = self.word() if word is None else word
        try:
            if field in WHOLE:
                return int(word)
            return np.float64(word) if field in DOUBLE else np.float32(word)
        except ValueError:
            raise DataError(f"not a number: {word[:40]!r}") from None

    def whole_vector(self):
        if self.binary:
            marker, count = struct.unpack("<bi", self.source.take(5))
            if marker != 4 or not 0 <= count <= MOST_NUMBERS:
                raise DataError("a vector of whole numbers expected: damaged")
            return self.source.take_array(count, np.dtype("<i4")).astype(np.int32)
        self.ahead()
        text = self.source.take_until(b"]", 12 * MOST_NUMBERS).decode("ascii", "replace").split()
        try:
            if text[:1] != ["["] or text[-1:] != ["]"]:
                raise ValueError
            return np.array([int(word) for word in text[1:-1]], np.int32)
        except (ValueError, OverflowError):
            raise DataError("a vector of whole numbers expected") from None


def write_network(wxfilename, network, text=False):
    """Write a raw network, whole or not at all. Raises DataError for one whose parts do not fit."""
    graph.check(network)
    with Output(wxfilename) as stream:
        stream.write((b"" if text else b"\0B") + b"<Nnet3> \n")
        stream.write("".join(f"{graph.text_of(node)}\n" for node in network.nodes).encode() + b"\n")
        stream.write(b"<NumComponents> " + _value("NumComponents", len(network.components), text))
        stream.write(b"\n" if text else b"")
        for name, component in network.components.items():
            component = through_sums(component) if text else component
            stream.write(f"<ComponentName> {name} <{component.kind}> ".encode())
            for field, found in component.fields:
                stream.write(f"<{field}> ".encode())
                for value in found:
                    stream.write(_value(field, value, text))
            stream.write(f"</{component.kind}> ".encode() + (b"\n" if text else b""))
        stream.write(b"</Nnet3> ")


def _value(field, value, text):
    """The bytes of a value."""
    if field in WHOLE_VECTORS:
        value = np.asarray(value, "<i4")
        return f"[ {''.join(f'{number} ' for number in value)}]\n".encode() if text else (
            struct.pack("<bi", 4, len(value)) + value.tobytes())
    if isinstance(value, bool):
        return (b"T" if value else b"F") + (b" " if text else b"")
    if isinstance(value, int):
        return f"{value} ".encode() if text else struct.pack("<bi", 4, value)
    if np.ndim(value) == 0:
        if text:
            return b"%.7g " % value
        return b"\10" + struct.pack("<d", value) if isinstance(value, np.float64) else b"\4" + struct.pack("<f", value)
    if not text:
        head, body = values.encode(value)
        return head.removeprefix(b"\0B") + bytes(body)
    if not value.size:
        return b" [ ]\n"
    rows = b"".join(b"\n  " * (value.ndim == 2) + b"%.7g " * value.shape[-1] % tuple(row)
                    for row in np.atleast_2d(value).tolist())
    return b" [" + (b" " if value.ndim == 1 else b"") + rows + b"]\n"
