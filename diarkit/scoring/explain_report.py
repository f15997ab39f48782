"""An explanation of errors as text, CSV and JSON."""

import re
import textwrap

from diarkit.scoring.explain import CONFUSION, FALSE_ALARM, MISSED, SPEECH
from diarkit.scoring.explain_sections import percent, wrong
from diarkit.scoring.report import as_dict, protocol, protocol_values
from diarkit.scoring.texts import csv_text, json_pieces, recordings

WIDTH = 96  # columns
NO_BREAK = "\N{NO-BREAK SPACE}"
LONGEST_NAME = 28  # characters of a name in the text; its end tells more than its middle


def text(score, explanation, tables, protocol_options, options):
    """Pieces of the report for people: the protocol, a summary, and the sections, `options.top` rows of each list."""
    blocks = [protocol(score, protocol_options)]
    if options.section != "all":
        shown = [table for table in tables if table.name == options.section]
    else:
        blocks.append("\n".join(wrapped(summary(score, explanation, tables))))
        one = len(explanation.recordings) == 1
        shown = [table for table in tables if table.rows and not (one and table.of_many)]
    return ["\n\n".join([*blocks, *(table_text(table, options.top) for table in shown)]), "\n"]


def wrapped(paragraph):
    """Lines of it, without one that begins with a unit."""
    paragraph = re.sub(r"(?<=\d) (?=%|s\b)", NO_BREAK, paragraph)
    return [line.replace(NO_BREAK, " ") for line in textwrap.wrap(paragraph, WIDTH)]


def table_text(table, top):
    shown = table.rows[:top] if table.is_list else table.rows
    rows = [[cell_text(value) for value in row] for row in (table.head, *shown)]
    if table.total:
        rows.append([cell_text(value) for value in table.total])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = [all(not isinstance(row[n], str | list) for row in shown) for n in range(len(table.head))]
    title = wrapped(f"{table.name.upper()}: {table.title}")
    lines = [*title]
    for row in rows:
        cells = [value.rjust(width) if right else value.ljust(width)
                 for value, width, right in zip(row, widths, numeric, strict=True)]
        lines.append("  ".join(cells).rstrip())
    if len(shown) < len(table.rows):
        lines.insert(len(title) + 1 + len(shown), f"... {len(table.rows) - len(shown)} more")
    return "\n".join(lines)


def cell_text(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    name = " ".join(value) if isinstance(value, list) else str(value)
    return name if len(name) <= 2 * LONGEST_NAME else f"{name[:LONGEST_NAME]}..{name[-LONGEST_NAME:]}"


def csv_of_section(score, table, protocol_options):
    """One section, TOTAL last where there is one, numbers not rounded, with the protocol in columns of its own."""
    rows = [dict(zip(table.head, row, strict=True)) | protocol_values(score, protocol_options)
            for row in (*table.rows, *([table.total] if table.total else ()))]
    rows = [{key: " ".join(value) if isinstance(value, list) else value for key, value in row.items()} for row in rows]
    return csv_text(rows, table.head)


def json_of_all(score, explanation, tables, protocol_options, options):
    """Pieces of text: an object with `protocol`, `summary`, `overall` in seconds (DER in percent), and `sections`,
    lists of objects.
    """
    content = {
        "protocol": protocol_values(score, protocol_options),
        "summary": summary(score, explanation, tables),
        "overall": as_dict(score.total),
        "sections": {table.name: table.dicts() for table in tables
                     if not table.text_only and options.section in ("all", table.name)},
    }
    return json_pieces(content)


def of_recording(reco, ref, hyp, uem):
    """The lines of reference and hypothesis, and the regions or None, that are of one recording.

    Scorers take folder and suffix off the names in a UEM; here all that may be of the recording are kept.
    """
    ref, hyp = ([line for line in lines if line.reco == reco] for lines in (ref, hyp))
    return ref, hyp, uem and [region for region in uem if f"/{reco}." in f"/{region.reco}."]


def labels(explanation):
    """Lines of a label track of Audacity: start and end in s, and what is wrong."""
    for _, start, end, kind, speaker, said, _ in sorted(explanation.single_errors(), key=lambda row: row[1:3]):
        who = f"{speaker} said {said}" if speaker and said else speaker or said
        yield f"{start:.6f}\t{end:.6f}\t{kind}: {who}\n"


def error_turns(explanation, ref):
    """The errors as turns whose speakers are such as missed:A, false-alarm:x and confusion:A>x; `ref` has channels."""
    lines = {line.reco: line for line in ref}
    for reco, start, end, kind, *who, _ in sorted(explanation.single_errors(), key=lambda row: row[:3]):
        name = f"{kind.replace(' ', '-')}:{'>'.join(filter(None, who))}"
        yield lines[reco]._replace(start=start, duration=end - start, speaker=name, kind="SPEAKER")


def summary(score, e, tables):
    """One paragraph: the number, its biggest cause and where that lies, what would help most, the worst recording."""
    total, number = score.total, len(e.recordings)
    errors = wrong(total)
    where = recordings(number)
    told = [f"DER {total.der:.2f} %: {errors:.2f} s of errors in {total.scored:.2f} s of speaker time of {where}."]
    if not errors > 0:
        return told[0]
    told.append(biggest(total, e))
    if number > 1:
        told.append(concentration(score, e))
    right = sum(score.files[reco].ref_speakers == score.files[reco].hyp_speakers for reco in e.recordings)
    if number > 1:
        told.append(f"The number of speakers is right in {right} of {where}.")
    else:
        told.append(f"There are {total.ref_speakers} speakers, {total.hyp_speakers} were found.")
    told += [help_text(table) for table in tables if table.name == "what-if"]
    return " ".join(filter(None, told))


def biggest(total, e):
    """The kind with most seconds, and how much of it lies where it is often found."""
    seconds, kind, column = max(
        (total.missed, "missed speech", MISSED), (total.false_alarm, "false alarm", FALSE_ALARM),
        (total.confusion, "confusion of speakers", CONFUSION))
    near = (e.by_boundary[:3, column].sum(), f"within {e.boundary:g} s of a boundary")
    change = (e.by_change[0, column], f"in the first {e.after_change:g} s after a change of speaker")
    facts = {
        MISSED: ((e.nobody_found, "where nobody was found"),
                 (total.missed - e.nobody_found, "further speakers who overlap"), near),
        FALSE_ALARM: ((e.by_count[0, column], "where nobody talks"), near, change),
        CONFUSION: ((sum(row[4] for row in e.confusions if row[3] is None), "with speakers who match nobody"),
                    (sum(row[6] for row in e.speakers if row[2] is None), "of speakers whom nobody matches"),
                    near, change),
    }[column]
    parts = ", ".join(f"{percent(part, seconds):.0f} % {place}" for part, place in facts)
    share = percent(seconds, wrong(total))
    text = f"The biggest cause is {kind}: {seconds:.2f} s, {share:.0f} % of all errors; of it {parts}"
    speech = e.by_count[2:, SPEECH].sum()
    if column == MISSED and speech > 0:
        text += f" ({percent(speech, total.scored):.0f} % of the speech is overlap)"
    return text + "."


def concentration(score, e):
    errors = sorted((wrong(score.files[reco]) for reco in e.recordings), reverse=True)
    worst = max(e.recordings, key=lambda reco: wrong(score.files[reco]))
    half, number = 0.0, 0
    while half < 0.5 * sum(errors):
        half += errors[number]
        number += 1
    return (f"Half of the errors lie in {number} of {len(errors)} recordings, most in {worst}"
            f" ({percent(errors[0], sum(errors)):.0f} %).")


def help_text(table):
    """What of the table what-if gains most of that which can be said exactly."""
    changes = [row for row in table.rows if row[1] == row[2] and "no scoring" not in row[0]]
    change, der, _, gain, _ = max(changes, key=lambda row: row[3])
    return f"With {change}, the DER would be {der:.2f} %." if gain > 0 else ""
