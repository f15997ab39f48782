"""JER, numbers of speakers and further measures of all recordings, by dscore's choice of what is scored.

The measures come in groups, by the rules of those who have them; see measures_clusters (dscore), measures_seconds
(pyannote.metrics) and measures_changes.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from diarkit.errors import DataError, UsageError
from diarkit.options.measures import GROUPS
from diarkit.scoring import measures_changes, measures_clusters, measures_seconds, protocols
from diarkit.scoring.jer import jaccard_errors, jer_of

NAMES = dict(zip(GROUPS, (  # the measures of every group
    measures_seconds.NAMES[:3], measures_seconds.NAMES[3:], measures_clusters.NAMES[:3], measures_clusters.NAMES[3:5],
    measures_clusters.NAMES[5:7], measures_clusters.NAMES[7:], measures_changes.NAMES), strict=True))
KINDS = (measures_seconds, measures_clusters, measures_changes)


@dataclass
class Measured:
    """One recording, or all together.

    jer : percent
    speakers : {speaker of the reference: Jaccard error in percent}; empty for all together
    ref_speakers, hyp_speakers : how many have speech within the UEM, of all recordings the sums
    count_error : how far hyp_speakers is from ref_speakers, the mean over recordings
    count_right : the share of the recordings in which they are the same
    values : {measure: value}, of the measures that were asked for; None where it is not defined
    """

    jer: float
    speakers: dict
    ref_speakers: int
    hyp_speakers: int
    count_error: float
    count_right: float
    values: dict


@dataclass
class Measures:
    """`files` is {recording: Measured}; `notes` are lines that the user should see."""

    files: dict
    total: Measured
    uem_source: str
    notes: list


def groups_of(text):
    """The groups of measures that a text such as 'purity,bcubed' or 'all' names. Raises UsageError."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in (*GROUPS, "all")]
    if unknown:
        raise UsageError(f"no measures {', '.join(unknown)}; there are {', '.join(GROUPS)}, or all")
    return tuple(group for group in GROUPS if group in words or "all" in words)


def measure(ref, hyp, uem=None, groups=(), tolerance=0.25):
    """Measure all recordings that dscore scores: those of the UEM, or of reference and hypothesis without one.

    Parameters
    ----------
    ref, hyp : lists of turns (reco, channel, start, duration, speaker, kind), s; with lines of all types,
        see diarkit.io.rttm
    uem : list of regions (reco, channel, start, end), s; None for the extent of reference and hypothesis
    groups : of GROUPS, what to measure beside JER
    tolerance : s, of change points

    Returns
    -------
    Measures

    Raises DataError where no recording has speech of the reference that could be scored.
    """
    if not tolerance >= 0:
        raise ValueError("the tolerance is negative")
    notes = protocols.Notes()
    names = [name for group in groups for name in NAMES[group]]
    kinds = [kind for kind in KINDS if set(kind.NAMES) & set(names)]
    part_of = {kind: kind.part_of for kind in kinds}
    part_of[measures_changes] = partial(measures_changes.part_of, tolerance=tolerance)

    def values(parts):
        found = {}
        for kind in kinds:
            found |= kind.values_of(parts[kind])
        return {name: found[name] for name in names}

    files, errors, parts = {}, {}, {kind: [] for kind in kinds}
    for reco, _, sides in protocols.dscore(ref, hyp, uem, notes, rounded=False):
        with protocols.naming(reco):
            own = jaccard_errors(*sides)
            for kind in kinds:
                parts[kind].append(part_of[kind](*sides))
        errors |= {(reco, speaker): error for speaker, error in own.items()}
        num_ref, num_hyp = len(own), len(set(sides[1][2]))
        files[reco] = Measured(
            jer_of(own, num_hyp), {speaker: 100 * error for speaker, error in own.items()}, num_ref, num_hyp,
            abs(num_hyp - num_ref), float(num_hyp == num_ref), values({kind: parts[kind][-1:] for kind in kinds}))
    if not errors:
        raise DataError("no speech of the reference is left to score")

    def over_files(name):
        return [getattr(found, name) for found in files.values()]

    num_hyp = sum(over_files("hyp_speakers"))
    total = Measured(jer_of(errors, num_hyp), {}, len(errors), num_hyp, float(np.mean(over_files("count_error"))),
                     float(np.mean(over_files("count_right"))), values(parts))
    source = "given" if uem is not None else protocols.DEFAULT_UEM["dscore"]
    return Measures(files, total, source, list(notes.lines()))
