#!/usr/bin/env python3
"""What compute-fbank and compute-mfcc cost on an hour of audio, and kaldi-native-fbank: python tests/bench/features.py

Whole processes from a wav.scp of one WAV file (16 kHz, mono, 16 bit) to an ark file of float32, Kaldi's defaults
without dither (80 mel filters, 13 cepstra): the least of three runs, in turn with theirs, of the CPU time of all
threads. kaldi-native-fbank, a binding of C++ code, is driven as its users do (10 s given at a time, frames asked
for one by one) and writes its ark by kaldiio. The two agree to `differ`, the largest difference.

    --runs N    runs of each (3)       --seconds N    instead of an hour
"""

import argparse
import sys
import tempfile
from pathlib import Path

from common import cost, least, load, show, write_speech

THEIRS = """
import sys
import kaldi_native_fbank as knf, kaldiio, numpy as np, soundfile
kind, wav, ark = sys.argv[1:]
opts = knf.FbankOptions() if kind == "fbank" else knf.MfccOptions()
opts.frame_opts.dither = 0
opts.mel_opts.num_bins = 80 if kind == "fbank" else 23
opts.mel_opts.high_freq = 0
if kind == "mfcc":
    opts.use_energy = True
samples, rate = soundfile.read(wav, dtype="float32")
computer = (knf.OnlineFbank if kind == "fbank" else knf.OnlineMfcc)(opts)
for start in range(0, len(samples), 10 * rate):
    computer.accept_waveform(rate, (32768 * samples[start : start + 10 * rate]).tolist())
computer.input_finished()
frames = np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
kaldiio.save_ark(ark, {"hour": frames})
"""


def read(path):
    import kaldiio

    return next(kaldiio.load_ark(str(path)))[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3600)
    args = parser.parse_args()
    rows, arks = [], {}
    with tempfile.TemporaryDirectory() as folder:
        wav, scp = Path(folder) / "hour.wav", Path(folder) / "wav.scp"
        print(f"features of {write_speech(wav, args.seconds)}; {load()}", flush=True)
        scp.write_text(f"hour {wav}\n")
        for kind, options in (("fbank", ["--num-mel-bins=80"]), ("mfcc", [])):
            arks[kind] = [Path(folder) / f"{kind}.{name}.ark" for name in ("ours", "theirs")]
            ours, theirs = [], []
            for _ in range(args.runs):
                ours.append(cost(f"compute-{kind}", *options, f"scp:{scp}", f"ark:{arks[kind][0]}"))
                theirs.append(cost(sys.executable, "-c", THEIRS, kind, wav, arks[kind][1]))
            ours, theirs = least(ours), least(theirs)
            rows += [[f"compute-{kind}", *ours[:3]], [f"kaldi-native-fbank, {kind}", *theirs[:3]],
                     ["theirs / ours", *(b / a for a, b in zip(ours[:3], theirs[:3], strict=True))]]
        show(["", "wall s", "CPU s", "peak MB"], rows)
        for kind, (ours, theirs) in arks.items():
            print(f"{kind} differ by at most {abs(read(ours) - read(theirs)).max():.2g}")


if __name__ == "__main__":
    main()
