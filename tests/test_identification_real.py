"""Real voices from enrolment to names, with CAM++: a conversation, two of whose speakers are enrolled.

The conversation is cut from utterances of which the enrolment has one a speaker, so that what is tested is the way
through the tools; how good it is on other words, tests/bench/identification.py says.
"""

import os

from diarkit.io.rttm import read_rttm


def seconds(turns, speaker):
    return sum(turn.duration for turn in turns if turn.speaker == speaker)


def test_two_speakers_of_a_conversation(shared, models, run_tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIARKIT_MODELS", str(models))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    known, reference = ["163", "3526"], read_rttm(str(shared / "data/conversations/wide/wide00.rttm"))
    sounds = [next((shared / "data/librispeech").glob(f"{speaker}-*.flac")) for speaker in (*known, "8975", "2952")]
    (tmp_path / "wav.scp").write_text("".join(f"{path.stem} {os.fspath(path)}\n" for path in sounds))
    durations = run_tool("wav-to-duration", "scp:wav.scp", "ark,t:-").stdout.splitlines()
    (tmp_path / "segments").write_text("".join("{0} {0} 0 {1}\n".format(*line.split()) for line in durations))
    (tmp_path / "spk2utt").write_text("".join(f"{path.stem.split('-')[0]} {path.stem}\n" for path in sounds))
    run_tool("extract-xvectors", "scp:wav.scp", "segments", "ark:enroll.ark")
    run_tool("enroll-speakers", "--segments=segments", "--min-duration=1", "spk2utt", "ark:enroll.ark",
             "ark:profiles.ark")
    recording = shared / "data/conversations/wide/wide00.flac"
    (tmp_path / "rttm").write_text(run_tool("diarize", "--embeddings-out=ark:emb.ark", recording).stdout)
    run_tool("identify-speakers", "profiles.ark", "emb.ark", "rttm", "named")
    found = read_rttm("named")
    assert {turn.speaker for turn in found} & {"163", "3526", "8975", "2952"} == set(known)
    for speaker in known:
        assert abs(seconds(found, speaker) - seconds(reference, speaker)) < 0.15 * seconds(reference, speaker)
    claims = "wide00 163\nwide00 8975\n"
    done = run_tool("verify-speakers", "profiles.ark", "emb.ark", "-", input=claims)
    assert [line.split()[4] for line in done.stdout.splitlines()] == ["accept", "reject"]
