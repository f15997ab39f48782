"""JER and further measures as text: a table, CSV, and JSON."""

from diarkit.scoring.texts import aligned, csv_text, json_text, number, recordings

HEAD = ("recording", "JER", "ref_spk", "hyp_spk", "count_error", "count_right")


def protocol(result, opts):
    """One line that begins with #: by which rules."""
    line = (f"# dscore; frames of 10 ms, no collar, overlap scored; UEM {result.uem_source};"
            f" {recordings(len(result.files))}")
    return line + (f"; change points within {opts.tolerance:g} s" if "change_recall" in result.total.values else "")


def protocol_values(result, opts):
    return {"scorer": "dscore", "frame_shift": 0.01, "collar": 0.0, "ignore_overlap": False,
            "uem": result.uem_source, "tolerance": opts.tolerance}


def named(result):
    return [*result.files.items(), ("TOTAL", result.total)]


def as_dict(found):
    return {"jer": found.jer, "ref_speakers": found.ref_speakers, "hyp_speakers": found.hyp_speakers,
            "count_error": found.count_error, "count_right": found.count_right, **found.values}


def measures_table(result, opts):
    """Columns between blanks: JER in percent, numbers of speakers, measures, '-' for what is not defined."""
    lines = [[*HEAD, *result.total.values]]
    for name, found in named(result):
        values = [number(value, ".4f") for value in found.values.values()]
        lines.append([name, f"{found.jer:.2f}", str(found.ref_speakers), str(found.hyp_speakers),
                      f"{found.count_error:.2f}", f"{found.count_right:.2f}", *values])
    return "\n".join([protocol(result, opts), *aligned(lines)]) + "\n"


def measures_csv(result, opts):
    """The same values, unrounded, nothing for what is not defined, with the protocol in columns of its own."""
    return csv_text([{"recording": name} | as_dict(found) | protocol_values(result, opts)
                     for name, found in named(result)])


def measures_json(result, opts):
    """An object with the protocol, `overall` and `files`, and in these the Jaccard error of every speaker."""
    content = {
        "protocol": protocol_values(result, opts),
        "overall": as_dict(result.total),
        "files": {reco: as_dict(found) | {"speakers": found.speakers} for reco, found in result.files.items()},
    }
    return json_text(content)
