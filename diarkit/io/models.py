"""Model folders: model.json says what a model is, model.safetensors (or model.onnx) has its weights."""

import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError

DESCRIPTION = "model.json"
TENSORS = "model.safetensors"
NETWORK = "model.onnx"
VERSION = 1  # of the format of model.json
LONGEST = 1 << 24  # bytes of model.json
PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")


class Model(NamedTuple):
    """`description` is what model.json says; `weights` a dict of arrays, or the bytes of an ONNX file.

    `arrays` and `onnx` are the weights where they are of that kind; they raise DataError, naming the file, if not.
    """

    folder: Path
    description: dict
    weights: object

    @property
    def kind(self):
        return self.description["kind"]

    @property
    def arrays(self):
        if not isinstance(self.weights, dict):
            raise DataError(f"an ONNX network, where a model of kind {self.kind} has {TENSORS}", self.folder / NETWORK)
        return self.weights

    @property
    def onnx(self):
        if not isinstance(self.weights, bytes):
            raise DataError(f"arrays, where a model of kind {self.kind} has {NETWORK}", self.folder / TENSORS)
        return self.weights


def models_folder():
    """Where models are kept by name: $DIARKIT_MODELS, or diarkit/models in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DIARKIT_MODELS") or Path(cache) / "diarkit" / "models")


def find_model(*names):
    """The folder of the first of these that is there: a folder, or the name of one among the models.

    Raises DataError that says how to get one.
    """
    for name in names:
        for folder in (Path(name), models_folder() / name):
            if (folder / DESCRIPTION).is_file():
                return folder
    for folder in map(Path, names):
        if folder.is_dir():
            raise DataError(f"no model folder, it has no {DESCRIPTION}", where=folder)
        if folder.exists():
            raise DataError("a file; a model is a folder", where=folder)
    hint = f"import-pretrained {names[0]} {models_folder() / names[0]}" if os.sep not in names[0] else ""
    raise DataError("no such model" + (f"; get it with: {hint}" if hint else " folder"), where=names[0])


def find_embedding(name="", on_second_best=None):
    """The folder of the named embedding model; without a name CAM++, or GE2E where that is not there.

    `on_second_best` is called with a line to say if it is GE2E.
    """
    if name:
        return find_model(name)
    folder = find_model("campplus", "ge2e")
    if folder.name == "ge2e" and on_second_best:
        on_second_best(f"no CAM++ in {models_folder()}: using GE2E, which is worse; import-pretrained campplus gets it")
    return folder


def read_model(folder, kinds=()):
    """Read a model folder; `kinds`, if given, are the kinds that will do. Raises DataError naming the file."""
    folder = Path(folder)
    path = folder / DESCRIPTION
    try:
        description = json.loads(read_file(path, LONGEST).decode())
    except (UnicodeDecodeError, RecursionError, ValueError) as error:  # of numbers with thousands of digits, too
        if isinstance(error, DataError):
            raise
        raise DataError(f"not a model description: {error}", where=path) from None
    if not isinstance(description, dict) or not isinstance(description.get("kind"), str):
        raise DataError("not a model description: it names no kind", where=path)
    version = description.get("version")
    if type(version) is not int or version != VERSION:
        raise DataError(f"version {str(version)[:40]} of the format, not {VERSION}", where=path)
    if kinds and description["kind"] not in kinds:
        raise DataError(f"a model of kind {description['kind'][:40]}, not {' or '.join(kinds)}", where=path)
    return Model(folder, description, read_weights(folder))


def read_file(path, most=None):
    """The bytes of an ordinary file, of no more than `most`. Raises DataError naming it."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError("not a file", where=path)
        if most is not None and status.st_size > most:
            raise DataError(f"{status.st_size} bytes are more than a model description has", where=path)
        return path.read_bytes()
    except OSError as error:
        raise DataError(os.strerror(error.errno), where=path) from None


def read_weights(folder):
    """Arrays of model.safetensors by name, or the bytes of model.onnx. Pickles are not looked at."""
    if os.path.lexists(folder / TENSORS):
        return read_arrays(folder / TENSORS)
    if os.path.lexists(folder / NETWORK):
        return read_file(folder / NETWORK)
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    raise DataError("no weights in the folder" + (f"; {pickles[0]} may be a pickle, which can do anything, and is not "
                                                  "read" if pickles else ""), where=folder / TENSORS)


def read_arrays(path):
    """{name: array} of a safetensors file. Raises DataError naming it, and the array that cannot be one of ours."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = read_file(path)
    try:
        arrays = load(content)
    except (SafetensorError, ValueError) as error:
        raise DataError(f"damaged: {error}", where=path) from None
    except (KeyError, TypeError, AttributeError) as error:  # numpy has no such type: bfloat16, 8-bit floats
        raise DataError(f"numbers of a type that is not read: {error}", where=path) from None
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(f"{name} has NaN or infinity in it", where=path)
    return arrays


def write_model(folder, description, weights):
    """Write a model folder, description last, so that a folder with a model.json is complete."""
    from diarkit.io.streams import open_output

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(weights, bytes):
        name, content = NETWORK, weights
    else:
        from safetensors.numpy import save

        name, content = TENSORS, save(weights)
    for path, data in ((folder / name, content),
                       (folder / DESCRIPTION, json.dumps({"version": VERSION, **description}, indent=2).encode())):
        with open_output(os.fspath(path)) as file:
            file.write(data)
