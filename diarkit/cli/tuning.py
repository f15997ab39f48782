"""What tune-threshold reads and runs: labels of another tool of clustering, parts of the recordings; what it writes."""

import os
import shlex
import shutil
import sys

import click

from diarkit.cli.counting import Tally
from diarkit.errors import DataError, UsageError


class ClusteringTool:
    """Runs cluster-X, once for every value of its option; called with a value it gives {recording: labels, (N,) int}.

    Parameters
    ----------
    source, spk2utt : the first two arguments of the tool; not standard input, which could be read only once
    segments : the times of the segments
    opts, source_opts, speakers_opts : TuningOptions, SourceOptions, SpeakersOptions

    `names` and `times` have those of the segments by recording.
    """

    def __init__(self, source, spk2utt, segments, opts, source_opts, speakers_opts):
        tool = f"cluster-{opts.clustering}"
        beside = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), tool)
        self.tool = beside if os.access(beside, os.X_OK) else shutil.which(tool)
        if self.tool is None:
            raise UsageError(f"--clustering={opts.clustering}: there is no tool {tool}")
        if any(name.rpartition(":")[2] in ("", "-") for name in (source, spk2utt)):
            raise UsageError("standard input can be read only once, and is needed for every value")
        try:
            more = shlex.split(opts.options)
        except ValueError as error:
            raise UsageError(f"--options: {error}") from None
        self.options = [*more, "--max-failed", click.get_current_context().meta["max_failed"]]
        self.options += ["--vectors"] * source_opts.vectors
        self.options += [f"--plda={source_opts.plda}"] * bool(source_opts.plda)
        for name in ("min_speakers", "max_speakers"):
            if getattr(speakers_opts, name) is not None:
                self.options.append(f"--{name.replace('_', '-')}={getattr(speakers_opts, name)}")
        self.parameter = opts.parameter.replace("_", "-")
        self.inputs = source, spk2utt
        self.names, self.times = read_recordings(spk2utt, segments)

    def __call__(self, value):
        from diarkit.io.tables import read_lists

        words = [self.tool, *self.options, f"--{self.parameter}={value:.10g}", *self.inputs, "-"]
        labels = read_lists(f"ark:{shlex.join(words)} |", count=1)
        numbers = {}
        return {reco: [numbers.setdefault(labels[name][0], len(numbers)) for name in names]
                for reco, names in self.names.items() if all(name in labels for name in names)}


def read_recordings(spk2utt, segments):
    """Names of the segments of every recording that has some, and their times (N, 2), s: two dicts by recording."""
    from diarkit.io.grouped import read_times, times_of
    from diarkit.io.tables import read_lists

    every, bounds, names, times = read_lists(spk2utt), read_times(segments), {}, {}
    with Tally("recordings") as tally:
        for reco, own in every.items():
            with tally.item(reco):
                if own:
                    times[reco] = times_of(own, bounds, reco)
                    names[reco] = own
    return names, times


def read_parts(path, recos):
    """{part: recordings} of a list `<recording> <part>`; DataError for a recording that has none, and for one part."""
    from diarkit.io.tables import read_lists

    part_of, parts = read_lists(path, count=1), {}
    for reco in recos:
        if reco not in part_of:
            raise DataError("in no part", f"{path}: {reco}")
        parts.setdefault(part_of[reco][0], []).append(reco)
    if len(parts) < 2:
        raise DataError("two parts at least are needed", path)
    return dict(sorted(parts.items()))


def write_results(opts, best, names, labels, turns_of, text_of):
    """Write what TuningOptions ask for.

    Parameters
    ----------
    best : text for the file of the best value, and its name
    names, labels : {recording: names of its segments}, {recording: numbers of speakers from 0}
    turns_of : (recording, labels) -> turns
    text_of : "table", "csv" or "json" -> the DER by value
    """
    from diarkit.io.rttm import write_rttm
    from diarkit.io.streams import open_text_output

    if opts.table:
        ending = os.path.splitext(opts.table)[1].lower()
        with open_text_output(opts.table) as out:
            out.write(text_of({".csv": "csv", ".json": "json"}.get(ending, "table")))
    if opts.labels:
        with open_text_output(opts.labels) as out:
            for reco, numbers in labels.items():
                out.writelines(f"{name} {number + 1}\n" for name, number in zip(names[reco], numbers, strict=True))
    if opts.rttm:
        with open_text_output(opts.rttm) as out:
            write_rttm(out, (turn for reco in sorted(labels) for turn in turns_of(reco, labels[reco])))
    path, text = best
    with open_text_output(path) as out:
        out.write(text)
