"""Two gloo processes see the losses, gradients and batch norms of one process with the whole batch."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from diarkit.embeddings.resnet import ResidualBlock
from diarkit.errors import DataError
from diarkit.training.distributed import Worker, gathered, joined, of_leader, summed, synchronised
from diarkit.training.metric import GE2E

# What every process runs: its half of the examples through a batch norm and a loss that compares all of them.
PROGRAM = """
import sys
import numpy as np, torch
from tests.training.test_distributed import network, examples, outcome
from diarkit.training import distributed
with distributed.joined("cpu", 1) as worker:
    own = examples()[4 * worker.rank : 4 * worker.rank + 4]
    model = torch.nn.parallel.DistributedDataParallel(distributed.synchronised(network()))
    found = outcome(model, own)
    assert distributed.summed([1.0, worker.rank]) == [2, 1] and distributed.of_leader(7.0 - worker.rank) == 7
    if worker.leads:
        np.savez(sys.argv[1], **found)
"""


@pytest.mark.parametrize("told, word", [({"WORLD_SIZE": "2"}, "WORLD_SIZE=2, and the workers do not meet: .*RANK"),
                                        ({"WORLD_SIZE": "two"}, "WORLD_SIZE=two in the environment")])
def test_an_environment_that_is_not_of_torchrun(monkeypatch, told, word):
    for name in ("RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    for name, text in told.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(DataError, match=word), joined("cpu", 1):
        raise AssertionError("there is nobody to join")


@pytest.mark.parametrize("message, kind", [("[../gloo/pair.cc] Read error: reset by peer", DataError),
                                           ("shapes do not match", RuntimeError)])
def test_a_worker_that_is_gone(monkeypatch, message, kind):
    """What gloo says of it is one line; what is wrong with the program keeps its traceback."""
    calls = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name, value in (("init_process_group", None), ("get_rank", 0), ("get_world_size", 2),
                        ("destroy_process_group", None)):
        monkeypatch.setattr(f"torch.distributed.{name}",
                            lambda *args, name=name, value=value: calls.append(name) or value)
    with pytest.raises(kind, match="another worker is gone" if kind is DataError else message), joined("cpu", 1):
        raise RuntimeError(message)
    assert calls[-1] == "destroy_process_group"


class Network(nn.Module):
    """Batch norms of every kind, behind a residual block, and GE2E of what comes out."""

    def __init__(self):
        super().__init__()
        self.block, self.norm, self.bare = ResidualBlock(1, 3, 1), nn.BatchNorm1d(3), nn.BatchNorm1d(3, affine=False)
        self.linear, self.loss = nn.Linear(3, 4), GE2E()

    def forward(self, x):
        x = self.bare(self.norm(self.block(x[:, None]).mean(3)))
        return self.loss(gathered(self.linear(x.mean(2)))[0], 2)[0]


def network():
    torch.manual_seed(0)
    return Network()


def examples():
    return torch.randn(8, 5, 6, generator=torch.Generator().manual_seed(1))


def outcome(model, x):
    loss = model(x)
    loss.backward()
    inner = getattr(model, "module", model)
    found = {f"gradient of {name}": value.grad.numpy() for name, value in inner.named_parameters()}
    return {"loss": loss.detach().numpy(), **found, **{name: value.numpy() for name, value in inner.named_buffers()
                                                       if "num_batches" not in name}}


def test_two_processes_are_one(root, tmp_path):
    torch.set_num_threads(1)
    path = tmp_path / "found.npz"
    env = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(40000 + os.getpid() % 20000),
           "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    processes = [subprocess.Popen([sys.executable, "-c", PROGRAM, path], env={**env, "RANK": str(rank)}, cwd=root)
                 for rank in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    expected = outcome(network(), examples())
    with np.load(path) as found:
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert np.allclose(found[name], value, atol=1e-5), name
    assert max(np.abs(value).max() for name, value in expected.items() if "gradient of block" in name) > 1e-3


def test_alone():
    with joined("cpu", 1) as worker:
        assert worker == Worker() and worker.leads
        x = torch.ones(2, 3)
        assert gathered(x) == (x, 1) and summed([3.0]) == [3.0] and of_leader(4.0) == 4.0
        plain = network().eval()
        other = synchronised(network()).eval()
        assert torch.equal(plain.block(x[None, None]), other.block(x[None, None]))
        assert plain.state_dict().keys() == other.state_dict().keys()


def test_no_gpu():
    from diarkit.errors import DataError

    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(DataError, match="no GPU"), joined("cuda"):
        pass
