"""enroll-speakers, through the command line."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays, read_numbers

SIZE = 16
SPK2UTT = "anna a1 a2 a3\nbob b1 b2 b3 b4\n"


@pytest.fixture
def vectors(tmp_path, monkeypatch):
    """{utterance: vector} of anna, bob and, x1, somebody else, as x.ark and x.scp; spk2utt of the two."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    means = {name: rng.normal(size=SIZE) for name in "abx"}
    utts = ["a1", "a2", "a3", "b1", "b2", "b3", "b4", "x1"]
    found = {utt: (means[utt[0]] + 0.3 * rng.normal(size=SIZE)).astype(np.float32) for utt in utts}
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for utt, vector in found.items():
            out.write(utt, vector)
    (tmp_path / "spk2utt").write_text(SPK2UTT)
    return found


def unit(vector):
    return vector / np.linalg.norm(vector)


def table(name):
    return dict(read_arrays(f"ark:{name}"))


def test_profiles_are_means_of_vectors_of_length_one(vectors, run_tool):
    done = run_tool("enroll-speakers", "--write-num-utts=ark,t:num_utts", "spk2utt", "scp:x.scp", "ark:p.ark")
    assert done.stderr == "enroll-speakers: 2 speakers done, 0 failed\n"
    found = table("p.ark")
    assert list(found) == ["anna", "bob"] and found["anna"].dtype == np.float32
    assert np.allclose(found["anna"], np.mean([unit(vectors[utt]) for utt in ("a1", "a2", "a3")], axis=0), atol=1e-6)
    assert open("num_utts").read() == "anna 3 \nbob 4 \n"
    run_tool("enroll-speakers", "--normalize=none", "spk2utt", "ark:x.ark", "ark:q.ark")
    run_tool("mean-vectors", "spk2utt", "scp:x.scp", "ark:means.ark")
    assert open("q.ark", "rb").read() == open("means.ark", "rb").read()


def test_what_is_unlike_is_left_out_or_refused(vectors, run_tool, tmp_path):
    (tmp_path / "mixed").write_text("bob b1 b2 x1 b3 b4\nanna a1 x1\n".replace("anna a1 x1", "anna a1 b9"))
    done = run_tool("enroll-speakers", "--max-failed=1", "--min-consistency=0.5", "mixed", "scp:x.scp", "ark:p.ark")
    assert "bob: x1 is left out, its cosine with the others is " in done.stderr
    assert "anna: no vector of b9 in scp:x.scp" in done.stderr and "1 speakers done, 1 failed" in done.stderr
    run_tool("enroll-speakers", "spk2utt", "scp:x.scp", "ark:q.ark")
    assert np.array_equal(table("p.ark")["bob"], table("q.ark")["bob"])
    (tmp_path / "two").write_text("bob b1 x1\n")
    done = run_tool("enroll-speakers", "--min-consistency=0.5", "two", "scp:x.scp", "ark:none.ark", status=1)
    assert "bob: the 2 vectors are not of one voice" in done.stderr and not (tmp_path / "none.ark").exists()


def test_durations(vectors, run_tool, tmp_path):
    (tmp_path / "utt2dur").write_text("".join(f"{utt} {number}\n" for number, utt in enumerate(vectors, 1)))
    run_tool("enroll-speakers", "--utt2dur=utt2dur", "spk2utt", "scp:x.scp", "ark:p.ark")
    expected = sum(weight * unit(vectors[f"a{weight}"]) for weight in (1, 2, 3)) / 6
    assert np.allclose(table("p.ark")["anna"], expected, atol=1e-6)
    args = ["enroll-speakers", "--min-duration=6.5", "spk2utt", "scp:x.scp", "ark:q.ark"]
    done = run_tool(*args, "--utt2dur=utt2dur", "--max-failed=1")
    assert "anna: 6.00 s of sound, less than 6.5 s" in done.stderr and list(table("q.ark")) == ["bob"]
    (tmp_path / "segments").write_text("".join(f"{utt} r {start} {start + 3}\n" for start, utt in enumerate(vectors)))
    done = run_tool(*args, "--segments=segments", status=1)  # 0 to 5 s and 3 to 9 s
    assert "anna: 5.00 s of sound" in done.stderr and "bob: 6.00 s of sound" in done.stderr
    (tmp_path / "utt2dur").write_text("a1 1\na2 x\n")
    done = run_tool("enroll-speakers", "--utt2dur=utt2dur", "spk2utt", "scp:x.scp", "ark:r.ark", status=1)
    assert "utt2dur:2: the duration of a2 is no number of seconds: 'x'" in done.stderr
    (tmp_path / "utt2dur").write_text("a1 1\n")
    done = run_tool("enroll-speakers", "--utt2dur=utt2dur", "spk2utt", "scp:x.scp", "ark:r.ark", status=1)
    assert "anna: a2 is not in utt2dur" in done.stderr


def test_updates(vectors, run_tool, tmp_path):
    (tmp_path / "first").write_text("anna a1\nbob b1 b2\n")
    (tmp_path / "second").write_text("bob b3 b4\nxena x1\n")
    run_tool("enroll-speakers", "--write-num-utts=ark,t:n1", "first", "scp:x.scp", "ark:p1.ark")
    old = ["--update=ark:p1.ark", "--num-utts=ark:n1"]
    run_tool("enroll-speakers", *old, "--write-num-utts=ark,t:n2", "second", "scp:x.scp", "ark:p2.ark")
    run_tool("enroll-speakers", "spk2utt", "scp:x.scp", "ark:p.ark")
    found = table("p2.ark")
    assert list(found) == ["anna", "bob", "xena"] and dict(read_numbers("ark:n2")) == dict(anna=1, bob=4, xena=1)
    assert np.array_equal(found["anna"], table("p1.ark")["anna"])
    assert np.allclose(found["bob"], table("p.ark")["bob"], atol=1e-6)
    (tmp_path / "wrong").write_text("bob x1\n")
    done = run_tool("enroll-speakers", *old, "--max-failed=1", "wrong", "scp:x.scp", "ark:p3.ark")
    assert "bob: is not the voice of the profile that is there" in done.stderr
    assert open("p3.ark", "rb").read() == open("p1.ark", "rb").read()


def test_one_person_under_two_names(vectors, run_tool, tmp_path):
    (tmp_path / "spk2utt").write_text("anna a1 a2\nann a3\nbob b1\n")
    done = run_tool("enroll-speakers", "spk2utt", "scp:x.scp", "ark:p.ark")
    [line] = [line for line in done.stderr.splitlines() if "warning" in line]
    assert "warning: anna and ann may be one person: their profiles have a cosine of 0." in line
    assert "warning" not in run_tool("enroll-speakers", "--duplicates=1", "spk2utt", "scp:x.scp", "ark:p.ark").stderr


@pytest.mark.parametrize("lists, message", [
    ("anna a1 a2\nbob a2\n", "spk2utt: a2: is there twice, of anna and of bob"),
    ("anna a1 a1\n", "spk2utt: a1: is there twice"),
    ("anna a1\nanna a2\n", "spk2utt:2: 'anna' is there twice"),
    ("anna\n", "anna: has no utterances"),
    ("anna \xff\n", "spk2utt:1"),
])
def test_lists_that_cannot_be(vectors, run_tool, tmp_path, lists, message):
    (tmp_path / "spk2utt").write_bytes(lists.encode("latin-1"))
    done = run_tool("enroll-speakers", "spk2utt", "scp:x.scp", "ark:p.ark", status=1)
    assert message in done.stderr and not (tmp_path / "p.ark").exists()


def test_vectors_that_cannot_be(vectors, run_tool, tmp_path):
    with ArrayWriter("ark:bad.ark", finite=False) as out:
        for name, vector in (("a1", [1, 2]), ("a2", [1, 2, 3]), ("a3", [1, 2]), ("b1", [0, 0]), ("b2", [np.nan, 1]),
                             ("b3", [1]), ("b4", [1, 1])):
            out.write(name, np.array(vector, np.float32))
    done = run_tool("enroll-speakers", "spk2utt", "ark:bad.ark", "ark:p.ark", status=1)
    assert "anna: a2 has 3 numbers, where others have 2" in done.stderr and "b2" in done.stderr
    (tmp_path / "spk2utt").write_text("anna a1\nbob b1\ncarl b3\n")
    done = run_tool("enroll-speakers", "spk2utt", "ark:bad.ark", "ark:p.ark", status=1)
    assert "bob: a vector of zeros" in done.stderr
    assert "carl: b3 has 1 numbers, where others have 2" in done.stderr
    assert not (tmp_path / "p.ark").exists()


@pytest.mark.parametrize("args", [["--min-duration=1"], ["--update=x"], ["--utt2dur=a", "--segments=b"],
                                  ["--max-outliers=1"], ["--min-consistency=2"], ["--min-vectors=0"]])
def test_wrong_usage(run_tool, args):
    run_tool("enroll-speakers", *args, "spk2utt", "x", "p", status=2)
