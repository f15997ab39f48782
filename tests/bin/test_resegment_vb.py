"""resegment-vb: Kaldi's models through the command line, toy voices without any, and what does not fit."""

import numpy as np
import pytest

from diarkit import toy
from diarkit.features import FeatureExtractor
from diarkit.io.ivectorextractor import read_ivector_extractor
from diarkit.io.rttm import Turn, read_rttm, write_rttm
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.options.features import MfccOptions
from diarkit.scoring.der import score
from diarkit.signals import of_array

RATE = 8000


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Features of a toy conversation, its turns, and turns whose boundaries are off by up to half a second."""
    folder = tmp_path_factory.mktemp("talk")
    rng = np.random.default_rng(0)
    samples, turns = toy.make_conversation(rng, 60, 3, RATE)
    extractor = FeatureExtractor(MfccOptions(sample_frequency=RATE, num_ceps=20, snip_edges=False))
    feats = np.concatenate([block for _, block in extractor.blocks(of_array(samples.astype(np.float32), RATE))])
    with ArrayWriter(f"ark:{folder}/feats.ark") as out:
        out.write("talk", feats)
        out.write("silent", feats[:50])
    edges = [turns[0][0] / 1000]
    for (_, end, _), (start, _, _) in zip(turns, turns[1:], strict=False):
        edges.append((start + end) / 2000 + rng.uniform(-0.5, 0.5))
    edges.append(turns[-1][1] / 1000)
    write_rttm(f"{folder}/ref", (Turn("talk", "2", start / 1000, (end - start) / 1000, f"s{speaker}")
                                 for start, end, speaker in turns))
    write_rttm(f"{folder}/rough", (Turn("talk", "2", start, end - start, f"s{speaker}") for start, end, (*_, speaker)
                                   in zip(edges[:-1], edges[1:], turns, strict=True)))
    return folder


def test_toy_turns_come_closer(run_tool, talk):
    done = run_tool("resegment-vb", "--verbose", "feats.ark", "rough", "new", cwd=talk)
    ref, rough, new = (read_rttm(str(talk / name)) for name in ("ref", "rough", "new"))
    before, after = (score(ref, turns).total.confusion for turns in (rough, new))
    assert after < 0.8 * before
    assert {turn.speaker for turn in new} <= {turn.speaker for turn in rough}
    assert {turn.channel for turn in new} == {"2"}
    assert "talk: iteration 3, bound -" in done.stderr and "silent: has no turns in RTTM\n" in done.stderr
    assert "2 recordings done, 0 failed" in done.stderr
    speech = "".join(f"u{i} talk {start} {end}\n" for i, (start, end) in enumerate([(1, 2.5), (4, 30)]))
    (talk / "segments").write_text(speech)
    run_tool("resegment-vb", "--segments=segments", "feats.ark", "rough", "part", cwd=talk)
    part = read_rttm(str(talk / "part"))
    assert sum(turn.duration for turn in part) == pytest.approx(27.5)
    assert all(1 <= turn.start and turn.end <= 30.0001 and not 2.5 < turn.start < 4 for turn in part)


def test_kaldi_s_models(run_tool, shared, tmp_path):
    """Excerpts of meetings with a turn of one speaker, more being allowed; Kaldi's names of the options."""
    kaldi = shared / "golden/kaldi"
    write_rttm(f"{tmp_path}/rttm", (Turn(reco, "1", 0, 10, "one") for reco in ("dev00", "tst00")))
    (tmp_path / "segments").write_text("u1 dev00 0 30\nu2 tst00 0 30\n")
    feats = ("add-deltas --delta-window=3 --delta-order=2 scp:gmm/mfcc.scp ark:- | "
             "apply-cmvn-sliding --norm-vars=false --center=true --cmn-window=300 ark:- ark:- |")
    done = run_tool("resegment-vb", "--ubm=ivec/final.dubm", "--extractor=ivec/final.ie", "--max-speakers=4",
                    "--loopProb=0.8", "--minDur=2", "--statScale=0.3", "--llScale=0.9", "--sparsityThr=0.01",
                    f"--segments={tmp_path}/segments", "--verbose", f"ark:{feats}", tmp_path / "rttm", tmp_path / "new",
                    cwd=kaldi)
    bounds = [float(line.split()[-1]) for line in done.stderr.splitlines() if "dev00: iteration" in line]
    assert len(bounds) > 2 and bounds == sorted(bounds)
    new = [turn for turn in read_rttm(str(tmp_path / "new")) if turn.reco == "dev00"]
    assert {turn.speaker for turn in new} <= {"one", "new-1", "new-2", "new-3"} and len(new) > 2
    speakers = list(dict.fromkeys(turn.speaker for turn in new if turn.speaker != "one"))
    assert speakers == [f"new-{i + 1}" for i in range(len(speakers))] != []
    assert sum(turn.duration for turn in new) == pytest.approx(30, abs=0.1)
    # at least two units of 25 frames, but for the first, whose unit is one frame, and the last
    assert all(turn.duration > 0.49 for turn in new[1:-1])


def test_what_does_not_fit(run_tool, talk, shared, tmp_path):
    kaldi = shared / "golden/kaldi"
    models = [f"--ubm={kaldi}/ivec/final.dubm", f"--extractor={kaldi}/ivec/final.ie"]
    (talk / "more").write_text((talk / "rough").read_text() + (talk / "rough").read_text().replace("talk", "gone"))
    for options, rttm, status, message in (
            (models, "rough", 1, "talk: features of 20 dimensions, the UBM has 60"),
            (models[:1], "rough", 2, "--ubm and --extractor belong together"),
            ([models[0].replace(".dubm", ".ie"), models[1]], "rough", 1, "final.ie: <DiagGMM> expected"),
            ([], "more", 1, "gone: has turns but no features"),
            (["--downsample=0"], "rough", 2, "--downsample=0: it must be at least 1")):
        done = run_tool("resegment-vb", *options, "feats.ark", rttm, tmp_path / "new", cwd=talk, status=status)
        assert message in done.stderr and "Traceback" not in done.stderr
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("options, message", [
    (["--seed=-1"], "--seed=-1: it must be at least 0"),
    (["--sparsity-threshold=2"], "--sparsity-threshold=2: it must be at most 1"),
    (["--sparsity-threshold=-0.1"], "--sparsity-threshold=-0.1: it must be at least 0"),
    (["--sparsity-threshold=0.1"], "--sparsity-threshold=0.1: it must be less than --stat-scale, 0.1, or no frame "
                                   "is of any Gaussian"),
    (["--frame-shift=1e6"], "--frame-shift=1000000: it must be at most 100000"),
    (["--frame-shift=1e-308"], "--frame-shift=1e-308: it must be at least 0.001"),
    (["--loop-probability=0.9999999999"], "--loop-probability=0.9999999999: it must be at most 0.999999999"),
    (["--loop-probability=-0.1"], "--loop-probability=-0.1: it must be at least 0"),
    (["--min-duration=100000000000"], "--min-duration=100000000000: it must be at most 1000"),
    (["--max-iters=0"], "--max-iters=0: it must be at least 1"),
    (["--alpha-q-init=1e-300"], "--alpha-q-init=1e-300: it must be at least 0.1"),
    (["--stat-scale=1e300"], "--stat-scale=1e+300: it must be at most 1000"),
    (["--ll-scale=0"], "--ll-scale=0: it must be at least 1e-06"),
    (["--relevance=-1"], "--relevance=-1: it must be at least 1e-06"),
    (["--num-gauss=0"], "--num-gauss=0: it must be at least 1"),
    (["--max-speakers=3"], "--max-speakers has no meaning without --ubm"),
    (["--ubm=x", "--extractor=y", "--max-speakers=10000"], "--max-speakers=10000: it must be at most 1000"),
    (["--ubm=x", "--extractor=y", "--relevance=2"], "--relevance has no meaning with --ubm"),
    (["--extractor=y"], "--ubm and --extractor belong together: give both or none"),
])
def test_numbers_that_cannot_be_are_wrong_usage(run_tool, talk, options, message):
    done = run_tool("resegment-vb", *options, "feats.ark", "rough", "-", cwd=talk, status=2)
    assert done.stderr == f"resegment-vb: {message}\n" and not done.stdout


FEW = "50 frames of 10 ms end at 0.5 s; is --frame-shift right?"


@pytest.fixture
def few(talk, tmp_path):
    """A function that runs the tool on the first half second of the conversation, `a`, or other features."""
    [feats] = [feats[:50] for key, feats in read_arrays(f"ark:{talk}/feats.ark") if key == "talk"]

    def run(run_tool, turns, *options, segments=None, table=None, status=0):
        with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
            out.write("a", feats)
        if table is not None:
            (tmp_path / "feats.ark").write_text(table)
        write_rttm(f"{tmp_path}/rttm", (Turn("a", str(channel), start, duration, name)
                                        for start, duration, name, channel in turns))
        if segments is not None:
            (tmp_path / "segments").write_text(segments)
            options = ["--segments=segments", *options]
        done = run_tool("resegment-vb", *options, "feats.ark", "rttm", "new", cwd=tmp_path, status=status)
        lines = [line.removeprefix("resegment-vb: ") for line in done.stderr.splitlines()]
        assert lines[-1] == f"{1 - status} recordings done, {status} failed"
        assert (tmp_path / "new").exists() != bool(status)
        return lines[:-1], read_rttm(f"{tmp_path}/new") if not status else []

    return run


@pytest.mark.parametrize("turns, options, more, message", [
    ([(1000, 5, "s", 1)], (), {}, f"no frame is in its turns, from 1000 to 1005 s: {FEW}"),
    ([(0.2, 0, "s", 1)], (), {}, f"no frame is in its turns, from 0.2 to 0.2 s: {FEW}"),
    ([(0.1, 0.4, "s", 1)], ["--frame-shift=0.01"], {}, "no frame is in its turns, from 0.1 to 0.5 s: 50 frames "
     "of 0.01 ms end at 0.0005 s; is --frame-shift right?"),
    ([(0, 1, "s", 1), (0.9, 1, "t", 1)], (), {"table": "a [ ]\n"}, "no frame is in its turns, from 0 to 1.9 s: 0 "
     "frames of 10 ms end at 0 s; is --frame-shift right?"),
    ([(0, 0.5, "s", 1)], (), {"segments": ""}, "has turns, but no segments in --segments"),
    ([(0, 0.5, "s", 1)], (), {"segments": "u other 0 1\n"}, "has turns, but no segments in --segments"),
    ([(0, 0.5, "s", 1)], (), {"segments": "u a 7 -1\n"},
     f"no frame is in its segments in --segments, from 7 to 7 s: {FEW}"),
    ([(0, 0.2, "s", 1)], (), {"segments": "u a 0.3 0.5\n"}, "its turns are nowhere where there is speech"),
    ([(0, 0.5, "s", 1)], (), {"table": "a [ 1 2\n 3 nan ]\n"},
     "feats.ark: 1 of 4 values are NaN or infinite, the first at [1, 1]"),
    ([(0, 0.5, "s", 1)], (), {"table": "a [ 1 2 3 ]\n"}, "feats.ark: a vector where a matrix is expected"),
])
def test_no_speech_is_lost_silently_and_what_fails_does_once(run_tool, few, turns, options, more, message):
    assert few(run_tool, turns, *options, status=1, **more) == ([f"a: {message}"], [])


def test_what_is_lost_in_part_is_told(run_tool, few):
    turns = [(0.1, 3, "s", 1)]
    late = f"its turns end at 3.1 s, what is after its features is lost: {FEW}"
    assert few(run_tool, turns) == ([f"a: {late}"], [Turn("a", "1", 0.1, 0.4, "s")])
    assert few(run_tool, [(0.1, 0.5, "s", 1)])[0] == []  # features are a little shorter than sounds
    said, new = few(run_tool, [(0, 0.5, "s", 1)], segments="u a 0.1 4\n")
    assert said == [f"a: its segments in --segments end at 4 s, what is after its features is lost: {FEW}"]
    assert new == [Turn("a", "1", 0.1, 0.4, "s")]


def test_a_recording_without_turns_is_told(run_tool, few):
    assert few(run_tool, []) == (["a: has no turns in RTTM"], [])
    said, new = few(run_tool, [], segments="u a 0.1 0.3\n")
    assert said == ["a: has no turns in RTTM"] and new == [Turn("a", "1", 0.1, 0.2, "new-1")]


def test_a_segment_may_end_where_the_recording_does(run_tool, few):
    said, new = few(run_tool, [(0, 0.5, "s", 1)], segments="u a 0.2 -1\n")
    assert not said and new == [Turn("a", "1", 0.2, 0.3, "s")]


def test_speakers_keep_their_channels(run_tool, talk, tmp_path):
    both = [turn._replace(channel=str(1 + (turn.speaker == "s1"))) for turn in read_rttm(f"{talk}/rough")]
    write_rttm(f"{tmp_path}/both", both)
    run_tool("resegment-vb", "feats.ark", tmp_path / "both", tmp_path / "new", cwd=talk)
    found = {(turn.speaker, turn.channel) for turn in read_rttm(f"{tmp_path}/new")}
    assert ("s1", "2") in found and found <= {(turn.speaker, turn.channel) for turn in both}


def test_features_that_say_nothing_change_nothing(run_tool, talk, tmp_path):
    """Constant ones, and what is added to all: differences are what counts, but for rounding."""
    [feats] = [feats.astype(float) for key, feats in read_arrays(f"ark:{talk}/feats.ark") if key == "talk"]
    news = []
    for other in (feats, np.hstack([feats, np.full((len(feats), 1), 0.1)]), feats + 1e8):
        with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
            out.write("talk", other)
        run_tool("resegment-vb", tmp_path / "feats.ark", "rough", tmp_path / "new", cwd=talk)
        news.append(read_rttm(f"{tmp_path}/new"))
    total = sum(turn.duration for turn in news[0])
    assert all(score(news[0], other).total.confusion < 0.01 * total for other in news)
    with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
        out.write("talk", feats * 1e200)
    done = run_tool("resegment-vb", tmp_path / "feats.ark", "rough", "-", cwd=talk, status=1)
    assert "talk: features beyond 1e+100\n" in done.stderr


def test_models_that_do_not_fit(run_tool, shared, tmp_path):
    """Names of new speakers that are taken, a UBM of other Gaussians, and an extractor of one direction only."""
    kaldi = shared / "golden/kaldi"
    write_rttm(f"{tmp_path}/rttm", [Turn("dev00", "1", 0, 10, "new-1")])
    (tmp_path / "segments").write_text("u1 dev00 0 -1\n")
    feats = ("grep dev00 gmm/mfcc.scp | add-deltas --delta-window=3 --delta-order=2 scp:- ark:- | "
             "apply-cmvn-sliding --norm-vars=false --center=true --cmn-window=300 ark:- ark:- |")

    def run(ubm, status=0, extractor="ivec/final.ie"):
        return run_tool("resegment-vb", f"--ubm={ubm}", f"--extractor={extractor}", f"--segments={tmp_path}/segments",
                        f"ark:{feats}", tmp_path / "rttm", "-", cwd=kaldi, status=status)

    names = {line.split()[7] for line in run("ivec/final.dubm").stdout.splitlines()}
    assert {"new-1", "new-2"} <= names
    assert run("gmm/final.dubm", 1).stderr.splitlines() == [
        "resegment-vb: error: the i-vector extractor moves 15 Gaussians of 60 dimensions, the UBM has 16 of 60"]
    extractor = read_ivector_extractor(str(kaldi / "ivec/final.ie"))
    for scale, status, message in ((1e10, 1, "dev00: the i-vector extractor and the UBM do not fit these features: the "
                                    "precision of an i-vector is singular"),
                                   (1e30, 1, "error: the i-vector extractor moves means too far for the variances")):
        write_extractor(tmp_path / "ie", extractor, scale)
        assert message in run("ivec/final.dubm", status, tmp_path / "ie").stderr


def write_extractor(path, extractor, scale):
    """As text, with the first direction of all in place of each, and so much longer."""
    def matrix(rows):
        return "[\n" + "\n".join(" ".join(map(repr, row)) for row in rows) + " ]\n"

    count, size, rank = extractor.projections.shape
    moves = np.repeat(extractor.projections[:, :, :1], rank, axis=2) * scale
    lower = [[[float(d == e) for e in range(d + 1)] for d in range(size)]] * count
    path.write_text(f"<IvectorExtractor> <w> [ ]\n<w_vec> [ {' '.join(['0.1'] * count)} ]\n<M> {count} "
                    + "".join(matrix(move.tolist()) for move in moves) + "<SigmaInv> "
                    + "".join(matrix(rows) for rows in lower) + "<IvectorOffset> 1 </IvectorExtractor>\n")
