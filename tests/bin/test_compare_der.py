import json

import pytest


def rttm(late, names):
    """Six recordings of 100 s; the hypothesis begins `late` s late, more so in later ones, 0 in the reference."""
    starts = [late * (k + 1) for k in range(6)]
    return "".join(f"SPEAKER f{k} 1 {start:.3f} {100 - start:.3f} <NA> <NA> {names[k % 2]} <NA> <NA>\n"
                   for k, start in enumerate(starts))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    for name, text in (("ref", rttm(0, "AB")), ("slow", rttm(2, "xy")), ("quick", rttm(1, "zw"))):
        (folder / name).write_text(text)
    (folder / "few").write_text(rttm(1, "zw").replace("f5", "f9"))
    (folder / "uem").write_text("".join(f"f{k} 1 0 50\n" for k in range(6)))
    (folder / "groups").write_text("".join(f"f{k} g{k % 3}\n" for k in range(6)))
    (folder / "some").write_text("f0 g\n")
    return folder


def test_two_systems_by_rttm(run_tool, files):
    done = run_tool("compare-der", "ref", "slow", "quick", "--top=1", cwd=files)
    lines = done.stdout.splitlines()
    assert lines[0] == "# md-eval; collar 0 s on each side; overlap scored; UEM extent of the reference; 6 recordings"
    assert lines[3].split()[:2] == ["slow", "7.00"] and lines[4].split()[:2] == ["quick", "3.50"]
    [difference] = [line.split() for line in lines if line.startswith("DER")]
    assert difference[:4] == ["DER", "slow", "quick", "+3.50"] and difference[6:] == ["0.0312", "0", "6", "0"]
    [worst] = [line.split() for line in lines if line.startswith("f") and line[1].isdigit()]
    assert worst == ["f5", "12.00", "6.00", "12.00", "6.00"]
    assert lines[-1].startswith("slow - quick = 3.50 points of DER, p = 0.0312: quick is better, from ")
    assert done.stderr == "compare-der: warning: few, 6 recordings: the truth is outside of intervals somewhat more" \
        " often than said\n"
    again = run_tool("compare-der", "ref", "slow", "-", "--top=1", "--names=slow,quick", cwd=files,
                     input=(files / "quick").read_text())
    assert again.stdout == done.stdout


def test_scores_say_the_same_as_rttm(run_tool, files):
    options = "--collar 0.25 --ignore-overlap --scorer dscore --uem uem"
    command = (f"compare-der --json --names a,b <(compute-der --json {options} ref slow)"
               f" <(compute-der --json {options} ref quick)")
    scores = json.loads(run_tool("bash", "-c", command, cwd=files).stdout)
    direct = run_tool("compare-der", *options.split(), "--json", "--names=a,b", "ref", "slow", "quick", cwd=files)
    content = json.loads(direct.stdout)
    assert content == scores
    assert content["protocol"] == {"scorer": "dscore", "collar": 0.25, "ignore_overlap": True, "uem": "given"}
    assert content["systems"]["a"]["der"]["value"] == pytest.approx(100 * (42 - 6 * 0.25) / (6 * 49.5))
    assert content["pairs"][0]["miss"]["second_better"] == 6


def test_three_scores_through_pipes(run_tool, files):
    inputs = " ".join(f"<(compute-der --json ref {name})" for name in ("slow", "quick", "slow"))
    done = run_tool("bash", "-c", f"compare-der --scores --names a,b,c {inputs}", cwd=files)
    assert done.stdout.splitlines()[-2].startswith("a - c = 0.00 points of DER, p = 1.0000")


def test_options_reach_the_statistics(run_tool, files):
    def method(*options):
        done = run_tool("compare-der", "--json", *options, "ref", "slow", "quick", cwd=files)
        content = json.loads(done.stdout)
        return content["method"], content["systems"]["slow"]["der"], content["pairs"][0]["der"]

    first = method()
    assert method() == first
    options, slow, difference = method("--by=groups", "--interval=bca", "--level=80", "--samples=500", "--seed=3")
    assert options == {"interval": "bca", "level": 80, "samples": 500, "seed": 3, "recordings": 6, "groups": 3}
    assert first[1]["low"] < slow["low"] < slow["value"] == first[1]["value"] < slow["high"] < first[1]["high"]
    assert difference["p"] == difference["smallest"] == 2 / 2**3


def test_csv_of_three_systems(run_tool, files):
    done = run_tool("compare-der", "--csv", "--common", "ref", "slow", "quick", "few", cwd=files)
    lines = done.stdout.splitlines()
    assert len(lines) == 1 + 5 * (3 + 3) and lines[1].endswith("md-eval,0.0,False,extent of the reference")
    assert [line.split(",")[:3] for line in lines if ",der," in line][3:] == [
        ["slow", "quick", "der"], ["slow", "few", "der"], ["quick", "few", "der"]]
    assert "warning: not in all of the systems, left out: f5" in done.stderr
    row = next(line for line in lines if line.startswith("slow,few,der")).split(",")
    assert row[6:8] == ["0.0625", "0.1875"]  # p of 5 recordings, and adjusted for 3 pairs


@pytest.mark.parametrize("arguments, status, message", [
    (("ref", "slow", "few"), 1, "error: f5: in slow, not in few"),
    (("ref", "slow", "nowhere"), 1, "error: nowhere: no such file"),
    (("ref", "slow", "some"), 1, "error: some:1: "),
    (("ref", "slow"), 1, "error: ref:1: not JSON as compute-der --json writes it: nothing of the kind (two"),
    (("--groups=some", "ref", "slow", "quick"), 1, "error: f1: not in some"),
    (("--groups=ref", "ref", "slow", "quick"), 1, "error: ref:1: "),
    (("ref",), 2, "two systems"),
    (("--collar=1", "a.json", "b.json"), 2, "--collar"),
    (("--collar=-1", "ref", "slow", "quick"), 2, "--collar"),
    (("--level=100", "ref", "slow", "quick"), 2, "--level"),
    (("--samples=0", "ref", "slow", "quick"), 2, "--samples"),
    (("--samples=1000000000000", "ref", "slow", "quick"), 2, "--samples"),
    (("--json", "--csv", "ref", "slow", "quick"), 2, "--csv"),
    (("--names=a", "ref", "slow", "quick"), 2, "--names"),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    done = run_tool("compare-der", *arguments, cwd=files, status=status)
    assert done.stdout == ""
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_bad_files_of_the_corpus(run_tool, shared):
    check = shared / "badinputs" / "check_bad.py"
    done = run_tool("python3", check, "--strict-names", "--rttm", "compare-der good/ref.rttm good/hyp.rttm {in}",
                    "--only", "binary|latin1|nan|html", status=None)
    assert done.returncode == 0, done.stdout
