"""The Fourier transform of many real signals at once, in single precision.

scipy's is the fast one: in float32 it works on several rows at a time, which numpy's does not. But to import
scipy.fft takes longer than to transform some minutes of sound, and most of that is for other functions; the
extension module that does the work is therefore loaded by itself where it is found.
"""

import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np


def rfft(rows, out):
    """Transform each row; the result, half of a spectrum a row, is put into `out`.

    rows : (n, N) float32, N even, contiguous
    out : (n, N / 2 + 1) complex64, contiguous
    """
    _transform(rows, out)


def _load():
    if "scipy.fft" not in sys.modules and (found := importlib.util.find_spec("scipy")):
        folder = Path(found.submodule_search_locations[0], "fft", "_pocketfft")
        for path in (folder / f"pypocketfft{suffix}" for suffix in EXTENSION_SUFFIXES):
            if path.is_file():
                spec = importlib.util.spec_from_file_location("pypocketfft", path)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module
    from scipy.fft._pocketfft import pypocketfft

    return pypocketfft


def _choose():
    """The transform of the extension module, if it is as we know it; else scipy's public function."""
    try:
        module = _load()

        def quick(rows, out):
            module.r2c(rows, (1,), True, 0, out, 1)

        spectrum = np.empty((1, 3), np.complex64)
        quick(np.array([[1, 0, 2, 0]], np.float32), spectrum)
        if spectrum.tolist() == [[3, -1, 3]]:
            return quick
    except (ImportError, AttributeError, TypeError, ValueError):
        pass
    from scipy import fft

    def plain(rows, out):
        out[:] = fft.rfft(rows, axis=1)

    return plain


_transform = _choose()
