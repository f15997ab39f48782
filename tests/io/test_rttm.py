import csv
import io
import re

import pytest

from diarkit.errors import DataError
from diarkit.io.rttm import Region, Turn, read_rttm, read_uem, write_rttm

LINE = "SPEAKER m 1 0.50 2.25 <NA> <NA> Anna <NA> <NA>"
TURN = Turn("m", "1", 0.5, 2.25, "Anna")


@pytest.fixture
def reading(tmp_path):
    """A function that writes text or bytes to a file and reads it with `read`."""

    def reading(read, content, **kwargs):
        path = tmp_path / "in"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(str(path), **kwargs)

    return reading


def test_every_field_is_where_it_belongs(reading):
    [turn] = reading(read_rttm, LINE + "\n")
    assert turn == TURN
    assert (turn.reco, turn.channel, turn.start, turn.duration, turn.end, turn.speaker) == (
        "m", "1", 0.5, 2.25, 2.75, "Anna")


@pytest.mark.parametrize("content", [
    LINE,
    LINE.removesuffix(" <NA>") + "\n",  # nine fields
    LINE.replace(" ", "\t") + "\n",
    "  " + LINE.replace(" ", "   ") + "  \n",
    "\ufeff" + LINE + "\n",
    LINE + "\r\n",
    LINE.replace("SPEAKER", "speaker").replace("<NA>", "<na>") + "\n",
    f";; a comment\n# another one\n\n   \n{LINE}\n",
    LINE.replace("0.50", "5e-1").replace("2.25", "+02.250") + "\n",
])
def test_spellings_of_one_turn(reading, content):
    assert reading(read_rttm, content) == [TURN]


def test_other_types_are_no_speech_and_kept_only_on_request(reading):
    content = (
        "SPKR-INFO m 1 <NA> <NA> <NA> unknown Anna <NA> <NA>\n"
        "NON-LEX m 1 3.0 1.0 <NA> laugh Anna <NA> <NA>\n"
        f"{LINE}\n"
        "LEXEME m 1 3.0 <NA> so lex Anna <NA> <NA>\n"
    )
    assert reading(read_rttm, content) == [TURN]
    assert reading(read_rttm, content, all_types=True) == [
        Turn("m", "1", 0.0, 0.0, "Anna", "SPKR-INFO", "unknown"),
        Turn("m", "1", 3.0, 1.0, "Anna", "NON-LEX", "laugh"),
        TURN,
        Turn("m", "1", 3.0, 0.0, "Anna", "LEXEME", "lex"),
    ]


def test_zero_length_turns_and_empty_files_are_read(reading):
    assert reading(read_rttm, LINE.replace("2.25", "0.0"))[0].duration == 0
    assert reading(read_rttm, "") == []


@pytest.mark.parametrize("old, new, reason", [
    ("0.50", "nan", "start is not a plain decimal number: 'nan'"),
    ("2.25", "inf", "duration is not a plain decimal number"),
    ("0.50", "0x10", "not a plain decimal"),
    ("0.50", "1_0", "not a plain decimal"),
    ("0.50", "0,5", "not a plain decimal"),
    ("0.50", "\u0661", "not a plain decimal"),
    ("0.50", "1e999", "not a plain decimal"),
    ("2.25", "<NA>", "not a plain decimal"),
    ("0.50", "-0.5", "start is negative"),
    ("2.25", "-1", "duration is negative"),
    ("0.50", "1e308", "start is not below 1e.12 s: '1e308'"),
    ("2.25", "1000000000000", "duration is not below 1e.12 s"),
    ("SPEAKER", "FOO", "unknown type of RTTM line: 'FOO'"),
    ("<NA> <NA> Anna <NA> <NA>", "<NA> <NA> Anna", "8 fields"),
    ("Anna", "Anna Maria", "11 fields.*blank"),
    ("<NA> <NA> Anna", "<NA> Anna <NA>", "subtype"),
])
def test_errors_name_file_line_and_reason(reading, old, new, reason):
    assert old in LINE
    with pytest.raises(DataError, match=f"in:3: .*{reason}"):
        reading(read_rttm, f"{LINE}\n; a comment counts as a line\n{LINE.replace(old, new, 1)}\n")


@pytest.mark.parametrize("content", [
    b"\xff\xfe\x00garbage",
    LINE.encode().replace(b"Anna", b"M\xe5"),
    b'[{"a": 0}]',
])
def test_what_is_no_rttm_at_all(reading, content):
    with pytest.raises(DataError, match="in:1: "):
        reading(read_rttm, content)
    with pytest.raises(DataError, match="no such file"):
        read_rttm("/nowhere/in")


def test_written_turns_are_ten_fields_and_still_touch():
    out = io.StringIO()
    write_rttm(out, [Turn("m", "1", 0.0004, 1.0001, "a"), Turn("m", "1", 1.0005, 0.3332, "b")])
    assert out.getvalue() == (
        "SPEAKER m 1 0.000 1.000 <NA> <NA> a <NA> <NA>\n"
        "SPEAKER m 1 1.000 0.334 <NA> <NA> b <NA> <NA>\n"
    )


def test_what_is_written_is_read_again(tmp_path):
    turns = [TURN, Turn("n", "0", 3661.001, 0.25, "b")]
    write_rttm(str(tmp_path / "out"), turns)
    assert [t._replace(start=round(t.start, 6)) for t in read_rttm(str(tmp_path / "out"))] == turns


def test_uem(reading):
    content = "\ufeff; comment\n# comment\n\nm 1 10 20.5\r\nm\t1\t0\t10\nn NA 3 4\nm 2 5 15"
    assert reading(read_uem, content) == [
        Region("m", "1", 10, 20.5), Region("m", "1", 0, 10), Region("n", "NA", 3, 4), Region("m", "2", 5, 15)]


@pytest.mark.parametrize("line, reason", [
    ("m 1 5 5", "not after its start"),
    ("m 1 9 5", "not after its start"),
    ("m 1 -5 5", "start is negative"),
    ("m 1 nan 5", "start is not"),
    ("m 1 5 inf", "end is not"),
    ("m 1 5 1e12", "end is not below"),
    ("m 1 5,0 6", "start is not"),
    ("m 1 5", "3 fields"),
    ("m 1 2 5 x", "5 fields"),
    ("m 1 15 25", "overlaps 20-30"),
])
def test_errors_of_a_uem_name_file_line_and_reason(reading, line, reason):
    number = "[12]" if "overlaps" in reason else "2"
    with pytest.raises(DataError, match=f"in:{number}: .*{reason if number == '2' else 'overlaps'}"):
        reading(read_uem, f"m 1 20 30\n{line}\n")


def test_damaged_files_of_the_corpus(shared):
    """Every file of badinputs/ is refused with its line, or read, as its manifest says."""
    folder = shared / "badinputs" / "cases"
    readers = {"rttm": read_rttm, "uem": read_uem}
    with open(folder / "manifest.tsv", newline="") as file:
        manifest = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in manifest if row["family"] in readers]
    assert len(rows) > 10
    for row in rows:
        path = str(folder / row["file"])
        if row["expect"] == "error":
            line = re.search(r"line (\d+)", row["message_names"])
            with pytest.raises(DataError, match=re.escape(path) + (f":{line[1]}: " if line else ":")):
                readers[row["family"]](path)
        else:
            assert readers[row["family"]](path)
