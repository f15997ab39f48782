"""SGD, Adam and AdamW, as torch has them (test: against torch's own).

Torch's bring in its compiler, which takes longer to import than a small network to train; and here the state of a
weight goes by its name, which is what a checkpoint wants.
"""

import torch

SECOND_MOMENTUM = 0.999  # of Adam
EPSILON = 1e-8


class Optimiser:
    """Moves the weights of a module down their gradients, one step at a time; matrices alone are decayed.

    sgd : with Nesterov's momentum (Sutskever et al. 2013, as torch writes it)
    adam : Kingma and Ba 2015, algorithm 1; the decay is part of the gradient
    adamw : Loshchilov and Hutter 2019, algorithm 2; the decay is apart from it

    slots : {name of the weight: {name: tensor}}, all that it remembers
    """

    def __init__(self, module, opts):
        self.weights = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        self.opts = opts
        self.slots = {}

    def clear(self):
        """Forget the gradients."""
        for weight in self.weights.values():
            weight.grad = None

    @torch.no_grad()
    def step(self, rate):
        """Move every weight that has a gradient; rate : the learning rate."""
        for name, weight in self.weights.items():
            if weight.grad is not None:
                decay = self.opts.weight_decay if weight.ndim > 1 else 0.0
                move = self.sgd if self.opts.optimizer == "sgd" else self.adam
                move(name, weight, rate, decay)

    def sgd(self, name, weight, rate, decay):
        change = weight.grad.add(weight, alpha=decay)
        if self.opts.momentum:
            if name not in self.slots:
                self.slots[name] = {"momentum": torch.zeros_like(weight)}
            momentum = self.slots[name]["momentum"].mul_(self.opts.momentum).add_(change)
            change.add_(momentum, alpha=self.opts.momentum)
        weight.sub_(change, alpha=rate)

    def adam(self, name, weight, rate, decay):
        gradient = weight.grad
        if self.opts.optimizer == "adamw":
            weight.mul_(1 - rate * decay)
        elif decay:
            gradient = gradient.add(weight, alpha=decay)
        if name not in self.slots:
            self.slots[name] = {"first": torch.zeros_like(weight), "second": torch.zeros_like(weight),
                                "steps": torch.zeros((), dtype=torch.float32)}
        slot = self.slots[name]
        steps = slot["steps"].add_(1).item()
        first = slot["first"].lerp_(gradient, 1 - self.opts.momentum)
        second = slot["second"].mul_(SECOND_MOMENTUM).addcmul_(gradient, gradient, value=1 - SECOND_MOMENTUM)
        size = (second / (1 - SECOND_MOMENTUM**steps)).sqrt_().add_(EPSILON)
        weight.addcdiv_(first, size, value=-rate / (1 - self.opts.momentum**steps))
