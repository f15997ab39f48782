"""make-trials, and from enrolment to the equal error rate."""

import numpy as np
import pytest

from diarkit.io.plda import write_plda
from diarkit.io.tables import ArrayWriter

SIZE = 16


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """8 speakers with 2 sessions of 2 utterances: utt2spk, x.ark; the first session as enroll, the other as test."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    with ArrayWriter("ark:x.ark") as out:
        for speaker in range(8):
            mean = rng.normal(size=SIZE)
            for session in range(2):
                for n in range(2):
                    out.write(f"s{speaker}-{session}-{n}", (mean + 0.5 * rng.normal(size=SIZE)).astype(np.float32))
    utts = [(f"s{speaker}", f"s{speaker}-{session}-{n}") for speaker in range(8) for session in (0, 1) for n in (0, 1)]
    (tmp_path / "utt2spk").write_text("".join(f"{utt} {speaker}\n" for speaker, utt in utts))
    (tmp_path / "test").write_text("".join(f"{utt} {speaker}\n" for speaker, utt in utts if "-1-" in utt))
    (tmp_path / "enroll").write_text("".join(f"s{s} s{s}-0-0 s{s}-0-1\n" for s in range(8)))
    (tmp_path / "spk2gender").write_text("".join(f"s{s} {'mf'[s % 2]}\n" for s in range(8)))
    return tmp_path


def counts(text):
    kinds = [line.split()[2] for line in text.splitlines()]
    return kinds.count("target"), kinds.count("nontarget")


def test_numbers(corpus, run_tool):
    done = run_tool("make-trials", "utt2spk", "-")
    assert counts(done.stdout) == (8 * 6, 8 * 7 // 2 * 16)
    assert done.stderr == "make-trials: 48 of 48 targets, 448 of 448 nontargets\n"
    assert done.stdout.startswith("s0-0-0 s0-0-1 target\n")
    sessions = run_tool("make-trials", "--session-fields=2", "utt2spk", "-").stdout
    assert counts(sessions) == (8 * 4, 448) and "s0-0-0 s0-0-1" not in sessions
    lists = "".join(f"{line.split()[0]} {line[:4]}\n" for line in (corpus / "utt2spk").read_text().splitlines())
    assert run_tool("make-trials", "--utt2session=-", "utt2spk", "-", input=lists).stdout == sessions
    same = run_tool("make-trials", "--spk2gender=spk2gender", "utt2spk", "-").stdout
    cross = run_tool("make-trials", "--spk2gender=spk2gender", "--cross-gender", "utt2spk", "-").stdout
    assert counts(same) == (48, 12 * 16) and counts(cross) == (48, 16 * 16)


def test_a_sample_hangs_on_the_seed(corpus, run_tool):
    args = ["make-trials", "--balanced", "--max-targets=20", "--separator=-"]
    one, again, other = (run_tool(*args, f"--seed={seed}", "utt2spk", "-").stdout for seed in (1, 1, 2))
    assert counts(one) == (20, 20) and one == again != other


def test_from_enrolment_to_the_equal_error_rate(corpus, run_tool):
    run_tool("enroll-speakers", "--write-num-utts=ark,t:num_utts", "enroll", "ark:x.ark", "ark:profiles.ark")
    run_tool("make-trials", "enroll", "test", "trials")
    assert counts((corpus / "trials").read_text()) == (16, 7 * 16)
    write_plda("plda", (np.zeros(SIZE), np.eye(SIZE), np.full(SIZE, 4.0)))
    run_tool("score-plda", "--num-utts=ark:num_utts", "plda", "ark:profiles.ark", "ark:x.ark", "trials", "plda_scores")
    run_tool("score-cosine", "trials", "ark:profiles.ark", "ark:x.ark", "scores")
    table = run_tool("compute-eer", "--csv", "trials", "scores", "plda_scores").stdout
    rates = [float(line.split(",")[1]) for line in table.splitlines()[1:]]
    assert len(rates) == 2 and max(rates) < 10, table
    run_tool("train-calibration", "scores", "trials", "calibration")
    (corpus / "claims").write_text("".join(" ".join(line.split()[1::-1]) + "\n"
                                           for line in (corpus / "trials").read_text().splitlines()))
    done = run_tool("verify-speakers", "--calibration=calibration", "profiles.ark", "x.ark", "claims")
    decisions = [line.endswith("accept") for line in done.stdout.splitlines()]
    truths = [line.endswith(" target") for line in (corpus / "trials").read_text().splitlines()]
    assert len(truths) == 128 and sum(map(np.not_equal, decisions, truths)) <= 4


def test_enrolment_is_not_tested_on(corpus, run_tool):
    done = run_tool("make-trials", "enroll", "utt2spk", "-")
    assert counts(done.stdout) == (16, 7 * 32) and "s0 s0-0-0" not in done.stdout
    (corpus / "one").write_text("s0 s0-0-0\n")
    assert counts(run_tool("make-trials", "one", "utt2spk", "-").stdout)[0] == 3
    assert counts(run_tool("make-trials", "--session-fields=2", "one", "utt2spk", "-").stdout)[0] == 2


@pytest.mark.parametrize("content, args, message", [
    ("a x\n", [], "utt: there are no pairs for target trials in it"),
    ("a x\nb x\n", [], "utt: there are no pairs for nontarget trials in it"),
    ("", [], "utt: there are no pairs"),
    ("a x\na y\n", [], "utt:2: 'a' is there twice"),
    ("a\n", [], "utt:1: 2 fields expected, not 1"),
    ("a q\nb q\nc s1\n", ["--spk2gender=spk2gender"], "q: not in spk2gender"),
    ("a s1\nb s1\nc s1\n", ["--utt2session=spk2gender"], "a: not in spk2gender"),
])
def test_lists_that_cannot_be(corpus, run_tool, content, args, message):
    (corpus / "utt").write_text(content)
    done = run_tool("make-trials", *args, "utt", "trials_out", status=1)
    assert message in done.stderr and not (corpus / "trials_out").exists()


@pytest.mark.parametrize("args", [["--cross-gender"], ["--balanced", "--max-nontargets=3"], ["--max-targets=-1"],
                                  ["--session-fields=1", "--utt2session=x"], ["--separator="]])
def test_wrong_usage(run_tool, args):
    run_tool("make-trials", *args, "utt2spk", "trials", status=2)
