import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.plda import Plda, read_plda, write_plda


@pytest.fixture
def plda(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    return Plda(rng.normal(size=5), rng.normal(size=(5, 5)), np.sort(rng.uniform(size=5))[::-1])


def same(a, b):
    return all(x.dtype == np.float64 and np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_back_and_forth(plda):
    for text in (False, True):
        write_plda("x", plda, text)
        assert same(read_plda("x"), plda)
        assert same(read_plda("cat x |"), plda)
    assert open("x").read().startswith("<Plda>  [ ") and open("x").read().endswith(" ]\n</Plda> ")


def test_the_files_of_kaldi(shared, plda):
    folder = shared / "golden/kaldi"
    for path in (folder / "plda/plda_whiten", folder / "vbx/plda"):
        back = read_plda(str(path))
        write_plda("x", back)
        assert open("x", "rb").read() == path.read_bytes()
    text = read_plda(str(folder / "plda/plda_whiten.txt"))
    binary = read_plda(str(folder / "plda/plda_whiten"))
    for a, b in zip(text, binary, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert (np.diff(binary.psi) <= 0).all() and binary.transform.shape == (len(binary.psi),) * 2


def test_damage(plda):
    for text in (False, True):
        write_plda("x", plda, text)
        data = open("x", "rb").read()
        for cut in (0, 3, 8, 20, 60, 200, len(data) - 9):
            with open("cut", "wb") as file:
                file.write(data[:cut])
            with pytest.raises(DataError, match="^cut: "):
                read_plda("cut")
    with pytest.raises(DataError, match="^missing"):
        read_plda("missing")
    for bad in (b"\x80\4cos", b"<Plda> [ 1 ]\n [\n 1 ]\n 5\n</Plda> ", b"\0B<Plda> FV \4\xff\xff\xff\x7f",
                b"<Plda>  [ 1 2 ]\n [\n 1 ]\n [ 1 ]\n</Plda> ", b"<Plda>  [ nan ]\n [\n 1 ]\n [ 1 ]\n</Plda> ",
                b"<Plda>  [ 1 ]\n [\n 1 ]\n [ -1 ]\n</Plda> ", b"<Plda>  [ ]\n [ ]\n [ ]\n</Plda> "):
        with open("bad", "wb") as file:
            file.write(bad)
        with pytest.raises(DataError, match="^bad: "):
            read_plda("bad")


def test_what_cannot_be_a_model(plda):
    for bad in (plda._replace(psi=-plda.psi), plda._replace(mean=plda.mean[:3]), plda._replace(psi=plda.psi * np.nan),
                plda._replace(transform=plda.transform[:, :3]), plda._replace(transform=np.ones_like(plda.transform))):
        with pytest.raises(DataError):
            write_plda("y", bad)
