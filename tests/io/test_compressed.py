"""Compressed matrices, byte by byte those of kaldi_native_io, whose code is Kaldi's."""

import numpy as np
import pytest

from diarkit.io.compressed import decode, encode


def matrices(count):
    """Random ones of all sizes, some of which hardly vary or not at all, or are halves of integers."""
    rng = np.random.default_rng(0)
    for i in range(count):
        rows = int(rng.integers(1, 30)) if i % 3 else int(rng.integers(1, 400))
        matrix = rng.normal(size=(rows, rng.integers(1, 7))) * 10.0 ** rng.integers(-6, 7)
        matrix = (matrix + rng.normal() * 10.0 ** rng.integers(-3, 4)).astype(np.float32)
        if i % 5 == 0:
            matrix = np.round(matrix * 2) / 2
        if i % 7 == 0:
            matrix[:] = matrix[0, 0]
        if i % 11 == 0:
            matrix[:, 0] = 3
        if i % 13 == 0:
            matrix = rng.integers(-1, 513, matrix.shape).astype(np.float32) / 2
        if i % 17 == 0:
            matrix *= np.sign(rng.normal(size=matrix.shape)) * 0  # zeros of both signs
        yield matrix.astype(np.float32)


def test_the_bytes_of_kaldi_native_io(tmp_path):
    kaldi = pytest.importorskip("kaldi_native_io")
    path = tmp_path / "x"
    for method in range(1, 8):
        with kaldi.CompressedMatrixWriter(f"ark:{path}") as out:
            for i, matrix in enumerate(matrices(250)):
                out.write(f"{i:03}", matrix, kaldi.CompressionMethod(method))
        data = path.read_bytes()
        for i, matrix in enumerate(matrices(250)):
            ours = b"%03d " % i + encode(matrix, method)
            assert data[: len(ours)] == ours, (method, i, matrix)
            data = data[len(ours) :]
        assert data == b""
        with kaldi.SequentialFloatMatrixReader(f"ark:{path}") as reader:
            for (_, theirs), matrix in zip(reader, matrices(250), strict=True):
                assert np.array_equal(np.array(theirs), decode(encode(matrix, method)))


def test_how_far_off_they_are():
    """What is lost is a step at most, of the range of the matrix or of a quarter of the column."""
    matrix = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    width = np.ptp(matrix)
    for method, bound in ((1, width / 64), (2, width / 64), (3, width / 65535), (5, width / 255)):
        assert np.abs(decode(encode(matrix, method)) - matrix).max() <= bound
    assert np.array_equal(decode(encode(np.round(matrix * 999), 4)), np.round(matrix * 999))
    assert np.array_equal(decode(encode(np.array([[0, 255, 7]]), 6)), [[0, 255, 7]])
    assert np.array_equal(decode(encode(np.array([[-1, 0, 1, 2]]), 7)), [[0, 0, 1, 1]])
