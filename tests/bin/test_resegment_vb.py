"""resegment-vb: Kaldi's models through the command line, toy voices without any, and what does not fit."""

import numpy as np
import pytest

from diarkit import toy
from diarkit.features import FeatureExtractor
from diarkit.io.rttm import Turn, read_rttm, write_rttm
from diarkit.io.tables import ArrayWriter
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
    assert "talk: iteration 3, bound -" in done.stderr and "2 recordings done, 0 failed" in done.stderr
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
            (["--downsample=0"], "rough", 1, "--downsample must be at least 1")):
        done = run_tool("resegment-vb", *options, "feats.ark", rttm, tmp_path / "new", cwd=talk, status=status)
        assert message in done.stderr and "Traceback" not in done.stderr
        assert not (tmp_path / "new").exists()
