"""The mapping of speakers: the best sum, held against scipy, and md-eval's choice among equal sums."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from diarkit.scoring import matching
from diarkit.scoring.matching import map_speakers, matched, matched_by_scipy, obvious

# Tables of equal times, rows of digits, and the column that md-eval-22's weighted_bipartite_graph_match gives to each
# row (run in Perl with names r00, r01 ... and c00, c01 ...). scipy gives others to two thirds of them.
CHOICES_OF_MD_EVAL = """
31 22 : 0 1
10 13 20 20 33 : -1 1 -1 -1 0
31021 23130 13021 23332 33001 23131 : 0 1 4 2 -1 3
2023 3330 3121 0033 1100 3200 : 3 1 0 2 -1 -1
302000 112113 222130 100301 : 0 5 4 3
30100 30201 31103 01003 01102 23030 : 0 2 4 1 -1 3
3320 1320 : 0 1
20 11 32 21 13 : -1 -1 0 -1 1
011 113 132 131 313 230 : -1 2 1 -1 0 -1
21 30 : 1 0
121202 323323 : 1 0
22 00 21 13 : 0 -1 -1 1
032001 202300 303130 231200 012002 : 1 3 4 0 2
002 032 120 : 2 1 0
2010 0013 1032 : 0 3 2
03 22 : 1 0
3123 0233 2103 1301 3222 3332 : 0 2 3 1 -1 -1
31 00 00 : 0 -1 -1
121 222 200 : 1 2 0
11321 10321 22223 21113 00210 : 1 3 0 4 2
030013 230200 031322 230202 133030 123131 : 5 0 3 1 2 4
321 122 333 : 0 2 1
23000 10011 33133 22303 01330 : 1 4 0 2 3
012021 232303 233222 302331 : 2 3 1 0
12102 30101 10232 33330 30232 22102 : 4 0 3 1 2 -1
2211 0101 1202 1131 : 0 3 1 2
11321 03101 20312 23310 23322 : 2 1 4 0 3
2221 0011 2122 2111 2022 : 1 -1 2 0 3
3330 1121 1332 1110 : 0 2 3 1
031202 220212 302202 213201 032220 : 1 5 0 2 3
20212 02301 20200 01203 32130 : 0 1 2 4 3
31322 30310 00112 00303 20102 11213 : 0 2 3 4 -1 1
222312 032332 032312 031020 131021 : 3 4 5 1 0
23310 10332 21323 10333 02212 : 0 2 4 3 1
100330 321130 112323 211001 321311 : 4 0 5 1 3
022200 202232 322232 300131 223232 222323 : 1 4 5 0 2 3
03202 11321 31301 32121 32333 31112 : 1 2 0 -1 3 4
11022 20230 11101 30033 : 4 3 1 0
201122 031221 011032 010232 021232 : 0 1 4 5 3
203 110 222 102 : 0 -1 1 2
33311 22020 20201 23032 23203 : 0 3 2 1 4
03233 00213 31110 20003 00103 : 1 2 3 0 4
32211 32032 32222 03310 30022 21021 : 2 3 4 1 0 -1
210120 020232 301122 : 0 4 5
11303 22320 01112 03220 : 2 0 4 1
3022 2331 0020 0322 1020 0302 : 0 2 -1 3 -1 1
133230 002022 110301 213233 222010 222313 : 1 4 3 2 0 5
201 131 231 322 : 2 1 -1 0
2321 1022 3231 2033 : 1 3 0 2
21232 13032 02001 20323 : 3 1 4 2
210222 301322 212011 032131 120333 222201 : 4 0 2 1 5 3
03111 00112 21301 02332 00011 : 1 4 0 2 3
132002 330301 233201 023102 023301 : 1 0 2 5 3
0033 3321 0001 0011 2131 : 3 1 -1 2 0
1213 0313 2301 0002 : 2 1 0 3
13200 20203 20213 33332 10023 : 1 2 0 3 4
320222 100323 002322 012220 110112 220011 : 0 3 2 4 5 1
012130 012301 111200 : 4 3 0
223 000 331 : 2 -1 0
01102 11202 12310 : 4 2 1
"""


def choices():
    for line in CHOICES_OF_MD_EVAL.split("\n"):
        if line:
            table, columns = line.split(" : ")
            rows = [[float(digit) for digit in row] for row in table.split()]
            yield np.array(rows), [int(column) for column in columns.split()]


def test_equal_sums_are_chosen_as_md_eval_chooses():
    found = [(map_speakers(table).tolist(), expected) for table, expected in choices()]
    assert len(found) == 60
    assert [mapped for mapped, _ in found] == [expected for _, expected in found]
    others = [matched_by_scipy(table).tolist() != expected for table, expected in choices()]
    assert sum(others) > 30, "the tables should tell the two apart"


def check(table, partner):
    """A one-to-one mapping with the greatest sum, of pairs with time together only."""
    rows = np.flatnonzero(partner >= 0)
    assert len(set(partner[rows])) == len(rows)
    assert (table[rows, partner[rows]] > 0).all()
    best = table[linear_sum_assignment(table, maximize=True)].sum() if table.size else 0
    assert table[rows, partner[rows]].sum() == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_no_sum_is_greater(seed):
    rng = np.random.default_rng(seed)
    for round_number in range(300):
        shape = rng.integers(1, 10, 2)
        table = rng.integers(0, 4, shape) * 0.1
        if round_number % 2:
            table = rng.gamma(1, 5, shape) * (rng.random(shape) < 0.7)
        check(table, map_speakers(table))
        if table.any():
            for way in (matched, matched_by_scipy):
                check(table, way(table))


def test_the_short_way_is_taken_only_where_it_is_the_only_best_one():
    assert obvious(np.array([[3.0, 1.0, 0.0], [0.0, 1.0, 4.0]])).tolist() == [0, 2]
    assert obvious(np.array([[3.0, 1.0], [0.0, 1.0], [0.0, 4.0]])).tolist() == [0, -1, 1]
    assert obvious(np.array([[3.0, 1.0], [2.0, 1.0]])) is None  # both want the first
    assert obvious(np.array([[3.0, 3.0], [0.0, 1.0]])) is None  # equals
    assert obvious(np.array([[3.0, 3.0 - 1e-9], [0.0, 1.0]])) is None


def test_no_time_together_is_no_partner():
    assert map_speakers(np.zeros((2, 3))).tolist() == [-1, -1]
    assert map_speakers(np.zeros((0, 3))).tolist() == []
    assert map_speakers(np.array([[0.0, 0.0], [1.0, 2.0]])).tolist() == [-1, 1]


def test_many_speakers(monkeypatch):
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (40, 400)).astype(float)
    check(table, map_speakers(table))
    monkeypatch.setattr(matching, "LARGE", 10)
    check(table, map_speakers(table))
