import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.pairs import counts_of, gather, read_wanted, sort_out
from diarkit.io.tables import ArrayWriter


@pytest.fixture(autouse=True)
def vectors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ArrayWriter("ark,scp:v.ark,v.scp", finite=False) as out:
        for name, vector in (("a", [1.0, 2]), ("b", [3, np.nan]), ("c", [5, 6]), ("d", [7, 8])):
            out.write(name, np.array(vector, float))


def everything(reader):
    found, errors = [], []
    while True:
        try:
            name, vector = next(reader)
            found.append((name, vector.tolist()))
        except ItemError as error:
            errors.append((error.key, error.reason))
        except StopIteration:
            return found, errors


@pytest.mark.parametrize("table", ["ark:v.ark", "scp:v.scp"])
def test_wanted_vectors(table):
    found, errors = everything(read_wanted(table, ["y", "c", "b", "a", "z"]))
    assert found == [("a", [1, 2]), ("c", [5, 6])]
    assert [key for key, _ in errors] == ["b", "y", "z"]
    assert "NaN" in errors[0][1] and errors[2][1] == f"no vector in {table}"


def test_an_error_of_what_nobody_wants_is_one_too():
    assert everything(read_wanted("ark:v.ark", "d"))[1][0][0] == "b"
    assert everything(read_wanted("ark:/dev/null", ["a"])) == ([], [("a", "no vector in ark:/dev/null")])
    assert everything(read_wanted("ark:/dev/null", [])) == ([], [])


def test_gather():
    rows, array = gather([("a", np.ones(2, np.float32)), ("b", np.zeros(2, np.float32))], "here")
    assert rows == {"a": 0, "b": 1} and array.tolist() == [[1, 1], [0, 0]] and array.dtype == np.float32
    for items, message in (
        ([("a", np.ones(2)), ("a", np.ones(2))], "^here: a: is there twice"),
        ([("a", np.ones(2)), ("b", np.ones(3))], "^here: b: 3 numbers, where others have 2"), ([], "^here: no vectors"),
    ):
        with pytest.raises(DataError, match=message):
            gather(items, "here")


def test_counts():
    with open("counts", "w") as file:
        file.write("a 3\nb 1\nc 0\n")
    assert counts_of(["x", "y"]).tolist() == [1, 1]
    for table in ("counts", "ark,t:counts"):
        assert counts_of(["b", "a"], table).tolist() == [1, 3]
    with pytest.raises(DataError, match="^counts: c: 0 vectors"):
        counts_of(["a", "c"], "counts")
    with pytest.raises(DataError, match="^counts: d: no number of vectors"):
        counts_of(["d"], "counts")


def test_sorting_out():
    first, second = {"a": 0, "b": 1}, {"a": 5, "c": 7}
    known, rows, columns, lacking = sort_out([("b", "c"), ("a", "b"), ("x", "c"), ("a", "a")], first, second)
    assert known == [("b", "c"), ("a", "a")]
    assert rows.tolist() == [1, 0] and columns.tolist() == [7, 5]
    assert lacking == [(("a", "b"), "no vector of b"), (("x", "c"), "no vector of x")]
    assert [len(part) for part in sort_out([], first, second)] == [0, 0, 0, 0]
