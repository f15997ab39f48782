"""Repair: what it does to single faults, and what holds whatever is broken."""

import random

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.checks import check_directory
from diarkit.io.datadir.fixes import fix_directory
from diarkit.options.datadirs import ValidateOptions


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def told(folder, **options):
    return [line.replace(f"{folder}/", "").replace(str(folder), "") for line in fix_directory(str(folder), **options)]


def drop(path, *beginnings):
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(beginnings)), encoding="utf-8")


def test_a_good_directory_stays(good):
    before = contents(good)
    assert told(good) == [": kept all 4 utterances"]
    assert contents(good) == before and not (good / ".backup").exists()


def test_the_rest_follows_what_is_lacking(good):
    """No features of b-r1-1 and b-r1-2: with them goes the speaker b, but no recording."""
    before = contents(good)
    drop(good / "feats.scp", "b-")
    found = told(good)
    assert found[-2:] == [": kept 2 utterances out of 4: 2 have no features",
                          ": changed utt2spk segments text vad.scp cmvn.scp utt2dur utt2num_frames utt2lang utt2uniq "
                          "utt2warp spk2gender spk2warp spk2utt; old files are in .backup"]
    assert "cmvn.scp: kept 1 lines out of 2: 1 of no speaker that is kept" in found
    assert "text: kept 2 lines out of 4: 2 of no utterance that is kept" in found
    assert (good / "utt2spk").read_text() == "a-r1-1 a\na-r2-1 a\n"
    assert (good / "spk2utt").read_text() == "a a-r1-1 a-r2-1\n"
    assert (good / "rttm").read_bytes() == before["rttm"] and (good / "wav.scp").read_bytes() == before["wav.scp"]
    assert (good / ".backup/text").read_bytes() == before["text"]
    assert told(good) == [": kept all 2 utterances"]
    assert (good / ".backup/text").read_bytes() == before["text"]


def test_a_recording_goes_with_its_turns_and_regions(good):
    drop(good / "wav.scp", "r2")
    found = told(good)
    assert found[-2] == ": kept 3 utterances out of 4: 1 has no recording"
    assert "rttm: kept 2 lines out of 3: 1 of no recording that is kept" in found
    assert (good / "rttm").read_text().startswith(";; who spoke when\nSPEAKER r1 ")
    assert (good / "rttm").read_text().count("\n") == 3
    assert (good / "uem").read_text() == "r1 1 0 1\nr1 1 1 2\n"
    for name in ("reco2dur", "reco2num_spk", "reco2file_and_channel"):
        assert [line.split()[0] for line in (good / name).read_text().splitlines()] == ["r1"]


@pytest.mark.parametrize(("name", "what"), [
    ("feats.scp", "no features"), ("text", "no transcript"), ("segments", "no segment"), ("utt2lang", "no language"),
    ("utt2dur", "no duration"), ("utt2num_frames", "no number of frames")])
def test_what_an_utterance_has_to_have(good, name, what):
    drop(good / name, "b-r1-2")
    assert f": kept 3 utterances out of 4: 1 has {what}" in told(good)
    assert "b-r1-2" not in (good / "spk2utt").read_text()
    assert not check_directory(str(good), ValidateOptions()).errors


@pytest.mark.parametrize("name", ["vad.scp", "utt2uniq", "utt2warp"])
def test_what_it_need_not_have(good, name):
    drop(good / name, "b-r1-2")
    assert told(good) == [f"{name}: no line for 1 of the 4 utterances that are kept", ": kept all 4 utterances"]


def test_speakers_without_statistics_or_gender_go(good):
    drop(good / "spk2gender", "b")
    assert ": kept 2 utterances out of 4: 2 have a speaker of no gender" in told(good)


def test_lines_that_go_are_told_with_their_number(good):
    with open(good / "segments", "a") as file:
        file.write("b-r1-2 r1 0 1\nx r1 2\n")
    (good / "utt2dur").write_bytes(b"\xef\xbb\xbfb-r1-2 1\r\n\nb-r1-1 0\na-r2-1 1\na-r1-1 1")
    assert told(good) == [
        "segments:5: left out: 'b-r1-2' is there twice",
        "segments:6: left out: <utt> <reco> <start> <end> expected, not 3 fields",
        "utt2dur:3: left out: a number above 0 expected, not '0'",
        "utt2dur:1: repaired: a byte order mark at the start of the file",
        "utt2dur:1: repaired: ends in CR LF, not in LF only",
        "utt2dur:2: repaired: a blank line",
        "utt2dur:5: repaired: no end of line at the end of the file",
        *(f"{name}: kept 3 lines out of 4: 1 of no utterance that is kept" for name in (
            "utt2spk", "segments", "text", "feats.scp", "vad.scp")),
        "utt2dur: sorted",
        *(f"{name}: kept 3 lines out of 4: 1 of no utterance that is kept" for name in (
            "utt2num_frames", "utt2lang", "utt2uniq", "utt2warp")),
        ": kept 3 utterances out of 4: 1 has no duration",
        ": changed utt2spk segments text feats.scp vad.scp utt2dur utt2num_frames utt2lang utt2uniq utt2warp spk2utt; "
        "old files are in .backup"]
    assert (good / "utt2dur").read_text() == "a-r1-1 1\na-r2-1 1\nb-r1-2 1\n"


@pytest.mark.parametrize(("name", "text", "message"), [
    ("utt2spk", "a-r1-1 b\na-r2-1 a\nb-r1-1 b\nb-r1-2 b\n", "cannot be sorted by utterance and by speaker alike"),
    ("text", "x y\n", "no utterances would be left: 4 have no transcript"),
    ("text", b"a-r1-1 f\xfcr\n", "text:1: not a text file: not UTF-8; convert it first, with iconv"),
    ("rttm", b"SPEAKER \xfc 1 0 1\n", "rttm:1: not a text file: not UTF-8"),
    ("utt2spk", "", "no utterances would be left"),
])
def test_what_cannot_be_repaired_is_left_alone(good, name, text, message):
    (good / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with open(good / "segments", "a") as file:
        file.write("unsorted r1 0 1\n")
    before = contents(good)
    with pytest.raises(DataError, match=message):
        fix_directory(str(good))
    assert {name: data for name, data in contents(good).items() if not name.endswith(".partial")} == before


def test_extra_files_and_no_utt2spk(good):
    (good / "utt2snr").write_text("b-r1-2 3\na-r1-1 x\nnone 1\n")
    (good / "spk2age").write_text("c 3\na 4\n")
    told(good, utt_extra_files=["utt2snr"], spk_extra_files=["spk2age", "nothing"])
    assert (good / "utt2snr").read_text() == "a-r1-1 x\nb-r1-2 3\n" and (good / "spk2age").read_text() == "a 4\n"
    (good / "utt2spk").unlink()
    with pytest.raises(DataError, match="utt2spk: no such file"):
        fix_directory(str(good))


def spoil(good, rng):
    """Break some lines of some files, in ways that can be repaired."""
    for name in rng.sample(["utt2spk", "spk2utt", "wav.scp", "segments", "text", "feats.scp", "cmvn.scp", "utt2dur",
                            "utt2lang", "utt2num_frames", "reco2num_spk", "rttm", "uem"], 5):
        path = good / name
        lines = path.read_bytes().splitlines(keepends=True)
        for _ in range(rng.randrange(1, 3)):
            at = rng.randrange(len(lines))
            kind = rng.choice(["drop", "twice", "shuffle", "crlf", "bom", "blank", "cut", "other", "end"])
            if kind == "drop" and len(lines) > 1:
                del lines[at]
            elif kind == "twice":
                lines.insert(rng.randrange(len(lines)), lines[at])
            elif kind == "shuffle":
                rng.shuffle(lines)
            elif kind == "crlf":
                lines = [line.replace(b"\n", b"\r\n") for line in lines]
            elif kind == "bom":
                lines[0] = b"\xef\xbb\xbf" + lines[0]
            elif kind == "blank":
                lines.insert(at, b" \n")
            elif kind == "cut" and lines[at].strip() and name not in ("spk2utt", "text"):
                lines[at] = lines[at].split()[0] + b"\n"
            elif kind == "other":
                lines[at] = b"0other" + lines[at]
            elif kind == "end":
                lines[-1] = lines[-1].rstrip()
        path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("seed", range(60))
def test_what_is_fixed_is_valid_and_stays(good, seed):
    rng = random.Random(seed)
    spoil(good, rng)
    before = contents(good)
    try:
        lines = fix_directory(str(good))
    except DataError as error:
        assert "no utterances would be left" in str(error) and contents(good) == before
        return
    problems = check_directory(str(good), ValidateOptions(max_problems=0))
    # What does not filter is not made up either.
    left = [line for line in problems if "warning" not in line and not (
        "no line for" in line and line.startswith(tuple(f"{good}/{name}" for name in ("reco2dur", "utt2uniq"))))]
    assert left == []
    if contents(good) != before:
        assert len(lines) > 1
    after = contents(good)
    assert fix_directory(str(good))[-1].endswith(f"kept all {len(after['utt2spk'].splitlines())} utterances")
    assert contents(good) == after
