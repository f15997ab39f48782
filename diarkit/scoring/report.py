"""Scores as text: the table that compute-der prints, and JSON."""

import json
import math

HEAD = ("recording", "DER", "scored", "missed", "false_alarm", "confusion", "ref_speakers", "hyp_speakers")


def der_table(score, options):
    """Rows of columns between blanks: name, DER (%), seconds, numbers of speakers; '-' where there is no DER.

    The last line is worded as md-eval's is, because recipes search for it.
    """
    rows = [HEAD, *(row(reco, errors) for reco, errors in score.files.items()), row("TOTAL", score.total)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [protocol(score, options)]
    for name, *values in rows:
        cells = [value.rjust(width) for value, width in zip(values, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *cells]))
    lines.append(f"OVERALL SPEAKER DIARIZATION ERROR = {score.total.der:.2f} % of scored speaker time")
    return "\n".join(lines) + "\n"


def protocol(score, options):
    overlap = "not scored" if options.ignore_overlap else "scored"
    return (
        f"# {options.scorer}; collar {options.collar:g} s on each side; overlap {overlap};"
        f" UEM {score.uem_source}; {len(score.files)} recordings"
    )


def row(name, errors):
    seconds = (errors.scored, errors.missed, errors.false_alarm, errors.confusion)
    der = "-" if math.isnan(errors.der) else f"{errors.der:.2f}"
    return (name, der, *(f"{s:.2f}" for s in seconds), str(errors.ref_speakers), str(errors.hyp_speakers))


def der_json(score, options):
    """An object with the protocol, `overall` and `files`; DER in percent, null where no speech is scored."""
    content = {
        "protocol": {
            "scorer": options.scorer,
            "collar": options.collar,
            "ignore_overlap": options.ignore_overlap,
            "uem": score.uem_source,
        },
        "overall": as_dict(score.total),
        "files": {
            reco: as_dict(errors) | {"mapping": errors.mapping} for reco, errors in score.files.items()
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_dict(errors):
    return {
        "der": None if math.isnan(errors.der) else errors.der,
        "scored": errors.scored,
        "miss": errors.missed,
        "fa": errors.false_alarm,
        "conf": errors.confusion,
        "ref_speakers": errors.ref_speakers,
        "hyp_speakers": errors.hyp_speakers,
    }
