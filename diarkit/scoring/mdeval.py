"""The report of NIST's md-eval (version 22, as SCTK has it) for speaker diarization, line by line."""

from collections import Counter, defaultdict

import numpy as np

MISS, FALSE_ALARM = "  MISS", "  FALSE ALARM"
RULE = "-" * 45
NO_WORDS = 1e-8  # md-eval's epsilon: percentages of no words are of this


class Report:
    """Sums what diarkit.scoring.der.score shows to its `visit`, and writes it.

    ref, hyp : the lists of turns of all types that are scored. SPKR-INFO lines give the type of a speaker (adult_male
        ...), LEXEME lines the words of the reference; a hyphenated word counts once here
    conditions : md-eval's -a: 'f' for a section for each recording, 'c' for each channel, 'cf' for both together

    Where speakers are of one type, the confusion matrices are md-eval's. Where they are of several, md-eval takes for
    miss and false alarm in them the number of speakers of a type that it does not choose itself (its hash order
    does); here it is that of all types.
    """

    def __init__(self, ref, hyp, conditions=""):
        self.conditions = conditions
        self.types = [{(turn.reco, turn.speaker): turn.subtype for turn in side if turn.kind == "SPKR-INFO"}
                      for side in (ref, hyp)]
        self.words, channels = defaultdict(list), defaultdict(set)
        for turn in ref:
            if turn.kind == "LEXEME":
                self.words[turn.reco].append(turn.start + turn.duration / 2)
            elif turn.kind == "SPEAKER":
                channels[turn.reco].add(turn.channel.lower())
        self.channels = {reco: sorted(found) for reco, found in channels.items()}  # they are scored in this order
        self.sums = defaultdict(Counter)

    def visit(self, reco, parts, alignment):
        types = [[of_side.get((reco, name), "unknown") for name in names] for of_side, names in
                 zip(self.types, (alignment.ref_names, alignment.hyp_names), strict=True)]
        found = counts(alignment, *types, np.sort(self.words.get(reco, [])))
        channel = self.channels[reco].pop(0)
        has = set(self.conditions.lower())
        name = " ".join([f"c={channel}"] * ("c" in has) + [f"f={reco}"] * ("f" in has))
        for condition in {name, ""}:
            self.sums[condition].update(found)

    def classes(self):
        """{class of speakers of the reference: {"scored": s, "miss": s, "as": {class of the hypothesis: s}}}"""
        sums = self.sums[""]
        ref, hyp = ([key[2] for key in sorted(sums, key=str) if key[:2] == ("TIME", side)] for side in ("REF", "SYS"))
        return {name: {"scored": float(sums["TIME", "REF", name]), "miss": float(sums["TIME", name, MISS]),
                       "as": {other: float(sums["TIME", name, other]) for other in hyp}} for name in ref}

    def lines(self):
        for condition in sorted(self.sums):
            if condition:
                yield from section(condition, self.sums[condition])
        yield from section("ALL", self.sums[""])


def counts(a, ref_types, hyp_types, words):
    """Counter of seconds, words and speakers of one Alignment; types of the speakers; words: their middles, s."""
    length, time = np.where(a.evaluated, a.cells.length, 0.0), a.time
    num_ref, num_hyp = (np.bincount(cells, minlength=len(time)) for cells in (a.ref_cells, a.hyp_cells))
    i, j = a.pairs
    mapped = a.mapped[a.ref_labels[i]] == a.hyp_labels[j]
    num_right = np.bincount(a.ref_cells[i][mapped], minlength=len(time))
    spoken, heard = num_ref > 0, num_hyp > 0
    evaluated, scored = cells_of(words, a.cells.edges, a.evaluated), cells_of(words, a.cells.edges, time > 0)
    found = Counter({
        "EVAL TIME": length.sum(), "EVAL SPEECH": length @ spoken, "SCORED TIME": time.sum(),
        "SCORED SPEECH": time @ spoken, "MISSED SPEECH": time @ (spoken & ~heard),
        "FALARM SPEECH": time @ (heard & ~spoken), "SCORED": time @ num_ref,
        "MISSED": time @ np.maximum(num_ref - num_hyp, 0), "FALARM": time @ np.maximum(num_hyp - num_ref, 0),
        "ERROR": max(time @ (np.minimum(num_ref, num_hyp) - num_right), 0.0),
        "EVAL WORDS": len(evaluated), "SCORED WORDS": len(scored), "MISSED WORDS": int((~heard[scored]).sum()),
        "ERROR WORDS": int(((num_ref != num_right) | (num_hyp != num_right))[scored].sum()),
    })  # fmt: skip
    found.update(numbers_of_speakers(a, length, ref_types, hyp_types))
    found.update(times_of_types(a, ref_types, hyp_types))
    return found


def cells_of(words, edges, mask):
    """The cells of a mask in which words lie; one on the border of two is of the first, if that is in the mask."""
    inside = np.concatenate([[False], mask, [False]])  # cell n is at n + 1
    first, last = (np.searchsorted(edges, words, side=side) for side in ("left", "right"))
    cell = np.where(inside[first], first, last)
    return cell[inside[cell]] - 1


def numbers_of_speakers(a, length, ref_types, hyp_types):
    """{("NSPK", "REF", type) | ("NSPK", "SYS", type) | ("NSPK", type of reference, type of system): speakers}"""
    found = Counter()
    ref_time = np.bincount(a.ref_labels, length[a.ref_cells], len(ref_types))
    hyp_time = np.bincount(a.hyp_labels, length[a.hyp_cells], len(hyp_types))
    for ref in np.flatnonzero(ref_time > 0):
        found["NSPK", "REF", ref_types[ref]] += 1
        found["NSPK", ref_types[ref], hyp_types[a.mapped[ref]] if a.mapped[ref] >= 0 else MISS] += 1
    for hyp in np.flatnonzero(hyp_time > 0):
        found["NSPK", "SYS", hyp_types[hyp]] += 1
        found["NSPK", FALSE_ALARM, hyp_types[hyp]] += int(hyp not in a.mapped)
    return found


def times_of_types(a, ref_types, hyp_types):
    """As numbers_of_speakers, in scored seconds: ("TIME", ...). Types that have none are not there."""
    found, size = Counter(), len(a.time)

    def by_type(cells, labels, types):
        """{type: (N,) how many speakers of it talk in each cell}"""
        of_label, scored = np.array(types, dtype=object)[labels], a.time[cells] > 0
        return {name: np.bincount(cells[of_label == name], minlength=size) for name in sorted(set(of_label[scored]))}

    ref, hyp = by_type(a.ref_cells, a.ref_labels, ref_types), by_type(a.hyp_cells, a.hyp_labels, hyp_types)
    num_ref, num_hyp = sum(ref.values(), np.zeros(size)), sum(hyp.values(), np.zeros(size))
    for name, number in ref.items():
        found["TIME", "REF", name] += a.time @ number
        found["TIME", name, MISS] += a.time @ np.maximum(number - num_hyp, 0)
        for other, theirs in hyp.items():
            found["TIME", name, other] += a.time @ np.minimum(number, theirs)
    for name, number in hyp.items():
        found["TIME", "SYS", name] += a.time @ number
        found["TIME", FALSE_ALARM, name] += a.time @ np.maximum(number - num_ref, 0)
    return found


def section(condition, sums):
    """The lines for one condition, 'ALL' or such as 'f=meeting'."""

    def seconds(label, key, of, whole):
        return f"{label} ={sums[key]:10.2f} secs ({percent(sums[key], sums[of]):5.1f} percent of {whole})"

    def words(label, key, of, whole):
        share = percent(sums[key] + NO_WORDS, sums[of] + NO_WORDS)
        return f"{label} ={sums[key]:7d}         ({share:5.1f} percent of {whole})"

    wrong = sums["MISSED"] + sums["FALARM"] + sums["ERROR"]
    yield f"\n*** Performance analysis for Speaker Diarization for {condition} ***\n"
    yield f"    EVAL TIME ={sums['EVAL TIME']:10.2f} secs"
    yield seconds("  EVAL SPEECH", "EVAL SPEECH", "EVAL TIME", "evaluated time")
    yield seconds("  SCORED TIME", "SCORED TIME", "EVAL TIME", "evaluated time")
    yield seconds("SCORED SPEECH", "SCORED SPEECH", "SCORED TIME", "scored time")
    yield f"   EVAL WORDS ={sums['EVAL WORDS']:7d}        "
    yield words(" SCORED WORDS", "SCORED WORDS", "EVAL WORDS", "evaluated words")
    yield RULE
    yield seconds("MISSED SPEECH", "MISSED SPEECH", "SCORED TIME", "scored time")
    yield seconds("FALARM SPEECH", "FALARM SPEECH", "SCORED TIME", "scored time")
    yield words(" MISSED WORDS", "MISSED WORDS", "SCORED WORDS", "scored words")
    yield RULE
    yield seconds("SCORED SPEAKER TIME", "SCORED", "SCORED SPEECH", "scored speech")
    yield seconds("MISSED SPEAKER TIME", "MISSED", "SCORED", "scored speaker time")
    yield seconds("FALARM SPEAKER TIME", "FALARM", "SCORED", "scored speaker time")
    yield seconds(" SPEAKER ERROR TIME", "ERROR", "SCORED", "scored speaker time")
    yield words("SPEAKER ERROR WORDS", "ERROR WORDS", "SCORED WORDS", "scored speaker words")
    yield RULE
    yield (f" OVERALL SPEAKER DIARIZATION ERROR = {percent(wrong, sums['SCORED']):.2f} percent of scored speaker"
           f" time  `({condition})")
    yield RULE
    for kind, weight, unit in (("NSPK", "speaker", "count"), ("TIME", "time", "seconds")):
        yield f" Speaker type confusion matrix -- {weight} weighted"
        yield from confusion_matrix(kind, unit, sums)
        yield RULE


def confusion_matrix(kind, unit, sums):
    ref = sorted(key[2] for key in sums if key[:2] == (kind, "REF"))
    hyp = sorted(key[2] for key in sums if key[:2] == (kind, "SYS"))
    total = sum(sums[kind, "REF", name] for name in ref)
    yield f"  REF\\SYS ({unit})".ljust(23) + "".join(f"{name:20}" for name in (*hyp, MISS))
    for row in (*ref, FALSE_ALARM):
        line = f"{row:16}"
        for column in (*hyp, MISS) if row != FALSE_ALARM else hyp:
            value = sums[kind, row, column]
            number = f"{value:11d}" if kind == "NSPK" else f"{value:11.2f}"
            line += f"{number} /{min(999.9, percent(value, total, 999.9)):6.1f}%"
        yield line


def percent(part, whole, of_nothing=float("nan")):
    return 100 * part / whole if whole else of_nothing
