"""validate-, fix-, split-, subset-data-dir and combine-data-dirs through their command lines."""

import shutil

import pytest


@pytest.fixture
def data(tmp_path):
    """Three recordings, the speaker being the recording: two segments of a, three of b, one of c."""
    folder = tmp_path / "data/dev"
    folder.mkdir(parents=True)
    utts = [("a-1", "a"), ("a-2", "a"), ("b-1", "b"), ("b-2", "b"), ("b-3", "b"), ("c-1", "c")]
    (tmp_path / "x").write_bytes(bytes(9))
    (folder / "wav.scp").write_text("".join(f"{reco} cat x |\n" for reco in "abc"))
    (folder / "utt2spk").write_text("".join(f"{utt} {reco}\n" for utt, reco in utts))
    (folder / "spk2utt").write_text("a a-1 a-2\nb b-1 b-2 b-3\nc c-1\n")
    (folder / "segments").write_text("".join(f"{utt} {reco} {utt[2:]} 4.{utt[2:]}5\n" for utt, reco in utts))
    (folder / "feats.scp").write_text("".join(f"{utt} x:{i}\n" for i, (utt, _) in enumerate(utts)))
    (folder / "rttm").write_text("".join(f"SPEAKER {reco} 1 0 1 <NA> <NA> x <NA> <NA>\n" for reco in "abc"))
    (folder / "reco2num_spk").write_text("a 1\nb 1\nc 1\n")
    return folder


def keys(path):
    return [line.split()[0] for line in path.read_text().splitlines()]


def test_validate(run_tool, data, tmp_path):
    options = {"cwd": tmp_path}
    done = run_tool("validate-data-dir", "--no-text", "data/dev", **options)
    assert done.stdout == "" and done.stderr == "validate-data-dir: data/dev: no errors, no warnings\n"
    (data / "rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\n")
    assert run_tool("validate-data-dir", "--text=false", "data/dev/", **options).stderr == (
        "validate-data-dir: data/dev/rttm: warning: no turn of 'b', a recording of data/dev/wav.scp:2\n"
        "validate-data-dir: data/dev/rttm: warning: no turn of 'c', a recording of data/dev/wav.scp:3\n"
        "validate-data-dir: data/dev/: no errors, 2 warnings\n")
    (data / "segments").write_text("x a 2 1\n")
    done = run_tool("validate-data-dir", "--max-problems=2", "data/dev", status=1, **options)
    assert done.stdout == "" and done.stderr == (
        "validate-data-dir: data/dev/segments:1: 'x' is no utterance of data/dev/utt2spk\n"
        "validate-data-dir: data/dev/segments:1: x ends at 1, not after its start at 2\n"
        "validate-data-dir: data/dev/segments: 6 more problems\n"
        "validate-data-dir: data/dev/wav.scp:2: 'b' has no segment in data/dev/segments\n"
        "validate-data-dir: data/dev/wav.scp:3: 'c' has no segment in data/dev/segments\n"
        "validate-data-dir: data/dev/text: no such file (or --no-text)\n"
        "validate-data-dir: data/dev/rttm: warning: no turn of 'b', a recording of data/dev/wav.scp:2\n"
        "validate-data-dir: data/dev/rttm: warning: no turn of 'c', a recording of data/dev/wav.scp:3\n"
        "validate-data-dir: data/dev: 11 errors, 2 warnings\n")
    assert run_tool("validate-data-dir", "nowhere", status=1).stderr == (
        "validate-data-dir: error: nowhere: no such directory\n")


def test_validate_and_fix(run_tool, data, tmp_path):
    (data / "feats.scp").write_text("c-1 x:5\na-1 x:0\r\nb-1 x:1\n")
    done = run_tool("validate-data-dir", "--no-text", "--fix", "data/dev", cwd=tmp_path)
    assert "validate-data-dir: data/dev/feats.scp: sorted\n" in done.stderr
    assert "validate-data-dir: data/dev: kept 3 utterances out of 6: 3 have no features\n" in done.stderr
    assert done.stderr.endswith("data/dev: no errors, no warnings\n")
    assert keys(data / "segments") == ["a-1", "b-1", "c-1"] and (data / ".backup/segments").exists()


def test_fix(run_tool, data, tmp_path):
    (data / "utt2age").write_text("b-1 7\nx 8\n")
    (data / "spk2age").write_text("c 7\nb 7\n")
    (data / "wav.scp").write_text("a cat x |\nb cat x |\n")
    done = run_tool("fix-data-dir", "--utt-extra-files", "utt2age", "--spk-extra-files=spk2age none", "data/dev",
                    cwd=tmp_path)
    assert done.stdout == ""
    assert "fix-data-dir: data/dev: kept 5 utterances out of 6: 1 has no recording\n" in done.stderr
    assert keys(data / "utt2age") == ["b-1"] and keys(data / "spk2age") == ["b"]
    done = run_tool("fix-data-dir", "data/dev", cwd=tmp_path)
    assert done.stderr == "fix-data-dir: data/dev: kept all 5 utterances\n"
    (data / "utt2spk").write_text("a-1 b\na-2 a\n")
    done = run_tool("fix-data-dir", "data/dev", cwd=tmp_path, status=1)
    assert done.stderr.startswith("fix-data-dir: error: data/dev/utt2spk: cannot be sorted by utterance and by speaker")
    run_tool("fix-data-dir", "--no-spk-sort", "data/dev", cwd=tmp_path)
    assert (data / "spk2utt").read_text() == "a a-2\nb a-1\n"


def test_split(run_tool, data, tmp_path):
    run_tool("split-data-dir", "data/dev", "2", cwd=tmp_path)
    assert [keys(data / f"split2/{i}/utt2spk") for i in (1, 2)] == [["a-1", "a-2"], ["b-1", "b-2", "b-3", "c-1"]]
    assert [keys(data / f"split2/{i}/wav.scp") for i in (1, 2)] == [["a"], ["b", "c"]]
    run_tool("split-data-dir", "--per-utt", "data/dev", "4", cwd=tmp_path)
    assert [keys(data / f"split4utt/{i}/feats.scp") for i in (1, 2, 3, 4)] == [
        ["a-1", "a-2"], ["b-1", "b-2"], ["b-3"], ["c-1"]]
    (data / "utt2spk").write_text("a-1 s\na-2 s\nb-1 s\nb-2 s\nb-3 s\nc-1 s\n")
    done = run_tool("split-data-dir", "--per-reco", "data/dev", "9", "out", cwd=tmp_path)
    assert done.stderr == "split-data-dir: data/dev: 3 pieces instead of 9, one for each of its recordings\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1", "2", "3"]
    assert keys(tmp_path / "out/2/segments") == ["b-1", "b-2", "b-3"]
    done = run_tool("split-data-dir", "--strict", "data/dev", "2", cwd=tmp_path, status=1)
    assert done.stderr == "split-data-dir: error: data/dev: 1 speakers, fewer than 2 pieces\n"
    run_tool("split-data-dir", "--per-utt", "--per-reco", "data/dev", "2", cwd=tmp_path, status=2)
    run_tool("split-data-dir", "data/dev", "0", cwd=tmp_path, status=2)


@pytest.mark.parametrize(("arguments", "expected"), [
    (["data/dev", "3"], ["b-1", "b-2", "c-1"]),
    (["--first", "data/dev", "3"], ["a-1", "a-2", "b-1"]),
    (["--last", "data/dev", "2"], ["b-3", "c-1"]),
    (["--per-spk", "data/dev", "1"], ["a-1", "b-1", "c-1"]),
    (["--per-spk", "data/dev", "2"], ["a-1", "a-2", "b-1", "b-2", "c-1"]),
    (["--shortest", "data/dev", "2"], ["a-2", "b-3"]),
    (["--spk-list", "list", "data/dev"], ["a-1", "a-2", "c-1"]),
    (["--reco-list=list", "data/dev"], ["a-1", "a-2", "c-1"]),
    (["--utt-list", "utts", "data/dev"], ["b-2", "c-1"]),
])
def test_subset(run_tool, data, tmp_path, arguments, expected):
    (tmp_path / "list").write_text("c\na and more\n")
    (tmp_path / "utts").write_text("c-1\nb-2\n")
    done = run_tool("subset-data-dir", *arguments, "some", cwd=tmp_path)
    assert done.stderr == f"subset-data-dir: some: {len(expected)} of 6 utterances of data/dev\n"
    for name in ("utt2spk", "feats.scp", "segments"):
        assert keys(tmp_path / "some" / name) == expected
    recos = sorted({utt[0] for utt in expected})
    assert keys(tmp_path / "some/wav.scp") == keys(tmp_path / "some/spk2utt") == recos


def test_subset_of_random_speakers_and_wrong_usage(run_tool, data, tmp_path):
    run_tool("subset-data-dir", "--speakers", "--seed=3", "data/dev", "4", "some", cwd=tmp_path)
    found = keys(tmp_path / "some/utt2spk")
    assert len(found) >= 4 and all(utt in found for utt in keys(data / "utt2spk") if utt[0] in {u[0] for u in found})
    assert "6 utterances, fewer than 7" in run_tool(
        "subset-data-dir", "data/dev", "7", "new", cwd=tmp_path, status=1).stderr
    for words in (["data/dev"], ["--first", "--last", "data/dev", "1"], ["--utt-list=u", "data/dev", "1"],
                  ["data/dev", "0"], ["data/dev", "1.5"]):
        done = run_tool("subset-data-dir", *words, "new", cwd=tmp_path, status=2)
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_combine(run_tool, data, tmp_path):
    run_tool("split-data-dir", "data/dev", "3", cwd=tmp_path)
    split = data / "split3"
    (split / "2/feats.scp").write_text("b-1 x:3\n")
    done = run_tool("combine-data-dirs", "--extra-files", "none", "all", *(split / str(i) for i in (3, 1, 2)),
                    cwd=tmp_path)
    assert "combine-data-dirs: all: kept 4 utterances out of 6: 2 have no features\n" in done.stderr
    assert keys(tmp_path / "all/utt2spk") == ["a-1", "a-2", "b-1", "c-1"]
    run_tool("combine-data-dirs", "--skip-fix", "all", *(split / str(i) for i in (3, 1, 2)), cwd=tmp_path)
    assert (tmp_path / "all/utt2spk").read_bytes() == (data / "utt2spk").read_bytes()
    shutil.copy(split / "1/utt2spk", split / "2/utt2spk")
    done = run_tool("combine-data-dirs", "new", split / "1", split / "2", cwd=tmp_path, status=1)
    assert done.stderr.count("\n") == 1 and "'a-1' is there, too in " in done.stderr
    assert not [path for path in (tmp_path / "new").iterdir() if not path.name.endswith(".partial")]
