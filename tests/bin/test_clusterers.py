"""What all clusterers have in common: numbers of speakers that contradict, segments twice, affine scores, PLDA."""

import json
import sys

import numpy as np
import pytest

from diarkit.backend.plda_scoring import score_matrix
from diarkit.io.plda import read_plda, write_plda
from diarkit.io.tables import ArrayWriter
from diarkit.options.plda import ProjectionOptions

VECTORS = ["cluster-kmeans", "cluster-vbx"]
BOTH = ["cluster-ahc", "cluster-spectral", "cluster-dbscan"]


@pytest.fixture
def meeting(tmp_path):
    """Vectors, their cosines, spk2utt and a PLDA model of 24 segments of 3 speakers, in turns of 4."""
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.normal(size=(6, 6)))[0][:3] * 3
    vectors = (np.repeat(np.tile(centres, (2, 1)), 4, axis=0) + 0.3 * rng.normal(size=(24, 6))).astype(np.float32)
    names = [f"s{i:02}" for i in range(24)]
    with ArrayWriter(f"ark:{tmp_path}/v.ark") as out:
        for name, vector in zip(names, vectors, strict=True):
            out.write(name, vector)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    write_scores(tmp_path / "s.ark", unit @ unit.T)
    (tmp_path / "spk2utt").write_text(f"a {' '.join(names)}\n")
    write_plda(str(tmp_path / "plda"), (np.zeros(6), np.eye(6) / 0.3, np.full(6, 15.0)))
    return tmp_path


def write_scores(path, scores):
    with ArrayWriter(f"ark:{path}") as out:
        out.write("a", np.asarray(scores, np.float32))


def write_noise(folder):
    """Vectors of nobody, which are clustered otherwise in other dimensions; (24, 6)."""
    vectors = np.random.default_rng(2).normal(size=(24, 6)).astype(np.float32)
    with ArrayWriter(f"ark:{folder}/v.ark") as out:
        for i, vector in enumerate(vectors):
            out.write(f"s{i:02}", vector)
    return vectors


def labels(text):
    return [int(line.split()[1]) for line in text.splitlines()]


TRUTH = [1] * 4 + [2] * 4 + [3] * 4 + [1] * 4 + [2] * 4 + [3] * 4
EVERY = [*((tool, ["v.ark"]) for tool in VECTORS), *((tool, ["s.ark"]) for tool in BOTH),
         *((tool, ["--vectors", "v.ark"]) for tool in [*VECTORS, *BOTH])]


@pytest.mark.parametrize("tool, source", EVERY)
def test_one_command_line_serves_all(run_tool, meeting, tool, source):
    assert labels(run_tool(tool, *source, "spk2utt", "-", cwd=meeting).stdout) == TRUTH


@pytest.mark.parametrize("tool", VECTORS)
def test_there_are_no_scores_to_cluster(run_tool, meeting, tool):
    done = run_tool(tool, "--vectors=false", "s.ark", "spk2utt", "-", cwd=meeting, status=2)
    assert "--vectors=false" in done.stderr


@pytest.mark.parametrize("tool, source", EVERY[:5])
@pytest.mark.parametrize("options, status, message", [
    (["--num-speakers=3", "--max-speakers=2"], 2, "--num-speakers 3 is not within"),
    (["--num-speakers=3", "--min-speakers=4"], 2, "--num-speakers 3 is not within"),
    (["--reco2num-spk=numbers", "--max-speakers=2"], 1, "a: --reco2num-spk says 3 speakers, not within"),
    (["--reco2num-spk=zero"], 1, "a: --reco2num-spk says 0 speakers\n"),
    (["--reco2num-spk=none"], 1, "a: has no number of speakers in --reco2num-spk"),
    (["--ghost-share=2"], 2, "--ghost-share=2 is not between"), (["--ghost-turn=-1"], 2, "--ghost-turn=-1 is negative"),
])  # fmt: skip
def test_numbers_that_contradict(run_tool, meeting, tool, source, options, status, message):
    (meeting / "numbers").write_text("a 3\n")
    (meeting / "zero").write_text("a 0\n")
    (meeting / "none").write_text("")
    done = run_tool(tool, *options, *source, "spk2utt", "out", cwd=meeting, status=status)
    assert message in done.stderr and not (meeting / "out").exists()


@pytest.mark.parametrize("name", ["numbers.scp", "ark:numbers.scp"])
def test_a_plain_name_is_a_table_of_numbers_whatever_it_ends_in(run_tool, meeting, name):
    (meeting / "numbers.scp").write_text("a 3\n")
    done = run_tool("cluster-ahc", f"--reco2num-spk={name}", "s.ark", "spk2utt", "-", cwd=meeting)
    assert labels(done.stdout) == TRUTH


@pytest.mark.parametrize("tool, source", EVERY[5:])
def test_a_segment_that_is_there_twice(run_tool, meeting, tool, source):
    (meeting / "spk2utt").write_text("a s01 s02 s03 s02\nb s04 s05\nc s06 s05 s07\n")
    done = run_tool(tool, "--max-failed=2", *source, "spk2utt", "out", cwd=meeting)
    assert "a: the segment s02 is there twice" in done.stderr and "c: the segment s05" in done.stderr
    assert [line.split()[0] for line in (meeting / "out").read_text().splitlines()] == ["s04", "s05"]


@pytest.mark.parametrize("tool", BOTH)
@pytest.mark.parametrize("scale, shift", [(60, 100), (60, -100), (0.2, 0)])
def test_scores_on_any_scale(run_tool, meeting, tool, scale, shift):
    """Log likelihood ratios are no cosines, and no bounds for cosines hold."""
    unit = np.array([TRUTH]).T == np.array(TRUTH)
    noise = np.random.default_rng(1).normal(size=(24, 24)) * 0.1
    write_scores(meeting / "s.ark", scale * (0.8 * unit + noise + noise.T) + shift)
    assert labels(run_tool(tool, "s.ark", "spk2utt", "-", cwd=meeting).stdout) == TRUTH


@pytest.mark.parametrize("tool", BOTH)
def test_vectors_by_plda_are_their_scores_in_as_many_dimensions(run_tool, meeting, tool):
    vectors = write_noise(meeting)
    found = set()
    for energy in (0.1, 0.5, 1):
        write_scores(meeting / "s.ark", score_matrix(read_plda(f"{meeting}/plda"), vectors, ProjectionOptions(energy)))
        options = ["--num-speakers=4"]
        by_scores = run_tool(tool, *options, "s.ark", "spk2utt", "-", cwd=meeting).stdout
        options += ["--vectors", "--plda=plda", f"--target-energy={energy}"]
        assert run_tool(tool, *options, "v.ark", "spk2utt", "-", cwd=meeting).stdout == by_scores
        found.add(by_scores)
    assert len(found) > 1
    wrong = ["--target-energy=7", "--vectors", "--plda=plda"]
    done = run_tool(tool, *wrong, "v.ark", "spk2utt", "-", cwd=meeting, status=2)
    assert "--target-energy=7 is not between 0 and 1" in done.stderr


def test_kmeans_by_plda_in_as_many_dimensions(run_tool, meeting):
    write_noise(meeting)
    outputs = {run_tool("cluster-kmeans", "--num-speakers=4", "--plda=plda", f"--target-energy={energy}", "v.ark",
                        "spk2utt", "-", cwd=meeting).stdout for energy in (0.1, 1)}
    assert len(outputs) == 2


@pytest.mark.parametrize("tool, source", EVERY)
def test_vectors_without_a_direction_are_alike(run_tool, meeting, tool, source):
    with ArrayWriter(f"ark:{meeting}/v.ark") as out:
        for i in range(24):
            out.write(f"s{i:02}", np.zeros(6, np.float32))
    write_scores(meeting / "s.ark", np.zeros((24, 24)))
    assert labels(run_tool(tool, *source, "spk2utt", "-", cwd=meeting).stdout) == [1] * 24


@pytest.mark.parametrize("tool", BOTH)
def test_a_recording_without_segments_has_no_scores_either(run_tool, meeting, tool):
    with ArrayWriter(f"ark:{meeting}/s.ark") as out:
        out.write("a", np.zeros((0, 0), np.float32))
    (meeting / "spk2utt").write_text("a\n")
    done = run_tool(tool, "s.ark", "spk2utt", "-", cwd=meeting)
    assert done.stdout == "" and "1 recordings done, 0 failed" in done.stderr


@pytest.mark.parametrize("tool", BOTH)
def test_recordings_without_scores_are_told(run_tool, meeting, tool):
    with open(meeting / "spk2utt", "a") as file:
        file.write("b x y\nc z\n")
    done = run_tool(tool, "s.ark", "spk2utt", "out", cwd=meeting)
    assert done.stderr == f"{tool}: 1 recordings done, 0 failed, 2 of spk2utt without scores, b the first\n"


@pytest.mark.parametrize("options, status, message", [
    (["--vectors", "--read-costs", "--threshold=0.3", "v.ark"], 2, "--read-costs is for matrices"),
    (["--first-pass-max-utterances=0", "--num-speakers=3", "s.ark"], 2, "--first-pass-max-utterances=0 must be"),
    (["--max-spk-fraction=1.5", "--num-speakers=3", "s.ark"], 2, "--max-spk-fraction=1.5 is not above 0 and at most 1"),
    (["--reassign=-1", "s.ark"], 2, "--reassign=-1 is negative"), (["--apart-share=5", "s.ark"], 2, "--apart-share=5"),
    (["--min-cluster-size=-5", "s.ark"], 2, "--min-cluster-size=-5 must be"),
    (["--min-threshold=0.9", "--max-threshold=0.1", "s.ark"], 2, "--min-threshold=0.9 is above --max-threshold=0.1"),
    (["--first-pass-max-utterances=9", "--linkage=single", "--num-speakers=3", "s.ark"], 1, "a: --linkage=single does"),
    (["large.ark"], 1, "a: a score of 1e+38 is too large"), (["--num-speakers=3", "large.ark"], 1, "is too large"),
])  # fmt: skip
def test_what_cluster_ahc_refuses(run_tool, meeting, options, status, message):
    write_scores(meeting / "large.ark", 1e38 * (np.array([TRUTH]).T == np.array(TRUTH)))
    done = run_tool("cluster-ahc", *options, "spk2utt", "out", cwd=meeting, status=status)
    assert message in done.stderr and not (meeting / "out").exists()


def test_cluster_spectral_wants_affinities_from_0_to_1(run_tool, meeting):
    options = ["--pruning=affinity", "--min-affinity=2"]
    done = run_tool("cluster-spectral", *options, "s.ark", "spk2utt", "-", cwd=meeting, status=2)
    assert "--min-affinity must be from 0 to 1" in done.stderr


def plain(scores, linkage, number, largest):
    """Agglomerative clustering by the definition, no cluster larger than `largest`."""
    means = {"average": np.mean, "complete": np.min, "single": np.max}[linkage]
    clusters = [[i] for i in range(len(scores))]
    while len(clusters) > number:
        pairs = [(means(scores[np.ix_(a, b)]), i, j) for i, a in enumerate(clusters)
                 for j, b in enumerate(clusters) if i < j and len(a) + len(b) <= largest]
        if not pairs:
            break
        _, i, j = max(pairs)
        clusters.append(clusters[i] + clusters.pop(j))
        clusters.pop(i)
    return {frozenset(cluster) for cluster in clusters}


@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
@pytest.mark.parametrize("fraction", [0.99, 0.5, 0.34])
def test_linkage_with_a_largest_cluster(run_tool, meeting, linkage, fraction):
    noise = np.random.default_rng(3).normal(size=(24, 24))
    scores = noise + noise.T
    write_scores(meeting / "s.ark", scores)
    options = [f"--linkage={linkage}", f"--max-spk-fraction={fraction}", "--num-speakers=3"]
    done = run_tool("cluster-ahc", *options, "s.ark", "spk2utt", "-", cwd=meeting)
    found = {}
    for i, label in enumerate(labels(done.stdout)):
        found.setdefault(label, set()).add(i)
    assert {frozenset(cluster) for cluster in found.values()} == plain(scores, linkage, 3, np.ceil(24 * fraction))


@pytest.mark.parametrize("tool", [*VECTORS, *BOTH])
def test_bad_files(shared, run_tool, tmp_path, tool):
    checker = shared / "badinputs/check_bad.py"
    if not checker.exists():
        pytest.skip(f"no {checker}")
    (tmp_path / "lists").write_text("r utt1 utt2\n")
    templates = (["--vectors", f"{tool} --vectors ark:{{in}} {tmp_path}/lists {{out}}"],
                 ["--model", f"{tool} --vectors --plda={{in}} ark:good/vecs.ark {tmp_path}/lists {{out}}"])
    for template in templates:
        done = run_tool(sys.executable, checker, "--strict-names", *template, status=None)
        counts = json.loads(done.stdout.splitlines()[-1])
        assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout
