"""What tune-threshold reads and runs: labels of another tool of clustering, parts of the recordings; what it writes."""

import os
import shlex
import shutil
import stat
import sys
from contextlib import ExitStack, contextmanager
from functools import partial

import click

from diarkit.cli.clusters import check_names
from diarkit.cli.counting import Tally
from diarkit.cli.grammar import given
from diarkit.errors import DataError, UsageError
from diarkit.options.clustering import SourceOptions
from diarkit.options.tuning import number_text


def check_options(opts, der_opts, source_opts, speakers_opts, of_ahc):
    """Raise UsageError for options that would be of no effect or cannot be.

    opts, der_opts, source_opts, speakers_opts : TuningOptions, DerOptions, SourceOptions, SpeakersOptions
    of_ahc : names of the options that only cluster-ahc is given
    """
    speakers_opts.check()
    if der_opts.collar < 0:
        raise UsageError("--collar is negative")
    if opts.search != "golden" and given(["tolerance"]):
        raise UsageError("--tolerance is for --search=golden")
    if opts.clustering == "ahc" and source_opts.plda and not source_opts.vectors:
        raise UsageError("--plda is for vectors: give --vectors with it")
    for name in given(of_ahc) if opts.clustering != "ahc" else ():
        raise UsageError(f"{name} is for --clustering=ahc: options of cluster-{opts.clustering} go into --options")
    tuned = opts.parameter.replace("-", "_")
    if tuned in (*of_ahc, "min_speakers", "max_speakers", "target_energy") and given([tuned]):
        raise UsageError(f"{given([tuned])[0]} is what is tuned: its values go into --values")


class ClusteringTool:
    """Runs cluster-X, once for every value of its option; called with a value it gives {recording: labels, (N,) int}.

    Parameters
    ----------
    source, spk2utt : the first two arguments of the tool; neither standard input nor a pipe that has a name, which
        could be read only once
    segments : the times of the segments
    opts, source_opts, speakers_opts : TuningOptions, SourceOptions, SpeakersOptions

    `names` and `times` have those of the segments by recording.
    """

    def __init__(self, source, spk2utt, segments, opts, source_opts, speakers_opts):
        from diarkit.io.streams import pipes_allowed

        tool = f"cluster-{opts.clustering}"
        beside = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), tool)
        self.tool = beside if os.access(beside, os.X_OK) else shutil.which(tool)
        if self.tool is None:
            raise UsageError(f"--clustering={opts.clustering}: there is no tool {tool}")
        for name in (source, spk2utt):
            if read_only_once(name.rpartition(":")[2]):
                raise UsageError(f"{name} can be read only once, and is needed for every value")
        try:
            more = shlex.split(opts.options)
        except ValueError as error:
            raise UsageError(f"--options: {error}") from None
        self.options = [*more, "--max-failed", click.get_current_context().meta["max_failed"]]
        self.options += ["--allow-pipes"] * pipes_allowed() + ["--vectors"] * source_opts.vectors
        self.options += [f"--plda={source_opts.plda}"] * bool(source_opts.plda)
        if source_opts.target_energy != SourceOptions().target_energy:
            self.options.append(f"--target-energy={number_text(source_opts.target_energy)}")
        for name in ("min_speakers", "max_speakers"):
            if getattr(speakers_opts, name) is not None:
                self.options.append(f"--{name.replace('_', '-')}={getattr(speakers_opts, name)}")
        self.parameter = opts.parameter.replace("_", "-")
        self.inputs = source, spk2utt
        self.names, self.times = read_recordings(spk2utt, segments)

    def __call__(self, value):
        from diarkit.io.tables import read_lists

        words = [self.tool, *self.options, f"--{self.parameter}={number_text(value)}", *self.inputs, "-"]
        labels = read_lists(f"ark:{shlex.join(words)} |", count=1)
        numbers = {}
        return {reco: [numbers.setdefault(labels[name][0], len(numbers)) for name in names]
                for reco, names in self.names.items() if all(name in labels for name in names)}


def read_only_once(path):
    from diarkit.io.streams import STDIN

    try:
        return path in ("", "-", *STDIN) or stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def read_bounds(segments):
    """{segment: (start, end)}, s; DataError for a file without any."""
    from diarkit.io.grouped import read_times

    bounds = read_times(segments)
    if not bounds:
        raise DataError("has no segments", segments)
    return bounds


def read_each(source, spk2utt, segments, vectors, take):
    """Give the Group of every recording that has segments, with times, to a function, and count them.

    source, spk2utt, segments, vectors : as io.grouped.read_groups takes them
    take : the function; DataError costs the recording only
    """
    from diarkit.io.grouped import read_groups, times_of

    bounds, seen = read_bounds(segments), set()
    with Tally("recordings") as tally:
        for group in tally.over(read_groups(source, spk2utt, vectors)):
            with tally.item(group.reco):
                check_names(group.names, seen)
                if group.names:
                    take(group._replace(times=times_of(group.names, bounds, group.reco)))
    if not seen:
        raise DataError(f"has no recording with segments{'' if vectors else ' and scores'}", spk2utt)


def read_recordings(spk2utt, segments):
    """Names of the segments of every recording that has some, and their times (N, 2), s: two dicts by recording."""
    from diarkit.io.grouped import times_of
    from diarkit.io.tables import read_lists

    every, bounds, names, times, seen = read_lists(spk2utt), read_bounds(segments), {}, {}, set()
    with Tally("recordings") as tally:
        for reco, own in every.items():
            with tally.item(reco):
                check_names(own, seen)
                if own:
                    times[reco] = times_of(own, bounds, reco)
                    names[reco] = own
    if not names:
        raise DataError("has no recording with segments", spk2utt)
    return names, times


def read_parts(path):
    """A function of recordings that gives {part: recordings}, by a list `<recording> <part>`.

    It raises DataError for a recording that has none, and for one part.
    """
    from diarkit.io.tables import read_lists

    part_of = read_lists(path, count=1)

    def parts_of(recos):
        parts = {}
        for reco in recos:
            if reco not in part_of:
                raise DataError("in no part", f"{path}: {reco}")
            parts.setdefault(part_of[reco][0], []).append(reco)
        if len(parts) < 2:
            raise DataError("two parts at least are needed", path)
        return dict(sorted(parts.items()))

    return parts_of


def check_reference(path, turns, recos, channel, scorer):
    """Raise DataError if a reference has nothing of the recordings: with every value, all would be missed.

    channel, scorer : the channel of the turns that are scored, and by whose rules
    """
    spoken = {(turn.reco, turn.channel.lower()) for turn in turns}
    which = f"none of the {len(recos)} recordings, of which {next(iter(recos), '')} is the first"
    if recos and {reco for reco, _ in spoken}.isdisjoint(recos):
        raise DataError(f"has {which}", path)
    if recos and scorer == "md-eval" and spoken.isdisjoint((reco, str(channel)) for reco in recos):
        raise DataError(f"has {which}, on channel {channel} (--rttm-channel)", path)


@contextmanager
def open_results(opts, best):
    """Open all files that TuningOptions name, and that of the best value; gives write_results without the first two.

    They are open before the work is done, lest it be for nothing, and get their names after it, the best value last.
    """
    from diarkit.io.streams import open_text_output

    paths = {"best": best} | {name: getattr(opts, name) for name in ("table", "labels", "rttm") if getattr(opts, name)}
    with ExitStack() as stack:
        outputs = {name: stack.enter_context(open_text_output(path)) for name, path in paths.items()}
        yield partial(write_results, outputs, opts)


def write_results(outputs, opts, best, names, labels, turns_of, text_of):
    """Write what TuningOptions ask for.

    Parameters
    ----------
    outputs : {"best", "table" ...: file}, of those that are asked for
    opts : TuningOptions
    best : text for the file of the best value
    names, labels : {recording: names of its segments}, {recording: numbers of speakers from 0}
    turns_of : (recording, labels) -> turns
    text_of : "table", "csv" or "json" -> the DER by value
    """
    from diarkit.io.rttm import write_rttm

    if "table" in outputs:
        ending = os.path.splitext(opts.table)[1].lower()
        outputs["table"].write(text_of({".csv": "csv", ".json": "json"}.get(ending, "table")))
    if "labels" in outputs:
        for reco, numbers in labels.items():
            outputs["labels"].writelines(
                f"{name} {number + 1}\n" for name, number in zip(names[reco], numbers, strict=True))
    if "rttm" in outputs:
        write_rttm(outputs["rttm"], (turn for reco in sorted(labels) for turn in turns_of(reco, labels[reco])))
    outputs["best"].write(best)
