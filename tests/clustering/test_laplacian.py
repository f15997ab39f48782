"""Lowest eigenvalues and eigenvectors against those of the whole matrix, of graphs in one piece and in many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from diarkit.clustering import laplacian as module
from diarkit.clustering.laplacian import eigenvalues, of_block, spectrum

KINDS = ["unnormalized", "symmetric", "random-walk"]


def whole(links, kind):
    """The Laplacian as written in textbooks; a segment without links has a row of 0."""
    degrees = links.sum(axis=0)
    if kind == "unnormalized":
        return np.diag(degrees) - links
    scale = np.array([1 / d if d else 0.0 for d in degrees])
    if kind == "random-walk":
        return np.diag((degrees > 0).astype(float)) - scale[:, None] * links
    return np.diag((degrees > 0).astype(float)) - np.sqrt(scale)[:, None] * links * np.sqrt(scale)


def links_of(sizes, seed, density=0.7):
    """A random graph of unconnected pieces of these sizes, its segments shuffled."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    links = np.zeros((n, n))
    for first, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        block = rng.random((size, size)) * (rng.random((size, size)) < density)
        block[np.arange(size), (np.arange(size) + 1) % size] = 0.5  # in one piece
        links[first : first + size, first : first + size] = np.triu(block, 1) + np.triu(block, 1).T
    order = rng.permutation(n)
    return links[np.ix_(order, order)]


@settings(deadline=None, max_examples=80)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5), kind=st.sampled_from(KINDS), seed=st.integers(0, 9),
       data=st.data())
def test_lowest_of_any_graph(sizes, kind, seed, data):
    links = links_of(sizes, seed)
    count = data.draw(st.integers(1, len(links)))
    found = spectrum(csr_array(links), count, kind)
    matrix = whole(links, kind)
    expected = np.sort(np.linalg.eigvals(matrix).real)
    assert found.values == pytest.approx(expected[:count], abs=1e-8)
    assert matrix @ found.vectors == pytest.approx(found.vectors * found.values, abs=1e-8)
    assert np.linalg.norm(found.vectors, axis=0) == pytest.approx(1)
    assert np.linalg.matrix_rank(found.vectors) == count
    lowest, highest = eigenvalues(csr_array(links), count, kind)
    assert lowest == pytest.approx(expected[:count], abs=1e-8) and highest == pytest.approx(expected[-1], abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_large_blocks_by_arpack(monkeypatch, kind):
    links = links_of([90, 70, 3], 0, 0.1)
    expected = spectrum(csr_array(links), 8, kind)
    extremes = eigenvalues(csr_array(links), 8, kind)
    monkeypatch.setattr(module, "DENSE", 10)
    found = spectrum(csr_array(links), 8, kind)
    assert found.values == pytest.approx(expected.values, abs=1e-5)
    assert found.vectors == pytest.approx(expected.vectors, abs=1e-3)
    assert eigenvalues(csr_array(links), 8, kind)[1] == pytest.approx(extremes[1], rel=1e-5)
    assert (found.vectors == spectrum(csr_array(links), 8, kind).vectors).all()


def test_when_arpack_gives_up_all_eigenvalues_are_computed(monkeypatch):
    def gives_up(*args, **kwargs):
        raise module.ArpackNoConvergence("no", np.zeros(1), np.zeros((40, 1)))

    links = csr_array(links_of([40], 1, 0.2))
    expected = of_block(links, 3, "unnormalized")
    monkeypatch.setattr(module, "DENSE", 10)
    monkeypatch.setattr(module, "eigsh", gives_up)
    values, vectors = of_block(links, 3, "unnormalized")
    assert values == pytest.approx(expected[0], abs=1e-9) and vectors == pytest.approx(expected[1], abs=1e-9)


def test_of_many_pieces_the_largest_come_first():
    links = links_of([1, 2, 5, 1, 3], 3)
    found = spectrum(csr_array(links), 3, "unnormalized")
    assert found.values.tolist() == [0, 0, 0]
    assert (found.vectors != 0).sum(axis=0).tolist() == [5, 3, 2]
