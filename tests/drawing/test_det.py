import re

import numpy as np
import pytest
from scipy.stats import norm

from diarkit.drawing.det import axis_range, det_picture, deviates


def curve(shift, points=True):
    thresholds = np.linspace(-6, 6, 300)
    p_fa, p_miss = norm.sf(thresholds), norm.cdf(thresholds - shift)
    return p_fa, p_miss, float(norm.cdf(-shift / 2)), [("least cost", 0.01, 0.1)] if points else []


@pytest.mark.parametrize("kind, magic", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_input_gives_the_same_bytes(kind, magic):
    curves = {"one": curve(3), "$two_$": curve(2)}
    picture = det_picture(curves, kind)
    assert picture.startswith(magic) and picture == det_picture(curves, kind)
    assert b"/CreationDate" not in picture and b"<dc:date>" not in picture


def test_what_the_picture_says(monkeypatch):
    from matplotlib.axes import Axes

    drawn, plot = [], Axes.plot

    def recorded(axes, x, y, *args, **kwargs):
        drawn.append((np.asarray(x), np.asarray(y), kwargs.get("label", "")))
        return plot(axes, x, y, *args, **kwargs)

    monkeypatch.setattr(Axes, "plot", recorded)
    picture = det_picture({"_a$b$": curve(2), "x" * 60: curve(3)}, "svg").decode()
    said = re.findall("<!-- (.*?) -->", picture)
    assert said[-3:] == ["_a$b$, EER 15.87 %", "x" * 39 + "\u2026, EER 6.68 %", "least cost"]
    assert {"0.2", "0.5", "2", "5", "10", "20", "40", "misses, % of targets"} <= set(said)
    x, y = next((x, y) for x, y, label in drawn if label == "system 0")
    inside = (np.abs(x) < 4) & (np.abs(y) < 4)
    assert (x + y)[inside] == pytest.approx(-2)  # of normal scores 2 apart: a straight line


def test_axes_show_what_there_is():
    low, high = axis_range({"a": curve(3)})
    assert high == 0.5 and 1e-5 <= low < 0.01
    coarse = (np.array([1, 0.5, 0]), np.array([0, 0.5, 1]), 0.5, [])
    assert axis_range({"a": coarse}) == (0.02, 0.75)
    perfect = (np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), 0.0, [])
    assert axis_range({"a": perfect}) == (0.02, 0.5)
    assert det_picture({"a": perfect, "b": coarse}, "svg").endswith(b"</svg>\n")


def test_deviates():
    assert deviates(np.array([0.5, 0.1])) == pytest.approx([0, norm.ppf(0.1)])
    assert np.isfinite(deviates(np.array([0, 1]))).all()
