"""tune-threshold: the value is the best of what cluster-ahc, make-rttm and compute-der give one by one."""

import json
import os

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter

VALUES = ("-0.5", "0.3", "0.6", "0.9")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six recordings of two or three voices, windows of 1.5 s every 0.75 s, and who spoke."""
    path = tmp_path_factory.mktemp("tuning")
    rng = np.random.default_rng(0)
    spk2utt, segments, rttm = [], [], []
    with ArrayWriter(f"ark:{path}/vectors.ark") as out:
        for r in range(6):
            centres = rng.normal(size=(2 + r % 2, 8)) + 0.5
            names = []
            for i in range(24):
                who, start = i // 4 % len(centres), 0.75 * i
                name = f"r{r}-{i:02}"
                names.append(name)
                out.write(name, (centres[who] + 0.4 * rng.normal(size=8)).astype(np.float32))
                segments.append(f"{name} r{r} {start:.2f} {start + 1.5:.2f}")
                rttm.append(f"SPEAKER r{r} 1 {start:.3f} 0.750 <NA> <NA> s{who} <NA> <NA>")
            spk2utt.append(f"r{r} {' '.join(names)}")
    rows = [" ".join(str(int(i == j)) for j in range(8)) for i in range(8)]
    plda = ["<Plda>  [ " + "0 " * 8 + "]", " [", *rows[:-1], rows[-1] + " ]", " [ " + "2 " * 8 + "]", "</Plda> "]
    for name, lines in (("spk2utt", spk2utt), ("segments", segments), ("ref.rttm", rttm), ("plda.txt", plda)):
        (path / name).write_text("\n".join(lines) + "\n")
    return path


def test_each_value_is_what_the_tools_give_one_by_one(run_tool, folder):
    run_tool("score-cosine", "spk2utt", "ark:vectors.ark", "ark:scores.ark", cwd=folder)
    run_tool("tune-threshold", f"--values={','.join(VALUES)}", "--collar=0.1", "--table=table.json", "--rttm=best.rttm",
             "ark:scores.ark", "spk2utt", "segments", "ref.rttm", "best", cwd=folder)
    ders = {}
    for value in VALUES:
        run_tool("cluster-ahc", f"--threshold={value}", "ark:scores.ark", "spk2utt", "labels", cwd=folder)
        run_tool("make-rttm", "segments", "labels", f"at{value}.rttm", cwd=folder)
        done = run_tool("compute-der", "--json", "--collar=0.1", "ref.rttm", f"at{value}.rttm", cwd=folder)
        ders[float(value)] = json.loads(done.stdout)["overall"]["der"]
    best = min(ders, key=ders.get)
    assert len(set(ders.values())) > 2
    assert float((folder / "best").read_text()) == best
    assert (folder / "best.rttm").read_text() == (folder / f"at{best:g}.rttm").read_text()
    table = json.loads((folder / "table.json").read_text())
    assert "protocol" in table
    assert {row["value"]: row["der"] for row in table["values"]} == pytest.approx(ders)


def test_folds_tune_on_the_other_half(run_tool, folder):
    done = run_tool("tune-threshold", "--folds=2", f"--values={','.join(VALUES)}", "--vectors", "ark:vectors.ark",
                    "spk2utt", "segments", "ref.rttm", cwd=folder)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["1", "2"] and all(line[1] in VALUES for line in lines)
    assert "DER" in done.stderr


def test_another_clustering(run_tool, folder):
    done = run_tool("tune-threshold", "--clustering=vbx", "--parameter=fa", "--values=0.3,0.4", "ark:vectors.ark",
                    "spk2utt", "segments", "ref.rttm", cwd=folder)
    assert float(done.stdout) in (0.3, 0.4)


TUNE = ("tune-threshold", "--vectors", "ark:vectors.ark", "spk2utt", "segments", "ref.rttm")


@pytest.mark.parametrize("args, message, status", [
    (["--values=1,x"], "--values=1,x: not all of them are numbers", 2),
    (["--values=1e400"], "--values=1e400: not a number", 2),
    (["--values=0:1e400:1e399"], "--values=0:1e400:1e399: not all", 2),
    (["--values=0.1:0.3"], "--values=0.1:0.3: a list with commas, or start:stop:step is expected", 2),
    (["--search=golden", "--values=0.5:0.1"], "--values=0.5:0.1: start:stop is expected with --search=golden", 2),
    (["--search=golden", "--values=0:4", "--parameter=reassign"], "--search=golden is not for --reassign", 2),
    (["--clustering=nothing"], "no tool cluster-nothing", 2),
    (["--parameter=nothing"], "cluster-ahc has no --nothing", 2),
    (["--parameter=reassign", "--values=0.5"], "--reassign is a whole number, not 0.5", 2),
    (["--parameter=reassign", "--values=-1"], "--reassign=-1", 2),
    (["--parameter=min-cluster-size", "--values=3,0"], "--min-cluster-size=0", 2),
    (["--parameter=margin", "--margin=0.1"], "--margin is what is tuned", 2),
    (["--collar=-1"], "--collar is negative", 2),
    (["--tolerance=0.1"], "--tolerance is for --search=golden", 2),
    (["--target-energy=7"], "--target-energy=7", 2),
    (["--vectors=false", "--plda=plda"], "--plda is for vectors", 2),
    (["--clustering=spectral", "--linkage=single"], "--linkage is for --clustering=ahc", 2),
    (["--labels=no/labels", "--table=made"], "no/labels: cannot be written", 1),
    (["--labels=made", "--table=made"], "made: is written twice", 1),
    (["--reco2fold=nothing", "--table=made"], "nothing: no such file", 1),
])
def test_what_cannot_be_is_one_line_before_any_work(run_tool, folder, args, message, status):
    done = run_tool(*TUNE, *args, cwd=folder, status=status)
    assert message in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    assert not list(folder.glob("*made*"))


@pytest.mark.parametrize("args", [["--clustering=spectral"], []])
def test_a_file_without_segments(run_tool, folder, args):
    (folder / "empty").write_text("")
    done = run_tool(*TUNE[:4], "empty", "ref.rttm", *args, cwd=folder, status=1)
    assert done.stderr == "tune-threshold: error: empty: has no segments\n" and not done.stdout


def test_all_outputs_are_there_or_none(run_tool, folder):
    outputs = ("--table=all.csv", "--labels=all.labels", "--rttm=all.rttm")
    run_tool(*TUNE, *outputs, "--folds=9", "all.best", cwd=folder, status=1)
    assert not list(folder.glob("*all.*"))
    run_tool(*TUNE, *outputs, "all.best", cwd=folder)
    assert len(list(folder.glob("all.*"))) == 4


@pytest.mark.parametrize("args, message", [
    ([], "others.rttm: has none of the 6 recordings, of which r0 is the first"),
    (["--clustering=kmeans"], "others.rttm: has none of the 6 recordings"),
    (["--rttm-channel=3"], "ref.rttm: has none of the 6 recordings, of which r0 is the first, on channel 3"),
])
def test_a_reference_of_something_else(run_tool, folder, args, message):
    (folder / "others.rttm").write_text((folder / "ref.rttm").read_text().replace(" r", " other"))
    reference = message.partition(":")[0]
    done = run_tool(*TUNE[:-1], reference, *args, cwd=folder, status=1)
    assert message in done.stderr.splitlines()[-1] and not done.stdout


def test_a_reference_of_some_recordings(run_tool, folder):
    lines = (folder / "ref.rttm").read_text().splitlines(keepends=True)
    (folder / "some.rttm").write_text("".join(line for line in lines if " r2 " in line))
    done = run_tool(*TUNE[:-1], "some.rttm", cwd=folder)
    assert "warning: not in the reference, ignored: r0, r1, r3, r4, r5" in done.stderr
    run_tool("tune-threshold", "--folds=2", *TUNE[1:-1], "some.rttm", cwd=folder, status=1)


@pytest.mark.parametrize("args", [["--clustering=kmeans"], []])
def test_lists_of_recordings_that_cannot_be(run_tool, folder, args):
    (folder / "twice").write_text((folder / "spk2utt").read_text() + "again r0-00\n")
    done = run_tool(*TUNE[:3], "twice", *TUNE[4:], *args, cwd=folder, status=1)
    assert "again: the segment r0-00 is there twice" in done.stderr and not done.stdout
    (folder / "nobody").write_text("r0\n")
    done = run_tool(*TUNE[:3], "nobody", *TUNE[4:], *args, cwd=folder, status=1)
    assert "error: nobody: has no recording with segments\n" in done.stderr and not done.stdout


def test_a_table_without_scores(run_tool, folder):
    (folder / "none.ark").write_text("")
    done = run_tool("tune-threshold", "ark:none.ark", *TUNE[3:], cwd=folder, status=1)
    assert "error: spk2utt: has no recording with segments and scores\n" in done.stderr


def test_recordings_without_segments_or_scores(run_tool, folder):
    expected = run_tool(*TUNE, cwd=folder).stdout
    (folder / "more").write_text((folder / "spk2utt").read_text() + "empty\nwithout without-00\n")
    (folder / "with-empty").write_text((folder / "spk2utt").read_text() + "empty\n")
    plda = ("--plda=plda.txt", "--values=0,1")
    for args in ((), plda):
        before = run_tool(*TUNE, *args, cwd=folder)
        done = run_tool(*TUNE[:3], "with-empty", *TUNE[4:], *args, cwd=folder)
        assert done.stdout == before.stdout and "7 recordings done, 0 failed" in done.stderr
    run_tool("score-cosine", "spk2utt", "ark:vectors.ark", "ark:scores.ark", cwd=folder)
    done = run_tool("tune-threshold", "ark:scores.ark", "more", "segments", "ref.rttm", cwd=folder)
    assert done.stdout == expected
    assert "6 recordings done, 0 failed, 1 of more without scores, without the first\n" in done.stderr


@pytest.mark.parametrize("clustering", ["ahc", "kmeans"])
def test_the_target_energy_is_that_of_the_tool(run_tool, folder, clustering):
    ders = []
    for energy in ("0.1", "0.5", "0.9", "1"):
        args = ("--vectors", "--plda=plda.txt", f"--target-energy={energy}")
        run_tool("tune-threshold", f"--clustering={clustering}", "--values=1.5", "--table=energy.json", *args,
                 *TUNE[2:], cwd=folder)
        run_tool(f"cluster-{clustering}", *args, "--threshold=1.5", *TUNE[2:4], "labels", cwd=folder)
        run_tool("make-rttm", "segments", "labels", "rttm", cwd=folder)
        done = run_tool("compute-der", "--json", "ref.rttm", "rttm", cwd=folder)
        ders.append(json.loads(done.stdout)["overall"]["der"])
        assert json.loads((folder / "energy.json").read_text())["values"][0]["der"] == pytest.approx(ders[-1])
    assert len(set(ders)) > 1


def test_commands_in_a_list_of_vectors(run_tool, folder):
    run_tool("copy-vector", "ark:vectors.ark", "ark,t:vectors.txt", cwd=folder)
    lines = [line.partition(" ") for line in (folder / "vectors.txt").read_text().splitlines()]
    lines = [f"{key} echo '{values.strip()}' |\n" for key, _, values in lines if key.startswith("r0")]
    (folder / "piped.scp").write_text("".join(lines))
    (folder / "first").write_text((folder / "spk2utt").read_text().splitlines(keepends=True)[0])
    args = ("tune-threshold", "--clustering=kmeans", "--values=0.3", "scp:piped.scp", "first", "segments", "ref.rttm")
    assert run_tool(*args, "--allow-pipes", cwd=folder).stdout == "0.3\n"
    assert "--allow-pipes" in run_tool(*args, cwd=folder, status=1).stderr


@pytest.mark.parametrize("name", ["ark:-", "ark:/dev/stdin", "fifo"])
def test_what_can_be_read_only_once(run_tool, folder, name):
    if name == "fifo" and not (folder / name).exists():
        os.mkfifo(folder / name)
    done = run_tool("tune-threshold", "--clustering=kmeans", name, *TUNE[3:], cwd=folder, status=2, timeout=60)
    assert done.stderr == f"tune-threshold: {name} can be read only once, and is needed for every value\n"


def test_reco2fold(run_tool, folder):
    (folder / "parts").write_text("".join(f"r{r} {'xyx'[r % 3]}\n" for r in range(6)))
    args = ("--reco2fold=parts", f"--values={','.join(VALUES)}", "--labels=folds.labels")
    best = dict(line.split() for line in run_tool(*TUNE, *args, cwd=folder).stdout.splitlines())
    assert list(best) == ["x", "y"]
    labels = []
    for r in range(6):
        run_tool("cluster-ahc", f"--threshold={best['xyx'[r % 3]]}", *TUNE[1:4], "labels", cwd=folder)
        labels += [line for line in (folder / "labels").read_text().splitlines() if line.startswith(f"r{r}-")]
    assert (folder / "folds.labels").read_text().splitlines() == labels
    for text, message in (("r0 x\n", "parts: r1: in no part"),
                          ("".join(f"r{r} x\n" for r in range(6)), "parts: two parts at least")):
        (folder / "parts").write_text(text)
        assert message in run_tool(*TUNE, "--reco2fold=parts", cwd=folder, status=1).stderr
