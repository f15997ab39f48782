"""Numbers and words on the command line."""

import click
import pytest

from diarkit.cli.grammar import Number


@pytest.mark.parametrize(("kind", "text", "value"), [
    (float, "1", 1.0), (float, "-.5", -0.5), (float, "+2.e-3", 0.002), (int, "-7", -7), (int, "+12", 12),
    (float, "1e300", 1e300), (int, "123456789012345678", 123456789012345678)])
def test_numbers(kind, text, value):
    assert Number(kind).convert(text, None, None) == value


@pytest.mark.parametrize(("kind", "text"), [
    (float, "nan"), (float, "inf"), (float, "1e999"), (float, "-1e999"), (float, "1_0"), (float, "0x1"), (float, "1,5"),
    (float, ""), (float, "\u0661"), (float, "9" * 5000), (int, "1.0"), (int, "1_0"), (int, "9" * 5000),
    (int, "-" + "9" * 5000)])
def test_what_is_no_number(kind, text):
    with pytest.raises(click.BadParameter):
        Number(kind).convert(text, None, None)


def test_a_file_of_options_may_not_be_without_end(run_tool):
    """Else it is read until no memory is left."""
    done = run_tool("bash", "-c", "ulimit -v 2000000; compute-der --config /dev/zero a b", status=1, timeout=30)
    assert done.stderr == "compute-der: error: /dev/zero: too large for a file of options\n"
