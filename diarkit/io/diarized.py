"""What diarize writes: RTTM or JSON, on stdout or a file a recording, and tables of embeddings."""

import json
from contextlib import nullcontext
from pathlib import Path

from diarkit.io.outputs import path_in
from diarkit.io.rttm import Turn, write_rttm
from diarkit.io.streams import open_text_output
from diarkit.io.writers import ArrayWriter


def open_results(folder="", as_json=False):
    """A context manager with write(recording, diarization): into `folder`, or to stdout without one."""
    return Results(folder, as_json)


class Results:
    def __init__(self, folder, as_json):
        self.folder = Path(folder) if folder else None
        self.as_json = as_json
        self.stdout = nullcontext() if folder else open_text_output("-")

    def __enter__(self):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
        self.stream = self.stdout.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self.stdout.__exit__(*exc_info)

    def write(self, reco, found):
        """A recording's turns at once; what a program at the other end of a pipe waits for is flushed."""
        if self.stream is not None:
            self.write_to(self.stream, reco, found)
            self.stream.flush()
            return
        with open_text_output(path_in(self.folder, reco, ".json" if self.as_json else ".rttm")) as stream:
            self.write_to(stream, reco, found)

    def write_to(self, stream, reco, found):
        if self.as_json:
            stream.write(json.dumps(as_object(reco, found), ensure_ascii=False) + "\n")
        else:
            write_rttm(stream, (Turn(reco, str(channel), start, end - start, str(speaker))
                                for start, end, speaker, channel in found.turns))


def as_object(reco, found):
    """The JSON of a recording: times in seconds, speakers as in RTTM, the channel counted from 1 as there."""
    spoken = {}
    for start, end, speaker, _ in found.turns:
        spoken[speaker] = spoken.get(speaker, 0) + end - start
    return {
        "recording": reco,
        "duration": round(found.duration, 3),
        "speakers": [{"speaker": str(speaker), "seconds": round(spoken[speaker], 3)} for speaker in sorted(spoken)],
        "turns": [{"start": start, "end": end, "speaker": str(speaker), "channel": channel}
                  for start, end, speaker, channel in found.turns],
    }


def open_embeddings(wspecifier=""):
    """A context manager with write(recording, diarization); it writes nothing without a wspecifier."""
    return Embeddings(wspecifier)


class Embeddings:
    def __init__(self, wspecifier):
        self.writer = ArrayWriter(wspecifier) if wspecifier else nullcontext()

    def __enter__(self):
        self.table = self.writer.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self.writer.__exit__(*exc_info)

    def write(self, reco, found):
        if self.table is None:
            return
        for name, vector in found.embeddings():
            self.table.write(f"{reco}-{name}", vector)
