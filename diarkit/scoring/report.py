"""Scores as text: the table that compute-der prints, CSV and JSON."""

from diarkit.scoring.scorers import LEVEL
from diarkit.scoring.texts import aligned, csv_text, json_text, number, recordings

HEAD = ("recording", "DER", "miss%", "fa%", "conf%", "scored", "miss", "fa", "conf", "ref_spk", "hyp_spk")


def der_table(score, options):
    """Rows of columns between blanks: name, DER and its parts in percent, seconds, numbers of speakers, perhaps JER.

    '-' stands where there is no DER. One comment is worded as md-eval's line is, because recipes search for it.
    """
    comments = [protocol(score, options)]
    comments.append(f"# OVERALL SPEAKER DIARIZATION ERROR = {score.total.der:.2f} % of scored speaker time")
    if score.ci:
        comments.append(f"# {100 * LEVEL:g} % confidence interval of the DER: {number(score.ci[0])} to"
                        f" {number(score.ci[1])} % (bootstrap over recordings)")
    for name, found in (score.report.classes() if score.report else {}).items():
        heard = "".join(f", as {other} {seconds:.2f}" for other, seconds in found["as"].items())
        comments.append(f"# class {name}: scored {found['scored']:.2f} s{heard}, missed {found['miss']:.2f}")
    rows = [(reco, errors) for reco, errors in score.files.items()] + [("TOTAL", score.total)]
    return "\n".join([*comments, *columns(HEAD, rows)]) + "\n"


def md_eval_text(score, options):
    """md-eval's own lines below our first one."""
    return "\n".join([protocol(score, options), *score.report.lines()]) + "\n"


def protocols_table(scores):
    """One row for each of [(score, options)], overall only."""
    score, options = scores[0]
    rows = []
    for found, opts in scores:
        rows.append((f"collar-{opts.collar:g}{'-no-overlap' if opts.ignore_overlap else ''}", found.total))
    comments = [f"# {options.scorer}; collar in s on each side; UEM {score.uem_source};"
                f" {recordings(len(score.files))}{jer_rules(score)}"]
    if score.ci:
        comments += [f"# {name}: {100 * LEVEL:g} % confidence interval {number(found.ci[0])} to {number(found.ci[1])} %"
                     for (name, _), (found, _) in zip(rows, scores, strict=True)]
    return "\n".join([*comments, *columns(("protocol", *HEAD[1:]), rows)]) + "\n"


def columns(head, named_errors):
    rows = [row(name, errors) for name, errors in named_errors]
    if any(errors.jer is not None for _, errors in named_errors):
        head = (*head, "JER")
        rows = [(*cells, number(errors.jer)) for cells, (_, errors) in zip(rows, named_errors, strict=True)]
    return aligned([head, *rows])


def row(name, errors):
    seconds = (errors.missed, errors.false_alarm, errors.confusion)
    percent = [number(100 * s / errors.scored) if errors.scored > 0 else "-" for s in seconds]
    return (name, number(errors.der), *percent, *(f"{s:.2f}" for s in (errors.scored, *seconds)),
            str(errors.ref_speakers), str(errors.hyp_speakers))


def protocol(score, options):
    overlap = "not scored" if options.ignore_overlap else "scored"
    return (
        f"# {options.scorer}; collar {options.collar:g} s on each side; overlap {overlap};"
        f" UEM {score.uem_source}; {recordings(len(score.files))}{jer_rules(score)}"
    )


def jer_rules(score):
    return "; JER by dscore's rules" if score.total.jer is not None else ""


def der_json(scores):
    """Of [(score, options)]: an object with the protocol, `overall` and `files`; of several, {"protocols": [...]}.

    DER and JER are in percent, null where no speech is scored, and not rounded; the rest in seconds.
    """
    found = [as_object(score, options) for score, options in scores]
    return json_text(found[0] if len(found) == 1 else {"protocols": found})


def as_object(score, options):
    overall = as_dict(score.total)
    if score.ci:
        overall["ci"] = list(score.ci)
    return {
        "protocol": protocol_values(score, options),
        "overall": overall,
        **({"classes": score.report.classes()} if score.report else {}),
        "files": {reco: as_dict(errors) | {"mapping": errors.mapping} for reco, errors in score.files.items()},
    }


def protocol_values(score, options):
    return {
        "scorer": options.scorer,
        "collar": options.collar,
        "ignore_overlap": options.ignore_overlap,
        "uem": score.uem_source,
    }


def as_dict(errors):
    values = {
        "der": errors.der,
        "scored": errors.scored,
        "miss": errors.missed,
        "fa": errors.false_alarm,
        "conf": errors.confusion,
        "ref_speakers": errors.ref_speakers,
        "hyp_speakers": errors.hyp_speakers,
    }
    return values if errors.jer is None else values | {"jer": errors.jer}


def der_csv(scores):
    """A row for each recording and TOTAL of each of [(score, options)], with the protocol in columns of its own."""
    rows = []
    for score, options in scores:
        named = [*score.files.items(), ("TOTAL", score.total)]
        for name, errors in named:
            low, high = score.ci if score.ci and name == "TOTAL" else (None, None)
            extra = {"der_low": low, "der_high": high} if score.ci else {}
            rows.append({"recording": name} | as_dict(errors) | extra | protocol_values(score, options))
    return csv_text(rows)
