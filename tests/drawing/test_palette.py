"""Colours are told apart by everybody: colour vision is simulated, and distances are measured as the eye sees them."""

import itertools

import numpy as np
import pytest

from diarkit.drawing.palette import ERRORS, ERRORS_DARK, HYPOTHESIS, REFERENCE

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
    "none": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    ratio = XYZ @ np.clip(rgb, 0, 1) / (XYZ @ np.ones(3))
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [ERRORS, ERRORS_DARK], ids=["light", "dark"])
def test_kinds_of_error(vision, colours):
    seen = [lab(VISION[vision] @ linear(colour)) for colour in colours]
    least = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert least > (8 if vision == "none" else 20)


@pytest.mark.parametrize("colours, paper", [(ERRORS, "#ffffff"), (ERRORS_DARK, "#14181b")], ids=["light", "dark"])
def test_errors_stand_out(colours, paper):
    def luminance(colour):
        return float(VISION["none"][0] @ linear(colour)) + 0.05

    for colour in colours:
        high, low = sorted([luminance(colour), luminance(paper)], reverse=True)
        assert high / low > 2.1
    for turn in (REFERENCE, HYPOTHESIS):
        for colour in ERRORS:
            assert np.linalg.norm(lab(linear(turn)) - lab(linear(colour))) > 25
