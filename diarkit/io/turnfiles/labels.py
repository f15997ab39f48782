"""Labels, one a line: Audacity's label tracks, and the lab files of speech tools.

Both have lines `<start> <end> <label>`, in seconds: Audacity with tabs between them, with six decimals, and any
characters but tabs in the label; lab with blanks, and none in the label. Neither names a recording or a channel.
"""

from diarkit.errors import DataError
from diarkit.io.filesets import words_of
from diarkit.io.rttm import BadLine
from diarkit.io.streams import open_text_input
from diarkit.io.turnfiles.records import exact, time_text, turn_record

MICROSECONDS = 6  # Audacity's decimals


def read_audacity(path, reco):
    with open_text_input(path) as text:
        for line in text:
            line = line.rstrip("\n")
            # A line that begins with a backslash has the frequencies of the label before it.
            if line.strip() and not line.startswith("\\"):
                yield record_at(line.split("\t", 2), reco, f"{text.name}:{text.line_number}", "with tabs between them")


def read_lab(path, reco):
    with open_text_input(path) as text:
        for file, number, words in words_of(text.name, enumerate(text, 1)):
            yield record_at(words, reco, f"{file}:{number}", "of one word each")


def record_at(fields, reco, where, how):
    try:
        if len(fields) != 3:
            raise BadLine(f"<start> <end> <speaker> expected, {how}")
        return turn_record(reco, exact(fields[0], "start"), exact(fields[1], "end"), fields[2])
    except BadLine as error:
        raise DataError(str(error), where) from None


def write_audacity(out, records):
    for record in records:
        out.write(f"{record.start:.{MICROSECONDS}f}\t{record.end:.{MICROSECONDS}f}\t{record.speaker}\n")


def write_lab(out, records):
    for record in records:
        out.write(f"{time_text(record.start)} {time_text(record.end)} {record.speaker}\n")


def one_line(name):
    """A name with blanks for the tabs and ends of lines that it may have."""
    return name.replace("\t", " ").replace("\n", " ")
