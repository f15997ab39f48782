"""What all tools of clustering do with the segments of recordings: read, ask, write, count."""

from diarkit.cli.counting import Tally
from diarkit.cli.messages import log_verbose
from diarkit.errors import DataError


def cluster_each(groups, speakers_opts, labels, cluster):
    """Label the segments of every recording by speaker: lines `<segment> <number>`, numbers from 1.

    Parameters
    ----------
    groups : io.grouped.read_scores or read_vectors
    speakers_opts : SpeakersOptions, checked
    labels : name of the file to write
    cluster : (Group, Bounds) -> (N,) ints from 0; DataError costs the recording only
    """
    from diarkit.io.streams import open_text_output
    from diarkit.io.tables import RandomValues

    numbers = RandomValues(as_table(speakers_opts.reco2num_spk), "int32") if speakers_opts.reco2num_spk else None
    seen = set()
    with open_text_output(labels) as out, Tally("recordings") as tally:
        for group in tally.over(groups):
            with tally.item(group.reco):
                check_names(group.names, seen)
                number = None if numbers is None else number_of(group.reco, numbers)
                bounds = speakers_opts.bounds(len(group.names), number)
                found = cluster(group, bounds) if group.names else []
                out.writelines(f"{name} {speaker + 1}\n" for name, speaker in zip(group.names, found, strict=True))
                log_verbose(f"{group.reco}: {len(set(found))} speakers")


def check_names(names, seen):
    """Raise DataError for a segment that was seen before, in this recording or another; one has no two labels."""
    for name in names:
        if name in seen:
            raise DataError(f"the segment {name} is there twice, which cannot have two labels")
        seen.add(name)


def number_of(reco, numbers):
    """How many speakers a table says that a recording has."""
    if reco not in numbers:
        raise DataError("has no number of speakers in --reco2num-spk")
    if numbers[reco] < 1:
        raise DataError(f"--reco2num-spk says {numbers[reco]} speakers")
    return numbers[reco]


def as_table(name):
    """A specifier, of a plain path too."""
    from diarkit.io.tables import is_specifier

    return name if is_specifier(name) else f"ark:{name}"
