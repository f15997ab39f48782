import io

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir import TO_THE_END, Segment, iterate_segments, read_segments, write_segments
from diarkit.io.lists import SeenKeys, read_lists, read_scp


def write(tmp_path, text):
    path = tmp_path / "list"
    path.write_text(text)
    return str(path)


def test_segments_in_the_order_of_the_file(tmp_path):
    path = write(tmp_path, "s2 r1 0.5 1.5\n\ns1\tr1  0 1 0\r\ns3 r2 2 -1\n")
    assert read_segments(path) == [
        Segment("s2", "r1", 0.5, 1.5),
        Segment("s1", "r1", 0, 1),
        Segment("s3", "r2", 2, TO_THE_END),
    ]
    assert read_segments(write(tmp_path, "")) == []


@pytest.mark.parametrize(
    "line",
    [
        "s",
        "s r",
        "s r 0",
        "s r 0 1 0 x",
        "s r 0 1 1",
        "s r 0 1 A",
        "s r 0 1 " + "9" * 5000,
        "s r a 1",
        "s r 0 nan",
        "s r 0 inf",
        "s r 0 1_0",
        "s r 1 1",
        "s r 2 1",
        "s r -1 1",
        "s r 0 -2",
        "s r 0,0 1,0",
        "s r 0x0 0x1",
        "first r 3 4",
    ],
)
def test_bad_segments_are_named_with_their_line(tmp_path, line):
    path = write(tmp_path, f"first r 0 1\n{line}\n")
    with pytest.raises(DataError, match=f"^{path}:2: [^\n]*$"):
        read_segments(path)


def test_channels_for_who_asks(tmp_path):
    path = write(tmp_path, "a r 0 1\nb r 0 1 0\nc r 1 -1 12\n")
    assert list(iterate_segments(path)) == [
        (1, Segment("a", "r", 0, 1), None), (2, Segment("b", "r", 0, 1), 0), (3, Segment("c", "r", 1, TO_THE_END), 12)]
    with pytest.raises(DataError, match=f"^{path}:3: channel '12': recordings must have one channel, 0$"):
        read_segments(path)
    for channel in ("-1", "A", "1.0", "²"):
        path = write(tmp_path, f"a r 0 1\n\nb r 0 1 {channel}\n")
        with pytest.raises(DataError, match=f"^{path}:3: channel '{channel}' is not a number from 0 on$"):
            list(iterate_segments(path))


def test_segments_are_written_as_kaldi_does_and_read_back(tmp_path):
    segments = [
        Segment("a", "r", 0.0, 1.5),
        Segment("b", "r", 0.005, 12345.678),
        Segment("c", "r", 1, TO_THE_END),
    ]
    path = str(tmp_path / "segments")
    write_segments(path, segments)
    with open(path) as file:
        assert file.read() == "a r 0.00 1.50\nb r 0.005 12345.678\nc r 1.00 -1\n"
    assert read_segments(path) == segments
    out = io.StringIO()
    write_segments(out, segments[:1])
    assert out.getvalue() == "a r 0.00 1.50\n"


def test_lists(tmp_path):
    path = write(tmp_path, "b 1 2\na\n\nc  3\t4 \n")
    assert list(read_lists(path).items()) == [("b", ["1", "2"]), ("a", []), ("c", ["3", "4"])]
    with pytest.raises(DataError, match=f"{path}:2: 2 fields expected, not 1"):
        read_lists(write(tmp_path, "b 1\na\n"), count=1)
    with pytest.raises(DataError, match=f"{path}:3: 'b' is there twice"):
        read_lists(write(tmp_path, "b 1\na 2\nb 3\n"))


def test_scp(tmp_path):
    path = write(tmp_path, "b x y |\na \t z:3[0:1] \n")
    assert read_scp(path) == {"b": "x y |", "a": "z:3[0:1]"}
    with pytest.raises(DataError, match=f"{path}:2: 'a' without a file"):
        read_scp(write(tmp_path, "b x\na \n"))
    with pytest.raises(DataError, match=f"{path}:2: 'b' is there twice"):
        read_scp(write(tmp_path, "b x\nb y\n"))


def test_seen_keys_against_a_set():
    import random

    random.seed(1)
    for trial in range(200):
        seen, known = SeenKeys(), set()
        keys = [f"k{random.randrange(30)}" for _ in range(30)]
        if trial % 2:
            keys = sorted(keys[:20]) + keys[20:]
        for key in keys:
            assert seen.add(key) == (key not in known)
            known.add(key)
        assert seen.sorted == all(a <= b for a, b in zip(keys, keys[1:], strict=False)) or len(known) < len(
            keys
        )
