"""convert-rttm through its command line."""

import json

import pytest

RTTM = (";; a comment\nSPEAKER m 1 0.5 1.25 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 1.0 2.0 <NA> <NA> B <NA> <NA>\n"
        "SPEAKER m 1 1.5 1.0004 <NA> <NA> A <NA> <NA>\n")
PLAIN = ("SPEAKER m 1 0.500 1.250 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 1.000 2.000 <NA> <NA> B <NA> <NA>\n"
         "SPEAKER m 1 1.500 1.0004 <NA> <NA> A <NA> <NA>\n")
OTHER = "SPEAKER ../n 2 0 1 <NA> <NA> A 0.5 <NA>\nSPEAKER o 1 0 1 <NA> <NA> A <NA> <NA>\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m.rttm").write_text(RTTM)
    (tmp_path / "more.rttm").write_text(RTTM + OTHER)
    return tmp_path


def test_there_and_back(run_tool, folder):
    for name in ("m.json", "m.csv", "m.TextGrid", "m.lab", "m.rttm2"):
        to = () if name != "m.rttm2" else ("--to=rttm",)
        done = run_tool("convert-rttm", *to, "m.rttm", name, cwd=folder)
        assert done.stdout == done.stderr == ""
        back = run_tool("convert-rttm", *(["--from=rttm"] if to else []), name, "-", cwd=folder)
        assert back.stdout == PLAIN
    done = run_tool("convert-rttm", "--to=eaf", "m.rttm", "-", cwd=folder)
    assert done.stderr == "convert-rttm: warning: eaf cannot hold times finer than 3 decimals (1)\n"
    back = run_tool("convert-rttm", "--from=eaf", "--recording=m", "-", "-", cwd=folder, input=done.stdout)
    assert back.stdout == PLAIN.replace("1.0004", "1.000")


def test_standard_streams_and_what_diarize_writes(run_tool, folder):
    turns = [{"start": 0.5, "end": 1, "speaker": "1", "channel": 2}]
    found = {"recording": "x y", "duration": 3.0, "speakers": [], "turns": turns}
    done = run_tool("convert-rttm", "--from=json", "-", "-", input=json.dumps(found) + "\n")
    assert done.stderr == "convert-rttm: warning: rttm cannot hold blanks and other characters of names (1)\n"
    assert done.stdout == "SPEAKER x_y 2 0.500 0.500 <NA> <NA> 1 <NA> <NA>\n"
    assert run_tool("convert-rttm", "-", "-", input="").stdout == ""


def test_a_sound_that_is_of_no_use_is_told(run_tool, folder):
    done = run_tool("convert-rttm", "--media=m.wav", "m.rttm", "m.json", cwd=folder)
    assert done.stderr == "convert-rttm: warning: json has no link to a sound, --media is of no use\n"


def test_a_folder_has_a_file_a_recording(run_tool, folder):
    (folder / "wav.scp").write_text("m sounds/m.flac\n")
    done = run_tool("convert-rttm", "--to=eaf", "--media=wav.scp", "more.rttm", "new/", cwd=folder, status=1)
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["m.eaf", "o.eaf"]
    assert not (folder / "n.eaf").exists()
    assert "'../n' cannot be the name of a file" in done.stderr and "2 recordings done, 1 failed" in done.stderr
    assert 'RELATIVE_MEDIA_URL="./m.flac"' in (folder / "new/m.eaf").read_text()
    assert "MEDIA_DESCRIPTOR" not in (folder / "new/o.eaf").read_text()
    back = run_tool("convert-rttm", "--from=eaf", "new", "-", cwd=folder)
    assert [line.split()[1] for line in back.stdout.splitlines()] == ["m", "m", "m", "o"]


@pytest.mark.parametrize("args, status, message", [
    (["more.rttm", "x.srt"], 1, "more.rttm: 3 recordings, of which srt holds one; let the output be a folder"),
    (["m.rttm", "x.doc"], 2, "x.doc: its ending tells no format, give --to"),
    (["m.doc", "x.srt"], 2, "m.doc: its ending tells no format, give --from"),
    (["m.rttm", "new/"], 2, "new/: its ending tells no format, give --to"),
    (["--from=srt", "-", "-"], 2, "give --recording"),
    (["--from=json", "m.rttm", "x.srt"], 1, "m.rttm:1: not JSON"),
])  # fmt: skip
def test_refusals_leave_nothing(run_tool, folder, args, status, message):
    before = sorted(folder.iterdir())
    done = run_tool("convert-rttm", *args, cwd=folder, status=status)
    assert message in done.stderr and done.stderr.count("\n") <= 1 + done.stderr.count("warning")
    assert done.stdout == "" and sorted(folder.iterdir()) == before
