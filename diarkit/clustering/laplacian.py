"""The lowest eigenvalues and eigenvectors of the Laplacian of a graph, its unconnected parts one by one."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, eigvalsh
from scipy.sparse import diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

DENSE = 600  # segments up to which all eigenvalues at once are quicker
TOLERANCE = 1e-6  # relative, of eigenvalues of large parts
ZERO = 1e-10  # relative to the highest, what is rounding


class Spectrum(NamedTuple):
    """values : (K,), rising; vectors : (N, K), of unit length, 0 for segments that are not linked with the vector's."""

    values: np.ndarray
    vectors: np.ndarray


def spectrum(links, count, kind):
    """The `count` lowest eigenvalues of the Laplacian of a graph, with eigenvectors; a Spectrum.

    The Laplacian of an unconnected graph is made of blocks: each is solved by itself, so that the eigenvalue 0, of
    which there is one a block, is never missed or mixed. The eigenvectors of 0 say of each segment in which block it
    is, those of the largest blocks first.

    Parameters
    ----------
    links : (N, N) sparse, symmetric, not negative, nothing on the diagonal
    count : 1 <= count <= N
    kind : unnormalized (D - W), symmetric (1 - D^-1/2 W D^-1/2) or random-walk (1 - D^-1 W); a segment without links
        has the eigenvalue 0
    """
    n = links.shape[0]
    _, part = connected_components(links, directed=False)
    order = np.argsort(part, kind="stable")
    blocks = np.split(order, np.cumsum(np.bincount(part))[:-1])
    blocks.sort(key=lambda block: (-len(block), block[0]))
    if len(blocks) > count:
        blocks = blocks[:count]
    found = [of_block(links[block][:, block], min(count, len(block)), kind) for block in blocks]
    owner = np.repeat(np.arange(len(blocks)), [len(values) for values, _ in found])
    values = np.concatenate([values for values, _ in found])
    columns = np.concatenate([np.arange(len(values)) for values, _ in found])
    lowest = np.lexsort((owner, values))[:count]
    vectors = np.zeros((n, count))
    for place, k in enumerate(lowest):
        vectors[blocks[owner[k]], place] = found[owner[k]][1][:, columns[k]]
    return Spectrum(values[lowest], vectors)


def of_block(links, count, kind):
    """The lowest eigenvalues (count,), the first of them 0, and vectors (n, count) of a connected graph."""
    n = links.shape[0]
    if n == 1:
        return np.zeros(1), np.ones((1, 1))
    degrees = links.sum(axis=0)
    scale = np.ones(n) if kind == "unnormalized" else 1 / np.sqrt(degrees)
    normalised = diags_array(scale) @ links @ diags_array(scale)
    diagonal = degrees if kind == "unnormalized" else np.ones(n)
    if n <= DENSE or count >= n // 4:
        values, vectors = eigh(np.diag(diagonal) - normalised.toarray(), subset_by_index=(0, count - 1))
    else:
        values, vectors = of_large(normalised, diagonal, count)
    values[0] = 0
    vectors = signed(vectors)
    if kind == "random-walk":
        vectors = vectors * scale[:, None]
        vectors = vectors / np.linalg.norm(vectors, axis=0)
    return values, vectors


def of_large(normalised, diagonal, count):
    """The same of a large one: the highest of what the Laplacian lacks to a multiple of one, found by ARPACK."""
    n = len(diagonal)
    shift = 2 * diagonal.max()
    shifted = (normalised + diags_array(shift - diagonal)).tocsr()
    for size in (max(2 * count + 1, 40), max(6 * count, 160)):
        try:
            values, vectors = eigsh(shifted, count, which="LA", v0=start(n), ncv=min(size, n), tol=TOLERANCE)
        except ArpackNoConvergence as error:
            values, vectors = error.eigenvalues, error.eigenvectors
        if len(values) == count:
            break
    else:
        values, vectors = eigh(shifted.toarray(), subset_by_index=(n - count, n - 1))
    order = np.argsort(-values)
    return shift - values[order], vectors[:, order]


def eigenvalues(links, count, kind):
    """The `count` lowest eigenvalues of the Laplacian, (count,), and the highest."""
    n = links.shape[0]
    degrees = links.sum(axis=0)
    linked = degrees > 0
    scale = np.ones(n) if kind == "unnormalized" else 1 / np.sqrt(np.where(linked, degrees, 1))
    laplacian = diags_array(degrees * scale**2) - diags_array(scale) @ links @ diags_array(scale)
    if n <= DENSE:
        values = eigvalsh(laplacian.toarray())
        values[values < ZERO * values[-1]] = 0  # lest gaps be found between what is 0
        return values[:count], float(values[-1])
    highest = eigsh(laplacian.tocsr(), 1, which="LA", v0=start(n), tol=TOLERANCE, return_eigenvectors=False)
    return spectrum(links, count, kind).values, float(highest[0])


def start(n):
    """Where ARPACK begins, the same every time."""
    return np.random.default_rng(0).normal(size=n)


def signed(vectors):
    """Eigenvectors whose largest number, by size, is positive, so that they are the same on every machine."""
    largest = np.argmax(np.abs(vectors), axis=0)
    return vectors * np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1, 1)
