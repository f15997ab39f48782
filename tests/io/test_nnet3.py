"""Files of nnet3 networks: every kind of field, the graph, what is damaged."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.nnet3 import descriptors, graph
from diarkit.io.nnet3.components import Component, dims, through_sums, with_learning_rate
from diarkit.io.nnet3.files import read_config, read_network, write_network

SMALL = """<Nnet3>
input-node name=input dim=2
component-node name=a component=a input=Append(Offset(input, -1), input)
dim-range-node name=half input-node=a dim-offset=1 dim=1
component-node name=b component=b input=half
output-node name=output input=b objective=linear

<NumComponents> 2
<ComponentName> a <TdnnComponent> {fields}<TimeOffsets> [ -1 0 ]
<LinearParams>  [
  1 2 3 4 5 6 7 8
  1 2 3 4 5 6 7 8 ]
<BiasParams>  [ 0.5 -1e-05 ]
<OrthonormalConstraint> -1 <UseNaturalGradient> T <NumSamplesHistory> 2000 <AlphaInOut> 4 4 <RankInOut> 2 1 </TdnnComponent>
<ComponentName> b <GeneralDropoutComponent> <Dim> 1 <BlockDim> 1 <TimePeriod> 0 <DropoutProportion> 0.1 <TestMode> <Continuous> </GeneralDropoutComponent>
</Nnet3> """  # noqa: E501
FIELDS = "<LearningRateFactor> 0.5 <IsGradient> F <MaxChange> 0.75 <L2Regularize> 0.002 <LearningRate> 0.0005 "


def written(network, path, text):
    write_network(str(path), network, text)
    return path.read_bytes()


def same(a, b):
    """Whether two networks are the same, types of numbers included."""
    assert [graph.text_of(node) for node in a.nodes] == [graph.text_of(node) for node in b.nodes]
    assert list(a.components) == list(b.components)
    for mine, theirs in zip(a.components.values(), b.components.values(), strict=True):
        assert mine.kind == theirs.kind and [name for name, _ in mine.fields] == [name for name, _ in theirs.fields]
        for (_, x), (_, y) in zip(mine.fields, theirs.fields, strict=True):
            assert len(x) == len(y) and all(type(p) is type(q) and np.array_equal(p, q) for p, q in zip(x, y,
                                                                                                       strict=True))


def test_every_kind_of_field_from_text_to_binary_and_back(tmp_path):
    for fields in ("", FIELDS):
        (tmp_path / "a.txt").write_text(SMALL.replace("{fields}", fields))
        network = read_network(str(tmp_path / "a.txt"))
        binary = written(network, tmp_path / "a.raw", text=False)
        assert binary.startswith(b"\0B<Nnet3> \ninput-node name=input dim=2\n")
        assert b"<TimeOffsets> \4\2\0\0\0\xff\xff\xff\xff\0\0\0\0<LinearParams> FM \4\2\0\0\0\4\x08\0\0\0" in binary
        assert b"<UseNaturalGradient> T<NumSamplesHistory> \4\0\0\xfaD<AlphaInOut> \4\0\0\x80@\4\0\0\x80@" in binary
        assert b"<RankInOut> \4\2\0\0\0\4\1\0\0\0</TdnnComponent> " in binary
        assert b"<TestMode> <Continuous> </GeneralDropoutComponent> </Nnet3> " in binary
        again = read_network(str(tmp_path / "a.raw"))
        same(network, again)
        assert written(again, tmp_path / "b.txt", text=True) == written(network, tmp_path / "c.txt", text=True)
        assert (tmp_path / "b.txt").read_text().split() == SMALL.replace("{fields}", fields).split()
        part = network.components["a"]
        assert part.get("IsGradient") is (None if not fields else False) and part.get("RankInOut") == 2
        assert part.get("TimeOffsets").tolist() == [-1, 0] and network.components["b"].get("TestMode") is True


def test_fields_in_any_order_unknown_ones_and_an_end_without_a_stroke(tmp_path):
    parts = SMALL.replace("{fields}", "").split("<OrthonormalConstraint>")
    moved = parts[0].replace("<TimeOffsets>", "<FromTheFuture> 7 <NextOne> [ 1 2 ]\n<TimeOffsets>")
    (tmp_path / "a").write_text(f"{moved}<OrthonormalConstraint>{parts[1]}".replace("</TdnnC", "<TdnnC"))
    network = read_network(str(tmp_path / "a"))
    same(network, network)
    write_network(str(tmp_path / "b"), network)
    assert read_network(str(tmp_path / "b")).components["a"].get("NextOne").tolist() == [1, 2]


def test_golden_files_are_the_same_bytes(shared, tmp_path):
    golden = shared / "golden/kaldi/xvec"
    network = read_network(str(golden / "final.raw"))
    assert written(network, tmp_path / "raw", text=False) == (golden / "final.raw").read_bytes()
    assert written(network, tmp_path / "txt", text=True) == (golden / "final.raw.txt").read_bytes()
    text = read_network(str(golden / "final.raw.txt"))
    for name, part in through_both(network, text):
        for (field, x), (_, y) in zip(part[0].fields, part[1].fields, strict=True):
            for a, b in zip(x, y, strict=True):
                assert type(a) is type(b) and np.allclose(a, b, rtol=1e-6, atol=1e-7), (name, field)


def through_both(a, b):
    return [(name, (a.components[name], b.components[name])) for name in a.components]


def test_networks_of_the_recipes_come_back_as_they_were(nnet3, tmp_path):
    network = nnet3.recipe("callhome", speakers=3)
    write_network(str(tmp_path / "a"), network)
    same(read_network(str(tmp_path / "a")), network)


def test_statistics_of_batch_norm_pass_through_sums():
    part = Component("BatchNormComponent", (("Count", (np.float64(3),)), ("StatsMean", (np.float32([0.1]),)),
                                            ("StatsVar", (np.float32([1e-9]),))))
    mean, variance = through_sums(part).get("StatsMean"), through_sums(part).get("StatsVar")
    assert mean.dtype == variance.dtype == np.float32
    assert abs(mean - 0.1) < 1e-7 and abs(variance - 1e-9) < 1e-8


@pytest.mark.parametrize("text", [
    "a", "Append(Offset(a, -2), a, Offset(a.b-c_1, 2))", "Sum(Scale(-0.5, a), IfDefined(b))", "Round(a, 1)",
    "ReplaceIndex(a, t, 0)", "Failover(a, Offset(b, 1, 2))", "Const(1, 5)", "Switch(a, b)",
])  # fmt: skip
def test_descriptors(text):
    found = descriptors.parse(text)
    assert descriptors.text_of(found) == text
    assert descriptors.parse(text.replace(" ", "")) == found
    assert descriptors.inputs_of(descriptors.parse("Append(a, Sum(b, Scale(2, Offset(a, 1))))")) == ["a", "b", "a"]
    assert descriptors.inputs_of(descriptors.parse("ReplaceIndex(q, t, 0)")) == ["q"]


@pytest.mark.parametrize("text", ["", "Append(", "Append(a", "Append(a,)", "a b", "Offset(a)", "Offset(a, x)", "(a)",
                                  "Scale(a, 2)", "Round(a, 1, 2)", "Nothing(a)", "a&b", "ReplaceIndex(a, n, 0)", "1",
                                  "Offset(" * 100 + "a", "Offset(a,", "Offset(", "Scale(",
                                  "Offset(a, 1, x)"])  # fmt: skip
def test_what_is_no_descriptor(text):
    with pytest.raises(DataError):
        descriptors.parse(text)


@pytest.fixture
def small(tmp_path):
    (tmp_path / "a").write_text(SMALL.replace("{fields}", ""))
    return read_network(str(tmp_path / "a"))


def test_nodes_change_and_orphans_go(small, tmp_path):
    (tmp_path / "config").write_text("# the output\n\noutput-node name=output input=a  # moved\n")
    moved = graph.with_lines(small, read_config(str(tmp_path / "config")))
    assert [node.name for node in moved.nodes] == ["input", "a", "half", "b", "output"]
    assert graph.text_of(moved.nodes[-1]) == "output-node name=output input=a objective=linear"
    rest = graph.without_orphans(moved)
    assert [node.name for node in rest.nodes] == ["input", "a", "output"] and list(rest.components) == ["a"]
    assert graph.check(rest)["output"] == 2 and graph.check(small)["output"] == 1
    for line in ("component name=c type=NoOpComponent dim=2", "output-node name=output", "input-node name=x dim=0",
                 "output-node name=1 input=a", "output-node name=output input=a what=3", "nothing name=a", "dim-range"):
        with pytest.raises(DataError, match="^here: "):
            graph.with_lines(small, [("here", line)])
    with pytest.raises(DataError, match="second node output"):
        graph.with_lines(small, [("", "output-node name=output input=a"), ("", "output-node name=output input=b")])


@pytest.mark.parametrize("line, message", [
    ("output-node name=output input=c", "output takes its input from c"),
    ("component-node name=b component=b input=a", "b gets 2 numbers, its component b takes 1"),
    ("component-node name=b component=c input=half", "there is no component c"),
    ("dim-range-node name=half input-node=a dim-offset=2 dim=1", "half takes more than there is of a"),
    ("component-node name=a component=a input=Sum(input, half)", "Sum of inputs of 2 and 1 numbers"),
])  # fmt: skip
def test_graphs_that_do_not_fit(small, tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        graph.check(graph.with_lines(small, [("", line)]))
    with pytest.raises(DataError, match=message):
        write_network(str(tmp_path / "never"), graph.with_lines(small, [("", line)]))
    assert not (tmp_path / "never").exists()


def test_sizes_of_components():
    vector, matrix = np.ones(6, np.float32), np.ones((3, 6), np.float32)
    for kind, fields, expected in (
        ("LinearComponent", {"Params": matrix}, (6, 3)), ("FixedAffineComponent", {"LinearParams": matrix}, (6, 3)),
        ("PnormComponent", {"InputDim": 6, "OutputDim": 2}, (6, 2)),
        ("FixedScaleComponent", {"Scales": vector}, (6, 6)),
        ("ScaleAndOffsetComponent", {"Dim": 12, "Scales": vector, "Offsets": vector}, (12, 12)),
        ("SumGroupComponent", {"Sizes": np.int32([2, 4])}, (6, 2)), ("NormalizeComponent", {"InputDim": 4}, (4, 4)),
        ("StatisticsExtractionComponent", {"InputDim": 4, "IncludeVarinance": False}, (4, 5)),
        ("StatisticsPoolingComponent", {"InputDim": 9, "NumLogCountFeatures": 2}, (9, 10)),
    ):  # fmt: skip
        assert dims(Component(kind, tuple((name, (value,)) for name, value in fields.items()))) == expected
    for kind, fields in (("LinearComponent", {}), ("PnormComponent", {"InputDim": 6, "OutputDim": 4}),
                         ("TdnnComponent", {"LinearParams": matrix, "TimeOffsets": np.int32([0, 1, 2, 3])}),
                         ("AffineComponent", {"LinearParams": matrix, "BiasParams": vector})):
        with pytest.raises(DataError):
            dims(Component(kind, tuple((name, (value,)) for name, value in fields.items())))


def test_learning_rate(small):
    part = with_learning_rate(Component("AffineComponent", (("LearningRateFactor", (np.float32(0.5),)),
                                                            ("LearningRate", (np.float32(1),)))), 0.1)
    assert part.get("LearningRate") == np.float32(0.05)
    assert with_learning_rate(small.components["b"], 1) == small.components["b"]


@pytest.mark.parametrize("change, message", [
    (("<Nnet3>", "<Nnet2>"), "<Nnet3> expected"), (("<Nnet3>", "<TransitionModel>"), "nnet3-am-copy --raw=true"),
    (("<TdnnComponent>", "<LstmNonlinearityComponent>"), "component a: of kind LstmNonlinearityComponent"),
    (("<NumComponents> 2", "<NumComponents> -2"), "-2 components"), (("1 2 3 4", "1 2 nan 4"), "NaN or infinite"),
    (("<NumComponents> 2", "<NumComponents> 3"), "<ComponentName> expected"), (("> -1 ", "> x "), "not a number: 'x'"),
    (("<ComponentName> b", "<ComponentName> a"), "two components have the name a"),
    (("name=half input", "name=a input"), "two nodes have the name a"), (("[ -1 0 ]", "-1 0"), "whole numbers"),
    (("Dim> 1 ", "Dim> one "), "not a number"), (("</Nnet3>", ""), "truncated"), (("input-node ", "node "), "'node'"),
    (("output-node name=output", "component-node component=b name=output"), "objective="),
])  # fmt: skip
def test_damaged_text(tmp_path, change, message):
    (tmp_path / "bad").write_text(SMALL.replace("{fields}", "").replace(*change, 1))
    with pytest.raises(DataError, match=message) as error:
        read_network(str(tmp_path / "bad"))
    assert str(error.value).startswith(str(tmp_path / "bad"))


def test_cut_or_with_other_bytes_it_is_an_error_or_a_network(small, tmp_path):
    data = written(small, tmp_path / "a.raw", text=False)
    for end in range(0, len(data) - 10, 3):
        (tmp_path / f"cut{end}").write_bytes(data[:end])  # files of their own: some disks wait for those overwritten
        with pytest.raises(DataError):
            read_network(str(tmp_path / f"cut{end}"))
    rng = np.random.default_rng(0)
    for number in range(200):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        (tmp_path / f"odd{number}").write_bytes(damaged)
        try:
            read_network(str(tmp_path / f"odd{number}"))
        except DataError:
            pass


@pytest.mark.parametrize(("kind", "fields", "message"), [
    ("BatchNormComponent", "<Dim> 2 <Count> 1 ", "a BatchNormComponent without <StatsMean>"),
    ("BatchNormComponent", "<Dim> 2 <Count> T ", "<Count> does not hold what it should"),
    ("BatchNormComponent", "<Dim> 2 <TargetRms> [ 1 2 ]\n", "<TargetRms> does not hold what it should"),
    ("BatchNormComponent", "<Dim> 2 <Count> 1 <StatsMean> [ 1 1 ]\n<StatsVar> [ 1 1 1 ]\n", "do not fit its size"),
    ("BatchNormComponent", "<Dim> 2 <BlockDim> 0 <Count> 1 <StatsMean> [ 1 1 ]\n<StatsVar> [ 1 1 ]\n", "do not fit"),
    ("NormalizeComponent", "<Dim> 2 <BlockDim> 0 ", "blocks of 0 of 2 numbers"),
    ("SumGroupComponent", "<Sizes> [ 2 0 ]\n", "a group of no inputs"),
    ("AffineComponent", "<LinearParams> [\n 1 2 ]\n<BiasParams> T ", "<BiasParams> does not hold what it should"),
    ("StatisticsPoolingComponent", "<InputDim> 5 <RightContext> -4 ", "<RightContext> does not hold"),
    ("NoOpComponent", "<Dim> 99999999999 ", "<Dim> does not hold what it should"),
    ("StatisticsExtractionComponent", "<InputDim> 2 <IncludeVarinance> 3 ", "<IncludeVarinance> does not hold"),
])
def test_fields_that_hold_something_else(tmp_path, kind, fields, message):
    (tmp_path / "bad").write_text(f"<Nnet3> \ninput-node name=input dim=2\noutput-node name=output input=input\n\n"
                                  f"<NumComponents> 1 \n<ComponentName> a <{kind}> {fields}</{kind}> \n</Nnet3> ")
    with pytest.raises(DataError, match="bad: component a: ") as error:
        read_network(str(tmp_path / "bad"))
    assert message in str(error.value)


def test_graphs_of_many_nodes_and_words(tmp_path):
    assert len(descriptors.parse(f"Append({'a,' * 100000}a)").arguments) == 100001  # in a moment
    (tmp_path / "bad").write_bytes(b"<Nnet3> \n" + b"input-node name=input dim=2\n" * 10001)
    with pytest.raises(DataError, match="more than 10000 nodes"):
        read_network(str(tmp_path / "bad"))
