#!/usr/bin/env python3
"""What compute-mfcc and compute-fbank cost on an hour of audio, and kaldi-native-fbank: python tests/bench/features.py

Whole processes from a wav.scp of one WAV file (16 kHz, mono, 16 bit) to an ark file of float32, without dither:
30 cepstra of 30 mel filters up to 7600 Hz (the conf file of Kaldi's recipes for VoxCeleb) and 80 mel filters. The
least of three runs, in turn with theirs, of the CPU time of all threads. kaldi-native-fbank, a binding of C++ code,
is driven as its users do (10 s given at a time, frames asked for one by one) and writes its ark by kaldiio. The two
agree to `differ`, the largest difference. The last lines are ours on ten hours.

    --runs N    runs of each (3)       --seconds N    instead of an hour       --no-long    without the ten hours
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from common import cost, least, load, show, write_speech

OPTIONS = {"mfcc": ["--num-mel-bins=30", "--num-ceps=30", "--high-freq=7600", "--no-snip-edges"],
           "fbank": ["--num-mel-bins=80"]}
THEIRS = """
import sys
import kaldi_native_fbank as knf, kaldiio, numpy as np, soundfile
kind, wav, ark = sys.argv[1:]
opts = knf.FbankOptions() if kind == "fbank" else knf.MfccOptions()
opts.frame_opts.dither = 0
opts.mel_opts.num_bins, opts.mel_opts.high_freq = (80, 0) if kind == "fbank" else (30, 7600)
if kind == "mfcc":
    opts.use_energy, opts.num_ceps, opts.frame_opts.snip_edges = True, 30, False
samples, rate = soundfile.read(wav, dtype="float32")
computer = (knf.OnlineFbank if kind == "fbank" else knf.OnlineMfcc)(opts)
for start in range(0, len(samples), 10 * rate):
    computer.accept_waveform(rate, (32768 * samples[start : start + 10 * rate]).tolist())
computer.input_finished()
frames = np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
kaldiio.save_ark(ark, {"hour": frames})
"""


def apart(function, *args):
    """Call a function in a process of its own, so that this one stays small."""
    sys.stdout.flush()
    if (pid := os.fork()) == 0:
        status = 1
        try:
            function(*args)
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(f"{function.__name__} failed")


def read(path):
    import kaldiio

    return next(kaldiio.load_ark(str(path)))[1]


def repeat(wav, times, path):
    """Write a WAV file that holds another one, of 16 bits and one channel, several times over."""
    import wave

    with wave.open(str(wav)) as source, wave.open(str(path), "w") as out:
        out.setparams(source.getparams())
        for _ in range(times):
            source.rewind()
            while data := source.readframes(1 << 20):
                out.writeframesraw(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--no-long", action="store_true")
    args = parser.parse_args()
    rows, arks = [], {}
    with tempfile.TemporaryDirectory() as folder:
        wav, scp = Path(folder) / "hour.wav", Path(folder) / "wav.scp"
        apart(lambda: print(f"features of {write_speech(wav, args.seconds)}; {load()}"))
        scp.write_text(f"hour {wav}\n")
        for kind, options in OPTIONS.items():
            arks[kind] = [Path(folder) / f"{kind}.{name}.ark" for name in ("ours", "theirs")]
            ours, theirs = [], []
            for _ in range(args.runs):
                ours.append(cost(f"compute-{kind}", *options, f"scp:{scp}", f"ark:{arks[kind][0]}"))
                theirs.append(cost(sys.executable, "-c", THEIRS, kind, wav, arks[kind][1]))
            ours, theirs = least(ours), least(theirs)
            rows += [[f"compute-{kind}", *ours[:3]], [f"kaldi-native-fbank, {kind}", *theirs[:3]],
                     ["theirs / ours", *(b / a for a, b in zip(ours[:3], theirs[:3], strict=True))]]
        if not args.no_long:
            apart(repeat, wav, 10, Path(folder) / "ten.wav")
            scp.write_text(f"ten {folder}/ten.wav\n")
            for kind, options in OPTIONS.items():
                ours = cost(f"compute-{kind}", *options, f"scp:{scp}", f"ark:{folder}/ten.ark")
                rows.append([f"compute-{kind}, ten times as long", *ours[:3]])
        show(["", "wall s", "CPU s", "peak MB"], rows)
        for kind, (ours, theirs) in arks.items():
            print(f"{kind} differ by at most {abs(read(ours) - read(theirs)).max():.2g}")


if __name__ == "__main__":
    main()
