"""cluster-vbx: the error that VBx's authors publish, and what it does with what does not fit."""

import numpy as np
import pytest

from diarkit.io.plda import Plda, write_plda
from diarkit.io.tables import ArrayWriter, read_arrays, read_lists

PIPE = """
set -o pipefail
awk '{ print $1, $2 }' "$data/ES2005a.seg" | utt2spk-to-spk2utt - spk2utt
apply-transform "$data/transform.npz" "ark:$data/ES2005a.ark" ark:- |
  cluster-vbx --plda "$data/plda" --elbo=elbo --posteriors=ark:post --second-labels=second "$@" ark:- spk2utt labels
make-rttm "$data/ES2005a.seg" labels - |
  compute-der --scorer dscore --collar 0.25 --ignore-overlap --jer "$data/ES2005a.rttm" - | tail -n 1
"""


def meeting(run_tool, shared, folder, *options):
    """The last line of compute-der, split, for the meeting with options of cluster-vbx."""
    done = run_tool("bash", "-c", f'data="$1"; shift; {PIPE}', "pipe", shared / "data/es2005a", *options, cwd=folder)
    return done.stdout.split()


def test_the_published_error(run_tool, shared, tmp_path):
    """DER 7.06 %, JER 29.99 %: VBx with ResNet101 on ES2005a, transform and PLDA of its authors."""
    total = meeting(run_tool, shared, tmp_path)
    assert (total[0], total[1], total[-1]) == ("TOTAL", "7.06", "29.99")
    bounds = [float(line.split()[2]) for line in (tmp_path / "elbo").read_text().splitlines()]
    assert len(bounds) == 13 and bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(-76108.829, abs=0.01) and bounds[-1] == pytest.approx(-73432.626, abs=0.01)
    [(reco, posteriors)] = read_arrays(f"ark:{tmp_path}/post")
    assert reco == "ES2005a" and posteriors.shape == (1025, 5)
    labels, second = (np.array([int(words[0]) for words in read_lists(str(tmp_path / name)).values()]) - 1
                      for name in ("labels", "second"))
    ranks = np.argsort(-posteriors, axis=1, kind="stable")
    assert (labels == ranks[:, 0]).all() and (second != labels).all()
    assert (posteriors[np.arange(1025), second] == posteriors[np.arange(1025), ranks[:, 1]]).all()


def test_a_number_and_first_labels(run_tool, shared, tmp_path):
    total = meeting(run_tool, shared, tmp_path, "--num-speakers=4")
    assert float(total[1]) < 3 and set((tmp_path / "labels").read_text().split()[1::2]) == set("1234")
    (tmp_path / "labels").rename(tmp_path / "first")
    meeting(run_tool, shared, tmp_path, "--init=first")
    first, again = ((tmp_path / name).read_text().splitlines() for name in ("first", "labels"))
    assert np.mean([one == other for one, other in zip(first, again, strict=True)]) > 0.98


@pytest.fixture
def small(tmp_path):
    """Recordings a (two speakers, 20 segments), b (one segment), c (a vector missing), d (another size), e (NaN),
    f (all equal), and a PLDA model."""
    rng = np.random.default_rng(0)
    names = [f"a{i:02}" for i in range(20)]
    with ArrayWriter(f"ark:{tmp_path}/vectors.ark", finite=False) as out:
        for i, name in enumerate(names):
            out.write(name, (np.eye(6)[i // 10] * 10 + rng.normal(size=6)).astype(np.float32))
        for name in ("b1", "c1", "f1", "f2", "f3"):
            out.write(name, np.ones(6, np.float32))
        out.write("d1", np.ones(5, np.float32))
        out.write("e1", np.full(6, np.nan, np.float32))
    lists = {"a": names, "b": ["b1"], "c": ["c1", "c2"], "d": ["d1"], "e": ["e1"], "f": ["f1", "f2", "f3"]}
    (tmp_path / "spk2utt").write_text("".join(f"{reco} {' '.join(utts)}\n" for reco, utts in lists.items()))
    (tmp_path / "good").write_text("".join(f"{reco} {' '.join(lists[reco])}\n" for reco in "abf"))
    (tmp_path / "segments").write_text("".join(
        f"{name} {reco} {i} {i + 1}\n" for reco, utts in lists.items() for i, name in enumerate(utts)))
    write_plda(f"{tmp_path}/plda", Plda(np.zeros(6), np.eye(6), np.full(6, 9.0)))
    return tmp_path


def test_bad_recordings_are_told_and_the_rest_is_done(run_tool, small):
    done = run_tool("cluster-vbx", "--plda=plda", "--elbo=elbo", "vectors.ark", "spk2utt", "labels", cwd=small,
                    status=1)
    for message in ("c: no vector for c2", "d: vectors of 5 numbers, the PLDA model is for 6", "e: ",
                    "3 recordings done, 3 failed"):
        assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (small / "labels").exists() and not (small / "elbo").exists()


@pytest.mark.parametrize("plda", [["--plda=plda"], []])
def test_good_ones_get_labels(run_tool, small, plda):
    run_tool("cluster-vbx", *plda, "--second-labels=second", "vectors.ark", "good", "labels", cwd=small)
    labels = read_lists(str(small / "labels"))
    assert [labels[f"a{i:02}"] for i in range(20)] == 10 * [["1"]] + 10 * [["2"]]
    assert labels["b1"] == ["1"]
    assert len({labels[name][0] for name in ("f1", "f2", "f3")}) == 1
    assert set(read_lists(str(small / "second"))) == {f"a{i:02}" for i in range(20)}


def test_more_speakers_than_segments_and_segments_in_any_order(run_tool, small):
    """Times say what comes first: labels are the same in whatever order the segments are listed."""
    options = ["cluster-vbx", "--num-speakers=5", "--segments=segments", "--ghost-share=0", "vectors.ark"]
    run_tool(*options, "good", "labels", cwd=small)
    (small / "back").write_text("".join(
        " ".join([words[0], *reversed(words[1:])]) + "\n" for words in map(str.split, open(small / "good"))))
    run_tool(*options, "back", "reversed", cwd=small)
    labels = read_lists(str(small / "labels"))
    assert labels == read_lists(str(small / "reversed"))
    assert len({words[0] for name, words in labels.items() if name[0] == "a"}) == 5
    assert [labels[f"f{i}"] for i in (1, 2, 3)] == [["1"], ["2"], ["3"]] and labels["b1"] == ["1"]


def test_ghosts_are_given_to_the_others(run_tool, small):
    """With a high share, the speaker of fewer segments is a ghost: posteriors have a column less."""
    names = [f"a{i:02}" for i in range(14)]
    (small / "few").write_text(f"a {' '.join(names)}\n")
    run_tool("cluster-vbx", "--plda=plda", "--segments=segments", "--ghost-share=0.4", "--ghost-turn=9",
             "--posteriors=ark:post", "--second-labels=second", "vectors.ark", "few", "labels", cwd=small)
    assert set((small / "labels").read_text().split()[1::2]) == {"1"}
    [(_, posteriors)] = read_arrays(f"ark:{small}/post")
    assert (posteriors == np.ones((14, 1))).all() and (small / "second").read_text() == ""


def test_wrong_use_is_one_line(run_tool, small):
    (small / "some").write_text("a00 x\n")
    for options, status, message in ((["--init=some"], 1, "a: a01 has no label in some"),
                                     (["--loop-probability=1"], 2, "--loop-probability must be at least 0"),
                                     (["--plda=spk2utt"], 1, "spk2utt: <Plda> expected"),
                                     (["--auto", "--num-speakers=2"], 2, "--auto")):
        done = run_tool("cluster-vbx", *options, "vectors.ark", "good", "labels", cwd=small, status=status)
        assert message in done.stderr and "Traceback" not in done.stderr
        assert not (small / "labels").exists()
