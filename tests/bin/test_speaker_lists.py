"""utt2spk-to-spk2utt and spk2utt-to-utt2spk."""

import pytest


def test_there_and_back(run_tool, tmp_path):
    text = "u3 b\nu1 a\nu2 b\n"
    assert run_tool("utt2spk-to-spk2utt", input=text).stdout == "b u3 u2\na u1\n"
    (tmp_path / "u").write_text(text)
    run_tool("utt2spk-to-spk2utt", "u", "s", cwd=tmp_path)
    assert (tmp_path / "s").read_text() == "b u3 u2\na u1\n"
    assert run_tool("spk2utt-to-utt2spk", "s", cwd=tmp_path).stdout == "u3 b\nu2 b\nu1 a\n"
    assert run_tool("spk2utt-to-utt2spk", "-", "-", input="b u3\r\n").stdout == "u3 b\n"


@pytest.mark.parametrize(("tool", "text", "message"), [
    ("utt2spk-to-spk2utt", "u1 a\nu2\n", "in:2: 2 fields expected, not 1"),
    ("utt2spk-to-spk2utt", "u1 a b\n", "in:1: 2 fields expected, not 3"),
    ("utt2spk-to-spk2utt", "u1 a\nu1 b\n", "in:2: 'u1' is there twice"),
    ("spk2utt-to-utt2spk", "a u1\nb\n", "in: the speaker 'b' has no utterance"),
    ("spk2utt-to-utt2spk", "a u1\na u2\n", "in:2: 'a' is there twice"),
    ("spk2utt-to-utt2spk", "a u1\nb u1\n", "in: 'u1' is there twice, of 'a' and of 'b'"),
    ("spk2utt-to-utt2spk", "a u1 u1\n", "in: 'u1' is there twice, of 'a' and of 'a'"),
])
def test_bad_lists(run_tool, tmp_path, tool, text, message):
    (tmp_path / "in").write_text(text)
    done = run_tool(tool, "in", "out", cwd=tmp_path, status=1)
    assert done.stderr == f"{tool}: error: {message}\n" and not (tmp_path / "out").exists()
