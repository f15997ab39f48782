"""ONNX networks: what they give, how frames have to lie, and what cannot be run."""

import numpy as np
import pytest

from diarkit.embeddings.onnx import OnnxNetwork, find_layout
from diarkit.errors import DataError

onnx = pytest.importorskip("onnx", reason="no package onnx")
RNG = np.random.default_rng(0)
FIRST, SECOND = (RNG.normal(size=size).astype(np.float32) for size in ((6, 12), (12, 5)))


def content(shape=("B", "T", 6), time=1, dims=("B", 5), nodes=None, inputs=None, domain=""):
    """The bytes of a network: a layer over frames, ReLU, the mean over time, another layer. time: axis of time."""
    from onnx import TensorProto, helper, numpy_helper

    x = "x" if time == 1 else "turned"
    nodes = nodes or [
        *([] if time == 1 else [helper.make_node("Transpose", ["x"], ["turned"], perm=[0, 2, 1])]),
        helper.make_node("MatMul", [x, "first"], ["a"]), helper.make_node("Relu", ["a"], ["b"], domain=domain),
        helper.make_node("ReduceMean", ["b"], ["c"], axes=[1], keepdims=0), helper.make_node("MatMul", ["c", "second"],
                                                                                           ["y"])]
    inputs = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, dims)],
                              [numpy_helper.from_array(FIRST, "first"), numpy_helper.from_array(SECOND, "second")])
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def expected(frames):
    return np.maximum(frames @ FIRST, 0).mean(axis=1) @ SECOND


@pytest.mark.parametrize("shape, time, layout", [
    (("B", "T", 6), 1, "time-first"), ((1, "T", 6), 1, "time-first"), (("B", 30, 6), 1, "time-first"),
    (("B", 6, "T"), 2, "features-first"), (("B", "F", "T"), 2, "features-first"), (("B", "T", "F"), 1, "time-first"),
    ((1, 6, 30), 2, "features-first"),
])  # fmt: skip
def test_layouts(shape, time, layout):
    data = content(shape, time)
    assert find_layout(data, 6) == layout
    network = OnnxNetwork(data, layout, 6)
    assert network.embedding_dim == 5 and network.frames == (30 if 30 in shape else 0)
    frames = RNG.normal(size=(4, 30, 6)).astype(np.float32)
    found = network.run(frames)
    assert found.dtype == np.float32 and abs(found - expected(frames)).max() < 1e-5


def test_dimensions_that_do_not_fit():
    for data, layout, message in (
        (content(), "time-first", "takes 6 numbers a frame, and the front end gives 7"),
        (content((8, "T", 6)), "time-first", "batches of 8 windows alone"),
    ):
        with pytest.raises(DataError, match=message):
            OnnxNetwork(data, layout, 7 if "7" in message else 6)
    for shape in (("B", 6, 6), ("B", "T", 6), ("B", 6, "T")):
        with pytest.raises(DataError, match="and the front end gives 7 numbers"):
            find_layout(content(shape), 7)
    with pytest.raises(DataError, match="--layout="):
        find_layout(content(nodes=mean_only(), shape=("B", "T", "F"), dims=("B", "F")), 6)


def mean_only():
    return [onnx.helper.make_node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=0)]


def test_networks_that_are_none():
    helper, kind = onnx.helper, onnx.TensorProto
    two = [helper.make_tensor_value_info(name, kind.FLOAT, ("B", "T", 6)) for name in ("x", "lengths")]
    whole = [helper.make_tensor_value_info("x", kind.INT64, ("B", "T", 6))]
    flat = [helper.make_tensor_value_info("x", kind.FLOAT, ("B", "T"))]
    scalar = [helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0)]
    not_a_number = [helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=0),
                    helper.make_node("Sqrt", ["m"], ["s"]), helper.make_node("MatMul", ["s", "first"], ["y"])]
    for data, message in (
        (b"", "onnxruntime cannot run it"), (b"garbage" * 100, "onnxruntime cannot run it"),
        (content()[:-40], "onnxruntime cannot run it"), (content(domain="some.where"), "onnxruntime cannot run it"),
        (content(inputs=two), "2 inputs .x, lengths."), (content(inputs=whole), "onnxruntime cannot run it|is tensor"),
        (content(inputs=flat), "of 2 dimensions|onnxruntime cannot"),
        (content(nodes=scalar, dims=()), "not a vector each"),
        (content(nodes=not_a_number, dims=("B", 12)), "gives NaN"),
        (content(nodes=[helper.make_node("Identity", ["x"], ["y"])], dims=("B", "T", 6)), "not a vector each"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=message) as error:
            OnnxNetwork(data, "time-first", 6)
        assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_weights_in_other_files_are_not_looked_for(tmp_path, monkeypatch):
    from onnx import load_from_string, save_model

    save_model(load_from_string(content()), str(tmp_path / "a.onnx"), save_as_external_data=True, size_threshold=0,
               location="weights.bin")
    with pytest.raises(DataError, match="external data"):
        OnnxNetwork((tmp_path / "a.onnx").read_bytes(), "time-first", 6)
    monkeypatch.chdir(tmp_path)
    key, value = b"\n\x08location", b"\x12\x0bweights.bin"
    written_otherwise = (tmp_path / "a.onnx").read_bytes().replace(key + value, value + key)
    assert value + key in written_otherwise
    with pytest.raises(DataError, match="onnxruntime cannot run it"):
        OnnxNetwork(written_otherwise, "time-first", 6)


def test_no_bits_hang_on_the_batch_beyond_rounding():
    network = OnnxNetwork(content(), "time-first", 6)
    frames = RNG.normal(size=(8, 50, 6)).astype(np.float32)
    alone = np.concatenate([network.run(frames[i : i + 1]) for i in range(8)])
    assert abs(network.run(frames) - alone).max() < 1e-5
