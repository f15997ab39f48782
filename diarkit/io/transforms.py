"""Files of transforms of vectors: model folders, Kaldi's matrices and vectors, VBx's transform.npz.

What they hold becomes a list of stages (kind, arrays), of the kinds that diarkit.backend.transforms applies:
mean {mean (D,)}, matrix {matrix (K, D) or (K, D + 1)}, length {} and unit {}.
"""

import os
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.models import DESCRIPTION, TENSORS, find_model, models_folder, read_model, write_model
from diarkit.io.tables import read_array
from diarkit.io.values import check_finite

KIND = "transform"
STAGES = {"mean": ("mean", 1), "matrix": ("matrix", 2), "length": (None, 0), "unit": (None, 0)}
LARGEST = 1 << 28  # bytes of one array of an .npz


class Transform(NamedTuple):
    """stages : list of (kind, arrays); size : of the vectors that they are for, D, or None where that is not said"""

    stages: list
    size: int | None = None


def read_transform(name):
    """Read a transform: a model folder or its name, a file or pipe with Kaldi's matrix or vector, or VBx's .npz.

    All arrays are float64, and fit one another. Raises DataError naming the file.
    """
    if os.path.isdir(name) or not os.path.exists(name) and os.path.isfile(models_folder() / name / DESCRIPTION):
        return read_folder(find_model(name))
    if name.endswith((".h5", ".hdf5")):
        raise DataError("HDF5 is not read; the same numbers as transform.npz are: mean1, mean2 and lda, saved by "
                        "numpy.savez", name)
    if name.endswith(".npz"):
        return Transform(read_npz(name))
    array = read_array(name).astype(np.float64)
    if array.ndim not in (1, 2) or not array.size:
        raise DataError("neither a matrix nor a vector", name)
    return Transform([("mean", {"mean": array}) if array.ndim == 1 else ("matrix", {"matrix": array})])


def read_folder(folder):
    """The Transform of a model folder. Raises DataError naming the file."""
    model = read_model(folder, [KIND])
    kinds, size = model.description.get("stages"), model.description.get("size")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) and kind in STAGES for kind in kinds):
        raise DataError(f"its stages are not a list of {', '.join(STAGES)}", folder / DESCRIPTION)
    if type(size) is not int:
        raise DataError("says no size of vectors", folder / DESCRIPTION)
    stages = []
    try:
        for i, kind in enumerate(kinds):
            name, dimensions = STAGES[kind]
            stages.append((kind, {name: take(model.weights, f"{i}.{name}", dimensions)} if name else {}))
        check_sizes(stages, size)
    except DataError as error:
        raise DataError(str(error), folder / TENSORS) from None
    return Transform(stages, size)


def take(weights, name, dimensions):
    """An array of a model, float64; DataError if it is not there or cannot be one."""
    array = weights.get(name) if isinstance(weights, dict) else None
    if array is None or array.ndim != dimensions or array.dtype.kind != "f" or not array.size:
        raise DataError(f"{name} is {'missing' if array is None else 'not what it should be'}")
    try:
        check_finite(array)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return array.astype(np.float64)


def check_sizes(stages, size):
    """Raise DataError if a stage is not for vectors of the size that those before it give."""
    for i, (kind, arrays) in enumerate(stages):
        if kind == "mean" and len(arrays["mean"]) != size or \
                kind == "matrix" and arrays["matrix"].shape[1] not in (size, size + 1):
            shape = "x".join(map(str, next(iter(arrays.values())).shape))
            raise DataError(f"stage {i}, a {kind} of {shape}, does not fit vectors of {size}")
        size = len(arrays["matrix"]) if kind == "matrix" else size


def write_transform(folder, transform, about):
    """Write a model folder; `about` is what model.json says besides: options, where it came from."""
    weights = {f"{i}.{name}": np.ascontiguousarray(array)
               for i, (_, arrays) in enumerate(transform.stages) for name, array in arrays.items()}
    kinds = [kind for kind, _ in transform.stages]
    write_model(folder, {"kind": KIND, "stages": kinds, "size": transform.size, **about}, weights)


def read_npz(path):
    """The stages of VBx's transform.npz: mean1 (D,), lda (D, K), mean2 (K,). Raises DataError naming the file.

    x becomes l2(lda' l2(x - mean1) - mean2), l2 being a vector made 1 long (BUTSpeechFIT/VBx, predict.py).
    """
    try:
        with zipfile.ZipFile(path) as file:
            mean1, lda, mean2 = (read_member(file, name, dimensions)
                                 for name, dimensions in (("mean1", 1), ("lda", 2), ("mean2", 1)))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path) from None
    except DataError as error:
        raise DataError(str(error), path) from None
    # RuntimeError for an encrypted member, NotImplementedError for a compression that is not known.
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"damaged, or not a .npz: {str(error).splitlines()[0] if str(error) else error!r}",
                        path) from None
    stages = [("mean", {"mean": mean1}), ("unit", {}), ("matrix", {"matrix": lda.T}), ("mean", {"mean": mean2}),
              ("unit", {})]
    if lda.shape != (len(mean1), len(mean2)):
        raise DataError(f"mean1, lda and mean2 do not fit: {len(mean1)}, {lda.shape[0]} x {lda.shape[1]}, {len(mean2)}",
                        path)
    return stages


def read_member(file, name, dimensions):
    """One array of an .npz, float64. Its size is checked before memory is taken, and nothing is unpickled."""
    try:
        info = file.getinfo(f"{name}.npy")
    except KeyError:
        raise DataError(f"has no {name}: mean1, lda and mean2 are expected") from None
    with file.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):  # others have headers of any length, for arrays of names
            raise DataError(f"{name}: version {version[0]}.{version[1]} of numpy's format is not read")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.kind != "f" or len(shape) != dimensions or 0 in shape:
            raise DataError(f"{name} is an array of {dtype} of shape {shape}")
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if size > LARGEST or size != info.file_size - stream.tell():
            raise DataError(f"{name}: {shape} {dtype} do not fit in {info.file_size} bytes")
        data = stream.read(size)
    if len(data) != size:
        raise DataError(f"{name} is truncated")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    try:
        check_finite(array)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return array.astype(np.float64)
