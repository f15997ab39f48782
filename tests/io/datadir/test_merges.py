"""Directories put together: what is refused, left out and made."""

import shutil

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.merges import combine


@pytest.fixture
def two(good):
    """A directory with all utterances, recordings and speakers renamed beside the good one."""
    other = good.parent / "other"
    shutil.copytree(good, other)
    for path in other.iterdir():
        if path.name != "frame_shift":
            words = [["c" + word if word[0] in "abr" and "." not in word else word for word in line.split(" ")]
                     for line in path.read_text("utf-8").splitlines()]
            path.write_text("".join(" ".join(line) + "\n" for line in words), "utf-8")
    return str(other), str(good), good.parent / "both"


def test_all_files_sorted(two):
    assert combine(str(two[2]), two[:2]) == []
    assert (two[2] / "utt2spk").read_text().split()[::2] == sorted(
        ["a-r1-1", "a-r2-1", "b-r1-1", "b-r1-2", "ca-r1-1", "ca-r2-1", "cb-r1-1", "cb-r1-2"])
    assert (two[2] / "spk2utt").read_text().splitlines()[2] == "ca ca-r1-1 ca-r2-1"
    assert [line.split()[1] for line in (two[2] / "rttm").read_text().splitlines()] == [
        "cr1", "cr1", "cr2", "r1", "r1", "r2"]
    assert (two[2] / "frame_shift").read_text() == "0.01\n"


def test_what_one_lacks_is_left_out(two, good):
    (good / "text").unlink()
    (good / "uem").unlink()
    (good / "frame_shift").write_text("0.02\n")
    two[2].mkdir()
    (two[2] / "text").write_text("of old\n")
    (two[2] / "mine").write_text("mine\n")
    assert combine(str(two[2]), two[:2]) == [
        f"text is left out: {good} has none", f"uem is left out: {good} has none",
        "frame_shift is not the same in all of them and left out"]
    assert not (two[2] / "text").exists() and not (two[2] / "uem").exists() and (two[2] / "mine").exists()


def test_segments_and_uniq_are_made(two, good):
    for name in ("segments", "utt2uniq", "reco2dur", "reco2num_spk", "rttm", "uem", "reco2file_and_channel"):
        (good / name).unlink()
    (good / "utt2num_frames").unlink()
    sound = (good / "wav.scp").read_text().split()[1]
    (good / "wav.scp").write_text("".join(f"{utt} {sound}\n" for utt in ("a-r1-1", "a-r2-1", "b-r1-1", "b-r1-2")))
    combine(str(two[2]), two[:2])
    assert (two[2] / "segments").read_text().splitlines()[:2] == ["a-r1-1 a-r1-1 0.00 2.00", "a-r2-1 a-r2-1 0.00 2.00"]
    assert (two[2] / "utt2uniq").read_text().splitlines()[3:5] == ["b-r1-2 b-r1-2", "ca-r1-1 u1"]


def test_extra_files(two, good):
    for folder, key in zip(two[:2], ("c", "b"), strict=True):
        with open(f"{folder}/utt2snr", "w") as file:
            file.write(f"{key} 1 2\n")
    combine(str(two[2]), two[:2], ["utt2snr"])
    assert (two[2] / "utt2snr").read_text() == "b 1 2\nc 1 2\n"


def test_keys_that_are_in_both(two, good):
    other, _, both = two
    with open(f"{other}/utt2spk", "a") as file:
        file.write("b-r1-1 b\n")
    with pytest.raises(DataError, match=f"^{good}/utt2spk:3: 'b-r1-1' is there, too in {other}/utt2spk:5$"):
        combine(str(both), two[:2])
    shutil.copy(good / "wav.scp", f"{other}/wav.scp")  # the same recordings
    with open(f"{other}/utt2spk") as file:
        lines = file.readlines()[:-1]
    with open(f"{other}/utt2spk", "w") as file:
        file.writelines(lines)
    combine(str(both), two[:2])
    assert (both / "wav.scp").read_bytes() == (good / "wav.scp").read_bytes()
    (good / "wav.scp").write_text("r1 x\nr2 y\n")
    with pytest.raises(DataError, match="wav.scp:1: 'r1' has another line in .*other/wav.scp:1"):
        combine(str(both), two[:2])


def test_into_itself_and_from_nowhere(two, good):
    with pytest.raises(DataError, match="into itself"):
        combine(str(good), two[:2])
    with pytest.raises(DataError, match="nowhere: no such directory"):
        combine(str(two[2]), [str(good), "nowhere"])
