"""cluster-ahc: Kaldi's partitions through the command line, and what it does with what does not fit."""

import re
import shlex

import numpy as np
import pytest

from diarkit.io.plda import Plda, write_plda
from diarkit.io.tables import ArrayWriter, read_lists


def partition(labels, reco2utt):
    """The sets of segments in a file of labels, which begin anew in each recording."""
    reco_of = {utt: reco for reco, utts in read_lists(str(reco2utt)).items() for utt in utts}
    clusters = {}
    for line in labels.read_text().splitlines():
        segment, label = line.split()
        clusters.setdefault((reco_of[segment], label), set()).add(segment)
    return {frozenset(cluster) for cluster in clusters.values()}


def golden_cases(kaldi):
    """(labels, command words, reco2utt) of each of Kaldi's commands whose inputs and output are at hand."""
    for line in (kaldi / "commands/plda2.txt").read_text().splitlines():
        words = shlex.split(line)
        if words[0] == "agglomerative-cluster":
            labels, reco2utt = words[-1].removeprefix("ark,t:"), words[-2].removeprefix("ark,t:")
            if (kaldi / labels).exists() and (kaldi / words[-3].partition(":")[2]).exists():
                yield labels, words[1:-1], reco2utt


def test_kaldi_s_partitions(shared, run_tool, tmp_path):
    """Every threshold, number, fraction, pass, cost and tie, under our name for the tool."""
    kaldi = shared / "golden/kaldi"
    options = set()
    for labels, words, reco2utt in golden_cases(kaldi):
        done = run_tool("cluster-ahc", *words, tmp_path / "labels", cwd=kaldi)
        assert partition(tmp_path / "labels", kaldi / reco2utt) == partition(kaldi / labels, kaldi / reco2utt), labels
        number = re.search(r"(\d+) speakers, not (\d+): none may have more than", done.stderr)
        assert bool(number) == (labels.endswith("maxfrac0.25.txt")), labels
        options |= {word.split("=")[0] for word in words if word.startswith("--")}
    assert options >= {"--threshold", "--reco2num-spk-rspecifier", "--max-spk-fraction", "--read-costs",
                       "--first-pass-max-utterances"}


@pytest.fixture
def table(tmp_path):
    """Recordings a (two pairs), b (one segment), c (a matrix of another size), d (not square), e (NaN), f (good)."""
    pairs = np.full((4, 4), -1.0) + 2 * np.kron(np.eye(2), np.ones((2, 2)))
    arrays = {"a": pairs, "b": np.ones((1, 1)), "c": pairs, "d": np.ones((2, 3)),
              "e": np.full((2, 2), np.nan), "f": pairs[:2, :2]}
    with ArrayWriter(f"ark:{tmp_path}/scores.ark", finite=False) as out:
        for key, array in arrays.items():
            out.write(key, array.astype(np.float32))
    (tmp_path / "spk2utt").write_text("a a1 a2 a3 a4\nb b1\nc c1 c2\nd d1 d2\ne e1 e2\nf f1 f2\n")
    return tmp_path


def test_bad_recordings_are_told_and_the_rest_is_done(run_tool, table):
    done = run_tool("cluster-ahc", "--threshold=0", "scores.ark", "spk2utt", "labels", cwd=table, status=1)
    for message in ("c: 4 rows of scores, 2 segments", "d: a square matrix of scores expected, not (2, 3)",
                    "3 recordings done, 3 failed"):
        assert message in done.stderr
    assert "e: " in done.stderr and "Traceback" not in done.stderr
    assert not (table / "labels").exists()
    expected = "a1 1\na2 1\na3 2\na4 2\nb1 1\nf1 1\nf2 1\n"
    assert (table / "labels.partial").read_text() == expected
    done = run_tool("cluster-ahc", "--threshold=0", "--max-failed=3", "scores.ark", "spk2utt", "-", cwd=table)
    assert done.stdout == expected


def test_numbers_of_speakers(run_tool, table):
    (table / "spk2utt").write_text("a a1 a2 a3 a4\n")
    for options, number in ((["--num-speakers=3"], 3), (["--num-speakers=9"], 4), (["--max-speakers=1"], 1),
                            (["--threshold=2"], 4), (["--threshold=2", "--max-speakers=2"], 2),
                            (["--threshold=-2", "--min-speakers", "2"], 2)):
        done = run_tool("cluster-ahc", *options, "--max-failed=9", "scores.ark", "spk2utt", "-", cwd=table)
        labels = [line.split()[1] for line in done.stdout.splitlines()]
        assert len(labels) == 4 and sorted(set(labels)) == [str(i + 1) for i in range(number)]


@pytest.mark.parametrize("options", [["--num-speakers=0"], ["--min-speakers=3", "--max-speakers=2"]])
def test_numbers_that_cannot_be(run_tool, table, options):
    done = run_tool("cluster-ahc", *options, "scores.ark", "spk2utt", "labels", cwd=table, status=None)
    assert done.returncode in (1, 2) and len(done.stderr.splitlines()) == 1
    assert not list(table.glob("labels*"))


@pytest.mark.parametrize("linkage, number", [("average", 2), ("complete", 3), ("single", 1)])
def test_linkages(run_tool, tmp_path, linkage, number):
    """A chain 0 - 1 - 2, of which the ends are not similar, and 3, a little like 2 only."""
    scores = np.array([[9, 8, -9, -9], [8, 9, 7, -9], [-9, 7, 9, 0.5], [-9, -9, 0.5, 9]])
    with ArrayWriter(f"ark,t:{tmp_path}/scores.txt") as out:
        out.write("r", scores)
    (tmp_path / "spk2utt").write_text("r r1 r2 r3 r4\n")
    threshold = {"average": -1, "complete": 1, "single": 0}[linkage]
    done = run_tool("cluster-ahc", f"--linkage={linkage}", f"--threshold={threshold}", "ark,t:scores.txt", "spk2utt",
                    "-", cwd=tmp_path)
    assert len({line.split()[1] for line in done.stdout.splitlines()}) == number


def test_a_list_that_is_damaged(run_tool, table):
    (table / "spk2utt").write_text("a a1 a2 a3 a4\na a1\n")
    done = run_tool("cluster-ahc", "scores.ark", "spk2utt", "labels", cwd=table, status=1)
    assert "spk2utt:2" in done.stderr and not list(table.glob("labels*"))


def test_all_segments_get_a_label(run_tool, shared, tmp_path):
    kaldi = shared / "golden/kaldi"
    done = run_tool("cluster-ahc", "scp:vbx/scores_full_te0.9.scp", "vbx/reco2utt", "-", cwd=kaldi)
    expected = [utt for utts in read_lists(str(kaldi / "vbx/reco2utt")).values() for utt in utts]
    assert [line.split()[0] for line in done.stdout.splitlines()] == expected


@pytest.fixture
def voices(tmp_path):
    """Vectors of two recordings, 30 windows of 3 speakers and 4 of one, and a PLDA model."""
    rng = np.random.default_rng(7)
    centres = 3 * rng.normal(size=(3, 10))
    with ArrayWriter(f"ark:{tmp_path}/vectors.ark") as out:
        for i in range(34):
            out.write(f"w{i:02}", (centres[i // 10 % 3] + rng.normal(size=10)).astype(np.float32))
    names = [f"w{i:02}" for i in range(34)]
    (tmp_path / "spk2utt").write_text(f"a {' '.join(names[:30])}\nb {' '.join(names[30:])}\n")
    write_plda(f"{tmp_path}/plda", Plda(np.zeros(10), np.eye(10), np.full(10, 9.0)))
    return tmp_path


def labels_of(path):
    return [int(line.split()[1]) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("options, expected", [
    ([], [1] * 10 + [2] * 10 + [3] * 10 + [1] * 4),
    (["--auto"], [1] * 10 + [2] * 10 + [3] * 10 + [1] * 4),
    (["--plda=plda", "--target-energy=1", "--threshold=0"], [1] * 10 + [2] * 10 + [3] * 10 + [1] * 4),
    (["--plda=plda", "--num-speakers=1"], [1] * 34),
    (["--threshold=2"], list(range(1, 31)) + list(range(1, 5))),
    (["--reco2num-spk=numbers", "--linkage=complete"], [1] * 10 + [2] * 10 + [3] * 10 + [1, 1, 1, 1]),
])
def test_vectors(run_tool, voices, options, expected):
    (voices / "numbers").write_text("a 3\nb 1\n")
    run_tool("cluster-ahc", "--vectors", *options, "vectors.ark", "spk2utt", "labels", cwd=voices)
    assert labels_of(voices / "labels") == expected


def test_vectors_and_their_plda_scores_give_the_same(run_tool, voices):
    for energy in ("--target-energy=0.1", "--target-energy=1"):
        run_tool("score-plda", energy, "plda", "spk2utt", "vectors.ark", "ark:scores.ark", cwd=voices)
        for threshold in (-3, 2):
            run_tool("cluster-ahc", f"--threshold={threshold}", "scores.ark", "spk2utt", "one", cwd=voices)
            run_tool("cluster-ahc", f"--threshold={threshold}", energy, "--vectors", "--plda=plda", "vectors.ark",
                     "spk2utt", "two", cwd=voices)
            assert (voices / "one").read_text() == (voices / "two").read_text()


def test_ghosts(run_tool, voices):
    """One window of another speaker among many is nobody."""
    (voices / "spk2utt").write_text("a " + " ".join(f"w{i:02}" for i in range(21)) + "\n")
    (voices / "segments").write_text("".join(f"w{i:02} a {0.75 * i} {0.75 * i + 1.5}\n" for i in range(21)))
    args = ["--vectors", "--threshold=0.4", "vectors.ark", "spk2utt", "labels"]
    run_tool("cluster-ahc", *args, cwd=voices)
    assert labels_of(voices / "labels") == [1] * 10 + [2] * 10 + [3]
    run_tool("cluster-ahc", "--segments=segments", "--ghost-share=0.08", *args, cwd=voices)
    assert max(labels_of(voices / "labels")) == 2


@pytest.mark.parametrize("options, message, status", [
    (["--plda=plda", "--threshold=0"], "--plda is for vectors", 2),
    (["--auto", "--threshold=0"], "--auto chooses the number of speakers", 2),
    (["--num-speakers=2", "--reco2num-spk=numbers"], "give one of them", 2),
    (["--vectors", "--reco2num-spk=numbers"], "a: has no number of speakers in --reco2num-spk", 1),
    (["--vectors", "--segments=segments"], "a: w01 is not in the file of segments", 1),
    (["--vectors", "--plda=other"], "10", 1),
])
def test_what_does_not_fit_together(run_tool, voices, options, message, status):
    (voices / "numbers").write_text("b 1\n")
    (voices / "segments").write_text("w00 a 0 1\n")
    write_plda(f"{voices}/other", Plda(np.zeros(3), np.eye(3), np.ones(3)))
    done = run_tool("cluster-ahc", *options, "vectors.ark", "spk2utt", "labels", cwd=voices, status=status)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (voices / "labels").exists()
