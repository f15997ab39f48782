"""The learning rate as a function of the step, and the optimiser by its name.

Nothing here remembers anything: after a kill, the step alone says how it goes on.
"""

import math

import torch

COLD = 25  # the one-cycle schedule begins this much below the highest rate, as torch's does
RISING = 0.3  # the part of the one-cycle schedule in which the rate rises


def learning_rate(step, steps_per_epoch, opts):
    """The learning rate of a step, which counts from 0.

    opts : OptimiserOptions. "exponential" is Kaldi's (egs/wsj/s5/steps/libs/nnet3/train/common.py,
    get_learning_rate), "one-cycle" that of Smith and Topin, "Super-convergence", 2018, with cosines, as torch has it.
    """
    total = opts.epochs * steps_per_epoch
    part = min(step / max(total - 1, 1), 1.0)
    high, low = opts.learning_rate, opts.final_learning_rate
    if opts.schedule == "one-cycle":
        if part < RISING:
            return between(high / COLD, high, part / RISING)
        return between(high, low, (part - RISING) / (1 - RISING))
    rate = {
        "constant": lambda: high,
        "cosine": lambda: between(high, low, part),
        "exponential": lambda: high * (low / high) ** part,
        "step": lambda: high * opts.step_factor ** (step // (opts.step_epochs * steps_per_epoch)),
    }[opts.schedule]()
    warm = opts.warmup * steps_per_epoch
    return rate * min((step + 1) / warm, 1.0) if warm else rate


def between(first, last, part):
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2


def make_optimizer(module, opts):
    """SGD with Nesterov's momentum, Adam or AdamW, with weight decay of matrices alone; opts : OptimiserOptions."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [{"params": [p for p in parameters if p.ndim > 1], "weight_decay": opts.weight_decay},
              {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if opts.optimizer == "sgd":
        return torch.optim.SGD(groups, opts.learning_rate, momentum=opts.momentum, nesterov=opts.momentum > 0)
    cls = torch.optim.Adam if opts.optimizer == "adam" else torch.optim.AdamW
    return cls(groups, opts.learning_rate, betas=(opts.momentum, 0.999))


def set_learning_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
