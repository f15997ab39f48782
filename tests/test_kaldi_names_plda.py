"""Kaldi's command lines for PLDA and clustering, by Kaldi's names, with their golden results."""

import os
import re
import shlex
import shutil

import numpy as np
import pytest

from diarkit.io.plda import read_plda, write_plda
from diarkit.io.tables import read_array, read_arrays, read_lists

SCORES = 2e-4  # the largest difference from scores of Kaldi, nats
RELATIVE = 1e-5  # of models, transforms and vectors, of their largest number
INPUTS = ["vbx/plda", "vbx/reco2utt*", "vbx/xvec128.*", "ahc/reco2num*", "ahc/ties*", "ahc/cosdist*", "plda/*.txt",
          "plda/spk2utt", "plda/utt2spk", "plda/*reco2*", "plda/trials", "plda/trials_utt", "plda/trials_utt_labels"]


@pytest.fixture
def golden(shared):
    return shared / "golden/kaldi"


@pytest.fixture
def folder(golden, tmp_path):
    """A copy of what is in the golden folder before the first of its commands."""
    outputs = {word for line in commands(golden) for word in outputs_of(line)}
    for pattern in INPUTS:
        for path in golden.glob(pattern):
            name = path.relative_to(golden)
            if str(name) not in outputs:
                (tmp_path / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, tmp_path / name)
    return tmp_path


@pytest.fixture
def kaldi(root, tmp_path_factory, run_tool):
    """Run a line of shell with Kaldi's names first on PATH."""
    names = tmp_path_factory.mktemp("kaldi") / "names"
    run_tool(root / "utils/kaldi-names", names)
    environment = {**os.environ, "PATH": f"{names}:{os.environ['PATH']}", "LC_ALL": "C"}
    environment.pop("PYTHONPATH", None)
    return lambda line, folder: run_tool("bash", "-c", line, status=None, env=environment, cwd=folder)


def commands(golden):
    return [line for name in ("plda", "plda2") for line in (golden / f"commands/{name}.txt").read_text().splitlines()]


def outputs_of(line):
    """The files that a command line writes."""
    words = shlex.split(line)
    if words[-2] == ">":
        return [words[-1]]
    if words[0] == "ivector-mean" and len(words) == 5:
        return [words[3].split(":")[1], words[4].split(":")[1]]
    return words[-1].split(":")[-1].split(",")


def largest(pairs, relative=False):
    """The largest difference of arrays, or part of the largest number of each; infinite if shapes differ."""
    pairs = [(np.asarray(found, float), np.asarray(expected, float)) for found, expected in pairs]
    if any(found.shape != expected.shape for found, expected in pairs):
        return np.inf
    return max(abs(found - expected).max() / (abs(expected).max() if relative else 1) for found, expected in pairs)


def tables(found, expected):
    ours, theirs = dict(read_arrays(f"ark:{found}")), dict(read_arrays(f"ark:{expected}"))
    return zip(ours.values(), theirs.values(), strict=True) if list(ours) == list(theirs) else [(0, [0])]


def scores_of_trials(path):
    return {tuple(words[:2]): float(words[2]) for words in map(str.split, path.read_text().splitlines())}


def partition(labels, recordings):
    labels = read_lists(str(labels), count=1)
    return {reco: {frozenset(utt for utt in utts if labels[utt] == label) for label in (labels[utt] for utt in utts)}
            for reco, utts in recordings.items()}


def difference(found, expected, recordings):
    """What is in a file that a command line has written, how far that is from Kaldi's, and how far it may be."""
    name = expected.name
    if name.endswith(".scp"):
        return "lists", found.read_text() != expected.read_text(), 0
    if "labels" in name:
        return "partitions", partition(found, recordings) != partition(expected, recordings), 0
    if name.endswith("eer.txt"):
        return "EER", abs(float(found.read_text()) - float(expected.read_text())), 0
    if name == "plda_text_head.txt":
        ours, theirs = (re.findall(r"-?\d+\.\d+", path.read_text())[:-1] for path in (found, expected))
        off = largest([(ours, theirs[: len(ours)])], relative=True) if len(ours) >= 50 else np.inf
        return "PLDA models as text, relative", off, RELATIVE
    if name.startswith("trials_"):
        ours, theirs = scores_of_trials(found), scores_of_trials(expected)
        off = largest([(list(ours.values()), list(theirs.values()))]) if list(ours) == list(theirs) else np.inf
        return "scores of trials, nats", off, SCORES
    if "scores" in name:
        return "dense scores", largest(tables(found, expected)), SCORES
    if name.startswith("plda_"):
        off = largest(zip(read_plda(str(found)), read_plda(str(expected)), strict=True), relative=True)
        return "PLDA models, trained, adapted and smoothed, relative", off, RELATIVE
    if name.endswith((".mat", ".vec")):
        off = largest([(read_array(str(found)), read_array(str(expected)))], relative=True)
        return "transforms and means, relative", off, RELATIVE
    return "vectors, relative", largest(tables(found, expected), relative=True), RELATIVE


@pytest.mark.parametrize("places, count", [("vbx ahc", 30), ("plda", 30)])
def test_kaldi_s_command_lines_give_kaldi_s_results(golden, folder, kaldi, places, count):
    """Every line, on Kaldi's own results of the lines before it; of files that are not at hand, on ours."""
    wrong, seen = [], {}
    for line in commands(golden):
        words, outputs = line.split(), outputs_of(line)
        if outputs[0].split("/")[0] not in places.split():
            continue
        if words[0] == "copy-vector" and not (golden / words[1].split(":")[1]).exists():
            for output in outputs:
                shutil.copyfile(golden / output, folder / output)
            continue
        done = kaldi(line, folder)
        if done.returncode:
            wrong.append(f"status {done.returncode}: {line}\n{done.stderr}")
        for output in outputs:
            if not (folder / output).exists():
                wrong.append(f"no {output}: {line}")
            elif (golden / output).exists():
                recordings = read_lists(str(folder / words[-2].split(":")[-1])) if "agglom" in words[0] else None
                what, off, most = difference(folder / output, golden / output, recordings)
                if not off <= most:
                    wrong.append(f"another {output}: {line}")
                seen.setdefault(what, []).append(float(off))
                shutil.copyfile(golden / output, folder / output)
    for what, values in sorted(seen.items()):
        print(f"\n{places}: {what}: {len(values)} files, largest difference {max(values):.2g}", end="")
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, seen.values())) >= count


def test_the_target_energy_under_kaldi_s_name(golden, kaldi, tmp_path, run_tool):
    """Kaldi's program has another default than its script, which is ours."""
    arguments = [f"{golden}/vbx/plda", f"{golden}/vbx/reco2utt_first200", f"ark:{golden}/vbx/xvec128.ark"]
    assert kaldi(f"ivector-plda-scoring-dense {' '.join(arguments)} ark:a", tmp_path).returncode == 0
    run_tool("score-plda", "--target-energy=0.5", *arguments, "ark:b", cwd=tmp_path)
    run_tool("score-plda", *arguments, "ark:c", cwd=tmp_path)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_trials_without_vectors_do_not_fail_kaldi_s_program(kaldi, tmp_path):
    write_plda(str(tmp_path / "plda"), (np.zeros(2), np.eye(2), np.ones(2)))
    (tmp_path / "v").write_text("a [ 1 2 ]\nb [ 2 1 ]\n")
    (tmp_path / "trials").write_text("a b\na x\n")
    assert kaldi("ivector-plda-scoring plda ark:v ark:v trials scores", tmp_path).returncode == 0
    assert [line.split()[:2] for line in (tmp_path / "scores").read_text().splitlines()] == [["a", "b"]]
