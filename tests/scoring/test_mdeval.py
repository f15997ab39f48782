"""md-eval's report: line by line against what md-eval-22 prints, and sums by hand."""

from pathlib import Path

import pytest

from diarkit.io.rttm import Region, Turn, read_rttm
from diarkit.scoring.der import score
from diarkit.scoring.mdeval import Report

FOLDER = Path(__file__).parent / "mdeval"


def report(ref, hyp, conditions="", **options):
    found = Report(ref, hyp, conditions)
    score(ref, hyp, visit=found.visit, **options)
    return found


def test_the_report_of_md_eval():
    """report.txt is the output of `md-eval-22.pl -afc -c 0.25 -r ref.rttm -s hyp.rttm` with SCTK's lines."""
    ref, hyp = (read_rttm(str(FOLDER / name), all_types=True) for name in ("ref.rttm", "hyp.rttm"))
    lines = report(ref, hyp, "fc", collar=0.25).lines()
    assert "\n".join(lines) + "\n" == (FOLDER / "report.txt").read_text()


def turns(*rows, reco="m", channel="1"):
    return [Turn(reco, channel, start, end - start, name) for start, end, name in rows]


def info(kind, name, reco="m"):
    return Turn(reco, "1", 0.0, 0.0, name, "SPKR-INFO", kind)


REF = [*turns((0, 10, "Anna"), (10, 16, "Ben"), (14, 20, "Cleo")), info("adult_female", "Anna"),
       info("adult_male", "Ben"), info("adult_female", "Cleo")]
HYP = [*turns((0, 9, "x"), (10, 18, "y"), (19, 21, "z")), info("adult_female", "x"), info("adult_male", "y")]


def test_classes_of_speakers():
    """y, a man, is Ben's; from 16 to 18 it talks alone while Cleo does, from 14 to 16 beside Ben; z is Cleo's."""
    found = report(REF, HYP)
    assert found.classes() == {
        "adult_female": {"scored": 16, "miss": 2, "as": {"adult_female": 9, "adult_male": 4, "unknown": 1}},
        "adult_male": {"scored": 6, "miss": 0, "as": {"adult_female": 0, "adult_male": 6, "unknown": 0}},
    }
    matrix = [line for line in found.lines() if line.startswith("adult_female")]
    assert matrix[0].split() == ["adult_female", *"1 / 33.3%".split(), *"0 / 0.0%".split(), *"1 / 33.3%".split(),
                                 *"0 / 0.0%".split()]


def test_sections_are_those_of_the_conditions():
    other = turns((0, 5, "A"), channel="b", reco="n")
    names = {}
    for conditions in ("", "f", "c", "fc", "CF"):
        lines = report(REF + other, HYP + other, conditions).lines()
        names[conditions] = [line.split(" for ")[-1].split(" ***")[0] for line in lines if "***" in line]
    assert names == {"": ["ALL"], "f": ["f=m", "f=n", "ALL"], "c": ["c=1", "c=b", "ALL"],
                     "fc": ["c=1 f=m", "c=b f=n", "ALL"], "CF": ["c=1 f=m", "c=b f=n", "ALL"]}


def test_words_count_where_their_middle_is():
    """At a border, a word is of what lies before it; what begins there has it if that is not scored."""
    words = [Turn("m", "1", middle - 0.5, 1.0, "Anna", "LEXEME") for middle in (0.5, 9.5, 10.0, 16.0, 20.0, 20.5)]
    lines = report(REF + words, HYP).lines()
    # All are evaluated, for words extend what is. At 9.5 and 10 nobody was found, at 16 one of two, at 20.5 too many.
    assert [int(line.split("=")[1].split()[0]) for line in lines if "WORDS" in line] == [6, 6, 2, 4]
    uem = [Region("m", "1", 5.0, 9.5), Region("m", "1", 16.0, 20.2)]
    lines = report(REF + words, HYP, uem=uem).lines()  # 9.5 ends a region, 16 begins one
    assert [int(line.split("=")[1].split()[0]) for line in lines if "WORDS" in line] == [3, 3, 1, 2]


@pytest.mark.parametrize("value, text", [(1, "1 /  33.3%"), (0, "0 /   0.0%")])
def test_percentages_of_the_matrix(value, text):
    assert any(text in line for line in report(REF, HYP).lines())


def test_two_channels_of_one_recording():
    ref = turns((0, 10, "A")) + turns((0, 10, "A"), channel="2")
    hyp = turns((0, 10, "x")) + turns((0, 5, "x"), channel="2")
    lines = [line for line in report(ref, hyp, "c").lines() if "OVERALL" in line]
    assert [line.split(" = ")[1].split()[0] for line in lines] == ["0.00", "50.00", "25.00"]


def test_a_type_without_scored_time_has_no_column():
    """Who talks within a collar only: what `md-eval-22.pl -c 0.25` with SCTK's lines prints last."""
    lines = list(report(turns((0, 4, "A")), turns((3.9, 4.1, "x")), collar=0.25).lines())
    assert [line.rstrip() for line in lines[-10:-2]] == [
        " Speaker type confusion matrix -- speaker weighted",
        "  REF\\SYS (count)      unknown               MISS",
        "unknown                   1 / 100.0%          0 /   0.0%",
        "  FALSE ALARM             0 /   0.0%",
        "---------------------------------------------",
        " Speaker type confusion matrix -- time weighted",
        "  REF\\SYS (seconds)      MISS",
        "unknown                3.50 / 100.0%",
    ]


def test_no_word_is_scored_in_what_rounding_leaves_between_two_collars():
    ref = turns((0.0, 0.1, "A"), (0.1 + 0.2, 4.3, "A"))  # 0.30000000000000004 - 0.1 is more than 0.1 + 0.1
    words = [Turn("m", "1", middle - 0.05, 0.1, "A", "LEXEME") for middle in (0.2, 2.0)]
    assert any(line.startswith(" SCORED WORDS =      1 ") for line in report([*ref, *words], ref, collar=0.1).lines())
