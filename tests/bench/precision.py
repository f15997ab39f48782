#!/usr/bin/env python3
"""What bfloat16 and int8 cost in equal error rate, and what they save: python tests/bench/precision.py --model FOLDER

Trials by cosine, for each --precision of extract-xvectors that the model takes:

- crops: every utterance of LibriSpeech in the shared data, one a speaker, has two crops that do not overlap, one from
  its beginning and one that ends where it ends; crops of one utterance are a target trial, those of two are none.
- voices: recordings of one voice each, several of every voice; whole, all pairs.

--last N takes the last N speakers alone of each set: those that the training of the model has not heard. "Speed" is of
the CPU time on one thread, features and all; "cosine" is the mean with the vectors in float32.

    --model FOLDER    --crop SECONDS    (3)    --last N    of the speakers    --repeats N    of the timing (1)
"""

import argparse
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from common import SHARED, load, show  # noqa: E402  (common also finds diarkit)

PRECISIONS = ("float32", "bfloat16", "int8")
LEAST = 1.0  # s, of a recording of a voice


def read(path):
    """A Signal."""
    import soundfile

    from diarkit import signals

    samples, rate = soundfile.read(path, dtype="float32")
    return signals.of_array(32768 * samples, rate)


def crops(length, last):
    """(speaker, Signal, windows), two windows a speaker."""
    for path in sorted((SHARED / "data/librispeech").glob("*.flac"))[-last:]:
        signal = read(path)
        if signal.duration >= 2 * length:
            yield path.stem, signal, [(0, length), (signal.duration - length, None)]


def voices(last):
    """(speaker, Signal, windows), one window a recording."""
    for folder in sorted(path for path in (SHARED / "data/voices").iterdir() if path.is_dir())[-last:]:
        for path in sorted(folder.glob("*.flac"))[:20]:
            signal = read(path)
            if signal.duration >= LEAST:
                yield folder.name, signal, [(0, None)]


def embed(embedder, items):
    """Speakers of all windows, their vectors of unit length, and the CPU time."""
    import numpy as np

    from diarkit import signals
    from diarkit.backend.cosine import unit_length

    start = time.process_time()
    found = ((name, signals.resampled(signal, embedder.sample_frequency), windows) for name, signal, windows in items)
    rows = [(name, vector) for name, job in embedder.embed_all(found) for vector in job.result()]
    spent = time.process_time() - start
    names, vectors = zip(*rows, strict=True)
    return np.array(names), unit_length(np.array(vectors)), spent


def equal_error_rate(names, vectors):
    """In percent."""
    import numpy as np

    from diarkit.scoring.verification import crossing, curve_of

    pairs = np.triu_indices(len(names), 1)
    scores, same = (vectors @ vectors.T)[pairs], (names[:, None] == names)[pairs]
    return 100 * crossing(curve_of(scores[same], scores[~same])).rate


def main():
    import numpy as np

    from diarkit.embeddings.models import make_embedder
    from diarkit.errors import UsageError
    from diarkit.io.models import find_embedding, read_model
    from diarkit.options.embeddings import XvectorOptions

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="")
    parser.add_argument("--crop", type=float, default=3)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    if not (SHARED / "data").is_dir():
        raise SystemExit(f"not run: no shared data at {SHARED}")
    model = read_model(find_embedding(args.model))
    sets = {"crops": list(crops(args.crop, args.last)), "voices": list(voices(args.last))}
    print(f"{model.folder}; {load()}", flush=True)
    standard, table = {}, []
    for precision in PRECISIONS:
        try:
            embedder = make_embedder(model, XvectorOptions(threads=1, precision=precision))
        except UsageError as error:
            table.append([precision, f"not run: {error}"])
            continue
        row = [precision]
        for name, items in sets.items():
            runs = [embed(embedder, items) for _ in range(args.repeats)]
            (names, vectors, _), spent = runs[0], min(run[2] for run in runs)
            standard.setdefault(name, (vectors, spent))
            row += [f"{equal_error_rate(names, vectors):.2f}", standard[name][1] / spent,
                    f"{np.einsum('nd,nd->n', vectors, standard[name][0]).mean():.4f}"]
        table.append(row)
    head = [word for name in sets for word in (f"{name}: EER %", "speed", "cosine")]
    show(["precision", *head], [row + [""] * (1 + len(head) - len(row)) for row in table])


if __name__ == "__main__":
    main()
