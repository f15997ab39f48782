#!/usr/bin/env python3
"""What each kind of augmentation costs: python tests/bench/augment.py

Of a chunk of 3 s at 16 kHz, as in training on the fly: milliseconds of one thread, the mean over draws, when the sounds
are in memory, and when they are read again each time. The sounds are made up: noise and music of a minute each, 40
voices, 20 rooms of a second at 16 kHz, as WAV files. Then augment-audio on an hour: seconds and MB.

    --runs N    draws of a kind (200; of a codec a tenth)       --no-hour    no recording of an hour
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# ruff: noqa: E402 - numpy comes after the number of its threads is set
import numpy as np
from common import RATE, cost, load, show, write_speech

from diarkit.augment.augmenter import Augmenter
from diarkit.augment.sounds import Corpora
from diarkit.augment.spectrum import spec_augment
from diarkit.augment.speeds import speed_perturb
from diarkit.io.noises import open_sound, read_sounds
from diarkit.io.soundfiles import through_codec, write_audio
from diarkit.options.augment import ADDED, CODECS, ROOMS, AugmentOptions, SoundOptions, SpecAugmentOptions

KINDS = (*ADDED, *ROOMS, "telephone", "clip", *CODECS)
CHUNK = 3 * RATE


def write_sounds(folder, rng):
    """Folders noise, music, speech and rirs of made-up sounds; the SoundOptions that name them."""
    numbers = {"noise": (10, 60.0), "music": (10, 60.0), "speech": (40, 15.0), "rirs": (20, 1.0)}
    for kind, (count, seconds) in numbers.items():
        (folder / kind).mkdir()
        for number in range(count):
            samples = 3000 * rng.standard_normal(int(seconds * RATE))
            if kind == "rirs":
                samples *= np.exp(-np.arange(len(samples)) / 3000)
            write_audio(str(folder / kind / f"{number}.wav"), samples, RATE)
    return SoundOptions(**{kind: str(folder / kind) for kind in numbers})


def milliseconds(runs, function):
    """The mean over `runs` different Generators, CPU time; what is done once only is done before."""
    for number in range(runs):
        function(np.random.default_rng(number))
    started = time.process_time()
    for number in range(runs):
        function(np.random.default_rng(number))
    return 1000 * (time.process_time() - started) / runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--no-hour", action="store_true")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    samples = (2000 * rng.standard_normal(CHUNK)).astype(np.float32)
    features = rng.standard_normal((300, 80)).astype(np.float32)
    print(load())
    with tempfile.TemporaryDirectory() as name:
        sounds = write_sounds(Path(name), rng)
        rows = []
        opts = AugmentOptions(shoeboxes=10)
        memory, disk = (Augmenter(opts, Corpora(read_sounds(sounds), open_sound, RATE, room), RATE, through_codec)
                        for room in (1 << 30, 0))
        for kind in KINDS:
            runs = max(args.runs // 10, 1) if kind in CODECS else args.runs
            times = [milliseconds(runs, lambda rng, own=own, kind=kind: own.apply(kind, samples, rng))
                     for own in ((memory, disk) if kind in (*ADDED, "reverb") else (memory,))]
            rows.append([kind, *(f"{each:.2f}" for each in times), *[""] * (2 - len(times))])
        for label, own in (("the defaults of training", opts),
                           ("and telephone, codec, equaliser, gain", replace(opts, telephone_probability=0.2,
                                                                             codec_probability=0.2, equaliser=2.0,
                                                                             gain=10.0))):
            times = []
            for augmenter in (memory, disk):
                call = Augmenter(own, augmenter.corpora, RATE, through_codec)
                times.append(milliseconds(args.runs, lambda rng, call=call: call(samples, rng)))
            rows.append([label, *(f"{each:.2f}" for each in times)])
        rows.append(["speed 1.1", f"{milliseconds(args.runs, lambda rng: speed_perturb(samples, 1.1)):.2f}", ""])
        masked = milliseconds(args.runs, lambda rng: spec_augment(features, rng, SpecAugmentOptions()))
        rows.append(["SpecAugment, 300 frames of 80", f"{masked:.2f}", ""])
        show(["3 s", "ms, in memory", "ms, read again"], rows)
        if not args.no_hour:
            hour(Path(name), sounds)


def hour(folder, sounds):
    print("\nan hour:", write_speech(folder / "hour.wav", 3600))
    (folder / "hour.scp").write_text(f"hour {folder}/hour.wav\n")
    rows = []
    for kind in ("noise", "babble", "reverb", "telephone", "codec=mulaw", "speed=0.9"):
        spent = cost("augment-audio", f"--kinds={kind}", "--format=wav", f"--noise={sounds.noise}",
                     f"--speech={sounds.speech}", f"--rirs={sounds.rirs}", folder / "hour.scp", folder / "out")
        rows.append([kind, f"{spent.cpu:.1f}", f"{spent.memory:.0f}"])
    show(["augment-audio", "s", "MB"], rows)


if __name__ == "__main__":
    main()
