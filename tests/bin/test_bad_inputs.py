"""The collection of bad inputs through the command line, by its own checker; here a sample of every kind."""

import json
import sys

import pytest

# What the tool does instead of failing is documented: vad and diarize take any rate, diarize mixes channels.
CASES = {
    "compute-fbank": (["--wav", "compute-fbank scp:{in_scp} ark:{out}", "--wavscp", "compute-fbank scp:{in} ark:{out}"],
                      "rate_8k|stereo|bits_0|float_inf|silence|ALAW|rf64|semicolon|pathtrav"),
    "compute-mfcc": (["--wav", "compute-mfcc scp:{in_scp} ark:{out}"], "rate_8k|trunc_hdr|datalen_zero|exact_400"),
    "vad webrtc": (["--wav", "vad --method=webrtc scp:{in_scp} ark:{out}"], "stereo|ch_65535|html|exact_400"),
    "vad energy": (["--feats", "vad --method=energy ark:{in} ark:{out}", "--scp",
                    "vad --method=energy scp:{in} ark:{out}"], "vec_in|trunc_mid|npy|ok_text|one_frame|offset_eof|dir"),
    "diarize": (["--wav", "diarize --vad=energy {in}", "--wavscp", "diarize --vad=energy scp:{in}"],
                "ch_0|riff_random|trailing|semicolon|silence"),
    "extract-xvectors": (["--segments", "extract-xvectors good/wav.scp {in} ark:{out}"], "end_over|reversed|unsorted"),
    "make-subsegments": (["--segments", "make-subsegments {in} {out}"], "dup_id|reversed|minus1"),
    "a model": (["--model", "diarize --vad=energy --model={in} good/long.wav"], "pickle|nan"),
    "enroll-speakers": (["--vectors", "enroll-speakers 'utt2spk-to-spk2utt good/utt2spk |' ark:{in} ark:{out}"],
                        "vec/"),
    "identify-speakers": (["--vectors", "identify-speakers ark:{in} ark:good/vecs.ark good/ref.rttm {out}", "--model",
                           "identify-speakers --plda={in} ark:good/vecs.ark ark:good/vecs.ark good/ref.rttm {out}"],
                          "vec/nan|vec/neg|plda|empty"),
    "a PLDA model": (["--model", "copy-plda {in} {out}"], "model/"),
    "a model of windows": (["--model", "extract-xvectors --model={in} good/wav.scp good/segments ark:{out}"],
                           "nan|plda"),
    "show-table": (["--feats", "show-table ark:{in}"], "huge|long_token|ragged"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_sample(shared, run_tool, toy_models, monkeypatch, name):
    checker = shared / "badinputs/check_bad.py"
    if not checker.exists():
        pytest.skip(f"no {checker}")
    monkeypatch.setenv("DIARKIT_MODELS", str(toy_models))
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    templates, only = CASES[name]
    done = run_tool(sys.executable, checker, "--strict-names", "--only", only, *templates, status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0, done.stdout
    assert counts["total"] >= 2
