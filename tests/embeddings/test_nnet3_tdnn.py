"""nnet3 networks as TDNNs of ours: the same embeddings, and by name what is no TDNN."""

import numpy as np
import pytest
import torch

from diarkit.embeddings.models import with_weights
from diarkit.embeddings.nnet3.chunks import XvectorStream
from diarkit.embeddings.nnet3.network import Nnet3
from diarkit.embeddings.nnet3.tdnn import as_tdnn
from diarkit.embeddings.xvector import make_network
from diarkit.errors import DataError
from diarkit.io.nnet3.graph import with_lines
from diarkit.options.networks import ChunkOptions

CLOSE = 1e-4


def check(network, embedding="", count=60):
    """Compare the two ways from features to an embedding; the Converted."""
    found = as_tdnn(network, embedding)
    assert all(array.dtype == np.float32 and array.flags["C_CONTIGUOUS"] for array in found.weights.values())
    tdnn = with_weights(make_network({"network": found.network, "input_dim": found.input_dim}), found.weights)
    moved = with_lines(network, [("", f"output-node name=output input={found.embedding}")])
    stream = XvectorStream(Nnet3(moved), ChunkOptions(min_chunk_size=1))
    frames = np.random.default_rng(1).normal(size=(3, count, found.input_dim)).astype(np.float32)
    for number, window in enumerate(frames):
        stream.put(number, window)
    expected = np.stack([vector for _, vector in stream.finish()])
    with torch.no_grad():
        ours = tdnn(torch.from_numpy(frames)).numpy()
    assert ours.shape == expected.shape and expected.std() > 0.1
    assert abs(ours - expected).max() <= CLOSE
    return found


LAYERS = [[[-2, -1, 0, 1, 2], 512], [[-2, 0, 2], 512], [[-3, 0, 3], 512], [[0], 512], [[0], 1500]]


@pytest.mark.parametrize("recipe, node, target_rms, dims", [
    ("callhome", "", 1.0, [128]), ("sre16", "", 0.5, [512]), ("sre16", "tdnn7.affine", 1.0, [512, 512]),
    ("voxceleb", "tdnn6.affine", 1.0, [512]),
])  # fmt: skip
def test_the_recipes(nnet3, recipe, node, target_rms, dims):
    found = check(nnet3.recipe(recipe, target_rms=target_rms), node)
    assert found.network == {"type": "tdnn", "frame_layers": LAYERS, "segment_dims": dims, "embedding_layer": len(dims)}
    assert found.embedding == (node or "tdnn6.affine") and found.frames == (401 if recipe == "callhome" else 10001)


def test_lda_before_it_uneven_times_and_what_else_is_linear(nnet3):
    rng = np.random.default_rng(0)
    maker = nnet3.Maker(4)
    lda = maker.add("lda", "FixedAffineComponent", {
        "LinearParams": rng.normal(size=(12, 12)).astype(np.float32), "BiasParams": np.zeros(0, np.float32)}, 12,
        "Append(Offset(input, -1), input, Offset(input, 1))")
    first = maker.layer("one", lda, (-2, 0, 3), 9, target_rms=0.3)
    kept = maker.add("dropout", "GeneralDropoutComponent", {"Dim": 9}, 9, first)
    scaled = maker.add("scaled", "ScaleAndOffsetComponent", {
        "Dim": 9, "Scales": rng.normal(size=9).astype(np.float32), "Offsets": rng.normal(size=9).astype(np.float32)}, 9,
        kept)
    tdnn = maker.add("tdnn", "TdnnComponent", {
        "TimeOffsets": np.int32([-1, 4]), "LinearParams": rng.normal(size=(8, 18)).astype(np.float32) / 4,
        "BiasParams": rng.normal(size=8).astype(np.float32)}, 8, scaled)
    norm = maker.batch_norm("norm", tdnn)  # before the ReLU, not after it
    maker.components["linear"] = maker.components[lda]._replace(kind="LinearComponent", fields=(
        ("Params", (rng.normal(size=(7, 8)).astype(np.float32),)),))
    maker.dims["linear"] = 7
    maker.lines.append(f"component-node name=linear component=linear input=Sum({norm}, Scale(0.5, Offset({norm}, 1)))")
    second = maker.batch_norm("last", maker.relu("relu", "linear"))
    third = maker.layer("three", second, (0,), 6)
    pooled = maker.pooling(third, 400)
    network = maker.network(maker.affine("embedding", maker.layer("after", pooled, (0,), 5), (0,), 3))
    found = check(network, "embedding")
    assert found.network["frame_layers"] == [[[-3, -2, -1, 0, 1, 2, 3, 4], 9], [[-1, 0, 1, 2, 3, 4, 5], 7], [[0], 6]]
    assert (found.weights["frames.1.0.weight"][:, :, [2, 3, 4]] == 0).all()
    assert found.network["segment_dims"] == [5, 3] and as_tdnn(network).embedding == "after.affine"


def changed(nnet3, kind=None, lines=()):
    """A small network with something in it that a TDNN has not."""
    maker = nnet3.Maker(4)
    first = maker.layer("one", "input", (-1, 0, 1), 6)
    if kind:
        first = maker.add("odd", kind, {"Dim": 6, "InputDim": 6, "OutputDim": 6}, 6, first)
    maker.dims["second"] = 6
    second = maker.layer("two", first, (0,), 6)
    pooled = maker.pooling(second, 400)
    network = maker.network(maker.layer("after", pooled, (0,), 5))
    return with_lines(network, [("", line) for line in lines])


@pytest.mark.parametrize("kind, lines, message", [
    ("TanhComponent", (), "odd: a TanhComponent, and a TDNN has"), ("PnormComponent", (), "odd: a PnormComponent"),
    ("RectifiedLinearComponent", (), "a ReLU without an affine layer"),
    (None, ["component-node name=two.affine component=two.affine input=Sum(one.batchnorm, one.affine)"],
     "two.affine: it takes both"),
    (None, ["component-node name=two.affine component=two.affine input=IfDefined(one.batchnorm)"], "two.affine: IfDef"),
    (None, ["component-node name=two.relu component=two.relu input=Sum(two.affine, one.affine)"], "two.relu: it takes"),
    (None, ["component-node name=after.affine component=after.affine input=Append(one.batchnorm, one.batchnorm)"],
     "no statistics pooling"),
    (None, ["component-node name=stats-extraction-0-400 component=stats-extraction-0-400 input=two.affine"],
     "stats-extraction-0-400: statistics that are not"),
    (None, ["output-node name=output input=two.batchnorm"], "no statistics pooling before the output"),
    (None, ["input-node name=ivector dim=6",
            "component-node name=two.affine component=two.affine input=Sum(ivector, one.batchnorm)"], "ivector: an in"),
    (None, ["component-node name=two.affine component=two.affine input=Sum(one.batchnorm, Const(1, 6))"], "Const"),
    (None, ["component-node name=two.affine component=two.affine input=Sum("
            "one.batchnorm, Offset(one.batchnorm, 1), Offset(one.batchnorm, 99999999))"],
     "two.relu: takes frames from 0 to 99999999"),
    (None, ["input-node name=input dim=99999999"], "input: 99999999 numbers"),
])  # fmt: skip
def test_what_is_no_tdnn_is_named(nnet3, kind, lines, message):
    with pytest.raises(DataError, match=message):
        as_tdnn(changed(nnet3, kind, lines))


def test_embeddings_that_are_no_affine_layers(nnet3):
    for node in ("after.relu", "after.batchnorm", "one.affine", "stats-pooling-0-400"):
        with pytest.raises(DataError, match=node if node.startswith("after") else "pooling"):
            as_tdnn(changed(nnet3), node)
    with pytest.raises(DataError, match="no node nothing"):
        as_tdnn(changed(nnet3), "nothing")


def test_poolings_that_are_others(nnet3):
    for name, field, value in (("stats-pooling-0-400", "LeftContext", 3),
                               ("stats-pooling-0-400", "OutputStddevs", False),
                               ("stats-pooling-0-400", "VarianceFloor", np.float32(1e-3)),
                               ("stats-extraction-0-400", "InputPeriod", 2)):
        network = changed(nnet3)
        part = network.components[name]
        network.components[name] = part._replace(fields=tuple(
            (key, (value,) if key == field else values) for key, values in part.fields))
        with pytest.raises(DataError, match=f"^{name}: "):
            as_tdnn(network)
