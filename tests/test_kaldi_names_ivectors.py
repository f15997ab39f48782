"""Kaldi's command lines for i-vectors, by Kaldi's names, with their golden results."""

import os
import re
import shlex
import shutil

import numpy as np
import pytest

from diarkit.io.gmm import read_gmm
from diarkit.io.ivectorextractor import IvectorExtractor, IvectorSums, read_ivector_extractor, read_ivector_sums
from diarkit.io.tables import read_arrays, read_values
from diarkit.ivector.extraction import extract
from diarkit.ivector.extractor import Extractor
from diarkit.ivector.sums import Corpus
from diarkit.ivector.training import update
from diarkit.options.ivectors import IvectorOptions, IvectorUpdateOptions

FEATS = {"sub": "extract-feature-segments ark:- ivec/subsegments ark:-",
         "utt": "select-voiced-frames ark:- scp,s,cs:gmm/vad.scp ark:-"}

SKIPPED = r"(-acc-stats|-est).* ivec/[1-4]\.ie |^cp|-copy.* ivec/(1|final)\.ie "


@pytest.fixture
def golden(shared):
    return shared / "golden/kaldi"


@pytest.fixture
def kaldi(root, tmp_path_factory, run_tool, golden, tmp_path):
    """Run a line of shell with Kaldi's names first on PATH, in a folder with what there was before the first line."""
    names = tmp_path_factory.mktemp("kaldi") / "names"
    run_tool(root / "utils/kaldi-names", names)
    for folder in ("gmm", "ivec"):
        (tmp_path / folder).mkdir()
    for name in ("gmm/final.ubm", "gmm/mfcc.scp", "gmm/mfcc.ark", "gmm/vad.scp", "gmm/vad.ark", "ivec/subsegments"):
        shutil.copyfile(golden / name, tmp_path / name)
    environment = {**os.environ, "PATH": f"{names}:{os.environ['PATH']}", "LC_ALL": "C"}
    environment.pop("PYTHONPATH", None)

    def call(line, status=0):
        return run_tool("bash", "-euo", "pipefail", "-c", line, status=status, env=environment, cwd=tmp_path)

    return call


def commands(golden):
    """The lines for i-vectors, and of features the pipe that makes them: it is run once, and its result read.

    Of iterations after the first there are no results, see below, and of copies to text that of the first will do.
    """
    pipes = {}
    for line in (golden / "commands/gmm.txt").read_text().splitlines():
        if "ivec/" in line and not re.search(SKIPPED, line):
            for word in shlex.split(line):
                for name, last in FEATS.items():
                    if word.endswith(f"{last} |") and "subsample" not in word:
                        pipes[name] = word
                        line = line.replace(f"'{word}'", f"ark,s,cs:{name}.ark")
            yield line, pipes


def test_kaldi_s_command_lines_give_kaldi_s_results(golden, kaldi, tmp_path):
    """Every line on Kaldi's own results of the lines before it; and five iterations after one another."""
    made, seen = set(), {}
    for line, pipes in commands(golden):
        for name in pipes.keys() - made:
            kaldi(f"copy-feats {shlex.quote(pipes[name])} ark:{name}.ark")
            made.add(name)
        kaldi(line)
        output = line.split()[-1].split(":")[-1]
        found, expected = tmp_path / output, golden / output
        assert found.exists(), line
        if expected.exists():
            seen[output] = difference(output, str(found), str(expected))
            shutil.copyfile(expected, found)
        if output == "ivec/1.ie":
            shutil.copyfile(golden / "ivec/final.ie", tmp_path / "ivec/final.ie")
    seen["i-vectors after five iterations"] = after_five_iterations(golden, tmp_path)
    print("\n" + "\n".join(f"{name}: largest difference {value:.2g}" for name, value in seen.items()))
    assert {name for name, value in seen.items() if not value <= 5e-5} == set()
    assert {"ivec/post_sub.ark", "ivec/0.acc", "ivec/1.ie", "ivec/ivectors_sub.txt", "ivec/ivectors_utt.txt",
            "ivec/0.ie.txt.gz"} <= seen.keys()


def after_five_iterations(golden, folder):
    """How far i-vectors are from Kaldi's with a model trained from the one that it began with."""
    model = read_ivector_extractor(str(golden / "ivec/0.ie"))
    feats = dict(read_arrays(f"ark:{folder}/sub.ark"))
    posteriors = dict(read_values(f"ark:{golden}/ivec/post_sub.ark", "posteriors"))
    corpus = Corpus(15, 60, True, [])
    corpus.blocks.begin(0)
    for utt, frames in feats.items():
        corpus.blocks.add(frames, posteriors[utt])
    corpus.blocks.end()
    for _ in range(5):
        sums = IvectorSums(*corpus.sums(Extractor(model)).values())
        model = IvectorExtractor(*update(model, sums, IvectorUpdateOptions()))
    found = np.concatenate([extract(Extractor(model), frames, posteriors[utt], [(0, len(frames))], IvectorOptions())
                            for utt, frames in feats.items()])
    expected = np.stack(list(dict(read_arrays(f"ark:{golden}/ivec/ivectors_sub.txt")).values()))
    return abs(found - expected).max()


def difference(name, found, expected):
    """How far a file that a line has written is from Kaldi's; of models and sums relative to their largest number."""
    if name.endswith(".acc"):
        return largest(read_ivector_sums(found)[0], read_ivector_sums(expected)[0])
    if name.endswith(".dubm"):
        return largest(read_gmm(found), read_gmm(expected))
    if name.endswith(".gz"):
        return largest(*(read_ivector_extractor(f"gunzip -c {path} |") for path in (found, expected)))
    if name.endswith(".ie"):
        return of_models(name, *(read_ivector_extractor(path) for path in (found, expected)))
    if name == "ivec/post_sub.ark":
        ours, theirs = (list(read_values(f"ark:{path}", "posteriors")) for path in (found, expected))
        # at the edge of the selection and of min-post there are a few frames with other Gaussians
        dense = [np.concatenate([spread(post) for _, post in table]) for table in (ours, theirs)]
        assert [key for key, _ in ours] == [key for key, _ in theirs]
        return np.sort(abs(dense[0] - dense[1]).max(axis=1))[-20]
    ours, theirs = (dict(read_arrays(f"ark:{path}")) for path in (found, expected))
    assert list(ours) == list(theirs)
    return max(abs(ours[key] - theirs[key]).max() for key in ours)


def of_models(name, found, expected):
    """Of the first model the directions are drawn by chance."""
    if name == "ivec/0.ie":
        cut = [model._replace(projections=model.projections[:, :, :1]) for model in (found, expected)]
        assert found.projections.shape == expected.projections.shape
        assert 0.9 < found.projections[:, :, 1:].std() < 1.1
        return largest(*cut)
    return largest(found, expected)


def largest(found, expected):
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(found, expected, strict=True) if np.size(b)]
    return max(abs(a - b).max() / abs(b).max() for a, b in pairs)


def spread(posteriors):
    weights = np.zeros((len(posteriors), 15))
    frames = np.repeat(np.arange(len(posteriors)), np.diff(posteriors.starts))
    weights[frames, posteriors.gaussians] = posteriors.weights
    return weights


def test_kaldi_s_default_has_weights_that_are_not_there(kaldi):
    done = kaldi("ivector-extractor-init gmm/final.ubm ivec/0.ie", status=1)
    assert "--use-weights=false" in done.stderr
