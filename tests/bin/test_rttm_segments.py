"""rttm-to-segments and segments-to-rttm, in our order of arguments and in Kaldi's."""

import pytest

RTTM = """\
SPEAKER r2 1 0.5 1.25 <NA> <NA> y <NA> <NA>
SPEAKER r1 1 2.29 1.239 <NA> <NA> x <NA> <NA>
SPEAKER r1 1 3.0 2.0 <NA> <NA> y <NA> <NA>
NON-SPEECH r1 1 3.0 2.0 <NA> noise <NA> <NA> <NA>
"""


@pytest.fixture
def rttm(tmp_path):
    (tmp_path / "rttm").write_text(RTTM)
    return tmp_path


def test_there_and_back(run_tool, rttm):
    run_tool("rttm-to-segments", "rttm", "segments", "utt2spk", cwd=rttm)
    assert (rttm / "segments").read_text() == (
        "r1-x-0000229-0000353 r1 2.29 3.529\nr1-y-0000300-0000500 r1 3.00 5.00\nr2-y-0000050-0000175 r2 0.50 1.75\n")
    assert (rttm / "utt2spk").read_text() == "r1-x-0000229-0000353 x\nr1-y-0000300-0000500 y\nr2-y-0000050-0000175 y\n"
    done = run_tool("segments-to-rttm", "--rttm-channel=0", "segments", "utt2spk", "-", cwd=rttm)
    assert done.stdout == (
        "SPEAKER r1 0 2.290 1.239 <NA> <NA> x <NA> <NA>\nSPEAKER r1 0 3.000 2.000 <NA> <NA> y <NA> <NA>\n"
        "SPEAKER r2 0 0.500 1.250 <NA> <NA> y <NA> <NA>\n")
    again = run_tool("segments-to-rttm", "--kaldi-order", "utt2spk", "segments", "-", cwd=rttm)
    assert again.stdout == done.stdout.replace(" 0 ", " 1 ")


def test_kaldi_s_order(run_tool, rttm):
    run_tool("rttm-to-segments", "--kaldi-order", "--use-reco-id-as-spkr=true", "rttm", "utt2spk", "segments", cwd=rttm)
    assert (rttm / "utt2spk").read_text() == "r2-000050-000175 r2\nr1-000229-000352 r1\nr1-000300-000500 r1\n"
    assert (rttm / "segments").read_text().split("\n")[1] == "r1-000229-000352 r1 2.29 3.529"


def test_files_and_channels(run_tool, rttm):
    (rttm / "reco2file_and_channel").write_text("left r1 A\nright r2 B\n")
    files = "--reco2file-and-channel=reco2file_and_channel"
    done = run_tool("rttm-to-segments", files, "rttm", "-", cwd=rttm, status=1)
    assert done.stdout.split()[:2] == ["left-x-0000229-0000353", "left"]
    assert "r2: no recording is channel 1 of r2 in reco2file_and_channel\n" in done.stderr
    (rttm / "segments").write_text("u left 1 2\nv right 1 2 1\nw none 1 2\n")
    (rttm / "utt2spk").write_text("u x\nv y\nw z\n")
    done = run_tool("segments-to-rttm", files, "segments", "utt2spk", "-", cwd=rttm, status=1)
    assert [line.split()[1:3] for line in done.stdout.splitlines()] == [["r1", "A"], ["r2", "B"]]
    assert "w: none is not in reco2file_and_channel\n" in done.stderr
    done = run_tool("segments-to-rttm", "segments", "utt2spk", "-", cwd=rttm)
    assert [line.split()[2] for line in done.stdout.splitlines()] == ["1", "2", "1"]


def test_what_cannot_be_turned(run_tool, rttm):
    (rttm / "rttm").write_text(RTTM + "SPEAKER r1 1 9 0 <NA> <NA> x <NA> <NA>\n")
    done = run_tool("rttm-to-segments", "rttm", "segments", cwd=rttm)
    assert "r1: the turn of x at 9 s has no duration, and no segment\n" in done.stderr
    assert (rttm / "segments").read_text().count("\n") == 3
    (rttm / "segments").write_text("u r 1 2\nv r 1 2\nw r 1 -1\n")
    (rttm / "utt2spk").write_text("u x\nw x\n")
    done = run_tool("segments-to-rttm", "segments", "utt2spk", "out", cwd=rttm, status=1)
    assert done.stderr.splitlines()[:2] == [
        "segments-to-rttm: v: no speaker in utt2spk",
        "segments-to-rttm: w: its end is -1, the end of the recording, which is not known here"]
    assert not (rttm / "out").exists() and (rttm / "out.partial").read_text().startswith("SPEAKER r 1 1.000 1.000")
