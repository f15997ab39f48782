"""Files as the formats have them: golden files, what other programs write and read, and damaged ones."""

import io
import json
from decimal import Decimal

import pytest

from diarkit.errors import DataError
from diarkit.io.turnfiles import eaf
from diarkit.io.turnfiles.formats import FORMATS, file_of, fitted, format_of, one_recording, read_turnfile
from diarkit.io.turnfiles.records import NA, Record
from diarkit.io.turnfiles.tiers import tiers

TURNS = [("0.5", "2.25", "Anna"), ("2.75", "1.0", "Bo <x>"), ("2.5", "1.5", "Anna"), ("3.0", "0.5", "Anna")]


def turn(start, duration, speaker, words=NA):
    return Record("SPEAKER", "m", "1", Decimal(start), Decimal(duration), words, NA, speaker)


def written(name, records):
    out = io.StringIO()
    FORMATS[name].write(out, fitted(records, name)[0])
    return out.getvalue()


@pytest.fixture
def reading(tmp_path):
    """A function that writes text or bytes to a file m.* and reads it as a format: (start, end, speaker, words)."""

    def reading(name, content, whole=False):
        path = tmp_path / f"m{FORMATS[name].ending}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        records = list(read_turnfile(str(path), name))
        return records if whole else [(float(r.start), float(r.end), r.speaker, r.orthography) for r in records]

    return reading


def test_srt_and_vtt():
    records = [turn("3599.9995", "2.0005", "Anna"), turn("0.5", "1", "Bo & <C>", "hi there"),
               turn("7", "1", "Bo", "no")]
    assert written("srt", records) == (
        "1\n00:00:00,500 --> 00:00:01,500\n[Bo & <C>] hi there\n\n"
        "2\n00:00:07,000 --> 00:00:08,000\nBo: no\n\n"
        "3\n01:00:00,000 --> 01:00:02,000\nAnna\n\n")
    assert written("vtt", records) == (
        "WEBVTT\n"
        "\n00:00:00.500 --> 00:00:01.500\n<v Bo &amp; &lt;C&gt;>hi there</v>\n"
        "\n00:00:07.000 --> 00:00:08.000\n<v Bo>no</v>\n"
        "\n01:00:00.000 --> 01:00:02.000\n<v Anna>Anna</v>\n")


def test_labels():
    records = [turn("0.1234567", "1", "Anna B"), turn("2", "0", "Bo")]
    assert written("audacity", records) == "0.123457\t1.123457\tAnna B\n2.000000\t2.000000\tBo\n"
    assert written("lab", records) == "0.1234567 1.1234567 Anna_B\n2.000 2.000 Bo\n"


def test_csv_and_json():
    records = [turn("0.1234567", "1", 'A "B", C'), Record("SPKR-INFO", "m", "2", None, None, NA, "adult", "Bo")]
    assert written("csv", records) == (
        "recording,channel,start,end,speaker,type,subtype\n"
        'm,1,0.1234567,1.1234567,"A ""B"", C",,\n'
        "m,2,,,Bo,SPKR-INFO,adult\n")
    assert written("json", records) == (
        '{"recording": "m", "speakers": [{"speaker": "A \\"B\\", C", "seconds": 1}], "turns": ['
        '{"start": 0.1234567, "end": 1.1234567, "speaker": "A \\"B\\", C", "channel": 1}, '
        '{"speaker": "Bo", "channel": 2, "type": "SPKR-INFO", "subtype": "adult"}]}\n')
    assert json.loads(written("json", records))["turns"][0]["start"] == 0.1234567


SHORT = '''File type = "ooTextFile"
Object class = "TextGrid"

0
4
<exists>
2
"IntervalTier"
"An""na"
0
4
3
0
0.5
""
0.5
2.75
"An""na"
2.75
4
"hi"
"IntervalTier"
"An""na"
0
4
3
0
1
""
1
2
"An""na"
2
4
""
'''
LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 4 
tiers? <exists> 
size = 1 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "Anna" 
        xmin = 0 
        xmax = 4 
        intervals: size = 2 
        intervals [1]:
            xmin = 0 
            xmax = 0.5 
            text = "" 
        intervals [2]:
            xmin = 0.5 
            xmax = 4 
            text = "Anna" 
'''  # noqa: W291 - Praat writes blanks at the ends of lines


def test_textgrid(reading):
    three = [turn("0.5", "2.25", 'An"na'), turn("2.75", "1.25", 'An"na', "hi"), turn("1", "1", 'An"na')]
    assert written("textgrid-short", three) == SHORT
    assert written("textgrid", [turn("0.5", "3.5", "Anna")]) == LONG
    assert reading("textgrid", SHORT) == [(0.5, 2.75, 'An"na', NA), (1, 2, 'An"na', NA), (2.75, 4, 'An"na', "hi")]
    for encoding in ("utf-16", "utf-8-sig"):
        text = LONG.replace("Anna", "\u00c5sa").replace("\n", "\r\n")
        assert reading("textgrid", text.encode(encoding)) == [(0.5, 4, "\u00c5sa", NA)]
    points = SHORT.replace("<exists>\n2", '<exists>\n3\n"TextTier" "tones" 0 4 1 ! a comment with "\n 1.5 "H*"')
    assert len(reading("textgrid", points)) == 3
    assert reading("textgrid", 'File type = "ooTextFile"\nObject class = "TextGrid"\n0 1\n<absent>\n') == []


def test_eaf(reading, tmp_path):
    text = written("eaf", [turn(*fields) for fields in TURNS])
    assert reading("eaf", text) == [(0.5, 2.75, "Anna", NA), (2.5, 4, "Anna", NA), (2.75, 3.75, "Bo <x>", NA),
                                    (3, 3.5, "Anna", NA)]
    assert text.count("<TIER ") == 3 and 'TIER_ID="Anna (2)"' in text and 'PARTICIPANT="Bo &lt;x&gt;"' in text
    assert text.count("TIME_SLOT_ID") == 8
    out = io.StringIO()
    eaf.write(out, [], str(tmp_path / "a b.wav"))
    media = f'MEDIA_URL="file://{tmp_path}/a%20b.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./a b.wav"'
    assert media in out.getvalue()
    eaf.write(out, [], "https://example.org/a.wav")
    assert 'MEDIA_URL="https://example.org/a.wav" MIME_TYPE="audio/x-wav"/>' in out.getvalue()
    out = io.StringIO()
    eaf.write(out, [])
    assert reading("eaf", out.getvalue().encode("utf-16").replace(b"U\0T\0F\0-\x008", b"U\0T\0F\0-\x001\x006")) == []


def test_an_eaf_of_elan_itself(reading):
    """A tier that depends on another one says the same speech again, and is not read."""
    text = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="x" DATE="2024-01-01T00:00:00+01:00" FORMAT="2.7" VERSION="2.7">
 <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
 <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
  <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1700"/></TIME_ORDER>
 <TIER LINGUISTIC_TYPE_REF="u" TIER_ID="A_words"><ANNOTATION>
  <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
   <ANNOTATION_VALUE>well &amp; good</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
 <TIER LINGUISTIC_TYPE_REF="w" PARENT_REF="A_words" TIER_ID="A_tokens"><ANNOTATION>
  <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
   <ANNOTATION_VALUE>well</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
 <TIER LINGUISTIC_TYPE_REF="w" PARENT_REF="A_words" TIER_ID="A_notes"><ANNOTATION>
  <REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1"><ANNOTATION_VALUE>n</ANNOTATION_VALUE></REF_ANNOTATION>
 </ANNOTATION></TIER></ANNOTATION_DOCUMENT>"""
    assert reading("eaf", text) == [(0.1, 1.7, "A_words", "well & good")]
    with pytest.raises(DataError, match=r"m.eaf:7: time slot ts2 has no time"):
        reading("eaf", text.replace('TIME_SLOT_REF2="ts3"', 'TIME_SLOT_REF2="ts2"'))


@pytest.mark.parametrize("content", [
    '[{"start": 0.5, "end": 2, "speaker": "A"}, {"start": 2, "duration": 1, "speaker": 1}]',
    '{"recording": "m", "turns": [{"start": 0.5, "end": 2, "speaker": "A", "channel": 1},'
    ' {"start": 2, "end": 3, "speaker": "1"}]}',
    '{"recording": "m", "turns": [{"start": 0.5, "end": 2, "speaker": "A"}]}\n'
    '{"recording": "m", "turns": [{"start": 2, "end": 3, "speaker": "1"}]}\n',
    '{"pyannote": "Annotation", "uri": "m", "content": ['
    '{"segment": {"start": 0.5, "end": 2.0}, "track": 0, "label": "A"},'
    ' {"segment": {"start": 2.0, "end": 3.0}, "track": 1, "label": "1"}]}',
    '{"jobId": "x", "status": "succeeded", "output": {"diarization": [{"speaker": "A", "start": 0.5, "end": 2},'
    ' {"speaker": "1", "start": 2, "end": 3}], "exclusiveDiarization": []}}',
    '[{"uri": "m", "turns": [{"start": 5e-1, "end": 2.0, "speaker": "A"}, {"start": 2, "end": 3, "speaker": "1"}]}]',
])  # fmt: skip
def test_json_of_all_kinds(reading, content):
    records = reading("json", content, whole=True)
    assert records == [Record("SPEAKER", "m", "1", Decimal("0.5"), Decimal("1.5"), speaker="A"),
                       Record("SPEAKER", "m", "1", Decimal(2), Decimal(1), speaker="1")]


def test_words_of_other_programs(reading):
    whisper = '{"segments": [{"start": 0, "end": 1.5, "text": " hi there", "speaker": "S1", "words": [{"a": 1}]}]}'
    assert reading("json", whisper) == [(0, 1.5, "S1", "hi there")]
    srt = ("\ufeff1\r\n0:00:01.5 --> 00:00:02,000 X1:1\r\nAnna Bo: Hi,\r\nthere\r\n\r\n\r\n"
           "00:00:03,000-->00:00:04,000\r\n[S1]: yes")
    assert reading("srt", srt) == [(1.5, 2, "Anna Bo", "Hi, there"), (3, 4, "S1", "yes")]
    vtt = ("WEBVTT - title\nKind: captions\n\nNOTE it is not\nneeded here\n\nSTYLE\n::cue {}\n\nid-1\n"
           "01:02.000 --> 01:03.500 align:start\n<v.loud Anna Bo>Hi <b>there</b></v> <v C>yes &amp; no</v>\n\n"
           "00:02:00.000 --> 00:02:01.000\nC: <i>no</i>\n")
    assert reading("vtt", vtt) == [
        (62, 63.5, "Anna Bo", "Hi there"), (62, 63.5, "C", "yes & no"), (120, 121, "C", "no")]
    assert reading("audacity", "1.5\t2.5\tA b\n\\\t100.0\t200.0\n2\t2\tc\n") == [(1.5, 2.5, "A b", NA), (2, 2, "c", NA)]
    table = "Start;Speaker;End;Notes\n1.5;\"A;\nb\";2;x\n\n3;c;4;\n"
    assert reading("csv", table) == [(1.5, 2, "A;\nb", NA), (3, 4, "c", NA)]
    assert reading("tsv", "onset\tduration\tlabel\tfile\n1\t2\tA\tn\n", whole=True)[0][:5] == (
        "SPEAKER", "n", "1", Decimal(1), Decimal(2))


BOMB = ('<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        "<ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>")
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><ANNOTATION_DOCUMENT/>'
SLOTS = ('<ANNOTATION_DOCUMENT><TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="5"/>'
         '<TIME_SLOT TIME_SLOT_ID="t2" TIME_VALUE="7"/>')
ANNOTATION = ('\n<TIER TIER_ID="A"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2">'
              "</ALIGNABLE_ANNOTATION></TIER></ANNOTATION_DOCUMENT>")
HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n0 4 <exists> 1 "IntervalTier" "A" 0 4 1\n'


@pytest.mark.parametrize("name, content, line, reason", [
    ("json", "[1, 2", 1, "not JSON"),
    ("json", '[\n\n{"start": 1,, "end": 2}]', 3, "not JSON"),
    ("json", "[" * 100000, 1, "nested too deeply"),
    ("json", '{"a": 1}\n3', 1, "no turns"),
    ("json", "3", 1, "neither a list"),
    ("json", '[{"start": NaN, "end": 2, "speaker": "a"}]', 1, "NaN is no number"),
    ("json", '[{"start": 1, "end": 1e999999999999999999999, "speaker": "a"}]', 1, "not"),
    ("json", '[{"start": true, "end": 2, "speaker": "a"}]', 1, "turn 1: the start is neither"),
    ("json", '[{"start": 3, "end": 2, "speaker": "a"}]', 1, "turn 1: ends at 2, before"),
    ("json", '[{"start": 1, "end": 2}]', 1, "turn 1: no speaker"),
    ("json", '[{"start": 1, "end": 2, "speaker": "a\\ud800"}]', 1, r"U\+D800"),
    ("json", '[{"start": 1, "end": 2, "speaker": "a\\u0000"}]', 1, r"U\+0000"),
    ("json", '[{"start": 1, "speaker": "a"}]', 1, "no end"),
    ("json", '\n[{"turns": [{"turns": [{"turns": []}]}]}]', 2, "within objects"),
    ("json", '[{"type": "X", "start": 1, "end": 2, "speaker": "a"}]', 1, "unknown type"),
    ("json", b'[\n"\xff"]', 2, "not UTF-8"),
    ("json", '[{"start": 1, "end": 2, "speaker": "a", "channel": "\\ud800"}]', 1, r"U\+D800"),
    ("json", '[{"start": 1, "end": 2, "speaker": "a", "subtype": "laugh"}]', 1, "subtype of a SPEAKER"),
    ("json", '\n[{"start": 1, "start": 2, "end": 2, "speaker": "a"}]', 2, "'start' twice"),
    ("csv", "a,b\n1,2\n", 1, "no column 'start'"),
    ("csv", "start,end,speaker,start\n1,2,a,1\n", 1, "two columns are called start"),
    ("csv", "start,end,speaker," + "x" * 2000000 + "\n", 1, "field larger"),
    ("csv", 'start,end,"speaker\n1,2,a\n', 1, "unexpected end"),
    ("csv", "", 1, "no column 'start'"),
    ("csv", "start,end,speaker\n1,2,a\n1,2\n", 3, "2 fields, but 3 names"),
    ("csv", 'start,end,speaker\n1,2,"a\nb"\n1,nan,a\n', 4, "end is not a plain"),
    ("csv", 'start,end,speaker\n1,2,"a\n', 2, "unexpected end"),
    ("csv", "start,end,speaker\n1,2,\n", 2, "no speaker"),
    ("csv", "start,end,speaker\n-1,2,a\n", 2, "start is negative"),
    ("csv", "start,end,speaker\n1,1e13,a\n", 2, "end is too large"),
    ("audacity", "1 2 a\n", 1, "<start> <end> <speaker> expected"),
    ("audacity", "1\t2\ta\n1\t2\t \n", 2, "no speaker"),
    ("audacity", "1,5\t2,5\ta\n", 1, "not a plain decimal"),
    ("lab", "# c\n1 2 a b\n", 2, "expected, of one word each"),
    ("srt", "1\n00:00:01,000 --> 00:00:02,000\nwho is it that says so\n", 2, "no speaker before"),
    ("srt", "1\n00:61:01,000 --> 00:00:02,000\nA\n", 2, "no time"),
    ("srt", "1\n00:00:03,000 --> 00:00:02,000\nA\n", 2, "ends at 2.000, before"),
    ("srt", "\n\n1\nhello\n", 3, "expected in this cue"),
    ("srt", "1\n00:00:01,000 --> 00:00:02,000\nA: yes\n\nNOTE that is said\n", 5, "expected in this cue"),
    ("vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nA\n\nNOTES\n", 6, "expected in this cue"),
    ("vtt", "\n00:00:01.000 --> 00:00:02.000\n<v &#" + "9" * 5000 + ";>", 2, "number is too long"),
    ("vtt", "\n00:00:01.000 --> 00:00:02.000\n" + "<v " * 200000, 2, "no speaker before"),
    ("vtt", "\n00:00:01.000 --> 00:00:02.000\na b " + "<" * 500000, 2, "no speaker before"),
    ("vtt", "\n00:00:01.000 --> 00:00:02.000\na b " + "<v." * 200000, 2, "no speaker before"),
    ("vtt", "WEBVTT\n\n00:00:01.000 --> 2.0\nA\n", 3, "not <hours>"),
    ("vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v >A</v>\n", 3, "no speaker"),
    ("textgrid", "hello", 1, "the file ends where a text"),
    ("textgrid", '"ooTextFile"\n"Pitch"', 2, "not a TextGrid"),
    ("textgrid", HEAD + "0 4", 4, "the file ends where a text"),
    ("textgrid", HEAD + '3 4 "x', 4, "without a closing quote"),
    ("textgrid", HEAD + '3\n2 "x"', 5, "ends at 2, before"),
    ("textgrid", HEAD + '-3\n2 "x"', 5, "negative"),
    ("textgrid", HEAD + '"x"', 4, "a number expected"),
    ("textgrid", HEAD.replace("4 1\n", "4 1.5\n"), 3, "whole number"),
    ("textgrid", HEAD.replace("Interval", "Other"), 3, "unknown kind of tier"),
    ("textgrid", HEAD + '3 4 "x"\n4 4 "y"', 5, "more follows"),
    ("textgrid", HEAD + '3 4 "x"\n"IntervalTier"', 5, "more follows"),
    ("textgrid", HEAD + "1" * 200000 + "x\n", 5, "the file ends"),
    ("textgrid", b"\xff\xfea", 1, "not UTF-16"),
    ("eaf", "<a/>", 1, "not an ELAN file"),
    ("eaf", "hello", 1, "not XML"),
    ("eaf", "<ANNOTATION_DOCUMENT>\n<TIER>", 2, "not XML"),
    ("eaf", BOMB, 1, "DOCTYPE"),
    ("eaf", OUTSIDE, 1, "DOCTYPE"),
    ("eaf", '<?xml version="1.0" encoding="nonsense"?><ANNOTATION_DOCUMENT/>', 1, "not XML"),
    ("eaf", '<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="NTSC-frames"/></ANNOTATION_DOCUMENT>', 1, "milliseconds"),
    ("eaf", SLOTS.replace('"t2"', '"t1"'), 1, "time slot t1 is there twice"),
    ("eaf", SLOTS + ANNOTATION.replace('"t1"', '"t3"'), 2, "time slot t3 is not there"),
    ("eaf", SLOTS.replace('TIME_VALUE="5"', "") + ANNOTATION, 2, "time slot t1 has no time"),
    ("eaf", SLOTS + ANNOTATION.replace('TIME_SLOT_REF1="t1"', ""), 2, "no reference to a time slot"),
])  # fmt: skip
def test_errors_name_file_line_and_reason(reading, name, content, line, reason):
    with pytest.raises(DataError, match=rf"/m\{FORMATS[name].ending}:{line}: .*{reason}"):
        reading(name, content)


def test_nothing_is_lost_where_something_is_missing(reading):
    assert reading("eaf", SLOTS + ANNOTATION) == [(0.005, 0.007, "A", NA)]
    found = reading("json", '{"recording": "", "turns": [{"start": 1, "end": 2, "speaker": "a"}]}', whole=True)
    assert found[0].reco == "m"
    assert str(reading("lab", "-1e-400 1 a\n", whole=True)[0].start) == "0E-12"


def test_one_who_overlaps_with_itself_in_many_turns():
    records = [turn(start, 30000 - 2 * start, "A") for start in range(10000)]
    assert written("eaf", records).count("<TIER ") == 10000
    found = tiers([turn(0, 5, "A"), turn(1, 1, "A"), turn(2, 1, "A"), turn(5, 1, "A"), turn(5, 1, "A")])
    assert [[int(record.start) for record in own] for _, own in found] == [[0, 5], [1, 2, 5]]


def test_what_cannot_be_held_is_told():
    records = [turn("1", "1", "A"), turn("1.0004", "0.0001", "A"),
               turn("2", "1", "A", "two words")._replace(channel="2"),
               turn("3", "1", "A")._replace(confidence="0.5"), Record("NON-SPEECH", "m", "1", None, None)]
    kept, notes = fitted(records, "lab")
    assert len(kept) == 4 and notes == ["lab cannot hold channels (1)", "lab cannot hold words (1)",
                                        "lab cannot hold confidence and look-ahead (1)",
                                        "lab cannot hold lines of other types than SPEAKER (1)"]
    kept, notes = fitted(records, "vtt")
    assert [record.orthography for record in kept] == [NA, "two words", NA]
    assert notes[:2] == ["vtt cannot hold times finer than 3 decimals (1)", "vtt cannot hold turns of no length (1)"]
    kept, notes = fitted(records, "rttm")
    assert kept[2].orthography == NA and notes == ["rttm cannot hold more than a word of what is said (1)"]
    assert fitted(records, "json") == (records, [])


def test_rounded_turns_still_touch():
    for name, (first, second) in (("vtt", ("0.0004", "1.0006")), ("audacity", ("0.0000004", "1.0000006"))):
        records = [turn(first, Decimal(second) - Decimal(first), "A"), turn(second, "1", "B")]
        one, other = fitted(records, name)[0]
        assert one.end == other.start == round(Decimal(second), FORMATS[name].decimals)


def test_names_that_would_become_the_same_are_refused():
    with pytest.raises(DataError, match="m: 'a b' and 'a_b' would both be 'a_b'"):
        fitted([turn("0", "1", "a b"), turn("1", "1", "a_b")], "rttm")
    one, other = turn("0", "1", "a b"), turn("1", "1", "a_b")._replace(reco="n")
    assert [record.speaker for record in fitted([one, other], "rttm")[0]] == ["a_b", "a_b"]
    with pytest.raises(DataError, match="'m n' and 'm_n' would both be"):
        fitted([one._replace(reco="m n"), one._replace(reco="m_n")], "rttm")


def test_names_of_files_and_formats():
    names = {"a.RTTM": "rttm", "a/rttm": "rttm", "-": "rttm",
             "x/a.TextGrid": "textgrid", "a.jsonl": "json", "a.b.srt": "srt", "a.w": None}
    assert {path: format_of(path) for path in names} == names
    assert file_of("out", "m.1", "textgrid") == "out/m.1.TextGrid"
    for name in ("../m", "a/b", ".hidden", "a\0b"):
        with pytest.raises(DataError, match="cannot be the name of a file"):
            file_of("out", name, "srt")
    two = [turn("0", "1", "a"), turn("0", "1", "a")._replace(reco="n")]
    with pytest.raises(DataError, match="2 recordings, of which srt holds one"):
        one_recording(two, "-", "srt")
    one_recording(two, "-", "csv")


def test_other_programs_read_what_is_written(tmp_path):
    """praatio and pympi find the same turns; so does pysubs2 in subtitles."""
    records = [turn(start, duration, speaker.replace(" <x>", "")) for start, duration, speaker in TURNS]
    wanted = sorted((float(r.start), float(r.end), r.speaker) for r in records)
    for name in FORMATS:
        (tmp_path / f"{name}{FORMATS[name].ending}").write_text(written(name, records))
    textgrid = pytest.importorskip("praatio.textgrid")
    for name in ("textgrid", "textgrid-short"):
        grid = textgrid.openTextgrid(str(tmp_path / f"{name}.TextGrid"), False, duplicateNamesMode="rename")
        assert sorted((start, end, text) for tier in grid.tiers for start, end, text in tier.entries) == wanted
    elan = pytest.importorskip("pympi.Elan").Eaf(str(tmp_path / "eaf.eaf"))
    found = [(start / 1000, end / 1000, text) for tier in elan.get_tier_names()
             for start, end, text in elan.get_annotation_data_for_tier(tier)]
    assert sorted(found) == wanted
    pysubs2 = pytest.importorskip("pysubs2")
    for name in ("srt.srt", "vtt.vtt"):
        events = pysubs2.load(str(tmp_path / name))
        assert sorted((e.start / 1000, e.end / 1000, e.plaintext) for e in events) == wanted


def test_what_other_programs_write_is_read(tmp_path, reading):
    grids = pytest.importorskip("praatio.textgrid")
    grid = grids.Textgrid()
    grid.addTier(grids.IntervalTier("An\"na", [(0.25, 1.5, "hi"), (1.5, 2, "An\"na")], 0, 3))
    grid.addTier(grids.PointTier("tones", [(1, "H")], 0, 3))
    for kind in ("short_textgrid", "long_textgrid"):
        grid.save(str(tmp_path / "praat"), kind, includeBlankSpaces=True)
        found = reading("textgrid", (tmp_path / "praat").read_bytes())
        assert found == [(0.25, 1.5, 'An"na', "hi"), (1.5, 2, 'An"na', NA)]
    elan = pytest.importorskip("pympi.Elan").Eaf()
    elan.add_tier("A", part="Anna & Bo")
    elan.add_annotation("A", 250, 1500, "hi <there>")
    elan.to_file(str(tmp_path / "elan"))
    assert reading("eaf", (tmp_path / "elan").read_bytes()) == [(0.25, 1.5, "Anna & Bo", "hi <there>")]
