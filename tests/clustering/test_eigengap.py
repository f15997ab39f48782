"""NME-SC against full matrices, loops and numpy.linalg.eigh."""

from dataclasses import replace

import numpy as np
import pytest

from diarkit.backend.cosine import cosine_scores
from diarkit.clustering import laplacian
from diarkit.clustering.eigengap import choose_neighbors, speakers_by_gap
from diarkit.clustering.neighbours import nearest
from diarkit.clustering.similarities import Scores
from diarkit.options.spectral import SpectralOptions


def trivial(scores, least, most, clusters):
    """Neighbours, speakers and ratio: binarised, symmetrised, Laplacian, largest eigengap over largest eigenvalue."""
    n = len(scores)
    found = []
    for p in range(least, most + 1):
        binary = np.zeros((n, n))
        for i in range(n):
            for j in sorted(range(n), key=lambda j: -scores[i, j])[:p]:
                binary[i, j] = 1
        binary = (binary + binary.T) / 2
        np.fill_diagonal(binary, 0)
        values, _ = np.linalg.eigh(np.diag(binary.sum(axis=0)) - binary)
        gaps = [values[k] - values[k - 1] for k in range(1, min(clusters, n - 1) + 1)]
        found.append((p / (max(gaps) / values[-1]), p, 1 + int(np.argmax(gaps))))
    ratio, p, speakers = min(found)
    return p, speakers, ratio


@pytest.mark.parametrize("dense", [600, 10])
@pytest.mark.parametrize("seed", range(6))
def test_the_fast_form_is_the_trivial_one(monkeypatch, seed, dense):
    monkeypatch.setattr(laplacian, "DENSE", dense)
    rng = np.random.default_rng(seed)
    n, number = int(rng.integers(20, 60)), int(rng.integers(1, 5))
    vectors = rng.normal(size=(number, 12))[rng.integers(0, number, n)] + 0.8 * rng.normal(size=(n, 12))
    scores = cosine_scores(vectors)
    opts = SpectralOptions(min_neighbors=3, max_clusters=8)
    found = choose_neighbors(nearest(Scores(scores), 15)[0], opts)
    expected = trivial(scores, 3, 15, 8)
    assert found[:2] == expected[:2] and found.ratio == pytest.approx(expected[2], rel=1e-4)


def test_clear_voices_are_counted_also_normalised():
    who = np.arange(60) % 4
    vectors = np.eye(8)[who] + 0.1 * np.random.default_rng(0).normal(size=(60, 8))
    indices, _ = nearest(Scores(cosine_scores(vectors)), 20)
    for kind in ("unnormalized", "symmetric", "random-walk"):
        opts = SpectralOptions(laplacian=kind)
        assert choose_neighbors(indices, opts).speakers == 4
        assert choose_neighbors(indices, opts, 5, 7).speakers in (5, 6, 7)
        assert choose_neighbors(indices, opts, 1, 2).speakers in (1, 2)
        assert choose_neighbors(indices, replace(opts, max_clusters=3)).speakers <= 3
        assert choose_neighbors(indices, replace(opts, max_clusters=3), 6, 60).speakers == 6


def test_gaps_between_bounds():
    values = np.array([0, 0.1, 0.5, 0.6, 2.0])
    assert [speakers_by_gap(values, *bounds) for bounds in ((1, 4), (1, 3), (1, 1), (3, 3), (4, 9), (5, 9))] == [
        4, 2, 1, 3, 4, 5]
    assert speakers_by_gap(np.zeros(1), 1, 1) == 1


def test_the_fewest_segments():
    for n in (2, 3):
        found = choose_neighbors(nearest(Scores(np.ones((n, n))), 2)[0], SpectralOptions())
        assert found.neighbors == 2 and 1 <= found.speakers <= n
