"""Kaldi's command lines for mixtures of Gaussians, by Kaldi's names, with their golden results."""

import os
import shlex
import shutil
import subprocess

import numpy as np
import pytest

from diarkit.io.gmm import read_gmm
from diarkit.io.gmmsums import read_gmm_sums
from diarkit.io.tables import read_arrays, read_values

OTHERS = ("compute-mfcc-feats", "compute-vad", "ivector-")  # programs of other tests
RANDOM = "gmm-global-init-from-feats"  # whose result is Kaldi's own
MODELS, SUMS, TEXT = 2e-5, 5e-6, 2e-6  # the largest differences, of the largest number of an array
LIKELIHOODS, POSTERIORS = 1e-4, 3e-5  # nats; and absolute
OTHER_FRAMES = 1e-3  # of all, that may have other Gaussians, where two are as likely


@pytest.fixture(scope="module")
def golden(shared):
    return shared / "golden/kaldi"


@pytest.fixture(scope="module")
def environment(root, tmp_path_factory):
    """With Kaldi's names first on PATH."""
    names = tmp_path_factory.mktemp("kaldi") / "names"
    subprocess.run([root / "utils/kaldi-names", names], check=True, capture_output=True)
    environment = {**os.environ, "PATH": f"{names}:{os.environ['PATH']}", "LC_ALL": "C"}
    environment.pop("PYTHONPATH", None)
    return environment


@pytest.fixture(scope="module")
def pipes(golden, tmp_path_factory, environment):
    """An archive of features for each of the pipes that command lines name, so that each is run once."""
    found = {}
    for line in (golden / "commands/gmm.txt").read_text().splitlines():
        for word in shlex.split(line):
            if word.startswith("ark,s,cs:add-deltas") and word not in found:
                found[word] = tmp_path_factory.mktemp("feats") / f"{len(found)}.ark"
                subprocess.run(["copy-feats", word, f"ark:{found[word]}"], check=True, capture_output=True,
                               env=environment, cwd=golden)
    assert len(found) == 3
    return found


@pytest.fixture
def folder(golden, tmp_path):
    """What is in the golden folder before the first of the command lines, and the mixture that they begin with."""
    for name in ("gmm", "ivec"):
        (tmp_path / name).mkdir()
    shutil.copyfile(golden / "gmm/0.dubm", tmp_path / "gmm/0.dubm")
    return tmp_path


@pytest.fixture
def kaldi(pipes, environment, run_tool):
    """Run a line of shell with Kaldi's names first on PATH, and archives instead of pipes of features."""
    def call(line, folder):
        for pipe, archive in pipes.items():
            line = line.replace(f"'{pipe}'", f"ark,s,cs:{archive}")
        return run_tool("bash", "-c", line, status=None, env=environment, cwd=folder)

    return call


def largest(pairs):
    """The largest difference of arrays, as a part of the largest number of each; infinite if shapes differ."""
    pairs = [(np.asarray(found, float), np.asarray(expected, float)) for found, expected in pairs]
    if any(found.shape != expected.shape for found, expected in pairs):
        return np.inf
    return max(abs(found - expected).max() / abs(expected).max() for found, expected in pairs)


def other_frames(found, expected):
    """The part of frames with other Gaussians, and of the others the largest difference of posteriors."""
    other = frames = 0
    most = 0.0
    for key, one in expected.items():
        ours = found[key]
        for t in range(len(one)):
            a, b = ours[t : t + 1], one[t : t + 1]
            if a.gaussians.tolist() != b.gaussians.tolist():
                other += 1
            elif hasattr(b, "weights"):
                most = max(most, abs(a.weights - b.weights).max())
        frames += len(one)
    return other / frames, most


def differences(found, expected):
    """What is in a file that a command line has written, with how far that is from Kaldi's, and how far it may be."""
    name, found, expected = expected.name, str(found), str(expected)
    if name.endswith(".acc"):
        yield "sums", largest([(read_gmm_sums(found).parts, read_gmm_sums(expected).parts)]), SUMS
    elif name.endswith(".txt"):
        yield "models as text", largest(zip(read_gmm(found), read_gmm(expected), strict=True)), TEXT
    elif "likes" in name:
        ours, theirs = (dict(read_arrays(f"ark:{path}")) for path in (found, expected))
        yield "log likelihoods, nats", max(abs(ours[key] - theirs[key]).max() for key in theirs), LIKELIHOODS
    elif name.endswith(".ark"):
        kind = "gselect" if "gselect" in name else "posteriors"
        other, most = other_frames(*(dict(read_values(f"ark:{path}", kind)) for path in (found, expected)))
        yield f"{kind}, part of frames with other Gaussians", other, OTHER_FRAMES
        yield "posteriors", most, POSTERIORS
    else:
        yield "models", largest(zip(read_gmm(found), read_gmm(expected), strict=True)), MODELS


def replay(golden, folder, kaldi, programs):
    """Run the command lines of these programs, each on Kaldi's own results of the lines before it where there are any.

    Yields what differs, and how far; asserts that no line fails.
    """
    for line in (golden / "commands/gmm.txt").read_text().splitlines():
        copied = line.startswith("cp ") and (folder / line.split()[1]).exists()
        if line.startswith((*OTHERS, RANDOM)) or not (copied or any(word in line for word in programs)):
            continue
        output = shlex.split(line)[-1].split(":")[-1]
        if not output.startswith("gmm/") and "post_sub" not in output:
            continue
        done = kaldi(line, folder)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        if (golden / output).exists():
            yield from ((output, *found) for found in differences(folder / output, golden / output))
            shutil.copyfile(golden / output, folder / output)


def check(results, count):
    seen, wrong = {}, []
    for output, what, off, most in results:
        seen.setdefault(what, []).append(off)
        if not off <= most:
            wrong.append(f"{output}: {what}: {off:.2g}")
    for what, values in seen.items():
        print(f"\n{what}: {len(values)} files, largest {max(values):.2g}", end="")
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, seen.values())) >= count


def test_diagonal_mixtures_from_the_first_to_the_last(golden, folder, kaldi):
    """final.dubm comes after four iterations, of which only the first is compared on its own."""
    check(replay(golden, folder, kaldi, ("gmm/0.dubm", "gmm/1.dubm", "gmm/2.dubm", "gmm/3.dubm")), 5)


def test_full_mixtures_from_the_first_to_the_last(golden, folder, kaldi):
    shutil.copyfile(golden / "gmm/final.dubm", folder / "gmm/4.dubm")
    numbers = ("gmm/final.dubm gmm/0.ubm", *(f"gmm/{number}.ubm" for number in range(4)))
    check(replay(golden, folder, kaldi, numbers), 6)


def test_selection_posteriors_and_likelihoods(golden, folder, kaldi):
    for name in ("gmm/final.dubm", "gmm/final.ubm", "gmm/4.dubm", "gmm/4.ubm", "ivec/final.dubm"):
        source = name.replace("4.", "final.")
        if (golden / source).exists():
            shutil.copyfile(golden / source, folder / name)
    check(replay(golden, folder, kaldi, ("get-frame-likes", "get-post", "scale-post")), 6)


def test_other_arguments(golden, folder, kaldi, pipes):
    """gmm-global-sum-accs writes first; --gselect of gmm-gselect limits it; a model may be on standard input."""
    first, *_ = pipes.values()
    lines = """
    subsample-feats --n=20 ark:FEATS ark:x
    gmm-global-acc-stats gmm/0.dubm ark:x all.acc
    gmm-global-sum-accs two.acc all.acc all.acc
    gmm-gselect --n=4 gmm/0.dubm ark:x ark:four
    gmm-gselect --n=4 --write-likes=ark,t:likes --gselect=ark:four gmm/0.dubm ark:x ark:again
    gmm-gselect --n=1 --gselect=ark:four gmm/0.dubm ark:x ark:first
    gmm-global-gselect-to-post gmm/0.dubm ark:x ark:four ark:post
    gmm-global-init-from-feats --num-threads=2 --num-frames=300 --num-gauss=4 --num-iters=3 --srand=1 ark:x init
    gmm-global-to-fgmm gmm/0.dubm - | fgmm-global-to-gmm - back.dubm
    """
    for line in lines.strip().splitlines():
        done = kaldi(line.replace("FEATS", str(first)), folder)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    one, two = (read_gmm_sums(f"{folder}/{name}").parts[0] for name in ("all.acc", "two.acc"))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-12)
    for a, b in (("four", "again"), ("gmm/0.dubm", "back.dubm")):
        assert (folder / a).read_bytes() == (folder / b).read_bytes(), b
    four, first, post = (dict(read_values(f"ark:{folder}/{name}", kind)) for name, kind in (
        ("four", "gselect"), ("first", "gselect"), ("post", "posteriors")))
    assert all((first[key].gaussians == value.gaussians[::4]).all() for key, value in four.items())
    assert all((post[key].gaussians == value.gaussians).all() for key, value in four.items())
    assert len((folder / "likes").read_text().splitlines()) == 6 and read_gmm(f"{folder}/init").means.shape == (4, 60)
