import os

import pytest

SEGMENTS = """\
b-1 b 0.00 1.50
b-2 b 0.75 2.25
a-2 a 1.00 2.00
a-1 a 0.00 1.00
"""
LABELS = "b-1 1\nb-2 2\na-1 1\na-2 1\n"
RTTM = """\
SPEAKER a 1 0.000 2.000 <NA> <NA> 1 <NA> <NA>
SPEAKER b 1 0.000 1.125 <NA> <NA> 1 <NA> <NA>
SPEAKER b 1 1.125 1.125 <NA> <NA> 2 <NA> <NA>
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "segments").write_text(SEGMENTS)
    (tmp_path / "labels").write_text(LABELS)
    return tmp_path


def test_files_and_streams(run_tool, files):
    done = run_tool("make-rttm", "segments", "labels", "rttm", cwd=files)
    assert (files / "rttm").read_text() == RTTM
    assert done.stdout == ""
    assert done.stderr == "make-rttm: 2 recordings done, 0 failed\n"
    assert run_tool("make-rttm", "segments", "-", "-", cwd=files, input=LABELS).stdout == RTTM
    zero = run_tool("make-rttm", "--rttm-channel=0", "segments", "labels", "-", cwd=files)
    assert zero.stdout == RTTM.replace(" 1 ", " 0 ", 1).replace("b 1 ", "b 0 ")


def test_a_recording_without_labels_is_one_failure(run_tool, files):
    labels = "a-1 1\na-2 1\n"
    done = run_tool("make-rttm", "segments", "-", "rttm", cwd=files, input=labels, status=1)
    assert done.stderr.splitlines() == [
        "make-rttm: b: no label for any of its 2 segments",
        "make-rttm: 1 recordings done, 1 failed",
    ]
    assert not (files / "rttm").exists()
    run_tool("make-rttm", "--max-failed=1", "segments", "-", "rttm", cwd=files, input=labels)
    assert (files / "rttm").read_text() == RTTM.splitlines(True)[0]
    run_tool("make-rttm", "--max-failed=1", "segments", "-", "rttm", cwd=files, input="", status=1)


@pytest.mark.parametrize("labels, lines", [
    (LABELS.replace("b-2 2\n", ""), [
        "make-rttm: b: no label for 1 of its 2 segments, the first is b-2",
        "make-rttm: 1 recordings done, 1 failed",
        "make-rttm: error: of 1 recordings, the first is b, only some segments have labels"]),
    (LABELS + "b-9 1\nb-8 1\n", [
        "make-rttm: 2 recordings done, 0 failed",
        "make-rttm: error: 2 labels are of no segment in segments, the first b-9"]),
])
def test_labels_of_other_segments_are_an_error_whatever_may_fail(run_tool, files, labels, lines):
    done = run_tool("make-rttm", "--max-failed=100%", "segments", "-", "rttm", cwd=files, input=labels, status=1)
    assert done.stderr.splitlines() == lines
    assert not (files / "rttm").exists()
    partial = (files / "rttm.partial").read_text()  # with what there is of b
    assert "SPEAKER b 1 0.000 1." in partial and "SPEAKER a 1 0.000 2.000 " in partial


def test_under_kaldi_s_name_segments_without_a_label_are_left_out(run_tool, files):
    environment = os.environ | {"DIARKIT_KALDI": ""}
    done = run_tool("make-rttm", "segments", "-", "-", cwd=files, input=LABELS.replace("b-2 2\n", ""), env=environment)
    assert done.stdout == "".join(RTTM.splitlines(True)[:1]) + "SPEAKER b 1 0.000 1.500 <NA> <NA> 1 <NA> <NA>\n"


@pytest.mark.parametrize("segments, labels, message", [
    ("b-1 b 0.00 -1\n", "b-1 1\n", "b-1: its end is -1"),
    ("b-1 b 0.00\n", "b-1 1\n", "segments:1"),
    ("b-1 b 0.00 1.00\n", "b-1 1 2\n", "labels:1"),
    ("b-1 b 0.00 1.00\n", "b-1 1\nb-1 2\n", "labels:2"),
])
def test_bad_input(run_tool, files, segments, labels, message):
    (files / "segments").write_text(segments)
    (files / "labels").write_text(labels)
    done = run_tool("make-rttm", "segments", "labels", "rttm", cwd=files, status=1)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (files / "rttm").exists()


def test_kaldi_writes_the_same(run_tool, shared):
    folder = shared / "golden" / "kaldi"
    for channel, name in [("1", "nspk4"), ("1", "thr0"), ("0", "nspk4_channel0")]:
        labels = f"ahc/labels_full_te0.9_{name.split('_')[0]}.txt"
        arguments = ("--rttm-channel", channel, "scripts/vbx_segments", labels, "-")
        ours = run_tool("make-rttm", *arguments, cwd=folder).stdout
        theirs = (folder / "scripts" / f"rttm_full_te0.9_{name}.rttm").read_text()
        assert [line.split() for line in ours.splitlines()] == [line.split() for line in theirs.splitlines()]
