"""A data directory with nothing wrong in it, for the tests to break."""

import pytest

FILES = {
    "wav.scp": "r1 {sound}\nr2 {sound}\n",
    "segments": "a-r1-1 r1 0.00 1.00\na-r2-1 r2 0.50 2.00\nb-r1-1 r1 1.00 2.00\nb-r1-2 r1 1.50 1.75\n",
    "utt2spk": "a-r1-1 a\na-r2-1 a\nb-r1-1 b\nb-r1-2 b\n",
    "spk2utt": "a a-r1-1 a-r2-1\nb b-r1-1 b-r1-2\n",
    "text": "a-r1-1 one\na-r2-1 two words\nb-r1-1 drei Wörter hier\nb-r1-2 four\n",
    "feats.scp": "a-r1-1 {ark}:5\na-r2-1 {ark}:50[0:9]\nb-r1-1 {ark}\nb-r1-2 {ark}:99\n",
    "vad.scp": "a-r1-1 {ark}:5\na-r2-1 {ark}:6\nb-r1-1 {ark}:7\nb-r1-2 {ark}:8\n",
    "cmvn.scp": "a {ark}:5\nb {ark}:6\n",
    "utt2dur": "a-r1-1 1.00\na-r2-1 1.5\nb-r1-1 1\nb-r1-2 .25\n",
    "utt2num_frames": "a-r1-1 98\na-r2-1 148\nb-r1-1 98\nb-r1-2 23\n",
    "utt2lang": "a-r1-1 de\na-r2-1 de\nb-r1-1 de\nb-r1-2 en\n",
    "utt2uniq": "a-r1-1 u1\na-r2-1 u2\nb-r1-1 u3\nb-r1-2 u3\n",
    "utt2warp": "a-r1-1 1.0\na-r2-1 0.9\nb-r1-1 1\nb-r1-2 1\n",
    "spk2gender": "a m\nb f\n",
    "spk2warp": "a 0.9\nb 1.1\n",
    "reco2dur": "r1 2.0\nr2 2\n",
    "reco2num_spk": "r1 2\nr2 1\n",
    "reco2file_and_channel": "r1 call A\nr2 call B\n",
    "frame_shift": "0.01\n",
    "rttm": ";; who spoke when\nSPEAKER r1 1 0.00 1.00 <NA> <NA> a <NA> <NA>\n"
            "SPEAKER r1 1 1.00 1.00 <NA> <NA> b <NA> <NA>\nSPEAKER r2 1 0.5 1.5 <NA> <NA> a <NA>\n",
    "uem": "r1 1 0 1\nr1 1 1 2\nr2 1 0 2\n",
}


@pytest.fixture
def good(tmp_path):
    """The path of a data directory of two recordings of 2 s, four utterances and two speakers, complete."""
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "sound.wav", np.zeros(32000, np.int16), 16000)
    (tmp_path / "x.ark").write_bytes(bytes(100))
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in FILES.items():
        text = text.replace("{sound}", str(tmp_path / "sound.wav")).replace("{ark}", str(tmp_path / "x.ark"))
        (folder / name).write_text(text, encoding="utf-8")
    return folder
