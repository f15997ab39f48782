"""Files of sums that mixtures are trained with: Kaldi's and exact ones."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.gmmsums import GmmSums, read_gmm_sums, write_gmm_sums

NUM_GAUSS, DIM = 3, 4


def sums(full, exact=True):
    rng = np.random.default_rng(0)
    size = 1 + DIM + (DIM * (DIM + 1) // 2 if full else DIM)
    whole = rng.integers(0, 2**40, (NUM_GAUSS, size)).astype(float)
    whole[1] = 0  # no frame is of the second
    rest = np.where(whole > 0, rng.integers(0, 2**50, (NUM_GAUSS, size)) * 2.0**-50, 0)
    return GmmSums(DIM, full, np.stack([whole, rest]) if exact else (whole + rest)[None],
                   np.array([[1e3, -5e4], [0, 0.5]]) if exact else None)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("text", [False, True])
def test_exact_sums_come_back_exactly(tmp_path, full, text):
    path, expected = str(tmp_path / "sums"), sums(full)
    write_gmm_sums(path, expected, text=text)
    found = read_gmm_sums(path)
    assert (found.dim, found.full) == (DIM, full)
    assert (found.parts == expected.parts).all() and (found.totals == expected.totals).all()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("text", [False, True])
def test_sums_in_kaldi_s_form(tmp_path, full, text):
    path, expected = str(tmp_path / "sums"), sums(full)
    write_gmm_sums(path, expected, kaldi=True, text=text)
    found = read_gmm_sums(path)
    assert (found.dim, found.full, found.totals) == (DIM, full, None)
    np.testing.assert_allclose(found.parts[0], expected.parts.sum(axis=0), rtol=1e-12)
    if text:
        assert (tmp_path / "sums").read_text().startswith("<GMMACCS> <VECSIZE> 4 <NUMCOMPONENTS> 3 <FLAGS> 7 <OCCUP")


@pytest.mark.parametrize("name", ["d0.acc", "f0.acc"])
def test_kaldi_s_sums(shared, tmp_path, name):
    path = shared / "golden/kaldi/gmm" / name
    if not path.exists():
        pytest.skip(f"no {path}")
    found = read_gmm_sums(str(path))
    assert found.full == (name == "f0.acc") and found.parts.shape == (1, 16, 1891 if found.full else 121)
    assert found.parts[0, :, 0].sum() == pytest.approx(5653, rel=1e-6)
    write_gmm_sums(str(tmp_path / "again"), found, kaldi=True)
    ours, theirs = (tmp_path / "again").read_bytes(), path.read_bytes()
    at = theirs.index(b"<OCCUPANCY>")
    assert ours[:at] == theirs[:at]
    again = read_gmm_sums(str(tmp_path / "again"))
    np.testing.assert_allclose(again.parts, found.parts, rtol=1e-12, atol=1e-9)
    if found.full:  # squares of what is left of each mean: none is below 0
        assert (np.einsum("cii->ci", np.array([_centred(row) for row in found.parts[0]])) > 0).all()


def _centred(row):
    matrix = np.zeros((60, 60))
    matrix[np.tril_indices(60)] = row[61:]
    return matrix - np.outer(row[1:61], row[1:61]) / row[0]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("kaldi", [False, True])
def test_damage(tmp_path, full, kaldi):
    path = tmp_path / "sums"
    write_gmm_sums(str(path), sums(full), kaldi=kaldi)
    data = path.read_bytes()
    for end in (0, 1, 10, 40, 60, len(data) // 2, len(data) - 4):
        path.write_bytes(data[:end])
        with pytest.raises(DataError, match=f"^{path}: "):
            read_gmm_sums(str(path))
    write_gmm_sums(str(path), sums(full), kaldi=kaldi, text=True)
    text = path.read_text()
    changes = [("<VECSIZE> 4", "<VECSIZE> 5", None), ("<VECSIZE> 4", "<VECSIZE> 0", "dimensions"),
               ("<NUMCOMPONENTS> 3", "<NUMCOMPONENTS> 2", None), ("<VECSIZE>", "<SIZE>", "expected")]
    changes += [("<FLAGS> 7", "<FLAGS> 5", "flags mvw")] if kaldi else [("<PARTS>  [\n  ", "<PARTS>  [\n  nan ", None)]
    for old, new, message in changes:
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(DataError, match=message):
            read_gmm_sums(str(path))
