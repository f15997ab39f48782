"""RTTM and UEM files given one by one, as a folder, as a list."""

import os

import pytest

from diarkit.errors import DataError
from diarkit.io.rttm import read_rttm, read_uem

LINE = "SPEAKER {} 1 {}.0 1.0 <NA> <NA> s <NA> <NA>\n"


@pytest.fixture
def folder(tmp_path):
    for name in ("b/one.rttm", "a/two.rttm", "c/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(LINE.format(path.stem, 3) if name.endswith("m") else "not an RTTM\n")
    return tmp_path


def test_a_folder_is_all_files_of_its_kind_below_it(folder):
    assert [turn.reco for turn in read_rttm(str(folder))] == ["two", "one"]
    with pytest.raises(DataError, match="no file that ends in .uem"):
        read_uem(str(folder))


@pytest.mark.parametrize("key", ["", "one "])
def test_a_list_names_files(folder, key):
    listed = folder / "list"
    listed.write_text(f"; what is scored\n\n{key}{folder}/b/one.rttm\r\n{key}{folder}/a/two.rttm\n")
    assert [turn.reco for turn in read_rttm(str(listed))] == ["one", "two"]


def test_what_is_wrong_in_a_listed_file_is_said_with_its_line(folder):
    (folder / "list").write_text(f"{folder}/b/one.rttm\n{folder}/c/notes.txt\n")
    with pytest.raises(DataError, match="unknown type of RTTM line: 'not'") as caught:
        read_rttm(str(folder / "list"))
    assert str(caught.value).startswith(f"{folder}/c/notes.txt:1")


@pytest.mark.parametrize("text, message", [
    ("SPEAKER a\n", "2 fields, and the last is no file: a"),
    ("nothing.rttm\n", "1 fields, and the last is no file: nothing.rttm"),
    ("touch /tmp/x |\n", "unknown type of RTTM line"),
    (".\n", "is a folder"),
])  # fmt: skip
def test_what_is_neither_rttm_nor_list(tmp_path, text, message):
    (tmp_path / "x").write_text(text)
    with pytest.raises(DataError, match=message):
        read_rttm(str(tmp_path / "x"))


def test_a_list_of_files_keeps_to_files(tmp_path):
    (tmp_path / "ok.rttm").write_text(LINE.format("a", 0))
    (tmp_path / "x").write_text(f"{tmp_path}/ok.rttm\nSPEAKER a 1 0.0\n")
    with pytest.raises(DataError, match="neither that nor a list") as caught:
        read_rttm(str(tmp_path / "x"))
    assert str(caught.value).startswith(f"{tmp_path}/x:2")


def test_what_is_in_a_folder_is_an_ordinary_file(folder):
    os.mkfifo(folder / "pipe.rttm")  # nobody writes to it: who opens it waits for ever
    with pytest.raises(DataError, match="pipe.rttm: is not an ordinary file"):
        read_rttm(str(folder))


def test_regions_of_a_folder_may_not_overlap_across_files(tmp_path):
    (tmp_path / "a.uem").write_text("m 1 0 10\n")
    (tmp_path / "b.uem").write_text("m 1 9 20\n")
    with pytest.raises(DataError, match="overlaps 0-10") as caught:
        read_uem(str(tmp_path))
    assert str(caught.value).startswith(f"{tmp_path}/b.uem:1")
