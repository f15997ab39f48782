"""utils/step.sh: cutting tables, and words that reach a job as they are."""

import pytest

WORDS = [
    "a b", "it's", "it's so", 'q"u', 'q"u o', "a$b", "a$b c", "$(touch x)", "$(touch x", "`touch x`", "`touch x`y",
    "a;touch x;", "a;b", "a & b", "*", "* [a]", "~", "", "new\nline", 'tab\t"', "back\\slash", "back\\\\ two",
    "\\$(touch x) \\", "{a,b}", "#c", "!x y!", "\u00e9", '\u00e9 "', "'\" $(touch x) \\'", "a && b", "-n", "x=$PWD y",
]

RUN_PL = """#!/usr/bin/env bash
# Quotes as Kaldi's run.pl does.
log=$1 command=
shift
for word; do
  if [[ -n $word && $word != *[[:space:]]* ]]; then command+="$word "
  elif [[ $word == *'"'* ]]; then command+="'$word' "
  else command+="\\"$word\\" "; fi
done
bash -c "$command" > "$log"
"""


@pytest.fixture
def step(run_tool, tmp_path):
    """Run lines of shell as a step would run them."""
    def call(lines, *args, **kwargs):
        path = tmp_path / "step"
        path.write_text("#!/usr/bin/env bash\n# A step.\nset -euo pipefail\nnj=4\ncmd=run.sh\nmax_failed=0\n"
                        f". step.sh\n{lines}\n")
        path.chmod(0o755)
        return run_tool(path, *args, cwd=tmp_path, **kwargs)

    return call


@pytest.mark.parametrize("cmd", ["run.sh", "./run.pl"])
def test_words_reach_the_job_as_they_are(step, tmp_path, cmd):
    for name, script in (("run.pl", RUN_PL), ("say", "#!/bin/sh\nprintf '%s\\0' \"$@\" >> said\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "words").write_text("".join(word + "\0" for word in WORDS))
    step(f"cmd={cmd}; mapfile -d '' words < words; submit log ./say \"${{words[@]}}\" '&&' ./say last")
    assert (tmp_path / "said").read_text().split("\0") == [*WORDS, "last", ""]
    assert not (tmp_path / "x").exists()


def test_plain_words_stand_in_the_log_as_they_are(step, tmp_path):
    step('submit JOB=1:2 x.JOB.log echo ark,scp:a/x.JOB.ark,b/x.JOB --max-failed=5% "a b" \'${OMP_NUM_THREADS:-1}\'')
    lines = (tmp_path / "x.2.log").read_text().splitlines()
    assert lines[0] == '# echo ark,scp:a/x.2.ark,b/x.2 --max-failed=5% "a b" ${OMP_NUM_THREADS:-1}'
    assert "ark,scp:a/x.2.ark,b/x.2 --max-failed=5% a b 1" in lines


@pytest.mark.parametrize("lines, nj", [(1, 4), (3, 2), (5, 1), (5, 4), (300, 299)])
def test_a_last_line_without_its_newline_is_a_line(step, tmp_path, lines, nj):
    table = [f"reco{n} a b" for n in range(lines)]
    (tmp_path / "t=1").write_text("\n".join(table))  # awk would take that name for a variable
    folder = tmp_path / "back\\tslash"
    used = int(step(f"split_table {nj} t=1 'back\\tslash'; echo \"$nj\"").stdout)
    assert used == min(lines, nj)
    pieces = [(folder / f"{n + 1}").read_text().splitlines() for n in range(used)]
    assert sum(pieces, []) == table and all(pieces)
    assert len(list(folder.iterdir())) == used


def test_vectors_of_either_kind(step, tmp_path):
    (tmp_path / "d").mkdir()
    assert step("vectors_of d").stdout == "d/xvector.scp\n"
    (tmp_path / "d/ivector.scp").touch()
    assert step("vectors_of d").stdout == "d/ivector.scp\n"
    (tmp_path / "d/xvector.scp").touch()
    assert step("vectors_of d").stdout == "d/xvector.scp\n"


def test_tables_are_cut_between_blocks_of_lines(step, tmp_path):
    table = [f"utt{n}" for n in range(23)]
    (tmp_path / "table").write_text("\n".join(table) + "\n")
    for nj, expected in ((9, [5, 5, 5, 5, 3]), (2, [15, 8]), (1, [23])):
        assert step(f"split_table {nj} table split 5; echo $nj").stdout == f"{len(expected)}\n"
        pieces = [(tmp_path / f"split/{n + 1}").read_text().splitlines() for n in range(len(expected))]
        assert sum(pieces, []) == table and [len(piece) for piece in pieces] == expected


@pytest.mark.parametrize("name", ["|touch x;", "a|b", "JOBS", "x/JOB"])
def test_names_that_cannot_be(step, tmp_path, name):
    done = step("touch x", "in", name, status=1)
    assert done.stderr.startswith("step: ") and done.stderr.endswith(f": {name}\n") and done.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_how_many_may_fail(step):
    assert step('of_all_jobs "$max_failed"', "--max-failed", "3").stdout == "12\n"
    assert step('of_all_jobs "$max_failed"', "--max-failed", "09").stdout == "36\n"
    assert step('of_all_jobs "$max_failed"', "--max-failed", "2.5%").stdout == "2.5%\n"
    for wrong in ("x", "-1", "", "a[$(touch x)]", "5%%"):
        done = step("touch x", f"--max-failed={wrong}", status=2)
        assert done.stderr.startswith(f"step: --max-failed: '{wrong}' is neither a number nor a percentage (see ")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("utt2spk", "vectors"), [("utt2spk", "vectors"), ("x=1/a b", "y=2/c")])
def test_people_of(step, tmp_path, utt2spk, vectors):
    for name in (utt2spk, vectors):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / utt2spk).write_text("s1-r1-a s1\ns2-r2-a s2\nr3 s3\n")
    (tmp_path / vectors).write_text("s1-r1-a-00000000-00000150 r1\nw2 s2-r2-a\nw3 r3\nw4 s4\n")
    done = step('people_of "$1" "$2"', utt2spk, vectors)
    assert done.stdout.splitlines() == ["s1-r1-a-00000000-00000150 s1", "w2 s2", "w3 s3", "w4 s4"]
    (tmp_path / "own").write_text("v1 s1\nv2 s2\n")
    (tmp_path / "none").write_text("")
    for first in ("own", "none"):
        assert step('people_of "$1" "$2"', first, "own").stdout == "v1 s1\nv2 s2\n"


def test_differ(step, tmp_path):
    (tmp_path / "a").write_text("")
    (tmp_path / "b").symlink_to("a")
    step("differ new a b; differ b c")
    assert "would be written over what is read: b" in step("differ a c b", status=1).stderr
