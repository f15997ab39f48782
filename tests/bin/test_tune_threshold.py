"""tune-threshold: the value is the best of what cluster-ahc, make-rttm and compute-der give one by one."""

import json

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
    for name, lines in (("spk2utt", spk2utt), ("segments", segments), ("ref.rttm", rttm)):
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


@pytest.mark.parametrize("args, message, status", [
    (["--values=1,x"], "x", 2),
    (["--clustering=nothing"], "nothing", 2),
    (["--parameter=nothing"], "cluster-ahc has no --nothing", 1),
])
def test_what_cannot_be(run_tool, folder, args, message, status):
    done = run_tool("tune-threshold", *args, "--vectors", "ark:vectors.ark", "spk2utt", "segments", "ref.rttm",
                    cwd=folder, status=status)
    assert message in done.stderr and "Traceback" not in done.stderr and not done.stdout
