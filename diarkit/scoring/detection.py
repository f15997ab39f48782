"""Errors of speech activity: speech of the reference that is missed, and what is taken for speech but is not.

The arithmetic is that of diarization errors (diarkit.scoring.der) with one speaker, speech. Agrees with
pyannote.metrics' DetectionErrorRate, whose collar is twice this one.
"""

from collections import defaultdict

from diarkit.cells import intervals, union
from diarkit.errors import DataError
from diarkit.scoring.der import Errors, Score, errors
from diarkit.scoring.protocols import Notes, extent, grouped
from diarkit.scoring.texts import aligned, json_text, number, recordings

HEAD = ("recording", "error %", "missed %", "false alarm %", "speech s", "missed s", "false alarm s")


def score_detection(ref, hyp, uem=None, collar=0.0):
    """Score the speech of all recordings of a reference; who speaks, and on which channel, makes no difference.

    Parameters
    ----------
    ref, hyp : lists of turns (reco, start, duration, end), s; those that overlap count once
    uem : list of regions (reco, start, end), s, that are scored; recordings without one are not. With it recordings
        without speech in the reference are scored, too. None: recordings of the reference, from the first begin to
        the last end of speech in reference or hypothesis
    collar : s on each side of both ends of every turn of the reference, not scored

    Returns
    -------
    diarkit.scoring.der.Score, of which `scored` is the speech of the reference in s

    Raises DataError where there is nothing to score.
    """
    notes = Notes()
    ref, hyp = (grouped(side, lambda turn: turn.reco) for side in (ref, hyp))
    regions = defaultdict(list)
    for region in uem or ():
        regions[region.reco].append((region.start, region.end))
    if uem is None:
        regions = {reco: [extent([*turns, *hyp.get(reco, ())])] for reco, turns in ref.items()}
    for reco in sorted({*ref, *hyp} - set(regions)):
        notes.add("not in the reference, ignored" if uem is None else "not in the UEM, not scored", reco)
    files, total = {}, Errors()
    for reco in sorted(regions):
        if reco not in hyp:
            notes.add("no speech in the hypothesis", reco)
        if reco not in ref:
            notes.add("no speech in the reference", reco)
        sides = [speech(side.get(reco, ())) for side in (ref, hyp)]
        files[reco] = errors(*sides, union(*intervals(regions[reco])), collar=collar)
        total += files[reco]
    if not files:
        raise DataError("nothing to score: no speech in the reference")
    source = "given" if uem is not None else "extent of reference and hypothesis"
    return Score(files, total, source, list(notes.lines()))


def speech(turns):
    """(starts, ends, speakers) of turns, all of one speaker."""
    return (*intervals((turn.start, turn.end) for turn in turns), ["speech"] * len(turns))


def percentages(found):
    """Detection error, missed speech and false alarm, in percent of the speech of the reference; None without any."""
    seconds = (found.missed + found.false_alarm, found.missed, found.false_alarm)
    return [100 * s / found.scored if found.scored > 0 else None for s in seconds]


def detection_table(score, collar):
    """A line about the protocol, one a recording and TOTAL; percent are of the speech of the reference."""
    rows = [HEAD]
    for name, found in [*score.files.items(), ("TOTAL", score.total)]:
        values = [*percentages(found), found.scored, found.missed, found.false_alarm]
        rows.append((name, *map(number, values)))
    first = f"# collar {collar:g} s on each side; UEM {score.uem_source}; {recordings(len(score.files))}"
    return "\n".join([first, *aligned(rows)]) + "\n"


def detection_json(score, collar):
    """An object with the protocol, `overall` and `files`; percentages are null where no speech is scored."""
    def values(found):
        error, missed, false_alarm = percentages(found)
        return {"error": error, "missed": missed, "false_alarm": false_alarm, "speech_seconds": found.scored,
                "missed_seconds": found.missed, "false_alarm_seconds": found.false_alarm}

    content = {"protocol": {"collar": collar, "uem": score.uem_source}, "overall": values(score.total),
               "files": {reco: values(found) for reco, found in score.files.items()}}
    return json_text(content)
