"""Where errors lie, against a scorer that looks at every millisecond, and against DER of changed hypotheses."""

import itertools
import random
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.io.rttm import Region, Turn
from diarkit.scoring import explain_report, explain_sections
from diarkit.scoring.blame import best_of_turns
from diarkit.scoring.der import align, errors_of, score
from diarkit.scoring.explain import Explanation, explain

LIMITS = {"boundary": 0.25, "short": (0.5, 1.0, 2.0), "pauses": (0.3, 1.0, 2.0), "after_change": 1.0}


def random_turns(rng, names, count, length):
    """(starts, ends, speakers) in whole ms, some of them empty, touching or overlapping with themselves."""
    starts = [rng.randrange(length) for _ in range(count)]
    ends = [start + rng.choice((0, rng.randrange(400), rng.randrange(1500), 500, 1000)) for start in starts]
    for n in range(1, count, 4):
        starts[n], ends[n] = ends[n - 1], ends[n - 1] + max(ends[n] - starts[n], 0)
    return starts, ends, [rng.choice(names) for _ in range(count)]


def seconds(turns):
    return np.array(turns[0]) / 1000, np.array(turns[1]) / 1000, list(turns[2])


class Milliseconds:
    """All that an Explanation counts, one millisecond after the other, in fractions of them."""

    def __init__(self, ref, hyp, uem, mapping, collar, ignore_overlap):
        end = max([*ref[1], *hyp[1], *uem[1]]) + 1
        self.tables = defaultdict(Fraction)
        self.tracks = defaultdict(dict)  # {(kind, speaker, said): {ms: share}}
        active = {side: [set() for _ in range(end)] for side in "rh"}
        ref_lines = [0] * end
        for side, turns in (("r", ref), ("h", hyp)):
            for start, stop, name in zip(*turns, strict=True):
                for t in range(start, stop):
                    active[side][t].add(name)
                    ref_lines[t] += side == "r"
        turns = self.turns(active["r"], end)
        changes = [own[0] for before, own in itertools.pairwise(sorted(turns)) if before[2] != own[2]]
        pauses = self.runs([t for t in range(end) if not active["r"][t]])
        allowed = {t for start, stop in zip(*uem, strict=True) for t in range(start, stop)}
        for t in sorted(allowed):
            at = [any(bound - 250 <= t < bound + 250 for bound in side) for side in ref[:2]]
            if any(abs(t + 0.5 - bound) < collar for side in ref[:2] for bound in side):
                continue
            if ignore_overlap and ref_lines[t] > 1:
                continue
            here, said = active["r"][t], active["h"][t]
            right = {name for name in here if mapping.get(name) in said}
            lost = sorted(here - right)
            extra = sorted(said - {mapping[name] for name in right})
            sums = {"clock": 1, "speech": len(here), "missed": max(len(lost) - len(extra), 0),
                    "false": max(len(extra) - len(lost), 0), "confused": min(len(lost), len(extra))}
            places = [("count", min(len(here), 3)), ("boundary", {(1, 0): 0, (0, 1): 1, (1, 1): 2, (0, 0): 3}[*at]),
                      ("change", 0 if any(change <= t < change + 1000 for change in changes) else 1)]
            for place, column in itertools.product(places, sums):
                self.tables[*place, column] += sums[column]
            if not here:
                [(start, stop)] = [run for run in pauses if run[0] <= t < run[1]]
                outside = start == 0 or not any(active["r"][stop:])
                bin = 4 if outside else sum(stop - start >= limit for limit in (300, 1000, 2000))
                self.tables["pause", bin, "clock"] += 1
                self.tables["pause", bin, "false"] += sums["false"]
            self.tables["nobody"] += bool(here) and not said
            for name in here:
                [(start, stop, _)] = [turn for turn in turns if turn[2] == name and turn[0] <= t < turn[1]]
                bin = sum(stop - start >= limit for limit in (500, 1000, 2000))
                parts = {"speech": 1}
                if name in lost:
                    parts |= {"missed": Fraction(sums["missed"], len(lost)),
                              "confused": Fraction(sums["confused"], len(lost))}
                for column, part in parts.items():
                    self.tables["length", bin, column] += part
                    self.tables["ref", name, column] += part
                self.track("missed", name, None, t, parts.get("missed", 0))
            for name in extra:
                self.tables["hyp", name, "false"] += Fraction(sums["false"], len(extra))
                self.track("false alarm", None, name, t, Fraction(sums["false"], len(extra)))
            for name, other in itertools.product(lost, extra):
                part = Fraction(sums["confused"], len(lost) * len(extra))
                self.tables["pair", name, other] += part
                self.track("confusion", name, other, t, part)

    def track(self, kind, name, other, t, share):
        if share:
            self.tracks[kind, name, other][t] = share

    @staticmethod
    def runs(times):
        """[(first, one after the last)] of ascending whole numbers without a gap."""
        groups = itertools.groupby(enumerate(times), lambda item: item[1] - item[0])
        runs = [[time for _, time in group] for _, group in groups]
        return [(run[0], run[-1] + 1) for run in runs]

    def turns(self, active, end):
        names = set().union(*active)
        return [(*run, name) for name in names for run in self.runs([t for t in range(end) if name in active[t]])]

    def singles(self):
        """Sorted (start, end, kind, speaker or '', said or '', seconds)."""
        return sorted(
            (start / 1000, end / 1000, kind, name or "", other or "",
             float(sum(shares[t] for t in range(start, end))) / 1000)
            for (kind, name, other), shares in self.tracks.items() for start, end in self.runs(sorted(shares)))

    def table(self, name, columns, size):
        return np.array([[float(self.tables[name, n, column]) / 1000 for column in columns] for n in range(size)])


@pytest.mark.parametrize("seed", range(16))
def test_every_table_is_that_of_the_milliseconds(seed):
    rng = random.Random(seed)
    ref = random_turns(rng, "ABCD"[: rng.randrange(1, 5)], rng.randrange(2, 20), 4000)
    hyp = random_turns(rng, "wxyz"[: rng.randrange(1, 5)], rng.randrange(12), 4000)
    uem = ([0], [6000]) if seed % 2 else ([100, 2250], [2117, 3900])
    collar = (0, 0, 130, 300)[seed % 4]
    ignore_overlap = seed % 5 == 0
    parts = (seconds(ref), seconds(hyp), (np.array(uem[0]) / 1000, np.array(uem[1]) / 1000))
    a = align(*parts, collar=collar / 1000, ignore_overlap=ignore_overlap)
    e = Explanation(**LIMITS)
    e.add("m", parts, a)
    total = errors_of(a)
    slow = Milliseconds(ref, hyp, uem, total.mapping, collar, ignore_overlap)

    columns = ("clock", "speech", "missed", "false", "confused")
    near = {"abs": 1e-9, "rel": 0}
    assert e.by_count == pytest.approx(slow.table("count", columns, 4), **near)
    assert e.by_boundary == pytest.approx(slow.table("boundary", columns, 4), **near)
    assert e.by_change == pytest.approx(slow.table("change", columns, 2), **near)
    assert e.by_length[:, 1:] == pytest.approx(slow.table("length", ("speech", "missed", "confused"), 4), **near)
    assert e.by_pause[:, 1:] == pytest.approx(slow.table("pause", ("clock", "false"), 5), **near)
    assert e.nobody_found == pytest.approx(float(slow.tables["nobody"]) / 1000, **near)
    for row in e.speakers:
        _, name, mapped, *values = row
        assert mapped == total.mapping.get(name)
        wanted = [slow.tables["ref", name, "speech"], slow.tables["ref", name, "missed"],
                  slow.tables["hyp", mapped, "false"] if mapped else 0, slow.tables["ref", name, "confused"]]
        assert values[:4] == pytest.approx([float(value) / 1000 for value in wanted], **near)
    pairs = {(name, other): float(value) / 1000
             for (kind, name, other), value in ((key, value) for key, value in slow.tables.items() if len(key) == 3)
             if kind == "pair"}
    found = {(name, said): value for _, name, said, _, value in e.confusions}
    assert found == pytest.approx(pairs, **near)
    owners = {said: name for name, said in total.mapping.items()}
    assert all(who == owners.get(said) for _, _, said, who, _ in e.confusions)

    # single errors: those of neighbouring milliseconds, and their sum is all there is
    singles = sorted((start, end, kind, name or "", said or "", value)
                     for _, start, end, kind, name, said, value in e.single_errors())
    wanted = slow.singles()
    assert [row[2:5] for row in singles] == [row[2:5] for row in wanted]
    assert [(*row[:2], row[5]) for row in singles] == [pytest.approx((*row[:2], row[5]), **near) for row in wanted]
    wrong = total.missed + total.false_alarm + total.confusion
    assert sum(row[5] for row in singles) == pytest.approx(wrong, **near)


def a_corpus(seed, files=4):
    """RTTM lines of some recordings, UEM regions of all but one."""
    rng = random.Random(seed)
    ref, hyp, uem = [], [], []
    for n in range(files):
        for side, names in ((ref, "ABC"), (hyp, "xyzw")):
            for start, end, name in zip(*random_turns(rng, names, rng.randrange(4, 15), 8000), strict=True):
                side.append(Turn(f"m{n}", "1", start / 1000, (end - start) / 1000, name))
        if n:
            uem.append(Region(f"m{n}", "1", 0.2, 6.5))
    return ref, hyp, uem


@pytest.mark.parametrize("scorer, collar, ignore_overlap, with_uem", [
    ("md-eval", 0.0, False, True), ("md-eval", 0.25, True, False), ("md-eval", 0.0, True, True),
    ("dscore", 0.0, False, False), ("dscore", 0.25, False, True), ("dscore", 0.1, True, True),
])
def test_totals_are_those_of_der_and_every_section_adds_up_to_them(scorer, collar, ignore_overlap, with_uem):
    ref, hyp, uem = a_corpus(5)
    options = (uem if with_uem else None, collar, ignore_overlap, scorer)
    found, e = explain(ref, hyp, *options, **LIMITS)
    plain = score(ref, hyp, *options)
    assert found.total == plain.total and found.files == plain.files and found.notes == plain.notes
    total = found.total
    tables = {table.name: table for table in explain_sections.sections(found, e) if not table.text_only}
    kinds = (total.missed, total.false_alarm, total.confusion)
    near = {"abs": 1e-9, "rel": 0}

    def sums(name, *columns, **fixed):
        rows = [row for row in tables[name].dicts() if fixed.items() <= row.items()]
        return tuple(sum(row[column] or 0 for row in rows) for column in columns)

    three = ("miss", "fa", "conf")
    for group in ("speakers", "boundary", "change"):
        assert sums("places", *three, by=group) == pytest.approx(kinds, **near)
    assert sums("files", *three) == pytest.approx(kinds, **near)
    assert sums("turns", "miss", "conf") == pytest.approx((kinds[0], kinds[2]), **near)
    assert sums("silence", "fa") == pytest.approx(kinds[1:2], **near)
    assert sums("speakers", "miss", "conf") == pytest.approx((kinds[0], kinds[2]), **near)
    others = sums("unmatched", "alone", side="hypothesis")[0]
    assert sums("speakers", "fa")[0] + others == pytest.approx(kinds[1], **near)
    assert sums("confusions", "seconds", "share") == pytest.approx((kinds[2], 100 if kinds[2] else 0), **near)
    for kind, of_kind in zip(("missed", "false alarm", "confusion"), kinds, strict=True):
        assert sums("kinds", "seconds", kind=kind, part="all") == pytest.approx((of_kind,), **near)
        assert sums("kinds", "seconds", kind=kind) == pytest.approx((2 * of_kind,), **near)  # and its parts
        assert sums("errors", "seconds", kind=kind) == pytest.approx((of_kind,), **near)
    assert sum(row["recordings"] for row in tables["counts"].dicts()) == len(e.recordings)
    for table in tables.values():  # the row TOTAL is below its columns
        if table.total:
            assert table.total[0] == "TOTAL" and len(table.total) == len(table.head)


def changes(found, e):
    rows = explain_sections.what_if(found.total, e).dicts()
    return {row["if"].split(" of ")[0]: row for row in rows}, rows


def cut(hyp, ref):
    """Turns of the hypothesis without what is outside all turns of the reference (in the same recording)."""
    result = []
    for turn in hyp:
        own = sorted((line.start, line.end) for line in ref if line.reco == turn.reco and line.duration > 0)
        time = turn.start
        for start, end in own:
            first, last = max(time, start), min(turn.end, end)
            if first < last:
                result.append(turn._replace(start=first, duration=last - first))
                time = last
    return result


@pytest.mark.parametrize("seed", range(6))
def test_what_if_is_the_der_of_a_hypothesis_so_changed(seed):
    ref, hyp, _ = a_corpus(seed)
    uem = [Region(f"m{n}", "1", 0.0, 12.0) for n in range(4)]
    found, e = explain(ref, hyp, uem, **LIMITS)
    rows, listed = changes(found, e)
    silent = score(ref, cut(hyp, ref), uem).total
    assert rows["no false alarm where nobody talks"]["DER"] == pytest.approx(silent.der)
    unscored = score(ref, hyp, uem, collar=0.25).total
    assert rows["no scoring within 0.25 s"]["DER"] == pytest.approx(unscored.der)
    assert rows["the right speakers at every moment"]["DER"] == pytest.approx(
        100 * (found.total.missed + found.total.false_alarm) / found.total.scored)

    further = 0
    # whoever stands where nobody was found: the DER lies between the bounds, and at the lower one if it is right
    activity = rows["perfect speech activity"]
    filled = list(cut(hyp, ref))
    for reco in found.files:
        moments = range(12000)
        here = [{line.speaker for line in ref if line.reco == reco and line.start <= (t + 0.5) / 1000 < line.end}
                for t in moments]
        said = [{line.speaker for line in hyp if line.reco == reco and line.start <= (t + 0.5) / 1000 < line.end}
                for t in moments]
        further += sum(max(len(here[t]) - max(len(said[t]), 1), 0) for t in moments)
        names = found.files[reco].mapping
        lost = [t for t in moments if here[t] and not said[t]]
        for start, end in Milliseconds.runs(lost):
            for t in range(start, end):  # whom the mapping knows, if there is one
                known = [names[name] for name in sorted(here[t]) if name in names]
                filled.append(Turn(reco, "1", t / 1000, 0.001, known[0] if known else f"only-{sorted(here[t])[0]}"))
    right = score(ref, filled, uem).total
    assert right.der == pytest.approx(activity["DER"], abs=1e-6)
    nobody = score(ref, [turn if turn.duration != 0.001 else turn._replace(speaker="?") for turn in filled], uem).total
    assert activity["DER"] - 1e-9 <= nobody.der <= activity["up_to"] + 1e-9
    wrong = found.total.missed + found.total.false_alarm + found.total.confusion
    assert rows["all further speakers"]["DER"] == pytest.approx(100 * (wrong - further / 1000) / found.total.scored)
    for row in listed:
        assert row["gain"] == pytest.approx(found.total.der - row["DER"])
        assert 0 <= row["DER"] <= row["up_to"] + 1e-12


@pytest.mark.parametrize("seed", range(16))
def test_the_best_speaker_of_each_turn(seed):
    """Against all labellings of few turns; where turns of the hypothesis do not overlap, it is the best of them."""
    rng = random.Random(seed)
    alone = seed % 2 == 0
    ref = random_turns(rng, "AB", 5, 3000)
    bounds = sorted(rng.sample(range(4000), 8))
    hyp = (bounds[::2], bounds[1::2], list("xyxz")) if alone else random_turns(rng, "xyz", 4, 3000)
    uem = (np.array([0.0]), np.array([6.0]))
    collar = (0.0, 0.1)[seed % 3 == 0]
    a = align(seconds(ref), seconds(hyp), uem, collar=collar)
    now = errors_of(a)
    wrong = now.missed + now.false_alarm + now.confusion
    found = best_of_turns(a, seconds(hyp))
    least = np.inf
    for labels in itertools.product(["A", "B", 0], repeat=4):
        # given names, not mapped ones: the errors of the cells; what is nobody's keeps its name
        names = [label or name for label, name in zip(labels, hyp[2], strict=True)]
        left = 0.0
        for start, end, time in zip(a.cells.edges, a.cells.edges[1:], a.time, strict=False):
            middle = (start + end) / 2
            here = {name for s, t, name in zip(*seconds(ref), strict=True) if s <= middle < t}
            said = {name for s, t, name in zip(*seconds(hyp)[:2], names, strict=True) if s <= middle < t}
            left += time * (max(len(here), len(said)) - len(here & said))
        least = min(least, left)
    assert least - 1e-9 <= found <= wrong + 1e-9
    if alone:
        assert found == pytest.approx(least)


def test_the_best_speaker_is_one_whom_nobody_else_has():
    """A talks all the time, with x; y is C, and its turn in the middle is with A for 3 s and with B for 2.9 s."""
    ref = np.array([0, 2, 10]), np.array([10, 4.9, 30]), ["A", "B", "C"]
    hyp = np.array([0, 2, 10]), np.array([10, 5, 30]), ["x", "y", "y"]
    a = align(ref, hyp, (np.array([0.0]), np.array([30.0])))
    assert errors_of(a).confusion == pytest.approx(2.9)
    assert best_of_turns(a, hyp) == pytest.approx(0.1)


def turns(*rows, reco="m"):
    return [Turn(reco, "1", start, end - start, name) for start, end, name in rows]


def test_who_is_merged_and_who_is_split():
    ref = turns((0, 10, "A"), (10, 14, "B"), (14, 30, "C"), (30, 33, "D"))
    hyp = turns((0, 14, "x"), (14, 22, "y"), (22, 29, "z"), (29, 33, "v"))
    _, e = explain(ref, hyp)
    assert sorted(e.merges) == [("m", "merge", "x", ["A", "B"], 4.0), ("m", "split", "C", ["y", "z"], 7.0)]
    # in overlap a speaker who is missed beside one who is found is not merged with him
    ref = turns((0, 10, "A"), (2, 8, "B"))
    _, e = explain(ref, turns((0, 10, "x")))
    assert e.merges == []
    assert e.unmatched == [("m", "reference", "B", 6.0, 6.0, 0.0)]


def test_who_has_no_match():
    ref = turns((0, 10, "A"), (10, 12, "B"), (40, 50, "not in the UEM"))
    hyp = turns((0, 12, "x"), (1, 3, "y"), (20, 21, "z"), (40, 50, "not in the UEM"))
    _, e = explain(ref, hyp, [Region("m", "1", 0, 30)])
    assert sorted(e.unmatched) == [("m", "hypothesis", "y", 2.0, 2.0, 0.0), ("m", "hypothesis", "z", 1.0, 1.0, 0.0),
                                   ("m", "reference", "B", 2.0, 0.0, 2.0)]
    assert e.confusions == [("m", "B", "x", "A", 2.0)]
    # A: 10 s right, x talks 12: 1 - 10/12
    assert [row[-1] for row in e.speakers] == pytest.approx([100 / 6, 100.0])


def test_each_of_several_has_an_equal_share():
    """In the first second A and B are not found, and x, who is C, is said: half of each is missed, half confused."""
    ref = turns((0, 1, "A"), (0, 1, "B"), (1, 10, "C"))
    found, e = explain(ref, turns((0, 10, "x")))
    assert (found.total.missed, found.total.confusion) == (1, 1)
    assert sorted(row[1:8] for row in e.speakers) == [
        ("A", None, 1.0, 0.5, 0.0, 0.5, 100.0), ("B", None, 1.0, 0.5, 0.0, 0.5, 100.0),
        ("C", "x", 9.0, 0.0, 0.0, 0.0, 0.0)]
    assert sorted(e.single_errors()) == sorted(
        ("m", 0.0, 1.0, kind, name, said, 0.5)
        for kind, name, said in [("missed", "A", None), ("missed", "B", None),
                                 ("confusion", "A", "x"), ("confusion", "B", "x")])


def test_limits_belong_to_what_is_longer():
    """A pause of 0.3 s is not below 0.3 s, though 2.3 - 2.0 is a little less in floats."""
    ref = turns((10.2, 10.7, "A"), (11.0, 11.3, "A"), (11.3, 11.4, "A"))
    found, e = explain(ref, turns((10.75, 10.8, "x")))
    assert changes(found, e)[0]["no errors in turns below 0.5 s"]["DER"] == pytest.approx(100 * 0.55 / 0.9)
    assert e.by_length[:, 0].tolist() == [1, 1, 0, 0]  # 0.4 s in two lines that touch
    assert e.by_pause[1].tolist() == pytest.approx([1, 0.3, 0.05])  # 11.0 - 10.7
    _, e = explain(turns((1, 2, "A"), (2.3, 3, "A")), turns((1, 3, "x")), pauses=(0.3, 1))
    assert e.by_pause[:, 0].tolist() == [0, 1, 0, 0]
    ref = intervals([(0.0, 1.0)])
    assert Explanation().near_boundaries(np.array([0.0, 0.25, 0.75, 1.0, 1.5]), ref) == pytest.approx(
        np.array([[1, 0, 0, 0], [0, 0, 1, 0.5], [0, 0, 0, 0], [0, 1, 0, 0.5]]))


def test_what_the_summary_says():
    ref = [*turns((0, 10, "A"), (10, 14, "B"), reco="f1"), *turns((0, 10, "A"), reco="f2"),
           *turns((0, 10, "A"), (10, 20, "B"), reco="f3")]
    hyp = [*turns((0, 14, "x"), reco="f1"), *turns((0, 7, "x"), (7, 9, "y"), (9, 10, "z"), reco="f2"),
           *turns((0, 10, "x"), (10, 15, "y"), (15, 20, "x"), reco="f3")]
    found, e = explain(ref, hyp, after_change=2)
    tables = explain_sections.sections(found, e)
    assert explain_report.summary(found, e, tables) == (
        "DER 27.27 %: 12.00 s of errors in 44.00 s of speaker time of 3 recordings. The biggest cause is confusion of"
        " speakers: 12.00 s, 100 % of all errors; of it 25 % with speakers who match nobody, 33 % of speakers whom"
        " nobody matches, 8 % within 0.25 s of a boundary, 17 % in the first 2 s after a change of speaker. Half of the"
        " errors lie in 2 of 3 recordings, most in f3 (42 %). The number of speakers is right in 1 of 3 recordings."
        " With the right speakers at every moment, the DER would be 0.00 %.")
    by_seconds, by_der = [[row["recording"] for row in table.dicts()] for table in tables if table.name == "files"]
    assert (by_seconds, by_der) == (["f3", "f1", "f2"], ["f2", "f1", "f3"])
    [counts] = [table for table in tables if table.name == "counts"]
    assert counts.rows == [("-1", 1, pytest.approx(100 / 3)), ("right", 1, pytest.approx(100 / 3)),
                           ("+2", 1, pytest.approx(100 / 3))]
    assert counts.title.endswith("mean absolute error 1.00")
    [speakers] = [table for table in tables if table.name == "speakers"]
    assert speakers.total[-1] == pytest.approx(100 * (4 / 14 + 1 + 0.3 + 5 / 15 + 0.5) / 5)
    perfect = explain(ref, ref)
    assert explain_report.summary(*perfect, explain_sections.sections(*perfect)) == (
        "DER 0.00 %: 0.00 s of errors in 44.00 s of speaker time of 3 recordings.")
