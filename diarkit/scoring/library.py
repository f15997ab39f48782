"""DER as pyannote.metrics counts it, by pyannote.metrics itself."""

import warnings

from diarkit.errors import DataError
from diarkit.scoring.der import Errors, Score
from diarkit.scoring.protocols import Notes, grouped, note_recordings, note_turns, only_turns


def score_by_pyannote(ref, hyp, uem=None, collar=0.0, ignore_overlap=False):
    """As diarkit.scoring.der.score, with the same arguments; the collar is doubled, for pyannote's is the whole width.

    Channels are not looked at, time in which a speaker overlaps with itself counts twice, and the mapping is made
    without collars and ignored overlap. A recording that is not in a given UEM is not scored.
    """
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(turns):
        result = Annotation()
        for number, turn in enumerate(turns):
            result[Segment(turn.start, turn.end), number] = turn.speaker  # an empty one is left out
        return result

    notes = Notes()
    ref, hyp = (grouped(only_turns(side), lambda turn: turn.reco) for side in (ref, hyp))
    regions = None if uem is None else grouped(uem, lambda region: region.reco)
    note_recordings(set(ref), set(hyp), notes, "ignored")
    files, total = {}, Errors()
    for reco in sorted(ref):
        if regions is not None and reco not in regions:
            notes.add("not in the UEM, not scored", reco)
            continue
        sides = []
        for name, turns in (("reference", ref[reco]), ("hypothesis", hyp.get(reco, []))):
            note_turns(name, turns, reco, notes, "counted twice")
            sides.append(annotation(turns))
        evaluated = Timeline([Segment(r.start, r.end) for r in regions[reco]]) if regions else None
        metric = DiarizationErrorRate(collar=2 * collar, skip_overlap=ignore_overlap)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the UEM is approximated: our first line says it
            parts = metric(*sides, uem=evaluated, detailed=True)
            mapping = metric.optimal_mapping(*sides, uem=evaluated)
        found = Errors(parts["total"], parts["missed detection"], parts["false alarm"], parts["confusion"],
                       len(sides[0].labels()), len(sides[1].labels()), mapping={r: h for h, r in mapping.items()})
        files[reco] = found
        total += found
    if not total.scored > 0:
        raise DataError("no speech of the reference is left to score")
    source = "given" if uem is not None else "extent of reference and hypothesis"
    return Score(files, total, source, list(notes.lines()))
