"""What is written in a format is read again, for random turns: nothing that the format can hold is lost."""

import collections
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diarkit.errors import DataError
from diarkit.io.rttm import LINE_TYPES
from diarkit.io.turnfiles.formats import FORMATS, fitted, read_turnfile
from diarkit.io.turnfiles.records import NA, Record

# A machine that is busy with other things is no failure.
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\ufffe\uffff"),
               min_size=1, max_size=6)
NASTY = st.sampled_from(["a b", " a", "a ", '"', 'a"b', "a\nb", "a\tb", "-->", "00:00:01.000 --> 00:00:02.000",
                         "<b>", "a&amp;b", "]]>", "[a]", "[a b]", "a:", "a: b", "\\", "#x", ";x", "\u00e9\u4f60",
                         "a\u00a0b", "a\u2028b", "\u0085x", "NOTE", "1",
                         "a,b", "a;b", "'", "\U0001f600", "<v a>", "</v>", "&lt;", "!x", "<exists>", ":"])
NAME = st.one_of(WORD, NASTY)
TIME = st.decimals(0, 100000, places=3)
FINE = st.one_of(TIME, st.decimals(0, 100000, places=9))


def records(time, names, duration=None, said=None):
    none = st.just(NA)
    return st.lists(st.builds(Record, st.just("SPEAKER"), st.just("m"), st.just("1"), time,
                              time if duration is None else duration,
                              none if said is None else said, none, names, none, none), max_size=8)


def there_and_back(tmp_path_factory, name, given_records):
    """What is read of what is written, and what was left to write."""
    path = str(tmp_path_factory.mktemp("turns", numbered=True) / f"m{FORMATS[name].ending}")
    kept, notes = fitted(given_records, name)
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        FORMATS[name].write(out, kept)
    return list(read_turnfile(path, name)), kept, notes


def same(found, wanted):
    return collections.Counter(found) == collections.Counter(wanted)


@pytest.mark.parametrize("name", ["textgrid", "textgrid-short", "eaf", "srt", "vtt", "audacity", "lab"])
@SETTINGS
@given(data=st.data())
def test_turns_of_one_recording(tmp_path_factory, name, data):
    """All turns but those of no length, names as they are where the format can have them."""
    kind = FORMATS[name]
    given_records = data.draw(records(TIME if kind.decimals == 3 else FINE if kind.decimals is None else TIME, NAME))
    names = {record.speaker for record in given_records if record.duration > 0 or "zero" in kind.holds}
    if len({kind.fit(name) for name in names}) < len(names):
        with pytest.raises(DataError, match="would both be"):
            fitted(given_records, name)
        return
    found, _, notes = there_and_back(tmp_path_factory, name, given_records)
    wanted = [record._replace(speaker=kind.fit(record.speaker)) for record in given_records
              if record.duration > 0 or "zero" in kind.holds]
    assert same(found, wanted)
    assert len(notes) == (len(wanted) < len(given_records)) + any(kind.fit(name) != name for name in names)


@pytest.mark.parametrize("name", ["textgrid", "textgrid-short", "eaf", "vtt", "srt"])
@SETTINGS
@given(data=st.data())
def test_words(tmp_path_factory, name, data):
    positive = st.decimals("0.001", 100, places=3)
    plain = WORD.filter(lambda word: re.fullmatch(r"[^\[\]:]+", word))
    said = st.lists(WORD, min_size=1, max_size=3).map(" ".join)
    given_records = data.draw(records(TIME, plain, positive, st.one_of(st.just(NA), said)))
    found, _, notes = there_and_back(tmp_path_factory, name, given_records)
    assert same(found, [record._replace(orthography=NA) if record.orthography == record.speaker else record
                        for record in given_records])
    assert notes == []


@pytest.mark.parametrize("name", ["json", "csv", "tsv"])
@SETTINGS
@given(lines=st.lists(st.builds(
    Record, st.sampled_from(sorted(LINE_TYPES - {"SPEAKER"})), NAME, NAME, st.one_of(st.none(), FINE),
    st.one_of(st.none(), FINE), *[st.one_of(st.just(NA), WORD)] * 5), max_size=5), turns=st.lists(st.builds(
        Record, st.just("SPEAKER"), NAME, NAME, FINE, FINE, st.one_of(st.just(NA), WORD), st.just(NA), NAME,
        *[st.one_of(st.just(NA), NAME)] * 2), max_size=5))
@example(lines=[], turns=[Record("SPEAKER", "m", "01", Decimal("0.1"), Decimal("0.2"), speaker="a")])
@example(lines=[], turns=[Record("SPEAKER", "m", "1", Decimal("1E+3"), Decimal("0"), speaker="<NA>")])
def test_all_ten_fields(tmp_path_factory, name, lines, turns):
    found, kept, notes = there_and_back(tmp_path_factory, name, [*lines, *turns])
    assert same(found, [*lines, *turns]) and notes == []
    assert kept == [*lines, *turns]


@SETTINGS
@given(lines=st.lists(st.builds(
    Record, st.sampled_from(sorted(LINE_TYPES - {"SPEAKER"})), WORD, WORD, st.one_of(st.none(), FINE),
    st.one_of(st.none(), FINE), *[st.one_of(st.just(NA), WORD)] * 5), max_size=5), turns=records(FINE, WORD))
def test_rttm(tmp_path_factory, lines, turns):
    found, _, notes = there_and_back(tmp_path_factory, "rttm", [*lines, *turns])
    assert found == [*lines, *turns] and notes == []
