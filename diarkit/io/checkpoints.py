"""Checkpoints of training: one safetensors file with all numbers, and JSON in its header with all else.

One file, so that both are of the same step: it is written under another name and renamed. Nothing in it is ever
executed or unpickled.
"""

import json
import os

from diarkit.errors import DataError
from diarkit.io.streams import open_output

STATE = "state"  # the key of the JSON in the header


def write_checkpoint(path, arrays, state):
    """Write arrays by name, and a mapping that JSON can hold."""
    from safetensors.numpy import save

    with open_output(os.fspath(path)) as file:
        file.write(save(arrays, metadata={STATE: json.dumps(state)}))


def read_checkpoint(path):
    """(arrays by name, mapping) as they were written. Raises DataError naming a file that is no checkpoint."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            state = json.loads((file.metadata() or {})[STATE])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"not a checkpoint, or damaged: {error}", where=path) from None
    if not isinstance(state, dict):
        raise DataError("not a checkpoint", where=path)
    return arrays, state
