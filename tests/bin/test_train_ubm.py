"""The tools of mixtures of Gaussians: training whole and in jobs, selection, posteriors, likelihoods, bad input."""

import numpy as np
import pytest

from diarkit.io.gmm import DiagGmm, FullGmm, read_gmm, write_gmm
from diarkit.io.gmmsums import read_gmm_sums
from diarkit.io.posteriors import Selection
from diarkit.io.tables import ArrayWriter, ValueWriter, read_arrays, read_values

DIM = 3
COUNTS = (150, 40, 300, 90)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Features of four utterances, f.ark and f.scp, of three voices that are far from each other; and mixtures."""
    folder = tmp_path_factory.mktemp("ubm")
    rng = np.random.default_rng(0)
    means = np.array([[8.0, 3, -4], [-7, 2, 5], [1, -8, 2]])
    with ArrayWriter(f"ark,scp:{folder}/f.ark,{folder}/f.scp") as out:
        for number, count in enumerate(COUNTS):
            frames = means[rng.integers(0, 3, count)] + rng.normal(size=(count, DIM))
            out.write(f"u{number}", frames.astype(np.float32))
    diagonal = DiagGmm(np.full(3, 1 / 3), means + 1, np.full((3, DIM), 2.0))
    write_gmm(f"{folder}/0.dubm", diagonal)
    write_gmm(f"{folder}/0.ubm", FullGmm(*diagonal[:2], np.eye(DIM) / 2 + np.zeros((3, 1, 1))))
    (folder / "means").write_text("\n".join(" ".join(map(repr, row)) for row in means.tolist()))
    return folder


@pytest.fixture
def folder(made, monkeypatch, tmp_path):
    for path in made.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_training_finds_the_voices_and_jobs_give_the_same_bytes(folder, run_tool):
    few = "--min-gaussian-occupancy=5"
    options = ["--num-gauss=3", "--num-gauss-init=2", "--num-frames=400", "--seed=1", few]
    done = run_tool("train-ubm", *options, "--num-init-iters=8", "--num-em-iters=1", "--covariance=full",
                    "--num-gselect=2", "--subsample=2", "ark:-", "whole.ubm", stdin=open("f.ark"))
    lines = done.stderr.splitlines()
    assert lines[0] == "train-ubm: 4 utterances done, 0 failed"
    assert lines[8].startswith("train-ubm: initial iteration 8 of 8: 3 Gaussians, ")
    assert lines[9].startswith("train-ubm: 4 utterances done, 0 failed, diagonal iteration 1 of 1: -")
    assert lines[10].startswith("train-ubm: 4 utterances done, 0 failed, full iteration 1 of 1: -")
    assert lines[10].endswith(" nats a frame before, over 290 frames")
    model = read_gmm("whole.ubm")
    means = np.loadtxt("means")
    nearest = np.linalg.norm(model.means[:, None] - means, axis=2).argmin(axis=1)
    assert isinstance(model, FullGmm) and sorted(nearest) == [0, 1, 2]
    np.testing.assert_allclose(model.means, means[nearest], atol=0.5)
    np.testing.assert_allclose(np.linalg.inv(model.precisions), np.eye(DIM) + np.zeros((3, 1, 1)), atol=0.6)

    run_tool("init-ubm", *options, "--num-iters=8", "ark:f.ark", "0")
    scp = (folder / "f.scp").read_text().splitlines(True)
    for stage, first in (("d", "0"), ("f", "full")):
        for job, part in enumerate((scp[3:] + scp[:1], scp[1:3])):
            (folder / f"{job}.scp").write_text("".join(part))
            run_tool("accumulate-ubm", "--num-gselect=2", first, f"ark:subsample-feats --n=2 scp:{job}.scp ark:- |",
                     f"{stage}.{job}")
        run_tool("estimate-ubm", few, first, f"{stage}.1", f"{stage}.0", f"{stage}.ubm")
        if stage == "d":
            run_tool("copy-ubm", "--covariance=full", "d.ubm", "full")
    assert open("f.ubm", "rb").read() == open("whole.ubm", "rb").read()


def test_training_goes_on_from_a_mixture(folder, run_tool):
    done = run_tool("train-ubm", "--init=0.dubm", "--num-em-iters=2", "--num-gselect=0", "scp:f.scp", "a")
    assert done.stderr.count("\n") == 2 and read_gmm("a").weights.sum() == pytest.approx(1)
    run_tool("train-ubm", "--init=0.ubm", "--covariance=full", "--num-em-iters=0", "--binary=false", "scp:f.scp", "b")
    assert all(np.allclose(x, y) for x, y in zip(read_gmm("b"), read_gmm("0.ubm"), strict=True))
    assert open("b").read().startswith("<FullGMM> \n")
    assert "--covariance=full" in run_tool("train-ubm", "--init=0.ubm", "scp:f.scp", "c", status=2).stderr
    assert not (folder / "c").exists()


def test_selection_posteriors_and_likelihoods(folder, run_tool):
    feats, model = dict(read_arrays("ark:f.ark")), read_gmm("0.dubm")
    run_tool("select-gaussians", "--num-gselect=2", "0.dubm", "ark:f.ark", "ark:g")
    run_tool("compute-posteriors", "--min-post=0", "0.dubm", "ark:f.ark", "ark:g", "ark:p")
    run_tool("compute-posteriors", "--min-post=0", "--n=2", "0.ubm", "scp:f.scp", "ark:q")
    run_tool("ubm-likelihoods", "0.ubm", "ark:f.ark", "ark:l")
    run_tool("ubm-likelihoods", "--average", "--gselect=ark:g", "0.dubm", "ark:f.ark", "ark:a")
    gselect = dict(read_values("ark:g", "gselect"))
    posts, others = (dict(read_values(f"ark:{name}", "posteriors")) for name in "pq")
    likes, averages = dict(read_arrays("ark:l")), dict(read_values("ark:a", "float"))
    for key, frames in feats.items():
        each = (np.log(model.weights) - DIM / 2 * np.log(4 * np.pi)
                - ((frames[:, None] - model.means) ** 2).sum(axis=2) / 4)
        best = np.argsort(-each, axis=1)[:, :2]
        assert gselect[key].gaussians.reshape(-1, 2).tolist() == best.tolist()
        two = np.take_along_axis(each, best, axis=1)
        expected = np.exp(two - np.logaddexp.reduce(two, axis=1)[:, None]).ravel()
        for found in (posts[key], others[key]):
            np.testing.assert_allclose(found.weights, expected, atol=1e-5)
        np.testing.assert_allclose(likes[key], np.logaddexp.reduce(each, axis=1), rtol=1e-5)
        assert averages[key] == pytest.approx(np.logaddexp.reduce(two, axis=1).mean(), rel=1e-5)
    with ValueWriter("ark,t:scales", "float") as out:
        for key in feats:
            out.write(key, 0.25 if key != "u1" else 0.0)
    run_tool("scale-posteriors", "ark:p", "ark:scales", "ark:s")
    scaled = dict(read_values("ark:s", "posteriors"))
    assert (scaled["u0"].weights == posts["u0"].weights / 4).all()
    assert len(scaled["u1"]) == COUNTS[1] and not scaled["u1"].gaussians.size


def test_items_that_fail_are_counted_and_the_rest_is_done(folder, run_tool):
    with ArrayWriter("ark:bad") as out:
        for key, frames in dict(read_arrays("ark:f.ark")).items():
            out.write(key, {"u1": frames[:, :2], "u2": frames[:0]}.get(key, frames))
    with ValueWriter("ark:g", "gselect") as out:
        for key, count, gauss in (("u0", COUNTS[0], 0), ("u2", 5, 0), ("u3", COUNTS[3], 3)):
            out.write(key, Selection(np.arange(count + 1), np.full(count, gauss, np.int32)))
    done = run_tool("accumulate-ubm", "0.dubm", "ark:bad", "sums", status=1)
    assert "u1: features of 2 dimensions, a mixture of 3" in done.stderr and "u2: has no frames" in done.stderr
    assert "2 utterances done, 2 failed" in done.stderr and not (folder / "sums").exists()
    run_tool("accumulate-ubm", "--max-failed=2", "0.dubm", "ark:bad", "sums")
    assert read_gmm_sums("sums").totals.sum(axis=0)[0] == COUNTS[0] + COUNTS[3]
    done = run_tool("compute-posteriors", "--gselect=ark:g", "0.ubm", "ark:f.ark", "ark:p", status=1)
    for line in ("u1: not in g", "u2: Gaussians are selected for 5 frames, there are more",
                 "u3: Gaussian 3 is selected, of 3"):
        assert line in done.stderr
    assert "1 utterances done, 3 failed" in done.stderr


def test_a_job_whose_utterances_may_all_fail_adds_nothing(folder, run_tool):
    with ArrayWriter("ark:wide.ark") as out:
        out.write("w", np.zeros((5, DIM + 1), np.float32))
    run_tool("accumulate-ubm", "--max-failed=1", "0.dubm", "ark:wide.ark", "none")
    run_tool("accumulate-ubm", "0.dubm", "ark:f.ark", "all")
    run_tool("sum-ubm-stats", "both", "none", "all")
    assert (folder / "both").read_bytes() == (folder / "all").read_bytes()


@pytest.mark.parametrize(("command", "status", "message"), [
    ("train-ubm --num-gauss=100 scp:f.scp out", 1, "scp:f.scp: 580 frames are too few for 100 Gaussians"),
    ("train-ubm --num-gauss=0 scp:f.scp out", 2, "--num-gauss=0 must be at least 1"),
    ("train-ubm --init=missing scp:f.scp out", 1, "missing"),
    ("init-ubm --num-iters=1 scp:f.scp out", 2, "split after iterations"),
    ("estimate-ubm 0.dubm f.ark out", 1, "f.ark: <GaussianSums> expected"),
    ("estimate-ubm f.ark sums out", 1, "f.ark: <DiagGMM> expected"),
    ("estimate-ubm 0.ubm sums out", 1, "sums: are not sums of this mixture"),
    ("accumulate-ubm 0.dubm ark:empty out", 1, "ark:empty: there is no frame to sum over"),
    ("sum-ubm-stats out sums empty", 1, "empty: <GaussianSums> expected"),
    ("accumulate-ubm 0.dubm scp:f.scp out/sums", 1, "out/sums: cannot be written: its folder does not exist"),
    ("copy-ubm 0.dubm ark:out", 1, "'ark:out': ark: or scp: within a file name"),
    ("copy-ubm empty out", 1, "empty: <DiagGMM> expected"),
    ("compute-posteriors --gselect=ark:x 0.ubm scp:f.scp ark:y ark:out", 2, "expected: UBM"),
    ("scale-posteriors ark:p many ark:out", 2, "'many' is not a number"),
])
def test_one_line_and_nothing_left(folder, run_tool, command, status, message):
    (folder / "empty").write_text("")
    (folder / "sums").write_text("<GaussianSums> <VECSIZE> 1 <NUMCOMPONENTS> 1 <DIAGONAL> <PARTS>  [\n  1 0 1 ]\n"
                                 " [\n  0 0 0 ]\n [\n  1 -1\n  0 0 ]\n</GaussianSums> ")
    done = run_tool(*command.split(), status=status)
    lines = done.stderr.splitlines()
    assert len(lines) == 1 or "folder" not in message  # which is looked for before the work
    assert message in lines[-1] and lines[-1].startswith(command.split()[0] + ": ") and len(lines) <= 3
    assert not list(folder.glob("out*"))
