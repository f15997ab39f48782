"""Durations from whatever a directory has."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.datadir.durations import durations, format_seconds, recording_durations
from diarkit.io.tables import ArrayWriter


def measured(folder, *args):
    return {utt: round(measure(), 6) for utt, measure in durations(str(folder), *args)}


def without(good, *names):
    for name in names:
        (good / name).unlink()


def test_of_segments(good):
    assert measured(good) == {"a-r1-1": 1, "a-r2-1": 1.5, "b-r1-1": 1, "b-r1-2": 0.25}


def test_a_segment_to_the_end_of_its_recording(good):
    (good / "segments").write_text("u r1 0.5 -1\nv r2 0.75 -1\n")
    (good / "reco2dur").write_text("r1 9.0\n")
    assert measured(good) == {"u": 8.5, "v": 1.25}
    without(good, "wav.scp", "reco2dur")
    [(_, measure), _] = durations(str(good))
    with pytest.raises(DataError, match="it ends with r1, of which the length is not known"):
        measure()


def test_of_numbers_of_frames_and_the_shift(good):
    without(good, "segments")
    (good / "frame_shift").write_text("0.02\n")
    assert measured(good, 0.01) == {"a-r1-1": 1.99, "a-r2-1": 2.99, "b-r1-1": 1.99, "b-r1-2": 0.49}
    (good / "utt2num_frames").write_text("u 3.5\n")
    [(_, measure)] = durations(str(good))
    with pytest.raises(DataError, match="not a number of frames: '3.5'"):
        measure()
    (good / "utt2num_frames").write_text("u " + "9" * 5000)
    with pytest.raises(DataError, match="not a number of frames"):
        next(durations(str(good)))[1]()
    (good / "frame_shift").write_text("x\n")
    with pytest.raises(DataError, match="frame_shift: one number of seconds expected"):
        measured(good)


def test_of_recordings(good):
    without(good, "segments", "utt2num_frames")
    assert measured(good) == {"r1": 2, "r2": 2}
    assert {reco: measure() for reco, measure in recording_durations(str(good))} == {"r1": 2, "r2": 2}


def test_of_features(good, tmp_path):
    without(good, "segments", "utt2num_frames", "wav.scp", "frame_shift")
    with ArrayWriter(f"ark,scp:{tmp_path}/f.ark,{good}/feats.scp") as out:
        out.write("u", np.zeros((98, 2), np.float32))
        out.write("v", np.zeros((10, 2), np.float32))
    assert measured(good, 0.01) == {"u": 0.995, "v": 0.115}
    (good / "frame_shift").write_text("0.02\n")
    assert measured(good, 0.01) == {"u": 1.99, "v": 0.23}
    without(good, "feats.scp")
    with pytest.raises(DataError, match="no segments, wav.scp or feats.scp"):
        measured(good)


def test_digits():
    assert [format_seconds(x) for x in (2.0, 1.300625, 1.2500000001, 10.0, 0.1 + 0.2)] == [
        "2", "1.300625", "1.25", "10", "0.3"]
