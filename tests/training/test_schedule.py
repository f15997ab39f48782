"""Learning rates, step by step; optimisers against those of torch."""

import math

import pytest
import torch

from diarkit.options.training import OptimiserOptions
from diarkit.training.optimisers import Optimiser
from diarkit.training.schedule import learning_rate

STEPS = 10  # an epoch


def rates(schedule, **options):
    opts = OptimiserOptions(**{"epochs": 5, "warmup": 0, "learning_rate": 1.0, "final_learning_rate": 0.01,
                               "schedule": schedule, **options})
    return [learning_rate(step, STEPS, opts) for step in range(50)]


def test_schedules_by_their_definitions():
    assert rates("constant") == [1.0] * 50
    assert rates("cosine") == pytest.approx(
        [0.01 + 0.99 * (1 + math.cos(math.pi * step / 49)) / 2 for step in range(50)])
    assert rates("exponential") == pytest.approx([0.01 ** (step / 49) for step in range(50)])
    assert rates("step", step_epochs=2, step_factor=0.5) == pytest.approx([1] * 20 + [0.5] * 20 + [0.25] * 10)
    assert rates("exponential")[-1] == pytest.approx(0.01) == rates("cosine")[-1]


def test_one_cycle_is_that_of_torch():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], 1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=50, final_div_factor=1 / 25 / 0.01)
    expected = []
    for _ in range(50):
        expected.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if len(expected) < 50:
            scheduler.step()
    assert rates("one-cycle") == pytest.approx(expected)
    assert rates("one-cycle")[0] == pytest.approx(1 / 25) and rates("one-cycle")[-1] == pytest.approx(0.01)


def test_warm_up():
    assert rates("constant", warmup=0.4)[:25] == pytest.approx([(step + 1) / 20 for step in range(20)] + [1] * 5)
    assert rates("constant", warmup=0.05)[:3] == pytest.approx([0.4, 0.8, 1])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_optimisers_are_those_of_torch(name, momentum):
    torch.manual_seed(0)
    ours, theirs = torch.nn.Linear(3, 2).double(), torch.nn.Linear(3, 2).double()
    theirs.load_state_dict(ours.state_dict())
    optimiser = Optimiser(ours, OptimiserOptions(optimizer=name, weight_decay=0.1, momentum=momentum))
    groups = [{"params": [theirs.weight], "weight_decay": 0.1}, {"params": [theirs.bias], "weight_decay": 0}]
    if name == "sgd":
        expected = torch.optim.SGD(groups, 0.1, momentum=momentum, nesterov=momentum > 0)
    else:
        expected = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name](groups, 0.1, betas=(momentum, 0.999))
    for step in range(5):
        x, rate = torch.randn(4, 3, dtype=torch.double), 0.1 / (step + 1)
        for module in (ours, theirs):
            module.zero_grad()
            module(x).square().sum().backward()
        optimiser.step(rate)
        for group in expected.param_groups:
            group["lr"] = rate
        expected.step()
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=1e-9)
    optimiser.clear()
    assert ours.weight.grad is None
