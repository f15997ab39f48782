"""Kaldi's conf files of features."""

import pytest

from diarkit.errors import DataError
from diarkit.io.confs import read_conf


def test_confs_of_the_recipes(tmp_path):
    path = tmp_path / "mfcc.conf"
    path.write_text("# a comment\n--sample-frequency=8000\n--frame-length=25 # the default\n--low-freq=20\n\n"
                    "--high_freq=-200\n--num-ceps=23\n--snip-edges=false\n--window-type=hamming\n--dither=1.0\n"
                    "--allow-downsample=true\n--use-energy=true\n")
    assert read_conf(str(path), "mfcc") == {"sample_frequency": 8000, "high_freq": -200, "num_ceps": 23,
                                            "snip_edges": False, "window_type": "hamming"}
    path.write_text("--num-mel-bins=40\n--use-energy\n")
    assert read_conf(str(path), "fbank") == {"num_mel_bins": 40, "use_energy": True}


@pytest.mark.parametrize("line, message", [
    ("--num-ceps=13", "fbank has no option --num-ceps"), ("num-mel-bins=3", "--name=value expected"),
    ("--num-mel-bins=3.5", "'3.5' is no value"), ("--snip-edges=maybe", "'maybe' is no value"),
    ("--window-type=round", "'round' is no value"), ("--low-freq=nan", "'nan' is no value"), ("\0", "not a text"),
])  # fmt: skip
def test_bad_confs(tmp_path, line, message):
    path = tmp_path / "fbank.conf"
    path.write_text(f"--low-freq=20\n{line}\n")
    with pytest.raises(DataError, match=message) as error:
        read_conf(str(path), "fbank")
    assert str(error.value).startswith(f"{path}:2: ")
