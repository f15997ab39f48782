"""What all tests share: where things are, and how a tool is run as a user runs it."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("DIARKIT_SHARED") or ROOT.parent / "shared")

# Tools run from the checkout with the Python that runs the tests, whatever else is installed.
FOLDERS = [ROOT / "bin", ROOT / "steps", ROOT / "utils", Path(sys.executable).parent]
os.environ["PATH"] = os.pathsep.join([*map(str, FOLDERS), os.environ.get("PATH", "")])
os.environ["PYTHONPATH"] = str(ROOT)
# One thread for matrix products, as in the tools: on some processors their number changes the last digits.
os.environ["OPENBLAS_NUM_THREADS"] = "1"


def run(*args, status=0, **kwargs):
    """Run a command and return its CompletedProcess; stdout and stderr are text unless text=False.

    It must end with `status` (None: any, a negative number: a signal); if not, the test fails and
    shows what stands on stderr. Other keywords go to subprocess.run: input, cwd, env, timeout.
    """
    kwargs = {"capture_output": True, "text": True, "timeout": 300, **kwargs}
    if "input" not in kwargs:
        kwargs.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([str(arg) for arg in args], **kwargs)
    if status is not None and done.returncode != status:
        command = " ".join(map(str, args))
        pytest.fail(f"{command}\nended with {done.returncode}, not {status}; stderr:\n{done.stderr}")
    return done


@pytest.fixture
def run_tool():
    """The function run(*args, status=0, **kwargs) of this file."""
    return run


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared():
    """The folder of real recordings and golden files, which not every machine has."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared data at {SHARED} (set DIARKIT_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def nnet3():
    """The module that makes up Kaldi's networks, tests/bench/common/networks.py."""
    import importlib.util

    specification = importlib.util.spec_from_file_location("networks", ROOT / "tests/bench/common/networks.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def models():
    """The folder with the pretrained models, which are downloaded if they are not there yet."""
    from diarkit.io.models import models_folder

    with open(Path(tempfile.gettempdir()) / f"diarkit-models-{os.getuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of the processes that run tests, one downloads
        for name in ("campplus", "silero-vad"):
            done = run("import-pretrained", name, status=None)
            if done.returncode != 0:
                pytest.skip(f"no model {name}: {done.stderr.strip().splitlines()[-1]}")
    return models_folder()


@pytest.fixture(scope="session")
def toy_network():
    """A CAM++ of random weights, whose batch norms are measured so that windows come out different."""
    import torch

    from diarkit.embeddings.campplus import CamPlusPlus

    torch.set_num_threads(1)  # tests run side by side: threads that wait for each other take most of the time
    torch.manual_seed(0)
    network = CamPlusPlus().train()
    for module in network.modules():
        if hasattr(module, "momentum"):
            module.momentum = None  # the mean over all batches
    with torch.no_grad():
        for _ in range(6):  # noise of one colour a window
            network(2 * torch.randn(8, 1, 80) + 2 * torch.randn(8, 60, 80))
    return network.eval()


@pytest.fixture(scope="session")
def toy_models(toy_network, tmp_path_factory):
    """A folder of models with toy_network as CAM++: it runs everywhere, and tells toy voices apart a little."""
    from diarkit.io.models import write_model

    weights = {name: value.numpy() for name, value in toy_network.state_dict().items() if "num_batches" not in name}
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "campplus", {"kind": "campplus", "front_end": {"num_mel_bins": 80, "snip_edges": False}},
                weights)
    return folder
