"""The sections of an explanation: named tables of rows, for text, CSV and JSON alike.

Seconds are of speaker time unless the column is `clock`; `percent` and `rate` are percent of the scored speaker time,
in total and in the place, `share` is percent of the errors that the section is about.
"""

from collections import Counter
from dataclasses import dataclass

from diarkit.scoring.explain import CLOCK, CONFUSION, FALSE_ALARM, MISSED, SPEECH
from diarkit.scoring.texts import Lazily


@dataclass
class Section:
    """`rows` are tuples under the names in `head`, worst first in a list, which text may cut; None is no value."""

    name: str
    title: str
    head: tuple
    rows: list
    total: tuple | None = None
    is_list: bool = False
    text_only: bool = False
    of_many: bool = False  # says nothing that is not elsewhere if there is one recording

    def dicts(self):
        return Lazily(lambda row: dict(zip(self.head, row, strict=True)), self.rows)


def sections(score, explanation):
    """All sections, in the order in which they are read."""
    total = score.total
    return [
        kinds(total, explanation),
        what_if(total, explanation),
        places(total, explanation),
        turns(total, explanation),
        silence(total, explanation),
        *files(score, explanation),
        speakers(total, explanation),
        confusions(total, explanation),
        unmatched(explanation),
        merges(explanation),
        counts(score, explanation),
        errors(explanation),
    ]


def percent(part, whole):
    return 100 * part / whole if whole > 0 else None


def wrong(errors):
    return errors.missed + errors.false_alarm + errors.confusion


def kinds(total, e):
    """Missed: of the speakers who talk where the hypothesis has nobody, one each is for speech activity to find."""
    alone, several = e.by_count[1], e.by_count[2:].sum(axis=0)
    parts = (
        ("missed", total.missed, ("nobody was found, the first speaker", e.nobody_found),
         ("further speakers in overlap", total.missed - e.nobody_found)),
        ("false alarm", total.false_alarm, ("where nobody talks", e.by_count[0, FALSE_ALARM]),
         ("beside speech", total.false_alarm - e.by_count[0, FALSE_ALARM])),
        ("confusion", total.confusion, ("one speaker talks", alone[CONFUSION]),
         ("several talk", several[CONFUSION])),
    )
    rows = []
    for kind, whole, *rest in parts:
        for part, seconds in (("all", whole), *rest):
            seconds = max(float(seconds), 0.0)  # -1e-12 is none
            rows.append((kind, part, seconds, percent(seconds, total.scored), percent(seconds, wrong(total))))
    return Section(
        "kinds", "how much of what: the rows 'all' add up to the total, those below each to it",
        ("kind", "part", "seconds", "percent", "share"), rows,
        ("TOTAL", "", wrong(total), total.der, percent(wrong(total), wrong(total))))


def what_if(total, e):
    """DER if one thing were perfect and all else as it is, the mapping of speakers too."""
    silent = e.by_count[0, FALSE_ALARM]
    further = total.missed - e.nobody_found
    near = e.by_boundary[:3].sum(axis=0)
    errors, scored = wrong(total), total.scored
    unscored = percent(errors - near[MISSED:].sum(), scored - near[SPEECH])
    short = e.by_length[0, 2:].sum()
    changes = (
        ("no false alarm where nobody talks", silent, None, "exact"),
        ("perfect speech activity", silent + e.nobody_found, silent, "bounds: who it is, right or wrong"),
        ("all further speakers of overlap found", further, None, "exact"),
        ("the right speakers at every moment", total.confusion, None, "exact, as many as were said"),
        ("the best speaker for each turn as it is", errors - e.best_turns, None, "reached; least without overlap"),
        (f"no errors within {e.boundary:g} s of boundaries", near[MISSED:].sum(), None, "exact"),
        (f"no errors in turns below {e.short[0]:g} s", short, None, "exact, without false alarm"),
    )
    rows = []
    for change, removed, at_least, how in changes:
        low = percent(errors - removed, scored)
        high = low if at_least is None else percent(errors - at_least, scored)
        rows.append((change, max(low, 0.0), max(high, 0.0), total.der - low, how))
    if unscored is not None:
        rows.append((f"no scoring within {e.boundary:g} s of boundaries", unscored, unscored, total.der - unscored,
                     "exact"))
    return Section("what-if", "the DER (%) if one thing were perfect, all else and the mapping as it is",
                   ("if", "DER", "up_to", "gain", "how sure"), rows)


def places(total, e):
    groups = (
        ("speakers", ("nobody talks", "one talks", "two talk", "three or more talk"), e.by_count),
        ("boundary", (f"within {e.boundary:g} s of a start", "of an end", "of a start and an end", "elsewhere"),
         e.by_boundary),
        ("change", (f"first {e.after_change:g} s after a change", "elsewhere"), e.by_change),
    )
    rows = []
    for group, names, table in groups:
        for place, sums in zip(names, table.tolist(), strict=True):
            errors = sum(sums[MISSED:])
            rows.append((group, place, sums[CLOCK], sums[SPEECH], *sums[MISSED:], percent(errors, sums[SPEECH]),
                         percent(errors, wrong(total))))
    clock = float(e.by_count[:, CLOCK].sum())
    return Section(
        "places", "where it happens in the reference; each group of rows adds up to the total",
        ("by", "place", "clock", "speech", "miss", "fa", "conf", "rate", "share"), rows,
        ("TOTAL", "", clock, total.scored, total.missed, total.false_alarm, total.confusion, total.der,
         percent(wrong(total), wrong(total))))


def between(limits, unit=" s"):
    """The names of the parts into which ascending limits divide: below 0.5 s, 0.5 to 1 s, 1 s and more."""
    middle = [f"{low:g} to {high:g}{unit}" for low, high in zip(limits, limits[1:], strict=False)]
    return [f"below {limits[0]:g}{unit}", *middle, f"{limits[-1]:g}{unit} and more"]


def turns(total, e):
    lost = total.missed + total.confusion
    rows = []
    for length, (number, speech, *errors) in zip(between(e.short), e.by_length.tolist(), strict=True):
        rows.append((length, int(number), speech, *errors, percent(sum(errors), speech), percent(sum(errors), lost)))
    return Section("turns", "what is missed and confused, by length of the turn (each turn in one row)",
                   ("turn", "turns", "speech", "miss", "conf", "rate", "share"), rows,
                   ("TOTAL", int(e.by_length[:, 0].sum()), total.scored, total.missed, total.confusion,
                    percent(lost, total.scored), percent(lost, lost)))


def silence(total, e):
    names = [*between(e.pauses), "before the first or after the last turn"]
    rows = [(name, int(number), clock, seconds, percent(seconds, clock), percent(seconds, total.false_alarm))
            for name, (number, clock, seconds) in zip(names, e.by_pause.tolist(), strict=True)]
    talking = float(e.by_count[1:, FALSE_ALARM].sum())
    clock = float(e.by_count[1:, CLOCK].sum())
    rows.append(("no pause: somebody talks", None, clock, talking, percent(talking, clock),
                 percent(talking, total.false_alarm)))
    clock = float(e.by_count[:, CLOCK].sum())
    return Section("silence", "false alarm, by length of the pause that it fills; rate is percent of the clock",
                   ("pause", "pauses", "clock", "fa", "rate", "share"), rows,
                   ("TOTAL", int(e.by_pause[:, 0].sum()), clock, total.false_alarm,
                    percent(total.false_alarm, clock), percent(total.false_alarm, total.false_alarm)))


def files(score, e):
    head = ("recording", "DER", "scored", "miss", "fa", "conf", "errors", "share")
    total = score.total

    def row(name, errors):
        seconds = (errors.scored, errors.missed, errors.false_alarm, errors.confusion, wrong(errors))
        return (name, percent(wrong(errors), errors.scored), *seconds, percent(wrong(errors), wrong(total)))

    rows = [row(reco, score.files[reco]) for reco in e.recordings]
    by_seconds = sorted(rows, key=lambda row: (-row[6], row[0]))
    by_der = sorted(rows, key=lambda row: (-(row[1] or 0), row[0]))
    last = row("TOTAL", total)
    return [Section("files", "by recording, most seconds of error first", head, by_seconds, last, True, of_many=True),
            Section("files", "by recording, highest DER first", head, by_der, last, True, text_only=True, of_many=True)]


def speakers(total, e):
    rows = sorted(e.speakers, key=lambda row: (-sum(row[4:7]), row[:2]))
    others = max(total.false_alarm - sum(row[5] for row in rows), 0.0)
    mean = sum(row[8] for row in rows) / len(rows) if rows else None
    return Section(
        "speakers", "by speaker of the reference, most seconds of error first; fa is the false alarm of the speaker who"
        f" is mapped to it ({others:.2f} s are of speakers without a match), error is all three in percent, jaccard the"
        " Jaccard error in percent (compute-jer has dscore's)",
        ("recording", "speaker", "mapped", "scored", "miss", "fa", "conf", "error", "jaccard"),
        rows, ("TOTAL", "", "", total.scored, total.missed, total.false_alarm, total.confusion, total.der, mean), True)


def confusions(total, e):
    rows = sorted(e.confusions, key=lambda row: (-row[4], row[:3]))
    rows = [(*row, percent(row[4], total.confusion)) for row in rows]
    return Section("confusions", "who was taken for whom: while `speaker` talked, `said` was said, who is mapped to"
                   " `who_is`", ("recording", "speaker", "said", "who_is", "seconds", "share"), rows,
                   ("TOTAL", "", "", "", total.confusion, percent(total.confusion, total.confusion)), True)


def unmatched(e):
    rows = sorted(e.unmatched, key=lambda row: (-row[3], row[:3]))
    return Section("unmatched", "speakers without a match: of the reference, nobody found them; of the hypothesis, they"
                   " are nobody. `alone` is missed, or false alarm",
                   ("recording", "side", "speaker", "seconds", "alone", "conf"), rows, is_list=True)


def merges(e):
    rows = sorted(e.merges, key=lambda row: (-row[4], row[:3]))
    return Section("merges", "likely merges (one speaker of the hypothesis took more than half of each of several"
                   " speakers) and splits (the reverse); `seconds` are without the largest",
                   ("recording", "what", "speaker", "others", "seconds"), rows, is_list=True)


def counts(score, e):
    differences = Counter(score.files[reco].hyp_speakers - score.files[reco].ref_speakers for reco in e.recordings)
    number = len(e.recordings)
    mean = sum(abs(difference) * times for difference, times in differences.items()) / max(number, 1)
    rows = [(f"{difference:+d}" if difference else "right", times, percent(times, number))
            for difference, times in sorted(differences.items())]
    return Section("counts", "recordings by the number of speakers found, more (+) or fewer (-) than there are;"
                   f" mean absolute error {mean:.2f}", ("speakers", "recordings", "share"), rows,
                   ("TOTAL", number, percent(number, number)), of_many=True)


def errors(e):
    return Section("errors", "single errors, longest first, to listen to; `seconds` is less than end - start where"
                   " several speakers share the error",
                   ("recording", "start", "end", "kind", "speaker", "said", "seconds"), e.single_errors(), is_list=True)
