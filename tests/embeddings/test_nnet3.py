"""nnet3 networks as they are run: against the definition, time by time, and as Kaldi's golden files have it."""

import numpy as np
import pytest

from diarkit.embeddings.nnet3.chunks import XvectorStream, shared_from, split
from diarkit.embeddings.nnet3.layers import BLOCK, function_of, product
from diarkit.embeddings.nnet3.network import Nnet3
from diarkit.errors import DataError
from diarkit.io.nnet3.components import Component
from diarkit.io.nnet3.files import read_config, read_network
from diarkit.io.nnet3.graph import parse_line, with_lines
from diarkit.io.tables import read_arrays
from diarkit.options.networks import ChunkOptions


def component(kind, **fields):
    return Component(kind, tuple((name, (value,)) for name, value in fields.items()))


def plainly(network, node, frames, t):
    """The output of a node at a time, float64, or None where it is not known: Kaldi's rules, one by one."""
    node = next(each for each in network.nodes if each.name == node)
    if node.kind == "input-node":
        return frames[t].astype(float) if 0 <= t < len(frames) else None
    if node.kind == "output-node":
        return of_descriptor(network, node.values["input"], frames, t)
    if node.kind == "dim-range-node":
        x = plainly(network, node.values["input-node"], frames, t)
        return None if x is None else x[node.values["dim-offset"] :][: node.values["dim"]]
    part = network.components[node.values["component"]]

    def taken(offset=0):
        return of_descriptor(network, node.values["input"], frames, t + offset)

    if part.kind == "StatisticsPoolingComponent":
        around = (taken(offset) for offset in range(-part.get("LeftContext"), part.get("RightContext") + 1))
        known = [each for each in around if each is not None]
        if not known:
            return None
        total = np.sum(known, axis=0)
        mean, square = np.split(total[1:] / total[0], 2)
        logs = np.full(part.get("NumLogCountFeatures"), np.log(total[0]))
        return np.concatenate([logs, mean, np.sqrt(np.maximum(square - mean * mean, part.get("VarianceFloor")))])
    if part.kind == "TdnnComponent":
        rows = [taken(offset) for offset in part.get("TimeOffsets").tolist()]
        x = None if any(row is None for row in rows) else np.concatenate(rows)
    else:
        x = taken()
    if x is None:
        return None
    if part.kind == "StatisticsExtractionComponent":
        return np.concatenate([[1], x, x * x])
    return function_of(part)(x[None].astype(np.float32))[0].astype(float)


def of_descriptor(network, descriptor, frames, t):
    if isinstance(descriptor, str):
        return plainly(network, descriptor, frames, t)
    function, arguments = descriptor
    if function in ("Append", "Sum"):
        found = [of_descriptor(network, argument, frames, t) for argument in arguments]
        if any(each is None for each in found):
            return None
        return np.concatenate(found) if function == "Append" else sum(found)
    if function == "Scale":
        x = of_descriptor(network, arguments[1], frames, t)
        return None if x is None else float(arguments[0]) * x
    t = {"Offset": t + int(arguments[-1]), "Round": t, "ReplaceIndex": 0, "IfDefined": t}[function]
    return of_descriptor(network, arguments[0], frames, t)


def small_network(nnet3, rng):
    """Layers of all sorts at times before and after, with two poolings."""
    maker = nnet3.Maker(4)
    first = maker.layer("one", "input", (-1, 0, 2), 6)
    tdnn = maker.add("two", "TdnnComponent", {
        "TimeOffsets": np.int32([-3, 1]), "LinearParams": rng.normal(size=(5, 12)).astype(np.float32),
        "BiasParams": np.zeros(0, np.float32)}, 5, first)
    same = maker.add("same", "NoOpComponent", {"Dim": 5}, 5, tdnn)
    late = maker.add("late", "FixedScaleComponent", {"Scales": rng.normal(size=5).astype(np.float32)}, 5,
                     f"Offset({same}, 4)")
    early = maker.affine("early", late, (-6,), 5)
    maker.add("both", "NormalizeComponent", {"InputDim": 5, "TargetRms": np.float32(0.7)}, 5,
                     f"Sum({early}, Scale(0.5, {same}))")
    maker.lines.append("dim-range-node name=part input-node=both dim-offset=1 dim=3")
    maker.dims["part"] = 3
    pools = [maker.pooling("part", 9, log_counts=2), maker.pooling(first, 400)]
    maker.dims["pools"] = maker.dims[pools[0]] + maker.dims[pools[1]]
    affine = maker.affine("after", "pools", (0,), 4)
    network = maker.network(maker.relu("end", affine))
    append = f"Append(Round({pools[0]}, 1), ReplaceIndex({pools[1]}, t, 0))"
    return with_lines(network, [("", f"component-node name=after component=after input={append}")])


def test_it_is_the_definition_time_by_time(nnet3):
    rng = np.random.default_rng(0)
    network = small_network(nnet3, rng)
    ready = Nnet3(network)
    for count in (ready.shortest, ready.shortest + 1, 23, 60):
        frames = rng.normal(size=(count, 4)).astype(np.float32)
        [found] = vectors(ready, [frames], chunk_size=-1, min_chunk_size=1)
        assert abs(found - plainly(network, "output", frames, 0)).max() < 1e-5
    assert plainly(network, "output", frames[: ready.shortest - 1], 0) is None
    with pytest.raises(DataError, match=f"and the network needs {ready.shortest}"):
        vectors(ready, [frames[: ready.shortest - 1]], chunk_size=-1, min_chunk_size=1)


def vectors(ready, utterances, **options):
    stream, found = XvectorStream(ready, ChunkOptions(**options)), []
    for number, frames in enumerate(utterances):
        stream.put(number, frames)
        found += stream.taken()
    found += stream.finish()
    assert [number for number, _ in found] == list(range(len(utterances)))
    return [vector for _, vector in found]


def test_overlapping_windows_have_the_same_bits_as_windows_alone(nnet3):
    """Whatever else is on the sheet, for sizes where BLAS does not take its way for small products."""
    maker = nnet3.Maker(23)
    pooled = maker.pooling(maker.layer("two", maker.layer("one", "input", (-2, -1, 0, 1, 2), 64), (-2, 0, 2), 96), 400)
    ready = Nnet3(maker.network(maker.affine("embedding", pooled, (0,), 64)))
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(9000, 23)).astype(np.float32)
    windows = [frames[t : t + 150] for t in range(0, 8850, 75)]
    together = vectors(ready, windows, chunk_size=400, min_chunk_size=25)
    for number in (0, 1, 54, 55, 56, 117):
        [alone] = vectors(ready, [windows[number]], chunk_size=400, min_chunk_size=25)
        assert (alone == together[number]).all()
    mixed = vectors(ready, windows[::-1], chunk_size=400, min_chunk_size=25)[::-1]
    assert all((a == b).all() for a, b in zip(mixed, together, strict=True))


def test_what_windows_share_is_on_the_sheet_once(nnet3):
    ready = Nnet3(nnet3.recipe("callhome"))
    stream = XvectorStream(ready, ChunkOptions(chunk_size=400, min_chunk_size=1))
    frames = np.random.default_rng(0).normal(size=(600, 23)).astype(np.float32)
    for start in range(0, 450, 75):
        stream.put(start, frames[start : start + 150])
    stream.put("inside", frames[400:420])
    stream.put("another", frames[:150])
    assert stream.chunks[:6] == [(start, 150) for start in range(0, 450, 75)]
    assert stream.chunks[6:] == [(400, 20), (525, 150)]
    assert (stream.sheet[:525] == frames[:525]).all()


def test_shared_from():
    rows = np.arange(20.0).reshape(10, 2)
    assert shared_from(rows[:6], rows[4:]) == 4 and shared_from(rows[:6], rows[6:]) == 6
    assert shared_from(rows, rows[2:5]) == 2
    twice = np.array([[1.0, 0], [1, 1], [1, 0], [1, 1]])
    assert shared_from(twice, twice[2:]) == 0
    assert shared_from(twice, np.array([[1.0, 0], [1, 1], [5, 5]])) == 2
    assert shared_from(np.ones((4, 2)), np.ones((5, 2))) == 0


def test_chunks():
    frames = np.arange(10.0, dtype=np.float32)[:, None]

    def found(**options):
        return [(piece[:, 0].tolist(), weight) for piece, weight in split(frames, ChunkOptions(**options))]

    assert found(chunk_size=-1, min_chunk_size=1) == [(list(range(10)), 10)]
    assert found(chunk_size=4, min_chunk_size=2) == [([0, 1, 2, 3], 4), ([4, 5, 6, 7], 4), ([8, 9], 2)]
    assert found(chunk_size=4, min_chunk_size=4)[-1] == ([8, 8, 9, 9], 2)
    assert found(chunk_size=7, min_chunk_size=6)[-1] == ([7, 7, 8, 9, 9, 9], 3)  # of an odd number, more at the end
    assert found(chunk_size=4, min_chunk_size=4, pad_input=False) == [([0, 1, 2, 3], 4), ([4, 5, 6, 7], 4)]
    assert found(chunk_size=400, min_chunk_size=12) == [([0, *range(10), 9], 10)]
    for options in ({"min_chunk_size": 11, "pad_input": False}, {"chunk_size": 3, "min_chunk_size": 4,
                                                                   "pad_input": False}):
        with pytest.raises(DataError):
            found(**options)
    with pytest.raises(DataError, match="no frames"):
        split(frames[:0], ChunkOptions())


def test_layers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 6)).astype(np.float32)
    vector = rng.normal(size=6).astype(np.float32)
    softmax = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    norm = np.sqrt((x.astype(float) ** 2).mean(axis=1, keepdims=True))
    cases = [
        (component("RectifiedLinearComponent", Dim=6), np.maximum(x, 0)),
        (component("SigmoidComponent", Dim=6), 1 / (1 + np.exp(-x))), (component("TanhComponent", Dim=6), np.tanh(x)),
        (component("LogSoftmaxComponent", Dim=6), np.log(softmax)), (component("SoftmaxComponent", Dim=6), softmax),
        (component("NormalizeComponent", InputDim=6, TargetRms=np.float32(0.5)), 0.5 * x / norm),
        (component("PnormComponent", InputDim=6, OutputDim=3), np.sqrt(x[:, ::2] ** 2 + x[:, 1::2] ** 2)),
        (component("SumGroupComponent", Sizes=np.int32([1, 5])), np.stack([x[:, 0], x[:, 1:].sum(axis=1)], axis=1)),
        (component("FixedScaleComponent", Scales=vector), vector * x),
        (component("FixedBiasComponent", Bias=vector), vector + x),
        (component("PerElementOffsetComponent", Offsets=vector), vector + x),
        (component("PerElementScaleComponent", Params=vector), vector * x),
        (component("ScaleAndOffsetComponent", Dim=6, Scales=vector[:3], Offsets=vector[3:]),
         np.tile(vector[:3], 2) * x + np.tile(vector[3:], 2)),
        (component("BatchNormComponent", Dim=6, BlockDim=3, Count=np.float64(2), TargetRms=np.float32(2),
                   Epsilon=np.float32(0.1), StatsMean=vector[:3], StatsVar=vector[3:] ** 2),
         2 * (x - np.tile(vector[:3], 2)) / np.sqrt(np.tile(vector[3:] ** 2, 2) + 0.1)),
        (component("DropoutComponent", Dim=6), x), (component("SpecAugmentTimeMaskComponent", Dim=6), x),
    ]
    for part, expected in cases:
        before = x.copy()
        assert abs(function_of(part)(x) - expected).max() < 1e-5, part.kind
        assert (x == before).all()
    blocks = function_of(component("NormalizeComponent", InputDim=6, BlockDim=2))(x).reshape(7, 3, 2)
    assert np.allclose((blocks**2).mean(axis=2), 1, atol=1e-5)
    assert (function_of(component("NormalizeComponent", InputDim=6))(0 * x) == 0).all()


def test_product():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(BLOCK, 30)).astype(np.float32), rng.normal(size=(30, 7)).astype(np.float32)
    for count in (1, 100, BLOCK):
        assert np.allclose(product(x[:count], weights), x[:count] @ weights, atol=1e-5)


@pytest.mark.parametrize("lines, message", [
    (["output-node name=output input=one.batchnorm"], "there is no statistics pooling before it"),
    (["output-node name=output input=Offset(end, 1)"], "after pooling is not computed here"),
    (["component-node name=late component=late input=IfDefined(Offset(same, 4))"], "late: IfDefined"),
    (["component-node name=late component=late input=Round(same, 3)"], "late: Round"),
    (["component-node name=one.affine component=one.affine input=Append(input, input, late)"], "recurrent networks"),
    (["input-node name=ivector dim=5", "component-node name=late component=late input=Sum(ivector, same)"],
     "ivector: an input besides"),
])  # fmt: skip
def test_what_is_not_computed_is_said_by_name(nnet3, lines, message):
    network = with_lines(small_network(nnet3, np.random.default_rng(0)), [("", line) for line in lines])
    with pytest.raises(DataError, match=message):
        Nnet3(network)


def test_pooling_that_ends_before_a_frame_is_known(nnet3):
    maker = nnet3.Maker(5)
    pooled = maker.pooling(maker.layer("one", "input", (-2, 0), 4), 1)
    with pytest.raises(DataError, match="stats-pooling-0-1: its frames end at 1, and none is known before 2"):
        Nnet3(maker.network(maker.layer("two", pooled, (0,), 3)))


def test_components_that_are_not_computed_are_named(nnet3):
    for change, message in (
        ({"stats-extraction-0-9": ("InputPeriod", 3)}, "stats-extraction-0-9: statistics of every few"),
        ({"both": ("AddLogStddev", True)}, "both: a NormalizeComponent with the log"),
        ({"one.batchnorm": ("Count", np.float64(0))}, "one.batchnorm: a BatchNormComponent that has seen no data"),
    ):
        network = small_network(nnet3, np.random.default_rng(0))
        for name, (field, value) in change.items():
            part = network.components[name]
            kept = tuple(pair for pair in part.fields if pair[0] != field)
            network.components[name] = part._replace(fields=((field, (value,)), *kept))
        with pytest.raises(DataError, match=message):
            Nnet3(network)
    with pytest.raises(DataError, match="no node nothing"):
        Nnet3(network, "nothing")
    with pytest.raises(DataError, match="takes no input"):
        Nnet3(network._replace(nodes=[parse_line("output-node name=output input=a")]))


def test_golden_vectors(shared):
    """To within the last digits of Kaldi's variances, which are differences of sums in single precision."""
    golden = shared / "golden/kaldi"
    whole = read_network(str(golden / "xvec/final.raw"))
    embedding = Nnet3(with_lines(whole, read_config(str(golden / "xvec/extract.config"))))
    features = f"ark:{golden}/feats/cmn300_callhome8k.ark"
    cases = {"xvec_utt_chunk400": (embedding, features, 400, True),
             "xvec_utt_chunk100": (embedding, features, 100, True),
             "xvec_utt_nochunk": (embedding, features, -1, True),
             "xvec_short_pad": (embedding, f"ark:{golden}/xvec/short_feats.ark", 400, True),
             "xvec_short_nopad": (embedding, f"ark:{golden}/xvec/short_feats.ark", 400, False),
             "output_logsoftmax_chunk400": (Nnet3(whole), features, 400, True)}
    compared = 0
    for name, (ready, table, size, pad) in cases.items():
        path = golden / f"xvec/{name}.txt"
        if not path.exists():
            continue
        opts = ChunkOptions(chunk_size=size, min_chunk_size=25, pad_input=pad)
        utterances = {key: value for key, value in read_arrays(table) if pad or len(value) >= 25}
        found = vectors(ready, list(utterances.values()), **vars(opts))
        expected = dict(read_arrays(f"ark:{path}"))
        assert list(expected) == list(utterances)
        worst = max(abs(a - b).max() for a, b in zip(found, expected.values(), strict=True))
        print(f"{name:30} {worst:.2g}")
        assert worst <= 1e-3, name
        compared += 1
    assert compared >= 4
