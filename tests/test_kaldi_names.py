"""utils/kaldi-names: Kaldi's names, its manners, and its command lines with their golden results."""

import os
import re
import shlex
import shutil

import numpy as np
import pytest
import soundfile

from diarkit.io.tables import read_arrays, read_lists

LARGEST, MEAN = 1e-3, 5e-5  # differences from Kaldi's features
SMALLER = {"cmn": 1e-5, "cmvn": 1e-5, "vad": 0, "ranges": 0}  # of others, by how a name begins
RELATIVE = {"cmvn_stats_default16k.txt": 1e-6, "variant_fbank_linear.ark": 1e-4}  # of numbers up to 2e10
OTHER_PROGRAMS = {"compute-spectrogram-feats", "compute-plp-feats"}


@pytest.fixture(scope="module")
def names(root, tmp_path_factory):
    """A folder with a blank in its name that kaldi-names has filled."""
    from subprocess import run

    folder = tmp_path_factory.mktemp("kaldi") / "Kaldi's names"
    done = run([root / "utils/kaldi-names", folder], capture_output=True, text=True, check=True)
    assert f"{len(list(folder.iterdir()))} names in" in done.stderr
    return folder


@pytest.fixture
def kaldi(names, run_tool):
    """Run a line of shell with Kaldi's names first on PATH."""
    def call(line, status=0, **kwargs):
        environment = {**os.environ, "PATH": f"{names}:{os.environ['PATH']}", "LC_ALL": "C"}
        environment.pop("PYTHONPATH", None)
        return run_tool("bash", "-euo", "pipefail", "-c", line, status=status, env=environment, **kwargs)

    return call


@pytest.fixture
def waves(tmp_path):
    rng = np.random.default_rng(0)
    samples = rng.normal(scale=0.1, size=(16000, 2))
    soundfile.write(tmp_path / "a.wav", samples[:, 0], 16000)
    soundfile.write(tmp_path / "two.wav", samples, 16000)
    (tmp_path / "a.scp").write_text("a a.wav\n")
    (tmp_path / "some.scp").write_text("a a.wav\nb nothing.wav\n")
    (tmp_path / "none.scp").write_text("b nothing.wav\n")
    (tmp_path / "pipe.scp").write_text("a cat a.wav |\n")
    (tmp_path / "two.scp").write_text("a two.wav\n")
    return tmp_path


def features(folder, name):
    return dict(read_arrays(f"ark:{folder}/{name}"))


def test_the_list_and_the_folder(names, root, run_tool):
    listed = [line.split() for line in run_tool("kaldi-names", "--list").stdout.splitlines()]
    assert {words[0] for words in listed} == {path.name for path in names.iterdir()}
    assert {"compute-mfcc-feats", "compute-vad", "add-deltas", "apply-cmvn-sliding"} <= {words[0] for words in listed}
    assert all((root / folder / words[1]).exists() for words in listed for folder in [
        "utils" if words[0] == "md-eval.pl" else "bin"])


REFERENCE = "SPEAKER m 1 0 10 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 8 4 <NA> <NA> B <NA> <NA>\n"
HYPOTHESIS = "SPEAKER m 1 0 9 <NA> <NA> x <NA> <NA>\n"


def test_md_eval(kaldi, tmp_path):
    """As Kaldi's recipes call it: of A 0.25-7.75 is scored, of B 10.25-11.75, which x does not have."""
    (tmp_path / "ref").write_text(REFERENCE)
    (tmp_path / "hyp").write_text(HYPOTHESIS)
    (tmp_path / "uem").write_text("m 1 0 11\n")
    (tmp_path / "list").write_text("hyp\n")
    pick = r"grep -oP 'DIARIZATION\ ERROR\ =\ \K[0-9]+([.][0-9]+)?'"
    calls = {"-1 -c 0.25 -r ref -s hyp 2> log": "16.67", "-1c0.25 -u uem -r ref -S list": "9.09",
             "-1 -r ref -s hyp": "20.00", "-n -r ref -s hyp": "35.71"}  # 2 of 10 s; 5 of 14
    for arguments, der in calls.items():
        assert kaldi(f"md-eval.pl {arguments} | {pick}", cwd=tmp_path).stdout == f"{der}\n"
    lines = kaldi("md-eval.pl -afc -r ref -s hyp", cwd=tmp_path).stdout.splitlines()
    assert [line for line in lines if "***" in line] == [
        f"*** Performance analysis for Speaker Diarization for {name} ***" for name in ("c=1 f=m", "ALL")]


@pytest.mark.parametrize("arguments, message", [
    ("-r ref", "no hypothesis"), ("-s hyp", "no reference"), ("-r ref -s hyp -w", "-w is not there"),
    ("-r ref -s hyp x", "what is 'x'?"), ("-r ref -R ref -s hyp", "two references"), ("-c", "wants a value"),
    ("-r nothing -s nothing", "no such file"), ("-c -1 -r ref -s ref", "--collar is negative"),
])  # fmt: skip
def test_md_eval_used_wrongly(kaldi, tmp_path, arguments, message):
    (tmp_path / "ref").write_text(REFERENCE)
    done = kaldi(f"md-eval.pl {arguments}", cwd=tmp_path, status=None)
    assert done.returncode in (1, 2) and done.stdout == ""
    assert message in done.stderr


def test_help_and_wrong_usage(run_tool, tmp_path):
    assert "kaldi-names kaldi" in run_tool("kaldi-names", "--help").stdout
    (tmp_path / "file").touch()
    assert "is not a folder" in run_tool("kaldi-names", tmp_path / "file", status=1).stderr
    run_tool("kaldi-names", status=2)
    run_tool("kaldi-names", "--no-such", status=2)


def test_status_is_0_if_one_was_done(kaldi, waves, run_tool):
    kaldi("compute-mfcc-feats --dither=0 scp:some.scp ark:some.ark", cwd=waves)
    assert list(features(waves, "some.ark")) == ["a"]
    kaldi("compute-mfcc-feats --dither=0 scp:none.scp ark:none.ark", cwd=waves, status=1)
    assert not (waves / "none.ark").exists()
    kaldi("compute-mfcc-feats --no-such scp:a.scp ark:x.ark", cwd=waves, status=1)
    kaldi("compute-mfcc-feats scp:a.scp", cwd=waves, status=1)
    run_tool("compute-mfcc", "scp:some.scp", "ark:ours.ark", cwd=waves, status=1)
    run_tool("compute-mfcc", "scp:a.scp", cwd=waves, status=2)


def test_defaults_are_kaldi_s_and_a_conf_file_wins_over_them(kaldi, waves, run_tool):
    (waves / "conf").write_text("--dither=0\n")
    for name, options in (("1", ""), ("2", "--print-args=false"), ("0", "--config=conf"), ("3", "--dither=0.1")):
        done = kaldi(f"compute-mfcc-feats {options} scp:a.scp ark:{name}.ark", cwd=waves)
        assert ("scp:a.scp" in done.stderr) == ("print-args" not in options)
    run_tool("compute-mfcc", "scp:a.scp", "ark:ours.ark", cwd=waves)
    found = {name: (waves / f"{name}.ark").read_bytes() for name in ("0", "1", "2", "3", "ours")}
    assert found["1"] == found["2"]
    assert found["0"] == found["ours"]
    assert len(set(found.values())) == 3


def test_pipes_in_scp_files_run_and_the_first_of_two_channels_is_taken(kaldi, waves):
    kaldi("compute-mfcc-feats --dither=0 scp:a.scp ark:a.ark && compute-mfcc-feats --dither=0 scp:pipe.scp ark:p.ark"
          " && compute-mfcc-feats --dither=0 scp:two.scp ark:t.ark", cwd=waves)
    assert (waves / "a.ark").read_bytes() == (waves / "p.ark").read_bytes() == (waves / "t.ark").read_bytes()


def test_an_empty_table_is_no_failure_where_kaldi_has_none(kaldi, tmp_path):
    """feat-to-len, feat-to-dim and subset-feats --n end with 0 always; what counts what it did does not."""
    (tmp_path / "empty").touch()
    assert kaldi("feat-to-len ark:empty", cwd=tmp_path).stdout == "0\n"
    kaldi("feat-to-len ark:empty ark,t:- && feat-to-dim ark:empty ark,t:- && subset-feats ark:empty ark:-",
          cwd=tmp_path)
    for line in ("copy-feats ark:empty ark:-", "subset-feats --include=empty ark:empty ark:-",
                 "feat-to-dim ark:empty -", "feat-to-len scp:none ark,t:-"):
        kaldi(line, cwd=tmp_path, status=1)
    (tmp_path / "bad.scp").write_text("a none\n")
    kaldi("feat-to-len scp:bad.scp ark,t:-", cwd=tmp_path, status=1)


def test_booleans_take_the_next_word_as_in_kaldi_s_scripts(kaldi, tmp_path, run_tool):
    (tmp_path / "segments").write_text("a r 0 2\n")
    run = "get_uniform_subsegments.py --max-segment-duration 1.5 --overlap-duration 0.75 --max-remaining-duration 0.5"
    found = [kaldi(f"{run} {flag} segments", cwd=tmp_path).stdout.splitlines()
             for flag in ("", "--constant-duration True", "--constant-duration=True", "--constant-duration")]
    assert len(found[0]) == 1 and len(found[1]) == 2 and found[1] == found[2] == found[3]
    assert kaldi(f"{run} --constant-duration false segments", cwd=tmp_path).stdout.splitlines() == found[0]
    run_tool("make-subsegments", "--constant-duration", "True", "segments", cwd=tmp_path, status=1)


def test_comments_of_a_conf_file_begin_anywhere(kaldi, waves):
    (waves / "conf").write_text("# none\n--dither=0# none\n\n --window-type=hamming # none\n")
    kaldi("compute-mfcc-feats --config=conf scp:a.scp ark:a.ark", cwd=waves)
    kaldi("compute-mfcc-feats --dither=0 --window-type=hamming scp:a.scp ark:b.ark", cwd=waves)
    assert (waves / "a.ark").read_bytes() == (waves / "b.ark").read_bytes()


def test_scripts_for_data_directories(kaldi, waves):
    """More pieces than speakers are refused; jobs for durations are taken; true is a value of --skip-fix."""
    (waves / "utt2spk").write_text("a a\n")
    (waves / "spk2utt").write_text("a a\n")
    (waves / "wav.scp").write_text(f"a {waves}/a.wav\n")
    kaldi("split_data.sh . 2", cwd=waves, status=1)
    assert not (waves / "split2").exists()
    kaldi("get_utt2dur.sh --nj 4 --cmd 'run.pl --mem 2G' . && get_reco2dur.sh --cmd run.pl --nj 3 .", cwd=waves)
    assert (waves / "utt2dur").read_text() == (waves / "reco2dur").read_text() == "a 1\n"
    kaldi("combine_data.sh --skip-fix true all .", cwd=waves)
    assert (waves / "all/utt2spk").exists() and not (waves / "all/.backup").exists()


def test_make_rttm_writes_kaldi_s_bytes(kaldi, shared):
    folder = shared / "golden/kaldi"
    for name, options in (("nspk4", "--rttm-channel 1"), ("nspk4_channel0", "")):
        line = f"make_rttm.py {options} scripts/vbx_segments ahc/labels_full_te0.9_nspk4.txt -"
        expected = (folder / f"scripts/rttm_full_te0.9_{name}.rttm").read_text()
        assert kaldi(line, cwd=folder).stdout == expected


def test_manners_do_not_pass_to_commands_that_a_tool_starts(kaldi, waves):
    """The one that is started by our own name fails for one of two recordings, as is our manner."""
    kaldi("copy-feats 'ark:compute-mfcc scp:some.scp ark:- |' ark:x.ark", cwd=waves, status=1)
    assert not (waves / "x.ark").exists()


def difference(found, expected):
    """Largest and mean difference of two archives; of text lists too. Relative ones of the files in RELATIVE."""
    try:
        ours, theirs = dict(read_arrays(f"ark:{found}")), dict(read_arrays(f"ark:{expected}"))
    except ValueError:
        return (0, 0) if read_lists(found) == read_lists(expected) else (np.inf, np.inf)
    if list(ours) != list(theirs) or any(np.shape(ours[key]) != np.shape(theirs[key]) for key in ours):
        return np.inf, np.inf
    differences = [abs(np.asarray(ours[key], float) - theirs[key]).ravel() for key in ours]
    if expected.name in RELATIVE:
        differences = [d / np.maximum(abs(theirs[key]).ravel(), 1) for key, d in zip(ours, differences, strict=True)]
    everything = np.concatenate(differences)
    return everything.max(), everything.mean()


def judge(name, found, expected):
    """What is wrong with a file, or nothing."""
    if name.endswith(".scp"):
        return "" if found.read_text() == expected.read_text() else "another scp"
    if "htkformat" in name:
        head, data = found.read_bytes()[:17], np.frombuffer(found.read_bytes()[17:], ">f4")
        their_head, theirs = expected.read_bytes()[:17], np.frombuffer(expected.read_bytes()[17:], ">f4")
        same = head == their_head and len(data) == len(theirs) and abs(data - theirs).max() <= LARGEST
        return "" if same else "another HTK header or data"
    largest, mean = difference(found, expected)
    if name in RELATIVE:
        return "" if largest <= RELATIVE[name] else f"differs by {largest:g} of the value"
    if re.fullmatch(r"compressed_m\d.ark", name):  # of our own features, where Kaldi's are not there
        return "" if largest <= 0.01 else f"differs by {largest:g}"
    if "_decoded" in name:
        return "" if largest == 0 else f"decoded otherwise, by {largest:g}"
    word = expected.parent.name if expected.parent.name == "vad" else re.match("[a-z]+", name)[0]
    bound = SMALLER.get(word, LARGEST)
    return "" if largest <= bound and mean <= MEAN else f"differs by {largest:.2g}, mean {mean:.2g}, allowed {bound:g}"


def test_kaldi_s_command_lines_give_kaldi_s_results(shared, kaldi, names, tmp_path):
    """Every line of the golden set that the names serve, each on Kaldi's own results of the lines before it.

    Prints (pytest -s) the largest and the mean difference of each file.
    """
    golden = shared / "golden/kaldi"
    for name in ("conf", "wav", *(path.name for path in golden.glob("*.scp"))):
        (tmp_path / name).symlink_to(golden / name)
    for name in ("feats", "vad"):
        (tmp_path / name).mkdir()
    wrong, compared = [], 0
    for line in (golden / "commands/feats.txt").read_text().splitlines():
        programs = [words.split()[0] for words in re.split(r"\s\|\s", line)]
        if OTHER_PROGRAMS & set(programs) or not all((names / p).exists() or p == "awk" for p in programs):
            assert not {"compute-mfcc-feats", "compute-vad", "copy-feats"} & set(programs)
            continue
        before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*") if not path.is_symlink()}
        done = kaldi(line, cwd=tmp_path, status=None)
        if done.returncode:
            wrong.append(f"{line}: status {done.returncode}: {done.stderr.splitlines()[-1]}")
        for path in sorted(set(tmp_path.glob("feats/*")) | set(tmp_path.glob("vad/*"))):
            expected = golden / path.relative_to(tmp_path)
            if before.get(path) == path.stat().st_mtime_ns or not expected.exists():
                continue
            compared += 1
            if not path.name.endswith(".scp") and "htkformat" not in path.name:
                print("{:44} {:9.2g} {:9.2g}".format(str(path.relative_to(tmp_path)), *difference(path, expected)))
            if why := judge(path.name, path, expected):
                wrong.append(f"{path.relative_to(tmp_path)} {why}: {line}")
            shutil.copyfile(expected, path)
    assert not wrong, "\n".join(wrong)
    assert compared >= 60


def test_quoting_of_the_folder(names, kaldi, waves):
    """Names are found through a path that a shell must quote; of another folder by its path as well."""
    done = kaldi(f"{shlex.quote(str(names / 'feat-to-dim'))} --print-args=false 'ark:compute-mfcc scp:a.scp ark:- |' -",
                 cwd=waves)
    assert done.stdout.split() == ["13"]
