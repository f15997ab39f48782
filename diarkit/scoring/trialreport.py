"""What compute-eer says of verification trials: numbers of each system, as a table, CSV and JSON."""

import re
from math import isfinite
from typing import NamedTuple

from diarkit.errors import UsageError
from diarkit.scoring.texts import aligned, csv_text, json_text, number
from diarkit.scoring.trialsampling import bin_edges, rate_intervals
from diarkit.scoring.verification import (
    Curve,
    cllr,
    convex_hull,
    crossing,
    curve_of,
    detection_cost,
    kaldi_eer,
    min_cllr,
)

ENDS = ("_low", "_high")
PLAIN = re.compile(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", re.IGNORECASE)


class Result(NamedTuple):
    """One system: its Curve; {definition: EqualErrorRate}; a DetectionCost for each of the costs asked for; Cllr and
    the least there can be, bits; and, if asked for, the intervals in the order of trialsampling.rate_intervals."""

    curve: Curve
    eers: dict
    costs: list
    cllr: float
    min_cllr: float
    intervals: list | None = None


def wanted(options, by_given):
    """The costs, a list of (p_target, c_miss, c_fa), and (level, samples, seed) of intervals or None.

    `by_given` : --ci-by was given, which asks for intervals, too. Raises UsageError where options make no sense.
    """
    texts = [text.strip() for text in options.p_target.split(",")]
    shares = [float(text) if PLAIN.fullmatch(text) else 0.0 for text in texts]
    if not all(0 < p < 1 for p in shares) or len(set(shares)) < len(shares):
        raise UsageError("--p-target is a number between 0 and 1, or several, different ones, with commas between")
    if not (options.c_miss > 0 and options.c_fa > 0):
        raise UsageError("--c-miss and --c-fa are greater than 0")
    if not 0 < options.level < 100 or not 0 < options.samples <= 1e7 or options.seed < 0:
        raise UsageError("--level is between 0 and 100, --samples 1 to 10 million, --seed not negative")
    ci = (options.level / 100, options.samples, options.seed) if options.ci or by_given else None
    return [(p, options.c_miss, options.c_fa) for p in shares], ci


def sides(trials, speakers=None):
    """What is drawn on both sides of trials, for trialsampling: utterances, or with their numbers `speakers`."""
    return [side if speakers is None else speakers[side] for side in (trials.first, trials.second)]


def evaluate(scores, is_target, costs, ci=None, units=None):
    """The Result of (N,) scores and whether each is a target's.

    costs : list of (p_target, c_miss, c_fa)
    ci : (level, samples, seed) of intervals; units : None, or (first, second) to draw, see trialsampling
    """
    targets, nontargets = scores[is_target], scores[~is_target]
    curve = curve_of(targets, nontargets)
    hull = convex_hull(curve)
    eers = {"kaldi": kaldi_eer(targets, nontargets), "interpolated": crossing(curve), "rocch": crossing(hull)}
    drawn = None if units is None else (scores, is_target, *units)
    return Result(curve, eers, [detection_cost(curve, *cost) for cost in costs], cllr(targets, nontargets),
                  min_cllr(hull), rate_intervals(curve, costs, *ci, drawn) if ci else None)


def flat(result, definition, costs):
    """{column: value} of a Result; rates in percent, None where a threshold is infinite or an interval unknown."""
    eer = result.eers[definition]
    values = {"eer": 100 * eer.rate, "threshold": eer.threshold}
    names = [f"_{p:g}" for p, *_ in costs]
    for name, cost in zip(names, result.costs, strict=True):
        values |= {f"min_dcf{name}": cost.minimum, f"act_dcf{name}": cost.actual, f"threshold{name}": cost.threshold}
    values |= {"cllr": result.cllr, "min_cllr": result.min_cllr, "targets": result.curve.num_targets,
               "nontargets": result.curve.num_nontargets}
    if result.intervals:
        columns = ["eer", *(f"min_dcf{name}" for name in names), *(f"act_dcf{name}" for name in names)]
        for column, ends in zip(columns, result.intervals, strict=True):
            factor = 100 if column == "eer" else 1
            values |= {f"{column}_low": factor * ends[0], f"{column}_high": factor * ends[1]}
    return {name: value if isfinite(value) else None for name, value in values.items()}


def bare_rates(results, options, costs, ci):
    """The EER of each, in percent with four digits, as Kaldi prints it."""
    return "".join(f"{100 * result.eers[options.eer].rate:.4g}\n" for result in results.values())


def sentences(results, definition):
    for name, result in results.items():
        eer = result.eers[definition]
        yield (f"{name + ': ' if len(results) > 1 else ''}equal error rate is {100 * eer.rate:.4g} %, at threshold"
               f" {eer.threshold:g}; {result.curve.num_targets} targets, {result.curve.num_nontargets} nontargets")


def protocol_of(options, costs, ci):
    intervals = {"by": options.ci_by, "level": options.level, "samples": options.samples, "seed": options.seed}
    return {"eer": options.eer, "ci": intervals if ci else None,
            "costs": [{"p_target": p, "c_miss": c_miss, "c_fa": c_fa} for p, c_miss, c_fa in costs]}


def comment(options, ci):
    """The first line of tables."""
    interval = ""
    if ci:
        interval = (f"; {options.level:g} % intervals: percentile bootstrap over {options.ci_by}, {options.samples}"
                    f" samples, seed {options.seed}")
    return (f"# EER in percent, {options.eer}; costs of C_miss {options.c_miss:g} and C_fa {options.c_fa:g} by that of"
            f" deciding blindly; act_dcf and cllr take scores for natural log-likelihood ratios{interval}")


def trials_table(results, options, costs, ci):
    """A row for each system. The percentages have two decimals, the rest four."""
    rows = {name: flat(result, options.eer, costs) for name, result in results.items()}
    head = [column for column in next(iter(rows.values())) if not column.startswith("threshold_")]
    bases = [column for column in head if not column.endswith(ENDS)]  # the ends of an interval behind what they are of
    head = [column for base in bases for column in (base, *(base + end for end in ENDS)) if column in head]
    table = [["system", *head]]
    for name, values in rows.items():
        table.append([name, *(cell(column, values[column]) for column in head)])
    return "\n".join([comment(options, ci), *aligned(table)]) + "\n"


def cell(column, value):
    return str(value) if isinstance(value, int) else number(value, ".2f" if column.startswith("eer") else ".4f")


def trials_csv(results, options, costs, ci):
    """A row for each system, with what the numbers are in columns."""
    what = {"eer_by": options.eer, "c_miss": options.c_miss, "c_fa": options.c_fa}
    what |= {"ci_by": options.ci_by, "level": options.level} if ci else {}
    return csv_text([{"system": name} | flat(result, options.eer, costs) | what for name, result in results.items()])


def trials_json(results, options, costs, ci):
    """An object with the protocol and `systems`; `eers` has all three definitions, in percent, with thresholds."""
    systems = {}
    for name, result in results.items():
        eers = {definition: {"eer": 100 * eer.rate, "threshold": eer.threshold}
                for definition, eer in result.eers.items()}
        systems[name] = flat(result, options.eer, costs) | {"eers": eers}
    return json_text({"protocol": protocol_of(options, costs, ci), "systems": systems})


def det_curves(results, costs):
    """{name: (p_fa, p_miss, eer, points)} for diarkit.drawing.det, with as many points of each as can be seen."""
    curves = {}
    for name, result in results.items():
        curve = result.curve
        best = curve.thresholds.searchsorted([cost.threshold for cost in result.costs])
        points = [(f"least cost, p_target {p:g}", curve.p_fa[at], curve.p_miss[at])
                  for (p, *_), at in zip(costs, best, strict=True)]
        edges = bin_edges(curve, best)
        curves[name] = curve.p_fa[edges], curve.p_miss[edges], result.eers["interpolated"].rate, points
    return curves


WRITERS = {"bare": bare_rates, "table": trials_table, "csv": trials_csv, "json": trials_json}
