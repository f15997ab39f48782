import json
import subprocess

import numpy as np
import pytest


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Trials between 8 speakers with 5 utterances each, and two systems of which one is worse."""
    folder = tmp_path_factory.mktemp("eer")
    rng = np.random.default_rng(0)
    names = [f"id{k // 5}/v/{k % 5}.wav" for k in range(40)]
    rows = []
    for a in range(40):
        for b in range(a + 1, 40):
            same = a // 5 == b // 5
            score = (3 if same else -3) + 2 * rng.normal()
            rows.append((names[a], names[b], same, score, score + 3 * rng.normal()))

    def write(name, line):
        (folder / name).write_text("".join(line(*row) for row in rows))

    write("trials", lambda a, b, same, *_: f"{a} {b} {'target' if same else 'nontarget'}\n")
    write("voxceleb", lambda a, b, same, *_: f"{int(same)} {a} {b}\n")
    write("good", lambda a, b, _, score, __: f"{a} {b} {score:.4f}\n")
    write("bad", lambda a, b, _, __, score: f"{a} {b} {score:.4f}\n")
    write("labelled", lambda a, b, same, score, _: f"{score:.4f} {'target' if same else 'nontarget'}\n")
    (folder / "utt2spk").write_text("".join(f"{name} {name[:3]}\n" for name in names))
    (folder / "few").write_text("".join((folder / "good").read_text().splitlines(keepends=True)[1:]))
    (folder / "nan").write_text("1 target\nnan nontarget\n")
    return folder


def test_as_in_kaldis_recipes(run_tool, files):
    done = run_tool("compute-eer", "labelled", cwd=files)
    assert done.stdout == "6.25\n"
    assert done.stderr == "compute-eer: equal error rate is 6.25 %, at threshold 0.5461; 80 targets, 700 nontargets\n"
    command = "eer=$(paste -d ' ' <(cut -d ' ' -f 3 good) <(cut -d ' ' -f 3 trials) | compute-eer - 2>/dev/null)"
    assert run_tool("bash", "-c", f"{command}; echo \"EER: $eer%\"", cwd=files).stdout == "EER: 6.25%\n"
    assert run_tool("compute-eer", "--no-table", "voxceleb", "good", "bad", cwd=files).stdout.startswith("6.25\n1")


def test_the_table(run_tool, files):
    shuffled = subprocess.run(["sort", "-k3"], input=(files / "good").read_text(), capture_output=True, text=True,
                              check=True).stdout
    done = run_tool("compute-eer", "voxceleb", "-", "bad", cwd=files, input=shuffled)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:5] == ["#", "EER", "in", "percent,", "kaldi;"]
    assert lines[1] == ["system", "eer", "threshold", "min_dcf_0.01", "act_dcf_0.01", "cllr", "min_cllr", "targets",
                        "nontargets"]
    assert [line[0] for line in lines[2:]] == ["-", "bad"]
    assert lines[2][1] == "6.25" and lines[2][-2:] == ["80", "700"]
    assert float(lines[3][1]) > 10
    assert done.stderr == ""
    assert run_tool("compute-eer", "trials", "good", "bad", cwd=files).stdout.replace("good", "-   ") == done.stdout


def test_intervals_in_json_and_csv(run_tool, files):
    options = ("--p-target=0.05,0.5", "--c-miss=2", "--ci-by=speakers", "--samples=200", "--eer=rocch")
    content = json.loads(run_tool("compute-eer", *options, "--json", "trials", "good", cwd=files).stdout)
    assert content["protocol"] == {
        "eer": "rocch", "ci": {"by": "speakers", "level": 95, "samples": 200, "seed": 0},
        "costs": [{"p_target": p, "c_miss": 2, "c_fa": 1} for p in (0.05, 0.5)]}
    found = content["systems"]["good"]
    assert set(found["eers"]) == {"kaldi", "interpolated", "rocch"}
    assert found["eer"] == found["eers"]["rocch"]["eer"] <= found["eers"]["interpolated"]["eer"]
    assert found["eers"]["kaldi"]["eer"] == pytest.approx(6.25)
    for name in ("eer", "min_dcf_0.05", "act_dcf_0.5"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert found["min_dcf_0.05"] <= found["act_dcf_0.05"] and found["min_cllr"] <= found["cllr"]
    csv = run_tool("compute-eer", *options, "--utt2spk=utt2spk", "--csv", "trials", "good", cwd=files).stdout
    head, values = [line.split(",") for line in csv.splitlines()]
    assert dict(zip(head, values, strict=True))["eer_high"] == str(found["eer_high"])
    trials = run_tool("compute-eer", "--ci", "--table", "labelled", cwd=files).stdout.splitlines()
    assert trials[1].split()[1:4] == ["eer", "eer_low", "eer_high"] and "over trials" in trials[0]


def test_the_plot(run_tool, files):
    run_tool("compute-eer", "--det=det.svg", "trials", "good", "bad", cwd=files)
    text = (files / "det.svg").read_text()
    assert text.startswith("<?xml") and text.count("<!-- good, EER") == 1 and "least cost" in text


@pytest.mark.parametrize("arguments, status, message", [
    (("nan",), 1, "error: nan:2: the score"),
    (("nowhere",), 1, "error: nowhere: no such file"),
    (("trials",), 1, "error: trials:1: 3 fields, expected <score>"),
    (("trials", "labelled"), 1, "error: labelled:1: 2 fields, expected <a> <b> <score>"),
    (("trials", "few"), 1, "error: few: no score for id0/v/0.wav id0/v/1.wav (1 of 780"),
    (("--ci-by=speakers", "labelled"), 2, "--ci-by"),
    (("--p-target=1", "labelled"), 2, "--p-target"),
    (("--p-target=0.1,x", "labelled"), 2, "--p-target"),
    (("--c-fa=0", "labelled"), 2, "--c-fa"),
    (("--level=0", "labelled"), 2, "--level"),
    (("--ci", "--samples=1000000000000", "labelled"), 2, "--samples"),
    (("--det=det.gif", "labelled"), 2, "det.gif"),
    (("--json", "--csv", "labelled"), 2, "--csv"),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    done = run_tool("compute-eer", *arguments, cwd=files, status=status)
    assert done.stdout == ""
    assert message in done.stderr and done.stderr.count("\n") == 1
