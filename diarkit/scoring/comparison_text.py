"""Comparisons of systems as text: tables, CSV, JSON, and what there is to warn of."""

from diarkit.scoring.comparison import MEASURES
from diarkit.scoring.texts import aligned, csv_text, json_text, number, recordings

HEAD = ("difference", "first", "second", "points", "low", "high", "p", "first_better", "second_better", "equal")


def comparison_table(comparison, protocol, options, top):
    """Three tables: the systems, the differences, and the recordings that differ the most with the total last."""
    systems = [("system", "DER", "low", "high", "miss%", "fa%", "conf%", "mean_of_files")]
    for name, found in comparison.systems.items():
        systems.append((name, *map(number, found["der"]), *(number(found[m].value) for m in MEASURES[:-1])))
    several = len(comparison.pairs) > 1
    differences = [HEAD[:7] + ("p_holm",) * several + HEAD[7:]]
    for pair, found in comparison.pairs.items():
        for measure in MEASURES:
            d = found[measure]
            name = "DER" if measure == "der" else measure
            differences.append((name, *pair, *(number(value, "+.2f") for value in d[:3]), probability(d.p),
                                *[probability(d.p_holm)] * several, *map(str, d[-3:])))
    parts = [protocol_line(protocol, comparison), method_line(comparison, options), *aligned(systems), "",
             *aligned(differences, 3), ""]
    if top > 0:
        parts += [*aligned(files_table(comparison, top)), ""]
    parts += [sentence(pair, found["der"], options.level, several) for pair, found in comparison.pairs.items()]
    return "\n".join(parts) + "\n"


def protocol_line(protocol, comparison):
    overlap = "not scored" if protocol.get("ignore_overlap") else "scored"
    return (f"# {protocol.get('scorer')}; collar {protocol.get('collar'):g} s on each side; overlap {overlap};"
            f" UEM {protocol.get('uem')}; {recordings(len(comparison.files))}")


def method_line(comparison, options):
    names = {"t": "bootstrap-t", "bca": "BCa bootstrap", "percentile": "percentile bootstrap"}
    tests = [d for found in comparison.pairs.values() for d in found.values()]
    of = "recordings" if not options.groups else f"{comparison.num_groups} groups of recordings"
    how = "all ways" if all(test.exact for test in tests) else f"{options.samples} random ways"
    return (f"# in percent of speech; {options.level:g} % intervals: {names[options.interval]} over {of},"
            f" {options.samples} samples, seed {options.seed}; p: {how} to swap the two within {of}")


def files_table(comparison, top):
    """Recordings by the largest difference in seconds of any two systems."""
    names = list(comparison.systems)
    rows = [("recording", *(f"DER_{name}" for name in names), *(f"wrong_s_{name}" for name in names))]
    spread = {reco: max(wrong) - min(wrong) for reco, wrong in comparison.seconds.items()}
    for reco in sorted(spread, key=lambda reco: (-spread[reco], reco))[:top]:
        rows.append((reco, *map(number, comparison.files[reco]), *map(number, comparison.seconds[reco])))
    totals = [sum(wrong) for wrong in zip(*comparison.seconds.values(), strict=True)]
    rows.append(("TOTAL", *(number(found["der"].value) for found in comparison.systems.values()),
                 *map(number, totals)))
    return rows


def sentence(pair, difference, level, adjusted):
    """What there is to say about a pair, in words."""
    better, worse = pair if difference.value < 0 else pair[::-1]
    low, high = sorted(abs(end) for end in difference[1:3])
    p = difference.p_holm if adjusted else difference.p
    start = f"{worse} - {better} = {abs(difference.value):.2f} points of DER, p = {probability(p)}"
    if p > 1 - level / 100:
        return f"{start}: no difference is shown"
    ends = f", from {low:.2f} to {high:.2f}" if difference.low * difference.high > 0 else ""
    return f"{start}: {better} is better{ends}"


def warnings(comparison, options):
    """Lines to tell the user: where there are too few recordings for what is claimed."""
    n, limit = comparison.num_groups, 1 - options.level / 100
    noun = ("group" if options.groups else "recording") + "s" * (n != 1)
    if 2 / 2**min(n, 1000) > limit:
        yield (f"too few, {n} {noun}: no p can be below {2 / 2**n:.2g}, so none shows a difference at"
               f" {options.level:g} %")
    elif n < 10:
        yield f"few, {n} {noun}: the truth is outside of intervals somewhat more often than said"


def comparison_json(comparison, protocol, options):
    """An object with protocol, method, systems, pairs and files; percent and points, null where there is none."""
    def measures(found):
        return {measure: found[measure]._asdict() for measure in MEASURES}

    return json_text({
        "protocol": protocol,
        "method": {"interval": options.interval, "level": options.level, "samples": options.samples,
                   "seed": options.seed, "recordings": len(comparison.files),
                   "groups": comparison.num_groups if options.groups else None},
        "systems": {name: measures(found) for name, found in comparison.systems.items()},
        "pairs": [{"first": a, "second": b, **measures(found)} for (a, b), found in comparison.pairs.items()],
        "files": {reco: dict(zip(comparison.systems, row, strict=True)) for reco, row in comparison.files.items()},
    })


def comparison_csv(comparison, protocol):
    """A row for each measure of each system (`second` is empty), then of each pair, with the protocol in columns."""
    found = {(name, None): measures for name, measures in comparison.systems.items()} | comparison.pairs
    rows = [{"first": first, "second": second, "measure": measure, **measures[measure]._asdict()}
            for (first, second), measures in found.items() for measure in MEASURES]
    head = list(dict.fromkeys([*rows[0], *rows[-1]]))
    return csv_text([row | protocol for row in rows], head)


def probability(p):
    return f"{p:.4f}" if p >= 0.001 else f"{p:.1e}"
