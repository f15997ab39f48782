"""What README.md and docs/ tell people to type, exists; what they link to, too."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for pattern in ("*.md", "docs/**/*.md", "egs/*/*.md") for path in ROOT.glob(pattern))
TOOLS = {path.name for path in (ROOT / "bin").iterdir()}
SCRIPTS = {path.name for folder in ("steps", "utils") for path in (ROOT / folder).iterdir()}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(text):
    """Lines of the fenced blocks of shell and of the blocks indented by four, continued lines joined.

    In a block of `console`, commands have "$ " before them; the rest is what they print.
    """
    fenced = []
    for language, shown in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S):
        if language in ("", "sh", "bash"):
            fenced.append(shown)
        elif language == "console":
            fenced += re.findall(r"^\$ (.*)$", shown, re.M)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    indented = re.findall(r"^    (.*)$", rest, re.M)
    return "\n".join([*map(str.strip, fenced), *indented]).replace("\\\n", " ").splitlines()


def commands(line):
    """The words of each command of a line, and nothing for lines that are output or other things."""
    try:
        lexer = shlex.shlex(re.sub(r"<[\w ]+>", "X", line), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return
    command = []
    for word in [*words, ";"]:
        if word in ("|", "&&", "||", ";", "&"):
            while command and re.fullmatch(r"[A-Za-z_]+=.*", command[0]):
                command = command[1:]
            if command:
                yield command
            command = []
        else:
            command.append(word)


def test_reading_commands():
    assert list(commands("A=1 make x  # comment; rm")) == [["make", "x"]]
    assert list(commands("cd a && ./run.sh --nj=2 | tee 'b c'")) == [
        ["cd", "a"], ["./run.sh", "--nj=2"], ["tee", "b c"]]
    assert code("text\n\n    make a\n\n```sh\nvad \\\n  x\n```\n") == ["vad    x", "make a"]
    assert code("```console\n$ vad x\nvad done\n```\n") == ["vad x"]


@every_page
def test_commands_exist(page):
    folder = page.parent
    for line in code(page.read_text()):
        for words in commands(line):
            name, seen = words[0], set(words)
            if name == "cd":
                folder = folder / words[1] if (folder / words[1]).is_dir() else folder
            elif name == "make":
                targets = {word for word in words[1:] if "=" not in word and re.fullmatch("[a-z]+", word)}
                assert targets <= TARGETS, line
            elif "/" in name and not name.startswith("."):
                assert (ROOT / name).exists() or name.startswith(".venv"), line
            elif name.startswith("./"):
                assert (folder / name).exists(), line
            elif not name.startswith(".venv/"):
                assert name in TOOLS | SCRIPTS or shutil.which(name) or name in ("source", "exec"), line
            assert "rm" not in seen


@every_page
def test_options_of_tools_exist(page, run_tool):
    helps = {}
    for line in code(page.read_text()):
        for name, *words in commands(line):
            if name not in TOOLS:
                continue
            if name not in helps:
                helps[name] = run_tool(name, "--help").stdout
            for word in words:
                if word.startswith("--"):
                    option = word.split("=")[0]
                    assert re.search(rf"{option}\b", helps[name]), f"{option} of {line}"


@every_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tools_that_the_readme_names_in_passing_exist():
    """A word in code style that begins like a tool of ours is one."""
    text = (ROOT / "README.md").read_text()
    verbs = {tool.split("-")[0] for tool in TOOLS if "-" in tool}
    for word in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", text):
        if word.split("-")[0] in verbs:
            assert word in TOOLS


def test_the_pipe_of_the_readme_can_be_pasted(models, run_tool, tmp_path):
    """The first block of shell, after what make demo leaves there: a recording."""
    run_tool("python3", ROOT / "local/make-toy-corpus", "--num-recordings=1", "--seed=1", "data", cwd=tmp_path)
    [recording] = (tmp_path / "data").glob("**/*.wav")
    (tmp_path / "demo").mkdir()
    recording.rename(tmp_path / "demo/sample.wav")
    chain, *_ = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    run_tool("bash", "-euo", "pipefail", "-c", chain, cwd=tmp_path)
    turns = [line.split() for line in (tmp_path / "meeting.rttm").read_text().splitlines()]
    assert turns
    assert {turn[1] for turn in turns} == {"meeting"}
    assert {turn[7] for turn in turns} == {"1", "2"}
