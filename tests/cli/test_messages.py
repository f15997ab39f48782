"""What tools say on stderr."""

import logging
import signal
import warnings

from diarkit.cli.endings import run
from diarkit.cli.messages import LONGEST, log, tell_remarks, tool_name


def test_a_very_long_line_is_told_without_its_middle(capsys):
    log("begin " + "x" * 10**6 + " end")
    line = capsys.readouterr().err
    assert line.startswith(f"{tool_name()}: begin xxx") and line.endswith("x end\n") and len(line) < LONGEST
    assert " ... " in line
    log("&" * 10**5, whole=True)
    assert capsys.readouterr().err.count("&") == 10**5


def test_what_numpy_remarks_on_bad_data_is_not_told(monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *args: None)
    with warnings.catch_warnings(record=True) as told:
        assert run(lambda: warnings.warn("overflow encountered in cast", RuntimeWarning, stacklevel=1)) == 0
    assert not told


def test_remarks_of_the_library_bear_the_name_of_the_tool(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger("diarkit"), "handlers", [])
    tell_remarks()
    logging.getLogger("diarkit.io.entries").warning("%s: a remark", "x.ark:5")
    logging.getLogger("diarkit.io.entries").info("not this")
    assert capsys.readouterr().err == f"{tool_name()}: x.ark:5: a remark\n"
