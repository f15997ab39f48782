"""Files of labels: stretches, whole recordings, RTTM, and maps of classes."""

from math import inf

import pytest

from diarkit.errors import DataError
from diarkit.io.labels import read_class_map, read_labels
from diarkit.io.speech import read_speech


def test_three_kinds_of_lines(tmp_path):
    path = tmp_path / "labels"
    path.write_text("# speech and other sound\n\na 1.5 2.25 speech\nb music\r\na 3 4 laughter\n"
                    "SPEAKER c 1 0.5 2.0 <NA> <NA> someone <NA> <NA>\nNOSCORE c 1 5 1 <NA> <NA> <NA> <NA>\n; end\n")
    assert read_labels(str(path)) == {
        "a": [(1.5, 2.25, "speech"), (3, 4, "laughter")], "b": [(0, inf, "music")], "c": [(0.5, 2.5, "speech")]}


@pytest.mark.parametrize("line", [
    "a", "a 1 2", "a 2 1 speech", "a 1 1 speech", "a -1 1 speech", "a x 1 speech", "a nan 1 speech", "a 1 2 3",
    "a 1.5", "a 1 2 speech loud", "SPEAKER c 1 0.5 x <NA> <NA> someone <NA>"])
def test_bad_lines(tmp_path, line):
    path = tmp_path / "labels"
    path.write_text(f"a 0 1 speech\n{line}\n")
    with pytest.raises(DataError, match="labels:2: "):
        read_labels(str(path))


def test_a_map_of_classes(tmp_path):
    path = tmp_path / "map"
    path.write_text("# a comment\n0 0 1\n\n 0\t-1  2 # another\n0 0 3\n")
    assert read_class_map(str(path)) == {(0, 0): 3, (0, -1): 2}
    for line in ("0 0", "0 0 0 0", "0 0 x", "0 0 1.5", "0 0 " + "9" * 5000):
        path.write_text(f"0 0 1\n{line}\n")
        with pytest.raises(DataError, match="map:2: three"):
            read_class_map(str(path))


def test_speech_of_rttm_and_of_segments(tmp_path):
    path = tmp_path / "x"
    path.write_text("\ufeffSPEAKER a 1 1.0 2.0 <NA> <NA> x <NA>\n")
    assert [(t.reco, t.start, t.end) for t in read_speech(str(path))] == [("a", 1, 3)]
    path.write_text("\n;; who\nspeaker a 2 1.0 2.0 <NA> <NA> x <NA>\n")
    assert [(t.reco, t.start, t.end) for t in read_speech(str(path))] == [("a", 1, 3)]
    path.write_text("\ufeffa-1 a 1.0 3.0\n")
    assert [(t.reco, t.start, t.end) for t in read_speech(str(path))] == [("a", 1, 3)]
    path.write_text("")
    assert read_speech(str(path)) == []
    path.write_text("a-1 a 1.0 -1\n")
    with pytest.raises(DataError, match="^a-1: "):
        read_speech(str(path))
    with pytest.raises(DataError, match="no such file"):
        read_speech(str(tmp_path / "none"))
