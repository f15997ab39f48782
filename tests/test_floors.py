"""The floors of the house: what may import what (docs: README.md, "How it is built").

0 errors, options: the standard library only. 1 io/ knows files and no mathematics, the mathematics knows
arrays and no files, neither knows click. 2 cli. 3 bin/, the only place where files meet mathematics.
"""

import ast
import configparser
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.glob("diarkit/**/*.py"))
}
GROUND = ("diarkit.errors", *(name for name in MODULES if name.split(".")[:2] == ["diarkit", "options"]))
CLI = [name for name in MODULES if name.startswith("diarkit.cli")]
IO = [name for name in MODULES if name.startswith("diarkit.io")]
MATHEMATICS = [name for name in MODULES if name not in (*GROUND, *CLI, *IO, "diarkit")]
FILE_PACKAGES = {"soundfile", "kaldiio", "pickle", "zipfile", "wave"}
TOOLS = sorted(path for path in (ROOT / "bin").iterdir() if path.is_file())


def imports(path):
    """Full names of all that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            # `from diarkit.io import tables` imports a module, `from diarkit.ahc import cluster` from one.
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if full in MODULES else node.module)
    return names


def ours(path):
    return {name for name in imports(path) if name.split(".")[0] == "diarkit"}


def packages(path):
    return {name.split(".")[0] for name in imports(path)} - {"diarkit"}


def test_everything_is_looked_at():
    assert {"diarkit.errors", "diarkit.options", "diarkit.cli", "diarkit.io.tables"} <= set(MODULES)
    assert MATHEMATICS and TOOLS


@pytest.mark.parametrize("name", GROUND)
def test_ground_floor_is_the_standard_library(name):
    assert packages(MODULES[name]) <= sys.stdlib_module_names
    assert ours(MODULES[name]) <= set(GROUND)


@pytest.mark.parametrize("name", IO)
def test_io_knows_no_mathematics_and_no_click(name):
    assert ours(MODULES[name]) <= {*GROUND, *IO, "diarkit"}
    assert not packages(MODULES[name]) & {"click", "scipy", "pyannote", "matplotlib"}


@pytest.mark.parametrize("name", MATHEMATICS)
def test_mathematics_knows_no_files_and_no_click(name):
    assert ours(MODULES[name]) <= {*GROUND, *MATHEMATICS, "diarkit"}
    assert not packages(MODULES[name]) & {"click", *FILE_PACKAGES}
    called = {node.func.id for node in ast.walk(ast.parse(MODULES[name].read_text()))
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print"}


@pytest.mark.parametrize("name", CLI)
def test_cli_stands_on_the_ground(name):
    """It may call io, but no mathematics."""
    assert ours(MODULES[name]) <= {*GROUND, *IO, *CLI, "diarkit"}


def test_no_circles():
    graph = {name: ours(path) & set(MODULES) - {name, "diarkit"} for name, path in MODULES.items()}
    while leaves := [name for name, needs in graph.items() if not needs & set(graph)]:
        for name in leaves:
            del graph[name]
    assert not graph, f"circle among {sorted(graph)}"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_long(name):
    assert len(MODULES[name].read_text().splitlines()) <= 310


@pytest.mark.parametrize("path", TOOLS, ids=lambda path: path.name)
def test_tools_are_short(path):
    assert 20 <= len(path.read_text().splitlines()) <= 80


@pytest.mark.parametrize("path", sorted((ROOT / "steps").glob("*.sh")), ids=lambda path: path.name)
def test_steps_are_short(path):
    assert len(path.read_text().splitlines()) <= 40


@pytest.mark.parametrize("path", TOOLS, ids=lambda path: path.name)
def test_a_tool_imports_costly_things_only_inside_main(path):
    tree = ast.parse(path.read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name.split(".")[0] for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in top if isinstance(node, ast.ImportFrom)}
    costly = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert costly <= {"click", *GROUND, *CLI}


def test_what_is_imported_is_what_setup_asks_for():
    """Not a package that only happens to be there."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = (setup["options"]["install_requires"] + setup["options.extras_require"]["rooms"]).split()
    asked = {re.match(r"[\w.-]+", line)[0].removesuffix("-wheels").split(".")[0] for line in lines}
    asked = {{"scikit-learn": "sklearn"}.get(name, name) for name in asked}
    used = set().union(*(packages(path) for path in [*MODULES.values(), *TOOLS])) - sys.stdlib_module_names
    assert used <= asked
