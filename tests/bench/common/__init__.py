"""What the benchmarks share: an hour of audio, the cost of a process, the sets with references, a table."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("DIARKIT_SHARED") or ROOT.parent / "shared")
SPEECH = ("conversations/wide/*.flac", "conversations/phone/*.flac", "ami/*.wav", "librispeech/*.flac")
RATE = 16000  # Hz

sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)
os.environ["PATH"] = os.pathsep.join([str(ROOT / "bin"), str(Path(sys.executable).parent), os.environ.get("PATH", "")])


class Cost(NamedTuple):
    wall: float  # s
    cpu: float  # s, of all threads, user and system
    memory: float  # MB, the most at any time
    stderr: str


def cost(*command):
    """Run a command to its end, stdout thrown away. Raises SystemExit with its stderr if it fails.

    The memory of a process counts from its fork, so the caller must be small when this is called.
    """
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    stderr = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{stderr}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, stderr)


def least(costs):
    """The least of each figure over several runs."""
    return Cost(*(min(values) for values in list(zip(*costs, strict=True))[:3]), "")


def load():
    """One line about the machine, without which times mean little."""
    return f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}"


def write_speech(path, seconds, patterns=SPEECH):
    """Write `seconds` of 16 kHz mono speech to a WAV file and return a line that says what it is.

    Files of the shared data one after the other, again from the first if they are too short; made-up voices
    where there is no shared data.
    """
    import soundfile

    from diarkit import signals, toy

    files = [file for pattern in patterns for file in sorted((SHARED / "data").glob(pattern))]

    def pieces():
        rng = np.random.default_rng(0)
        while files:
            for file in files:
                samples, rate = soundfile.read(file, dtype="float32")
                signal = signals.resampled(signals.of_array(32768 * samples, rate), RATE)
                yield signal.read(0, signal.num_samples)
        while True:
            yield toy.make_conversation(rng, 60, 3, RATE)[0]

    wanted = seconds * RATE
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as out:
        for samples in pieces():
            samples = samples[:wanted]
            out.write(np.clip(np.rint(samples), -32768, 32767).astype(np.int16))
            wanted -= len(samples)
            if wanted == 0:
                break
    kinds = dict.fromkeys(pattern.split("/")[0] for pattern in patterns)
    return f"{seconds} s of " + (", ".join(kinds) if files else "made-up voices")


def show(head, rows):
    """Print a table, the first column to the left, the others to the right."""
    rows = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells).rstrip(), flush=True)
