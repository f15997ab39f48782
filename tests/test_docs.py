"""The examples of docs/: each command of a `console` block is run, and what it prints is what the page shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = [(page, block) for page in sorted((ROOT / "docs").glob("*.md"))
            for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S)]


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("page, block", EXAMPLES, ids=[block.split("\n")[0] for _, block in EXAMPLES])
def test_the_output_is_what_the_page_shows(page, block, run_tool):
    """To show what is new: run this test, and copy what it says."""
    shown = re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", block, re.M)
    printed = "".join(f"$ {command}\n{run_tool('bash', '-c', command, cwd=page.with_suffix('')).stdout}"
                      for command, _ in shown)
    assert block == printed
