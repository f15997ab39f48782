"""What holds for every file of bin/, whoever adds it."""

import ast
import importlib.metadata
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = sorted(path.name for path in (ROOT / "bin").iterdir() if path.is_file())
HEAVY = {"numpy", "scipy", "torch", "soundfile", "kaldiio", "pyannote", "onnxruntime", "matplotlib", "pandas",
         "safetensors", "webrtcvad"}
every_tool = pytest.mark.parametrize("tool", TOOLS)


def docstring(tool):
    """The help of a tool as it is written, before click wraps it."""
    tree = ast.parse((ROOT / "bin" / tool).read_text())
    [main] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    return inspect.cleandoc(ast.get_docstring(main, clean=False))


@every_tool
def test_is_executable_python_without_suffix(tool):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", tool)
    assert os.access(ROOT / "bin" / tool, os.X_OK)
    assert (ROOT / "bin" / tool).read_text().startswith("#!/usr/bin/env python3\n")


def test_setup_installs_all_of_them():
    """What setuptools would put on PATH, asked in the checkout and compared with the folder."""
    program = ("import json, setuptools; found = {};"
               "setuptools.setup = lambda **attributes: found.update(attributes);"
               "exec(compile(open('setup.py').read(), 'setup.py', 'exec'));"
               "print(json.dumps(found['scripts']))")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout) == [f"bin/{tool}" for tool in TOOLS]


def test_the_installed_ones_are_these():
    """Where the package is installed in this environment, each tool is beside its Python."""
    try:
        importlib.metadata.distribution("diarkit")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("diarkit is not installed here, only run from the checkout")
    beside = {path.name for path in Path(sys.executable).parent.iterdir()}
    assert set(TOOLS) <= beside


@every_tool
def test_help_says_what_it_does_with_an_example(tool, run_tool):
    done = run_tool(tool, "--help")
    assert done.stderr == ""
    assert f"Usage: {tool} [OPTIONS]" in done.stdout
    text = docstring(tool)
    assert re.match(r"[A-Z][^\n]*\.(\n\n|$)", text), "one sentence, then a blank line"
    blocks = re.findall(r"^\x08\n((?:.+\n?)+)", text.replace("\\b\n", "\x08\n"), re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    examples = [line for line in lines if line.startswith(tool + " ")]
    assert examples, "no example that begins with the name of the tool in a \\b block"
    for line in examples:  # and it is in the help as it was written, to be copied
        assert line in done.stdout.replace("\n  ", "\n"), f"not pasteable: {line}"


@every_tool
def test_help_starts_without_costly_imports(tool):
    """The modules that have been imported when --help has been printed."""
    program = ("import atexit, runpy, sys; sys.argv = sys.argv[1:];"
               "atexit.register(lambda: print('\\nMODULES', *sys.modules));"
               "runpy.run_path(sys.argv[0], run_name='__main__')")
    done = subprocess.run([sys.executable, "-c", program, ROOT / "bin" / tool, "--help"],
                          capture_output=True, text=True, check=True)
    modules = done.stdout.rsplit("\nMODULES ", 1)[1].split()
    assert "click" in modules
    assert not {name.split(".")[0] for name in modules} & HEAVY


@every_tool
def test_an_unknown_option_is_one_line_and_status_2(tool, run_tool):
    done = run_tool(tool, "--no-such-option=1", status=2)
    assert done.stdout == ""
    assert done.stderr.startswith(f"{tool}: ")
    assert done.stderr.count("\n") == 1


def table_of_tools():
    section = re.search(r"^## The tools\n(.*?)^## ", (ROOT / "README.md").read_text(), re.M | re.S)[1]
    return re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.M)


def test_the_table_of_the_readme_has_every_tool_once_and_no_others():
    assert sorted(table_of_tools()) == TOOLS
