"""Model folders: model.json says what a model is, model.safetensors (or model.onnx) has its weights."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from diarkit.errors import DataError

DESCRIPTION = "model.json"
TENSORS = "model.safetensors"
NETWORK = "model.onnx"
VERSION = 1  # of the format of model.json


class Model(NamedTuple):
    """`description` is what model.json says; `weights` a dict of arrays, or the bytes of an ONNX file."""

    folder: Path
    description: dict
    weights: object

    @property
    def kind(self):
        return self.description["kind"]


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
        description = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"not a model description: {error}", where=path) from None
    except OSError as error:
        raise DataError(os.strerror(error.errno), where=path) from None
    if not isinstance(description, dict) or not isinstance(description.get("kind"), str):
        raise DataError("not a model description: it names no kind", where=path)
    if description.get("version") != VERSION:
        raise DataError(f"version {description.get('version')} of the format, not {VERSION}", where=path)
    if kinds and description["kind"] not in kinds:
        raise DataError(f"a model of kind {description['kind']}, not {' or '.join(kinds)}", where=path)
    return Model(folder, description, read_weights(folder))


def read_weights(folder):
    """Arrays of model.safetensors by name, or the bytes of model.onnx."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    for name in (TENSORS, NETWORK):
        path = folder / name
        try:
            if path.exists():
                return load_file(path) if name == TENSORS else path.read_bytes()
        except (SafetensorError, OSError, ValueError) as error:
            raise DataError(f"damaged: {error}", where=path) from None
    raise DataError("no weights in the folder", where=folder / TENSORS)


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
