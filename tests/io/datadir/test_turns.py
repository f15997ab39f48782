"""Names of segments that are turns, and which recording is which file and channel."""

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.turns import FilesAndChannels, kaldi_turn_name, turn_name


def test_names_sort_as_times_do_and_are_taken_once():
    taken = set()
    assert turn_name("r", "s", 1.5, 22.254, taken) == "r-s-0000150-0002225"
    assert turn_name("r", "s", 1.5, 22.25, taken) == "r-s-0000150-0002225-2"
    assert turn_name("r", "s", 1.5, 22.25, taken) == "r-s-0000150-0002225-3"
    assert turn_name("r", "r-s", 1, 2, taken) == "r-s-0000100-0000200"
    assert turn_name("r", "r", 1, 2, taken) == "r-0000100-0000200"
    assert turn_name("r", "rs", 1, 2, taken) == "r-rs-0000100-0000200"
    assert turn_name("r", "s", 999.99, 1000, set()) < turn_name("r", "s", 1000, 1001, set())


def test_kaldi_s_names_cut_hundredths_off():
    assert kaldi_turn_name("s", 1.239, 22.25) == "s-000123-002225"
    assert kaldi_turn_name("s", 0.29, 4.35) == "s-000028-000434"  # in binary a little less


def test_files_and_channels(tmp_path):
    path = tmp_path / "reco2file_and_channel"
    path.write_text("r1 call A\nr2 call B\nr3 other 7\n")
    files = FilesAndChannels(str(path))
    assert [files.recording("call", channel) for channel in "1A2B"] == ["r1", "r1", "r2", "r2"]
    assert files.recording("other", "7") == "r3" and files.file("r2", "1") == ("call", "B")
    with pytest.raises(DataError, match="^no recording is channel 1 of other in "):
        files.recording("other", "1")
    with pytest.raises(DataError, match="^r4 is not in "):
        files.file("r4", "1")
    path.write_text("r1 call A\nr2 call A\n")
    with pytest.raises(DataError, match="r1 and r2 are the same file and channel"):
        FilesAndChannels(str(path))
    assert FilesAndChannels("").recording("x", "2") == "x" and FilesAndChannels("").file("x", "2") == ("x", "2")
