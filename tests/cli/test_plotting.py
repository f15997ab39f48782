import io

import pytest

from diarkit.cli.plotting import can_encode, told_apart
from diarkit.errors import UsageError
from diarkit.options.drawing import PlotOptions


@pytest.mark.parametrize("words, options, expected", [
    ("h", {}, (None, "h", "-", "text")),
    ("-", {}, (None, "-", "-", "text")),
    ("r h", {}, ("r", "h", "-", "text")),
    ("r -", {}, ("r", "-", "-", "text")),
    ("h o.png", {}, (None, "h", "o.png", "png")),
    ("r h o.SVG", {}, ("r", "h", "o.SVG", "svg")),
    ("- h d.x/o.html", {}, ("-", "h", "d.x/o.html", "html")),
    ("r h o.txt", {}, ("r", "h", "o.txt", "text")),
    ("h", {"reference": "r"}, ("r", "h", "-", "text")),
    ("h o.pdf", {"reference": "r"}, ("r", "h", "o.pdf", "pdf")),
    ("r h -", {"format": "html"}, ("r", "h", "-", "html")),
    ("h -", {"format": "png"}, (None, "h", "-", "png")),
    ("- -", {"format": "text"}, (None, "-", "-", "text")),
    ("r h o.png", {"format": "png"}, ("r", "h", "o.png", "png")),
    ("o.png h", {}, ("o.png", "h", "-", "text")),
])
def test_which_word_is_what(words, options, expected):
    assert told_apart(tuple(words.split()), PlotOptions(**options)) == expected


@pytest.mark.parametrize("words, options, message", [
    ("r h x", {}, "which x does not"),
    ("r h x o.png", {}, "more than two"),
    ("o.png", {}, "HYP is missing"),
    ("o.png", {"reference": "r"}, "HYP is missing"),
    ("r h", {"reference": "q"}, "more than two"),
    ("r h", {"format": "html"}, "the last word is OUT: '-' or a name that ends in .html"),
    ("r h o.svg", {"format": "html"}, "ends in .html"),
    ("-", {"format": "html"}, "HYP is missing"),
])
def test_what_is_refused(words, options, message):
    with pytest.raises(UsageError) as failure:
        told_apart(tuple(words.split()), PlotOptions(**options))
    assert message in str(failure.value)


def test_can_encode():
    assert can_encode(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert not can_encode(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert not can_encode(None)
