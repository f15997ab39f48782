"""The learning rate as a function of the step alone: nothing has to be remembered over a kill."""

import math

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
        top = max(RISING * total - 1, 0)
        if step < top:
            return between(high / COLD, high, step / top)
        return between(high, low, min((step - top) / max(total - 1 - top, 1), 1.0))
    rate = {
        "constant": lambda: high,
        "cosine": lambda: between(high, low, part),
        "exponential": lambda: high * (low / high) ** part,
        "step": lambda: high * opts.step_factor ** (step // (opts.step_epochs * steps_per_epoch)),
    }[opts.schedule]()
    warm = opts.warmup * total
    return rate * min((step + 1) / warm, 1.0) if warm else rate


def between(first, last, part):
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
