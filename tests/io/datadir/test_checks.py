"""Every rule of validation: a good directory, broken in one place, and what is told about it."""

import os
import random
import subprocess

import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.checks import check_directory
from diarkit.io.streams import allow_pipes
from diarkit.options.datadirs import ValidateOptions


def told(folder, **options):
    """The problems of a directory, without its path; {} stands for it in the middle of a line."""
    problems = check_directory(str(folder), ValidateOptions(**options))
    return [str(line).removeprefix(f"{folder}/").replace(f"{folder}/", "{}") for line in problems]


def edit(path, old, new):
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new if isinstance(new, bytes) else new.encode(), 1))


def test_nothing_is_wrong_with_a_good_one(good):
    assert told(good) == []
    assert told(str(good) + "/", audio=False) == []


# file, what is replaced there, by what, and all that is told
BROKEN = [
    # the text of files
    ("text", "one\n", "one\r\n", ["text:1: ends in CR LF, not in LF only"]),
    ("text", "one\na-r2-1 two words\n", "one\r\na-r2-1 two words\r\n",
     ["text:1: ends in CR LF, not in LF only (and 1 more such lines)"]),
    ("utt2lang", "a-r1-1", "\ufeffa-r1-1", ["utt2lang:1: a byte order mark at the start of the file"]),
    ("utt2lang", "en\n", "en", ["utt2lang:4: no end of line at the end of the file"]),
    ("utt2lang", "b-r1-1", "\nb-r1-1", ["utt2lang:3: a blank line"]),
    ("text", "four", b"f\xfcr", ["text:4: not UTF-8", "text: no line for 'b-r1-2', an utterance of {}utt2spk:4"]),
    ("text", "four", "f\x01ur",
     ["text:4: control characters", "text: no line for 'b-r1-2', an utterance of {}utt2spk:4"]),
    # keys
    ("utt2lang", "a-r2-1 de\n", "", ["utt2lang: no line for 'a-r2-1', an utterance of {}utt2spk:2"]),
    ("utt2lang", "b-r1-2 en\n", "b-r1-2 en\nb-r1-2 de\n", ["utt2lang:5: 'b-r1-2' is there twice"]),
    ("utt2lang", "b-r1-2 en\n", "b-r1-2 en\nx de\n", ["utt2lang:5: 'x' is no utterance of {}utt2spk"]),
    ("utt2lang", "a-r1-1 de\na-r2-1 de\n", "a-r2-1 de\na-r1-1 de\n",
     ["utt2lang:2: not sorted as LC_ALL=C sorts: 'a-r1-1' after 'a-r2-1'"]),
    ("spk2gender", "b f\n", "", ["spk2gender: no line for 'b', a speaker of {}utt2spk:3"]),
    ("spk2gender", "b f\n", "b f\nc f\n", ["spk2gender:3: 'c' is no speaker of {}utt2spk"]),
    ("reco2dur", "r2 2\n", "", ["reco2dur: no line for 'r2', a recording of {}wav.scp:2"]),
    ("reco2dur", "r2 2\n", "r2 2\nr3 2\n", ["reco2dur:3: 'r3' is no recording of {}wav.scp"]),
    ("reco2num_spk", "r2 1\n", "", ["reco2num_spk: warning: no line for 'r2', a recording of {}wav.scp:2"]),
    ("reco2num_spk", "r2 1\n", "r2 1\nr3 1\n", ["reco2num_spk:3: 'r3' is no recording of {}wav.scp"]),
    *((name, "a-r2-1", "a-r2-9", [f"{name}:2: 'a-r2-9' is no utterance of {{}}utt2spk",
                                  f"{name}: no line for 'a-r2-1', an utterance of {{}}utt2spk:2"])
      for name in ("text", "feats.scp", "vad.scp", "utt2dur", "utt2num_frames", "utt2uniq", "utt2warp", "segments")),
    ("cmvn.scp", "b ", "c ", ["cmvn.scp:2: 'c' is no speaker of {}utt2spk",
                              "cmvn.scp: no line for 'b', a speaker of {}utt2spk:3"]),
    ("spk2warp", "b ", "c ", ["spk2warp:2: 'c' is no speaker of {}utt2spk",
                              "spk2warp: no line for 'b', a speaker of {}utt2spk:3"]),
    ("reco2file_and_channel", "r2 call B\n", "",
     ["reco2file_and_channel: no line for 'r2', a recording of {}wav.scp:2"]),
    # utt2spk and spk2utt
    ("utt2spk", "a-r2-1 a\n", "a-r2-1 a b\n", ["utt2spk:2: a-r2-1: 2 fields expected, not 3"]),
    ("utt2spk", "a-r2-1 a\n", "a-r2-1\n", ["utt2spk:2: a-r2-1: 2 fields expected, not 1",
                                           "spk2utt:1: 'a-r2-1' has another speaker in {}utt2spk:2"]),
    ("utt2spk", "b-r1-2 b\n", "b-r1-2 b\nb-r1-2 b\n", ["utt2spk:5: 'b-r1-2' is there twice"]),
    ("utt2spk", "b-r1-2 b\n", "b-r1-2 a\n", [
        "utt2spk:4: not sorted by speaker as well: 'a' after 'b'; utterances should begin with the name of their "
        "speaker (or --no-spk-sort)", "spk2utt:2: 'b-r1-2' has another speaker in {}utt2spk:4"]),
    ("spk2utt", "b b-r1-1 b-r1-2\n", "b b-r1-1\n", ["spk2utt: 'b-r1-2' of {}utt2spk:4 is not there"]),
    ("spk2utt", "b-r1-1 b-r1-2\n", "b-r1-2 b-r1-1\n",
     ["spk2utt:2: 'b-r1-1' comes after 'b-r1-2', unlike in {}utt2spk"]),
    ("spk2utt", "a-r2-1\n", "a-r2-1 a-r2-1\n", ["spk2utt:1: 'a-r2-1' is there twice"]),
    ("spk2utt", "a-r2-1\n", "a-r2-1 x\n", ["spk2utt:1: 'x' is no utterance of {}utt2spk"]),
    ("spk2utt", "b b-r1-1 b-r1-2\n", "b b-r1-1 b-r1-2\nc\n", ["spk2utt:3: 'c' is no speaker of {}utt2spk",
                                                              "spk2utt:3: c: nothing after the key"]),
    ("spk2utt", "a a-r1-1 a-r2-1\nb", "b", ["spk2utt: no line for 'a', a speaker of {}utt2spk:1",
                                            "spk2utt: 'a-r1-1' of {}utt2spk:1 is not there",
                                            "spk2utt: 'a-r2-1' of {}utt2spk:2 is not there"]),
    # text
    ("text", "four", "<s> four", ["text:4: b-r1-2 has the illegal symbol <s>"]),
    ("text", "four", "four </s>", ["text:4: b-r1-2 has the illegal symbol </s>"]),
    ("text", "four", "#0", ["text:4: b-r1-2 has the illegal symbol #0"]),
    ("text", " four", "", ["text:4: warning: b-r1-2 has no words"]),
    ("text", "four", "fo\u00a0ur", ["text:4: b-r1-2 has the white space U+00A0"]),
    ("text", "four", "fo\u0085ur", ["text:4: b-r1-2 has the white space U+0085"]),
    ("text", "four", "fo\u0378ur", ["text:4: b-r1-2 has U+0378, which cannot be printed"]),
    # wav.scp
    ("wav.scp", "r2 ", "r2 ~", ["wav.scp:2: r2: ~ is not replaced by the home directory here"]),
    ("wav.scp", "r2 ", "r2 /no", ["wav.scp:2: r2: no such file: /no{sound}"]),
    ("wav.scp", "r2 {sound}", "r2 |", ["wav.scp:2: r2: a pipe without a command"]),
    ("wav.scp", "r2 {sound}", "r2 no-such-program x |", ["wav.scp:2: warning: r2: no program 'no-such-program' here"]),
    ("wav.scp", "r2 {sound}", "r2 cat > PWNED |", []),
    ("wav.scp", "r2 {sound}", "r2", ["wav.scp:2: r2: nothing after the key"]),
    ("wav.scp", "r2 {sound}", "r2 {ark}", ["wav.scp:2: r2: {ark}: not audio that can be read: Format not recognised"]),
    # segments
    ("segments", "0.50 2.00\n", "0.50\n", ["segments:2: <utt> <reco> <start> <end> expected, not 3 fields"]),
    ("segments", "0.50 2.00\n", "0.50 2.00 0\n",
     ["segments:2: a-r2-1 has a fifth field, which Kaldi's validation refuses"]),
    ("segments", "1.00 2.00\n", "2.00 2.00\n", ["segments:3: b-r1-1 ends at 2.00, not after its start at 2.00"]),
    ("segments", "0.50 2.00", "0.50 -1", ["segments:2: a-r2-1 ends at -1; give the end of the recording in seconds"]),
    ("segments", "0.50 2.00", "0.50 x", ["segments:2: not a number of seconds: 'x'"]),
    ("segments", "r2 0.50", "r3 0.50", ["segments:2: 'r3' is no recording of {}wav.scp",
                                        "wav.scp:2: 'r2' has no segment in {}segments"]),
    ("segments", "0.50 2.00", "0.50 2.01", []),
    ("segments", "0.50 2.00", "0.50 2.10", ["segments:2: warning: a-r2-1 ends at 2.1 s, 0.100 s past the end of r2"]),
    ("segments", "0.50 2.00", "1.10 2.60", ["segments:2: a-r2-1 ends at 2.6 s, 0.600 s past the end of r2"]),
    ("segments", "0.50 2.00", "2.00 2.40", ["segments:2: a-r2-1 starts at 2 s, but r2 ends at 2.000 s",
                                            "utt2dur:2: warning: a-r2-1 lasts 0.4 s by its segment, not 1.5 s"]),
    # places
    ("feats.scp", "{ark}:50", "{ark}:100", ["feats.scp:2: a-r2-1: 100 is past the end of {ark}"]),
    ("vad.scp", "{ark}:6", "/no.ark:6", ["vad.scp:2: a-r2-1: no such file: /no.ark"]),
    ("cmvn.scp", "b {ark}", "b /no.ark", ["cmvn.scp:2: b: no such file: /no.ark"]),
    # values
    ("utt2dur", "1.5", "0", ["utt2dur:2: a-r2-1: a number above 0 expected, not '0'"]),
    ("utt2dur", "1.5", "1.5 s", ["utt2dur:2: a-r2-1: a number above 0 expected, not '1.5 s'"]),
    ("utt2dur", "1.5", "2.5", ["utt2dur:2: warning: a-r2-1 lasts 1.5 s by its segment, not 2.5 s"]),
    ("utt2num_frames", "148", "148.5", ["utt2num_frames:2: a-r2-1: a whole number above 0 expected, not '148.5'"]),
    ("utt2num_frames", "148", "0", ["utt2num_frames:2: a-r2-1: a whole number above 0 expected, not '0'"]),
    ("utt2num_frames", "148", "9" * 5000,
     ["utt2num_frames:2: a-r2-1: a whole number above 0 expected, not '" + "9" * 5000 + "'"]),
    ("utt2warp", "0.9", "1.5", ["utt2warp:2: a-r2-1: a number between 0.5 and 1.5 expected, not '1.5'"]),
    ("spk2gender", "b f", "b w", ["spk2gender:2: b: m or f expected, not 'w'"]),
    ("spk2warp", "1.1", "x", ["spk2warp:2: b: a number between 0.5 and 1.5 expected, not 'x'"]),
    ("reco2dur", "r2 2", "r2 -2", ["reco2dur:2: r2: a number above 0 expected, not '-2'"]),
    ("reco2dur", "r2 2", "r2 3", ["wav.scp:2: warning: r2 lasts 2.000 s, but 3 s are stated"]),
    ("reco2num_spk", "r1 2", "r1 0", ["reco2num_spk:1: r1: a whole number above 0 expected, not '0'"]),
    ("reco2num_spk", "r1 2", "r1 3", ["reco2num_spk:1: warning: r1 has 3 speakers, 2 in the rttm"]),
    ("reco2file_and_channel", "call B", "call 1",
     ["reco2file_and_channel:2: warning: r2: the channel should be A or B, not 1"]),
    ("reco2file_and_channel", "call B", "call C",
     ["reco2file_and_channel:2: r2: <recording> <file> A|B expected, not 'call C'"]),
    ("frame_shift", "0.01", "0.01 0.02", ["frame_shift: one number of seconds expected, above 0"]),
    ("frame_shift", "0.01", "-0.01", ["frame_shift: one number of seconds expected, above 0"]),
    # rttm and uem
    ("rttm", "0.5 1.5", "0.5 x", ["rttm:4: the duration is not a plain decimal number: 'x'",
                                  "rttm: warning: no turn of 'r2', a recording of {}wav.scp:2"]),
    ("rttm", "SPEAKER r2", "SPEAKER call", []),
    ("rttm", "SPEAKER r2", "SPEAKER r3", ["rttm:4: 'r3' is no recording of {}wav.scp",
                                          "rttm: warning: no turn of 'r2', a recording of {}wav.scp:2"]),
    ("rttm", "0.5 1.5", "0.5 1.6", ["rttm:4: warning: the turn of a ends at 2.1 s, 0.100 s past the end of r2"]),
    ("rttm", "0.5 1.5", "0.5 2.5", ["rttm:4: the turn of a ends at 3 s, 1.000 s past the end of r2"]),
    ("rttm", "0.5 1.5", "0.5 0", ["rttm:4: warning: the turn of a has no duration"]),
    ("rttm", ";; who spoke when", "SPEAKER r2 1 0.5 1.5 <NA> <NA> a <NA>",
     ["rttm:4: warning: the turn of a at 0.5 s is there twice"]),
    ("rttm", ";;", b"\xff", ["rttm:1: not a text file: not UTF-8"]),
    ("uem", "r2 1 0 2", "r2 1 2 2", ["uem:3: the region ends at 2, not after its start at 2"]),
    ("uem", "r2 1 0 2", "r3 1 0 2", ["uem:3: 'r3' is no recording of {}wav.scp"]),
    ("uem", "r2 1 0 2", "r2 1 0 9", ["uem:3: the region ends at 9 s, 7.000 s past the end of r2"]),
    ("uem", "r1 1 1 2", "r1 1 0.5 2", ["uem:2: overlaps the region 0-1 of r1"]),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), BROKEN)
def test_each_rule(good, tmp_path, monkeypatch, name, old, new, expected):
    monkeypatch.chdir(tmp_path)
    allow_pipes(True)  # nothing runs all the same
    try:
        places = {"{sound}": str(tmp_path / "sound.wav"), "{ark}": str(tmp_path / "x.ark")}
        for place, path in places.items():
            old = old.replace(place, path)
            new = new.replace(place, path) if isinstance(new, str) else new
            expected = [line.replace(place, path) for line in expected]
        edit(good / name, old, new)
        assert told(good) == expected
        assert not list(tmp_path.glob("**/PWNED*"))
    finally:
        allow_pipes(False)


@pytest.mark.parametrize(("name", "options", "message"), [
    ("utt2spk", {}, "utt2spk: no such file"),
    ("spk2utt", {}, "spk2utt: no such file"),
    ("text", {"text": False}, "text: no such file (or --no-text)"),
    ("feats.scp", {"feats": False}, "feats.scp: no such file (or --no-feats)"),
    ("wav.scp", {"wav": False}, "wav.scp: no such file (or --no-wav)"),
])
def test_files_that_have_to_be_there(good, name, options, message):
    (good / name).unlink()
    found = told(good)
    assert found[0] == message
    if options:
        assert told(good, **options) == []
    if name == "wav.scp":
        assert "segments: there are segments but no wav.scp" in found


@pytest.mark.parametrize("name", ["utt2spk", "spk2utt", "text", "wav.scp", "feats.scp", "segments", "utt2dur"])
def test_empty_files(good, name):
    (good / name).write_text("")
    assert f"{name}: is empty" in told(good)
    (good / name).write_text("\n \n")
    assert f"{name}: is empty" in told(good)


def test_no_such_directory(good):
    with pytest.raises(DataError, match="^nowhere: no such directory$"):
        check_directory("nowhere", ValidateOptions())
    (good / "utt2lang").unlink()
    (good / "utt2lang").mkdir()
    assert told(good) == ["utt2lang: is a folder, not a file"]


def test_one_speaker_is_a_warning(good):
    for name in ("text", "feats.scp", "vad.scp", "utt2dur", "utt2num_frames", "utt2lang", "utt2uniq", "utt2warp",
                 "segments", "utt2spk"):
        lines = (good / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (good / name).write_text("".join(line for line in lines if line.startswith("a-")), encoding="utf-8")
    for name in ("spk2utt", "cmvn.scp", "spk2gender", "spk2warp"):
        (good / name).write_text((good / name).read_text().splitlines(keepends=True)[0])
    assert told(good) == ["utt2spk: warning: one speaker only, 'a'"]


def test_without_segments_a_recording_is_an_utterance(good, tmp_path):
    for name in ("segments", "reco2num_spk", "rttm", "uem", "reco2file_and_channel", "reco2dur"):
        (good / name).unlink()
    utts = ("a-r1-1", "a-r2-1", "b-r1-1", "b-r1-2")
    sound = tmp_path / "sound.wav"
    (good / "wav.scp").write_text("".join(f"{utt} {sound}\n" for utt in utts))
    (good / "utt2dur").write_text("".join(f"{utt} 2.0\n" for utt in utts))
    assert told(good) == []
    edit(good / "utt2dur", "2.0", "2.2")
    edit(good / "wav.scp", f"b-r1-2 {sound}\n", "")
    assert told(good) == ["wav.scp:1: warning: a-r1-1 lasts 2.000 s, but 2.2 s are stated",
                          "wav.scp: no line for 'b-r1-2', an utterance of {}utt2spk:4"]
    (good / "wav.scp").unlink()
    (good / "reco2dur").write_text("a-r1-1 1\n")
    assert told(good, wav=False)[0] == "reco2dur: no line for 'a-r2-1', an utterance of {}utt2spk:2"


def test_a_directory_of_embeddings_has_the_recording_as_speaker(tmp_path):
    (tmp_path / "x.ark").write_bytes(bytes(100))
    folder = tmp_path / "xvectors"
    folder.mkdir()
    (folder / "segments").write_text("r1-0-1 r1 0 1\nr1-1-2 r1 1 2\nr2-0-1 r2 0 1\n")
    (folder / "utt2spk").write_text("r1-0-1 r1\nr1-1-2 r1\nr2-0-1 r2\n")
    (folder / "spk2utt").write_text("r1 r1-0-1 r1-1-2\nr2 r2-0-1\n")
    (folder / "xvector.scp").write_text(f"r1-0-1 {tmp_path}/x.ark:7\nr1-1-2 {tmp_path}/x.ark:7\n")
    (folder / "reco2dur").write_text("r1 2\nr2 0.4\n")
    assert told(folder, wav=False, feats=False, text=False) == [
        "segments:3: r2-0-1 ends at 1 s, 0.600 s past the end of r2",
        "xvector.scp: warning: no line for 'r2-0-1', an utterance of {}utt2spk:3"]


def test_options_that_allow(good):
    edit(good / "text", "four", "fo\u0378ur")
    assert told(good, non_print=True) == []
    edit(good / "segments", "0.50 2.00", "1.10 2.60")
    edit(good / "wav.scp", "r2 ", "r2 /no")
    assert told(good, non_print=True, audio=False, max_overshoot=1.0)[1:] == [
        "segments:2: warning: a-r2-1 ends at 2.6 s, 0.600 s past the end of r2"]


def test_order_of_speakers_can_be_left_open(good):
    edit(good / "utt2spk", "a-r2-1 a\nb-r1-1 b", "a-r2-1 b\nb-r1-1 a")
    (good / "spk2utt").write_text("a a-r1-1 b-r1-1\nb a-r2-1 b-r1-2\n")
    assert told(good, spk_sort=False) == []
    assert [line.split(":")[1] for line in told(good)] == ["3"]


def test_pipes_run_only_if_asked_and_allowed(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    edit(good / "wav.scp", f"r2 {tmp_path}/sound.wav", f"r2 touch ran; cat {tmp_path}/sound.wav; false |")
    assert told(good, run_pipes=True) == [] and not (tmp_path / "ran").exists()
    allow_pipes(True)
    try:
        assert told(good) == [] and not (tmp_path / "ran").exists()
        [line] = told(good, run_pipes=True)
        assert line.startswith("wav.scp:2: r2: command ended with status 1") and (tmp_path / "ran").exists()
    finally:
        allow_pipes(False)


def test_so_many_of_each_file_are_told(good):
    for name in ("utt2lang", "utt2uniq"):
        (good / name).write_text("".join(f"x{i} y\n" for i in range(10, 20)))
    problems = check_directory(str(good), ValidateOptions(max_problems=3))
    lines = list(problems)
    assert problems.errors == 2 * 14 and len(lines) == 2 * 4
    assert lines[3] == f"{good}/utt2lang: 11 more problems"
    assert len(list(check_directory(str(good), ValidateOptions(max_problems=0)))) == 28


def test_order_is_that_of_sort_under_lc_all_c(good):
    """Characters beyond the 16 bits of UTF-16, signs, capitals: python's order of str is that of the bytes."""
    random.seed(3)
    names = ["".join(random.choice("aB_-.Zé\uff5e\U00010348~0") for _ in range(3)) for _ in range(200)]
    names = sorted(set(names))
    done = subprocess.run(["sort"], input="\n".join(reversed(names)) + "\n", capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}, encoding="utf-8")
    assert done.stdout.splitlines() == names
    (good / "text").write_text("".join(f"{name} x\n" for name in names), encoding="utf-8")
    assert not [line for line in told(good, max_problems=0) if "sorted" in line]
