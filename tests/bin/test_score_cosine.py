"""score-cosine: recordings and trials, Kaldi's dot products, a cohort, and bad input."""

import sys

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays

RECORDINGS = {"r1": ["a", "b", "c"], "r2": ["d"], "r3": ["a", "zero"]}


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    with ArrayWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp") as out:
        for name in "abcd":
            out.write(name, rng.normal(size=6).astype(np.float32) + 1)
        out.write("zero", np.zeros(6, np.float32))
    with ArrayWriter(f"ark:{tmp_path}/cohort.ark") as out:
        for i in range(12):
            out.write(f"c{i}", rng.normal(size=6).astype(np.float32))
    (tmp_path / "spk2utt").write_text("".join(f"{reco} {' '.join(names)}\n" for reco, names in RECORDINGS.items()))
    (tmp_path / "trials").write_text("a b\nc d\na a\nzero b\n")
    return tmp_path


def vectors_of(data):
    return dict(read_arrays(f"scp:{data}/x.scp"))


def cosine(x, y):
    lengths = np.linalg.norm(x) * np.linalg.norm(y)
    return x @ y / lengths if lengths > 0 else 0.0


def scores_in(text):
    return {tuple(line.split()[:2]): float(line.split()[2]) for line in text.splitlines()}


def test_recordings(data, run_tool):
    run_tool("score-cosine", "spk2utt", "scp:x.scp", "ark:plain.ark", cwd=data)
    run_tool("score-cosine", "--subtract-mean", "spk2utt", "scp:x.scp", "ark:mean.ark", cwd=data)
    run_tool("score-cosine", "--dot-product", "spk2utt", "scp:x.scp", "ark:dot.ark", cwd=data)
    vectors = vectors_of(data)
    found = {kind: dict(read_arrays(f"ark:{data}/{kind}.ark")) for kind in ("plain", "mean", "dot")}
    for reco, names in RECORDINGS.items():
        mine = np.array([vectors[name] for name in names])
        moved = mine - mine.mean(axis=0)
        for kind, score, rows in (("plain", cosine, mine), ("mean", cosine, moved), ("dot", np.dot, mine)):
            if len(names) > 1 or kind != "mean":
                expected = [[score(x, y) for y in rows] for x in rows]
                assert found[kind][reco] == pytest.approx(np.array(expected), abs=1e-5)
            assert found[kind][reco].dtype == np.float32


def test_trials_with_labels_or_without(data, run_tool):
    vectors = vectors_of(data)
    done = run_tool("score-cosine", "trials", "scp:x.scp", "ark:x.ark", "-", cwd=data)
    found = scores_in(done.stdout)
    assert list(found) == [("a", "b"), ("c", "d"), ("a", "a"), ("zero", "b")]
    for (one, other), score in found.items():
        assert score == pytest.approx(cosine(vectors[one], vectors[other]), abs=1e-6)
    assert done.stderr == "score-cosine: 4 trials done, 0 failed\n"
    for text in ("a b target\nc d nontarget\na a target\nzero b target\n", "1 a b\n0 c d\n1 a a\n1 zero b\n"):
        (data / "labelled").write_text(text)
        again = run_tool("score-cosine", "labelled", "scp:x.scp", "scp:x.scp", "-", cwd=data)
        assert again.stdout == done.stdout


def test_dot_products_are_kaldis(shared, run_tool, root):
    golden = shared / "golden/kaldi"
    if not (golden / "plda/trials_utt_dot.txt").exists():
        pytest.skip("no golden dot products")
    done = run_tool("score-cosine", "--dot-product", "plda/trials_utt", "scp:plda/test.scp", "scp:plda/test.scp", "-",
                    cwd=golden)
    expected = scores_in((golden / "plda/trials_utt_dot.txt").read_text())
    found = scores_in(done.stdout)
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), rel=1e-6, abs=1e-4)


def test_a_cohort_normalises_recordings_and_trials_alike(data, run_tool):
    vectors = vectors_of(data)
    cohort = [vector for _, vector in read_arrays(f"ark:{data}/cohort.ark")]

    def side(x):
        best = sorted((cosine(x, stranger) for stranger in cohort), reverse=True)[:4]
        return np.mean(best), np.std(best)

    args = ["--cohort=ark:cohort.ark", "--top-n=4"]
    run_tool("score-cosine", *args, "spk2utt", "scp:x.scp", "ark:s.ark", cwd=data)
    found = dict(read_arrays(f"ark:{data}/s.ark"))["r1"]
    (data / "trials").write_text("".join(f"{x} {y}\n" for x in "abc" for y in "abc"))
    of_trials = scores_in(run_tool("score-cosine", *args, "trials", "scp:x.scp", "scp:x.scp", "-", cwd=data).stdout)
    by_first = scores_in(run_tool("score-cosine", *args, "--norm=z", "trials", "scp:x.scp", "scp:x.scp", "-",
                                  cwd=data).stdout)
    for i, x in enumerate("abc"):
        for j, y in enumerate("abc"):
            parts = [(cosine(vectors[x], vectors[y]) - mean) / deviation
                     for mean, deviation in (side(vectors[x]), side(vectors[y]))]
            assert found[i, j] == pytest.approx(np.mean(parts), abs=1e-4)
            assert of_trials[x, y] == pytest.approx(np.mean(parts), abs=1e-4)
            assert by_first[x, y] == pytest.approx(parts[0], abs=1e-4)


def test_bad_input(data, run_tool):
    (data / "trials").write_text("a b\nnobody b\na b\n")
    done = run_tool("score-cosine", "trials", "scp:x.scp", "scp:x.scp", "out", cwd=data, status=1)
    assert "nobody b: no vector of nobody" in done.stderr and "2 trials done, 1 failed" in done.stderr
    (data / "trials").write_text("a b\na b target\n")
    done = run_tool("score-cosine", "trials", "scp:x.scp", "scp:x.scp", "out", cwd=data, status=1)
    assert "trials:2: 3 fields, 2 in the first line" in done.stderr
    with ArrayWriter(f"ark:{data}/short.ark") as out:
        out.write("a", np.ones(3, np.float32))
        out.write("e", np.ones(3, np.float32))
    done = run_tool("score-cosine", "trials", "scp:x.scp", "ark:short.ark", "out", cwd=data, status=1)
    assert "ark:short.ark: vectors of 3 numbers, those of scp:x.scp have 6" in done.stderr
    done = run_tool("score-cosine", "--cohort=ark:short.ark", "spk2utt", "scp:x.scp", "ark:out", cwd=data, status=1)
    assert "r1: vectors of 6 numbers, those of the cohort have 3" in done.stderr
    for args, message in ((["--subtract-mean", "trials", "scp:x.scp", "scp:x.scp", "out"], "not for trials"),
                          (["--top-n=1", "spk2utt", "scp:x.scp", "ark:out"], "--top-n"), (["a", "b"], "expected")):
        assert message in run_tool("score-cosine", *args, cwd=data, status=2).stderr
    assert not (data / "out").exists()


def test_bad_files(shared, data, run_tool):
    command = f"score-cosine --cohort ark:{{in}} {data}/spk2utt scp:{data}/x.scp ark:{{out}}"
    run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--vectors", command)
