"""JER and further measures as text: a table, CSV, and JSON."""

import csv
import io
import json

HEAD = ("recording", "JER", "ref_speakers", "hyp_speakers", "count_error", "count_right")


def protocol(result, opts):
    """One line that begins with #: by which rules."""
    line = (f"# dscore; frames of 10 ms, no collar, overlap scored; UEM {result.uem_source};"
            f" {len(result.files)} recordings")
    return line + (f"; change points within {opts.tolerance:g} s" if "change_recall" in result.total.values else "")


def rows(result):
    """(name, values) of every recording and of TOTAL; JER in percent, the rest is numbers of speakers and 0 to 1."""
    for name, found in [*result.files.items(), ("TOTAL", result.total)]:
        yield name, [found.jer, found.ref_speakers, found.hyp_speakers, found.count_error, found.count_right,
                     *found.values.values()]


def measures_table(result, opts):
    """Columns between blanks, '-' for what is not defined."""
    head = [*HEAD, *result.total.values]
    lines = [head]
    for name, (jer, num_ref, num_hyp, *rest) in rows(result):
        texts = ["-" if value is None else f"{value:.4f}" for value in rest[2:]]
        lines.append([name, f"{jer:.2f}", str(num_ref), str(num_hyp), *(f"{value:.2f}" for value in rest[:2]), *texts])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([protocol(result, opts), *texts]) + "\n"


def measures_csv(result, opts):
    """The same values, unrounded, with commas; nothing for what is not defined."""
    out = io.StringIO()
    out.write(protocol(result, opts) + "\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*HEAD, *result.total.values])
    writer.writerows([name, *values] for name, values in rows(result))
    return out.getvalue()


def measures_json(result, opts):
    """An object with the protocol, `overall` and `files`, and in these the Jaccard error of every speaker."""
    def as_dict(found):
        return {"jer": found.jer, "ref_speakers": found.ref_speakers, "hyp_speakers": found.hyp_speakers,
                "count_error": found.count_error, "count_right": found.count_right, **found.values}

    content = {
        "protocol": {"scorer": "dscore", "frame_shift": 0.01, "collar": 0.0, "ignore_overlap": False,
                     "uem": result.uem_source, "tolerance": opts.tolerance},
        "overall": as_dict(result.total),
        "files": {reco: as_dict(found) | {"speakers": found.speakers} for reco, found in result.files.items()},
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
