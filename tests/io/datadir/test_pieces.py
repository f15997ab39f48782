"""Pieces of a directory are directories, and put together make it again."""

import random

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.checks import check_directory
from diarkit.io.datadir.merges import combine
from diarkit.io.datadir.pieces import clear_pieces, read_utterances, write_pieces
from diarkit.io.datadir.subsets import lengths, named
from diarkit.options.datadirs import ValidateOptions


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def pieces(good, piece_of, count):
    folders = [good / f"split/{i}" for i in range(count)]
    write_pieces(str(good), read_utterances(str(good)), piece_of, [str(folder) for folder in folders])
    return folders


def test_lines_go_where_their_utterance_goes(good):
    first, second = pieces(good, {"a-r1-1": 0, "a-r2-1": 1, "b-r1-1": 0}, 2)
    assert (first / "utt2spk").read_text() == "a-r1-1 a\nb-r1-1 b\n"
    assert (second / "utt2spk").read_text() == "a-r2-1 a\n"
    assert (first / "spk2utt").read_text() == "a a-r1-1\nb b-r1-1\n"
    assert (second / "spk2utt").read_text() == "a a-r2-1\n"
    for name in ("text", "feats.scp", "vad.scp", "segments", "utt2dur", "utt2lang"):
        assert [line.split()[0] for line in (first / name).read_text("utf-8").splitlines()] == ["a-r1-1", "b-r1-1"]
    for name in ("wav.scp", "reco2dur", "reco2num_spk", "reco2file_and_channel"):
        assert [line.split()[0] for line in (second / name).read_text().splitlines()] == ["r2"]
    assert (first / "spk2gender").read_text() == "a m\nb f\n" and (second / "spk2gender").read_text() == "a m\n"
    assert (second / "rttm").read_text() == "SPEAKER r2 1 0.5 1.5 <NA> <NA> a <NA>\n"
    assert (first / "uem").read_text() == "r1 1 0 1\nr1 1 1 2\n"
    assert (second / "frame_shift").read_text() == "0.01\n"
    for folder in (first, second):
        assert not check_directory(str(folder), ValidateOptions()).errors


def test_an_rttm_may_name_files(good):
    text = (good / "rttm").read_text()
    (good / "rttm").write_text(text.replace(" r1 ", " call ").replace(" r2 ", " call "))
    (good / "reco2file_and_channel").write_text("r1 call A\nr2 other B\n")
    first, second = pieces(good, {"a-r1-1": 0, "a-r2-1": 1}, 2)
    assert (first / "rttm").read_text().count("call") == 3 and (second / "rttm").read_text() == ""


def test_what_an_earlier_call_left_goes(good):
    everything = dict.fromkeys(read_utterances(str(good))[0], 0)
    [folder] = pieces(good, everything, 1)
    assert contents(folder).keys() == contents(good).keys()
    (folder / "mine").write_text("x")
    (good / "vad.scp").unlink()
    time = (folder / "text").stat().st_mtime_ns
    pieces(good, everything, 1)
    assert not (folder / "vad.scp").exists() and (folder / "mine").exists()
    assert (folder / "text").stat().st_mtime_ns == time  # the same, and not written again
    (folder / "mine").unlink()
    (good / "split/7").mkdir()
    clear_pieces(str(good / "split"), 0)
    assert (good / "split/0").exists() and not (good / "split/7").exists()
    clear_pieces(str(good / "nowhere"), 1)


@pytest.mark.parametrize("seed", range(12))
def test_pieces_put_together_are_the_whole(good, seed):
    rng = random.Random(seed)
    utts = list(read_utterances(str(good))[0])
    count = rng.randrange(1, 5)
    piece_of = {utt: min(i, count - 1) if i < count else rng.randrange(count) for i, utt in enumerate(utts)}
    (good / "rttm").write_text((good / "rttm").read_text().split("\n", 1)[1])  # comments belong to no piece
    folders = pieces(good, piece_of, count)
    assert combine(str(good / "whole"), [str(folder) for folder in folders]) == []
    assert contents(good / "whole") == contents(good)


def test_what_cannot_be_cut(good, tmp_path):
    utterances = read_utterances(str(good))
    with pytest.raises(DataError, match="cannot be written over itself"):
        write_pieces(str(good), utterances, {"a-r1-1": 0}, [str(good) + "/."])
    assert len(contents(good)) == 21
    (good / "segments").write_text("a-r1-1 r1 0 1\n")
    with pytest.raises(DataError, match="segments: no line for 'a-r2-1' of "):
        read_utterances(str(good))
    (good / "utt2spk").write_text("")
    with pytest.raises(DataError, match="utt2spk: is empty"):
        read_utterances(str(good))
    with pytest.raises(DataError, match="nowhere: no such directory"):
        read_utterances(str(tmp_path / "nowhere"))


def test_utterances_that_a_list_names(good, caplog):
    utterances = read_utterances(str(good))
    (good / "list").write_text("b some more\nx\n\n")
    assert named(str(good), utterances, str(good / "list"), "speakers") == ["b-r1-1", "b-r1-2"]
    assert caplog.messages == [f"{good}/list: 1 of its 2 names are no speakers of {good}"]
    (good / "list").write_text("r2\n")
    assert named(str(good), utterances, str(good / "list"), "recordings") == ["a-r2-1"]
    (good / "list").write_text("b-r1-2\na-r1-1\n")
    assert named(str(good), utterances, str(good / "list"), "utterances") == ["a-r1-1", "b-r1-2"]
    with pytest.raises(DataError, match="list: names no recordings of"):
        named(str(good), utterances, str(good / "list"), "recordings")


def test_lengths(good):
    utts = ["b-r1-2", "a-r2-1"]
    assert lengths(str(good), utts) == [23, 148]
    (good / "utt2num_frames").unlink()
    assert lengths(str(good), utts) == [0.25, 1.5]
    (good / "utt2dur").write_text("a-r2-1 1.5\n")
    with pytest.raises(DataError, match="utt2dur: no length of 'b-r1-2'"):
        lengths(str(good), utts)
    (good / "utt2dur").unlink()
    assert lengths(str(good), utts) == [0.25, 1.5]
    (good / "segments").unlink()
    with pytest.raises(DataError, match="no utt2num_frames, utt2dur or segments"):
        lengths(str(good), utts)
