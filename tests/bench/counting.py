#!/usr/bin/env python3
"""How often each clusterer counts the speakers right, and what it costs in errors: python tests/bench/counting.py

The windows of `diarize` (Silero, CAM++, 1.5 s every 0.75 s) of the sets of real speech go through every clusterer as a
user calls it, with the number of speakers found (--auto) and given (--reco2num-spk), both with the rule for ghost
speakers (--segments). Collar 0, overlap scored, with the UEM, md-eval's rules; "off" is the mean distance of the number
found from the number there is.

    --model NAME    campplus (default) or ge2e
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from common import show
from common.sets import SETS, number_of_speakers, recordings, require_sets, total

from diarkit import signals
from diarkit.io.audio import open_audio
from diarkit.io.models import find_embedding, find_model, read_model
from diarkit.io.rttm import read_rttm
from diarkit.io.tables import ArrayWriter
from diarkit.options.activity import SegmentOptions, VadOptions
from diarkit.options.clustering import AhcOptions
from diarkit.options.windows import SubsegmentOptions
from diarkit.pipeline import make_pipeline
from diarkit.scoring.der import score

WAYS = {
    "AHC, as Kaldi's where the number is given": ["cluster-ahc", "--vectors"],
    "AHC, --refine": ["cluster-ahc", "--vectors", "--refine"],
    "spectral": ["cluster-spectral", "--vectors"],
    "spectral, NME-SC's eigengap": ["cluster-spectral", "--vectors", "--counting=eigengap"],
    "k-means": ["cluster-kmeans"],
    "DBSCAN": ["cluster-dbscan", "--vectors"],
    "HDBSCAN": ["cluster-dbscan", "--vectors", "--method=hdbscan"],
    "VBx, no PLDA": ["cluster-vbx"],
}


def write_set(pipeline, name, folder):
    """Write vectors, spk2utt, segments and reco2num_spk of a set; the number of windows."""
    windows = 0
    with (ArrayWriter(f"ark,scp:{folder}/v.ark,{folder}/v.scp") as out, open(folder / "spk2utt", "w") as spk2utt,
          open(folder / "segments", "w") as segments, open(folder / "num", "w") as numbers):
        for recording in recordings(name):
            with open_audio(str(recording.path)) as audio:
                found = pipeline.diarize(signals.of_audio(audio))
            keys = [f"{recording.name}-{i:04}" for i in range(len(found.windows))]
            print(recording.name, *keys, file=spk2utt)
            print(recording.name, number_of_speakers(recording), file=numbers)
            for key, (start, end), vector in zip(keys, found.windows, found.vectors, strict=True):
                out.write(key, vector)
                print(key, recording.name, start, end, file=segments)
            windows += len(keys)
    return windows


def errors(name, folder, way, *options):
    """Errors of a way on a set by recording, and the numbers of speakers that are not right, as differences."""
    command = [*way, *options, "--segments=segments", "scp:v.scp", "spk2utt", "labels"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    subprocess.run(["make-rttm", "segments", "labels", "rttm"], cwd=folder, check=True, capture_output=True)
    turns = read_rttm(str(folder / "rttm"))
    results = []
    for recording in recordings(name):
        mine = [turn for turn in turns if turn.reco == recording.name]
        results.append(score(recording.reference, mine, recording.uem).files[recording.name])
    return total(results), [abs(one.hyp_speakers - one.ref_speakers) for one in results]


def share(errors):
    return 100 * errors.confusion / errors.scored


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="")
    args = parser.parse_args()
    require_sets()
    model = read_model(find_embedding(args.model))
    network = read_model(find_model("silero-vad"))
    pipeline = make_pipeline(VadOptions(), network, model, None, SegmentOptions(), SubsegmentOptions(), AhcOptions())
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary) / name for name in SETS}
        for name, folder in folders.items():
            folder.mkdir()
            print(f"{name}: {write_set(pipeline, name, folder)} windows", flush=True)
        for way, command in WAYS.items():
            for name, folder in folders.items():
                found, off = errors(name, folder, command, "--auto")
                given, _ = errors(name, folder, command, "--reco2num-spk=num")
                rows.append([way, name, f"{off.count(0)}/{len(off)}", sum(off) / len(off), found.der, share(found),
                             given.der, share(given)])
    show(["", "set", "count right", "off", "DER %", "confusion", "given: DER %", "confusion"], rows)


if __name__ == "__main__":
    main()
