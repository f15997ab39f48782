"""Real speech from beginning to end: diarization error rates, with the settings that users get.

Protocol: collar 0.25 s on each side, overlap scored, own speech activity, number of speakers not given, md-eval's
rules. The bounds are a little above what came out when they were written; a few recordings of each set, for the
time, or all with DIARKIT_TEST_ALL=1.
"""

import os

import pytest

ALL = os.environ.get("DIARKIT_TEST_ALL") == "1"
NO_SPEECH = ("EN2001b", "EN2001d")  # half a second each
SETS = {  # folder: (ending of recordings, ending of references, how many by default, highest DER in %)
    "ami": (".wav", ".only_words.rttm", 6, 21.0),
    "conversations/wide": (".flac", ".rttm", 4, 12.0),
    "conversations/phone": (".flac", ".rttm", 4, 16.0),
}


@pytest.mark.parametrize("name", SETS)
def test_error_rate(shared, models, run_tool, tmp_path, name):
    ending, of_reference, number, bound = SETS[name]
    folder = shared / "data" / name
    recordings = [path for path in sorted(folder.glob(f"*{ending}")) if not path.name.startswith(NO_SPEECH)]
    if not recordings:
        pytest.skip(f"no recordings in {folder}")
    recordings = recordings if ALL else recordings[:number]
    env = {**os.environ, "DIARKIT_MODELS": str(models)}
    done = run_tool("diarize", *recordings, env=env, timeout=1200)
    assert f"{len(recordings)} recordings done, 0 failed" in done.stderr
    (tmp_path / "hypothesis").write_text(done.stdout)
    for file, parts in (("reference", of_reference), ("uem", ".uem")):
        texts = [(folder / (path.stem + parts)).read_text() for path in recordings]
        (tmp_path / file).write_text("".join(texts))
    der = run_tool("compute-der", "--collar=0.25", "--uem", tmp_path / "uem", tmp_path / "reference",
                   tmp_path / "hypothesis").stdout
    [total] = [line.split() for line in der.splitlines() if line.startswith("TOTAL")]
    assert 1 < float(total[1]) < bound, der  # below 1 % something is wrong with the scoring
