"""What validate-rttm finds: each check on a line that has it and on one that has not."""

import csv
import re
import wave

import pytest

from diarkit.errors import DataError
from diarkit.io.rttm import BadLine, parse_turn
from diarkit.io.turnfiles.checks import Problem, check_files, limited
from diarkit.io.turnfiles.places import read_durations, read_names, read_regions
from diarkit.io.turnfiles.scorers import EFFECTS, LEVELS, effects, level_of

LINE = "SPEAKER m 1 1.0 2.5 <NA> <NA> A <NA> <NA>\n"


@pytest.fixture
def checking(tmp_path):
    """A function that checks text or bytes: [(line, check, message)]."""

    def checking(content, **kwargs):
        path = tmp_path / "in"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found = list(check_files([str(path)], **kwargs))
        assert all(problem.file == str(path) for problem in found)
        return [problem[1:] for problem in found]

    return checking


def test_nothing_is_wrong_with_a_good_file(checking):
    assert checking(LINE + LINE.replace("1.0", "3.5") + LINE.replace(" A ", " B ").replace("\n", "\r\n")[:-8]
                    + "\n" + LINE.replace(" m ", " n ").replace(" ", "\t"), short=2.5) == [(3, "unsorted", ANY)]
    assert checking(LINE, durations={"m": 3.5}, regions_of=lambda *_: [(3, 4)], short=2.5) == []


class Any:
    def __eq__(self, other):
        return True


ANY = Any()


@pytest.mark.parametrize("old, new, check", [
    ("SPEAKER", "SPEAKR", "type"),
    ("SPEAKER", "speaker", "case"),
    (" <NA> <NA>\n", "\n", "fields"),
    (" A ", " A B ", "fields"),
    ("<NA> <NA> A", "<NA> x A", "subtype"),
    ("1.0", "1,0", "number"),
    ("1.0", "nan", "number"),
    ("2.5", "1_0", "number"),
    ("2.5", "<NA>", "number"),
    ("2.5", "1e13", "number"),
    ("1.0", "-1", "negative"),
    ("2.5", "-2.5", "negative"),
    ("2.5", "0.000", "zero-length"),
    ("2.5", "0.0499", "short"),
    ("1.0", "1.0004", "decimals"),
    (" A ", " nan ", "no-name"),
    (" A ", " <NA> ", "no-name"),
    (" A ", ' "A ', "quote"),
    (" A ", " A\0 ", "encoding"),
    (" A ", " U+1 ", None),
    ("1.0", "1.000", None),
    ("1.0", "1.0000", None),
])  # fmt: skip
def test_checks_of_a_line(checking, old, new, check):
    assert old in LINE
    found = [problem for problem in checking(";\n" + LINE.replace(old, new, 1), short=0.05) if problem[1] != "comment"]
    first = [problem for problem in found if problem[1] not in ("empty", "decimals")] or found
    assert first[:1] == ([(2, check, ANY)] if check else [])


def test_checks_of_several_lines(checking):
    assert checking(LINE + LINE) == [(2, "repeated", "the same as line 1")]
    assert checking(LINE.replace("1.0", "3.4") + LINE) == [
        (2, "overlaps-itself", "A overlaps itself for 0.1 s, see line 1"), (2, "unsorted", ANY)]
    # within a long turn, and with it again after another one
    assert checking(LINE.replace("2.5", "9") + LINE.replace("1.0", "2.0") + LINE.replace("1.0", "6.0")) == [
        (2, "overlaps-itself", "A overlaps itself for 2.5 s, see line 1"),
        (3, "overlaps-itself", "A overlaps itself for 2.5 s, see line 1")]
    assert checking(LINE + LINE.replace("m 1", "m 2")) == [(2, "channels", "m has channel 2 here, and 1 before")]
    assert checking("SPKR-INFO m 1 <NA> <NA> <NA> adult A <NA> <NA>\n" + LINE) == [(1, "other-types", ANY)]
    assert checking("") == [(None, "empty", ANY)]
    assert checking("\ufeff; c\n\n" + LINE) == [(1, "mark", ANY), (1, "comment", ANY), (2, "comment", ANY)]
    assert [problem[:2] for problem in checking(LINE.encode() + b"M\xe5\n" + LINE.replace("1.0", "x").encode())] == [
        (2, "encoding"), (3, "number")]


def test_a_line_too_long_is_one_line(checking):
    found = checking(LINE.replace(" A ", " " + "A" * 3000000 + " ") + LINE.replace("1.0", "x"))
    assert found == [(1, "fields", "longer than 1 MB"), (2, "number", ANY), (None, "empty", "no line that can be read")]
    assert (None, "empty", "no lines but comments") in checking("; c\n")


def test_lengths_and_regions(checking):
    given = {"durations": {"m": 3.5, "o": 1}, "regions_of": {("m", "1"): [(0, 1), (3.5, 9)]}.get}
    found = checking(LINE, regions_of=lambda *key: given["regions_of"](key))
    assert found == [(1, "outside-uem", "the turn of A at 1.0 s is in no region of the UEM")]
    for regions, outside in (([(0, 1), (3, 4)], False), ([(3.4, 4)], False), ([(0, 1.1)], False), ([(3.5, 4)], True),
                             ([(0, 0.5), (0.5, 1)], True), ([(0, 9), (10, 12)], False), ([(2, 3), (3.5, 4)], False)):
        assert bool(checking(LINE, regions_of=lambda *_, own=regions: own)) == outside
    found = checking(LINE.replace("m 1", "m 2") * 2, regions_of=lambda *key: given["regions_of"](key))
    assert found == [(1, "uem", "m, channel 2, is not in the UEM"), (2, "repeated", ANY)]
    assert checking(LINE.replace("2.5", "2.511"), durations=given["durations"]) == []
    found = checking(LINE.replace("2.5", "2.512"), durations=given["durations"])
    assert found == [(1, "beyond", "the turn of A at 1.0 s ends at 3.512 s, m at 3.500 s")]
    other = LINE.replace(" m ", " x ")
    found = checking(other + other.replace("1.0", "7"), durations=given["durations"])
    assert found == [(1, "unknown", ANY)]


def test_a_folder_is_all_its_files_each_for_itself(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.rttm").write_text(LINE + "x\n")
    assert [problem[:3] for problem in check_files([str(tmp_path)])] == [
        (f"{tmp_path}/{name}.rttm", 2, "type") for name in "ab"]


def test_limited():
    many = [Problem("f", line, check, "m") for line in range(1, 6) for check in ("short", "encoding")]
    assert [problem[1:] for problem in limited(many, 2)] == [
        (1, "short", "m"), (1, "encoding", "m (and 4 more such lines)"), (2, "short", "m (and 3 more such lines)")]
    assert len(limited(many, 0)) == 6 and "more" not in limited(many, 5)[-1].message


def test_every_check_has_effects_and_levels():
    assert set(LEVELS) - set(EFFECTS) == {"unsorted"}
    assert set(effects("fields")) == {"md-eval", "dscore", "pyannote"} and effects("short") == {}
    assert [level_of(check) for check in ("fields", "short", "comment")] == ["error", "warning", "note"]
    assert [level_of(check, strict=True) for check in ("fields", "short", "comment")] == ["error", "error", "note"]


def test_effects_on_pyannote(tmp_path):
    """The column of pyannote, by pyannote."""
    load_rttm = pytest.importorskip("pyannote.database.util").load_rttm

    def loaded(content):
        (tmp_path / "in").write_text(content)
        return [(s.start, s.end, label) for a in load_rttm(tmp_path / "in").values()
                for s, _, label in a.itertracks(yield_label=True)]

    assert loaded(LINE) == [(1, 3.5, "A")]
    assert loaded(LINE + LINE.replace("1.0", "2.0")) == [(1, 3.5, "A"), (2, 4.5, "A")]
    for left_out in (("2.5", "0"), ("2.5", "-1"), ("SPEAKER", "speaker"), ("1.0", "nan"), (" A ", " A B ")):
        assert loaded(LINE.replace(*left_out)) == []
    assert loaded(LINE.replace(" A ", " NA "))[0][2] != "NA"
    with pytest.raises(ValueError):
        loaded(LINE.replace("1.0", "1,0"))


def test_the_kind_of_every_fault_of_a_line():
    """The names of checks go by what parse_turn says; this fails if it says something else one day."""
    for old, new, message in [("SPEAKER", "X", "unknown type"), (" <NA> <NA>\n", "", " fields, expected"),
                              ("<NA> <NA> A", "<NA> x A", "the subtype of"), ("1.0", "-1.0", " is negative")]:
        with pytest.raises(BadLine, match=message):
            parse_turn(LINE.replace(old, new, 1).split())


def test_lists(tmp_path):
    (tmp_path / "list").write_text("# c\nold new\nm old other\n\n")
    assert read_names(str(tmp_path / "list")) == {("", "old"): "new", ("m", "old"): "other"}
    (tmp_path / "uem").write_text("m 1 3 4\nm 1 0 1.1\nm 2 5 6\nn NA 0 1\no 0 2 3\np 1 0 1\np NA 7 8\n")
    find = read_regions(str(tmp_path / "uem"))
    assert [[float(x) for span in find(*key) or () for x in span] for key in (
        ("m", "1"), ("m", "2"), ("m", "3"), ("n", "7"), ("o", "1"), ("p", "1"), ("p", "2"), ("x", "1"))] == [
        [0, 1.1, 3, 4], [5, 6], [], [0, 1], [2, 3], [0, 1], [7, 8], []]
    (tmp_path / "dur").write_text("m 1.5\nn 2\n")
    assert read_durations(str(tmp_path / "dur")) == {"m": 1.5, "n": 2}
    for content, message in [("a b\na c\n", "list:2: 'a' has two new names"), ("a\n", "list:1: <old> <new>")]:
        (tmp_path / "list").write_text(content)
        with pytest.raises(DataError, match=message):
            read_names(str(tmp_path / "list"))
    with wave.open(str(tmp_path / "m.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 12000))
    (tmp_path / "wav.scp").write_text(f"m {tmp_path}/m.wav\n")
    assert read_durations(str(tmp_path / "wav.scp")) == {"m": 1.5}
    (tmp_path / "list").write_text("m nowhere.wav\n")
    with pytest.raises(DataError, match="^m: nowhere.wav: no such file"):
        read_durations(str(tmp_path / "list"))


def test_damaged_files_of_the_corpus(shared):
    """Errors where a file is to be refused, in the line that is damaged, and none in the others."""
    folder = shared / "badinputs" / "cases"
    with open(folder / "manifest.tsv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["family"] == "rttm"]
    assert len(rows) > 10
    for row in rows:
        errors = [problem for problem in check_files([str(folder / row["file"])]) if level_of(problem.check) == "error"]
        assert bool(errors) == (row["expect"] == "error"), row
        line = re.search(r"line (\d+)", row["message_names"])
        if line:
            assert [problem.line for problem in errors] == [int(line[1])]
