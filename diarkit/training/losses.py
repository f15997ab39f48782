"""What is minimised, by its name: classifiers of the training speakers, or losses on the embeddings of a batch.

A head takes what the network makes of a batch and gives (loss, examples that were guessed right, examples asked about).
"""

from torch import nn

from diarkit.training import classifiers, metric
from diarkit.training.distributed import gathered

MARGINS = {"am-softmax": classifiers.MARGIN, "aam-softmax": classifiers.MARGIN, "triplet": metric.MARGIN}


class ClassifierHead(nn.Module):
    """The network's output to the loss of a classifier; `last` if that takes what is behind the embedding."""

    def __init__(self, network, speakers, opts):
        super().__init__()
        self.last = opts.input_of_classifier == "last" and hasattr(network, "after_embedding")
        dim = network.output_dim if self.last else network.embedding_dim
        if opts.loss == "softmax":
            self.classifier = classifiers.Softmax(dim, speakers, opts)
        else:
            self.classifier = classifiers.MarginSoftmax(dim, speakers, opts, angular=opts.loss == "aam-softmax")

    def forward(self, x, speakers, margin):
        loss, guesses = self.classifier(x, speakers, margin)
        return loss, (guesses == speakers).sum(), len(guesses)


class MetricHead(nn.Module):
    """The embeddings of a batch, of all workers, to a metric loss."""

    def __init__(self, opts, count):
        super().__init__()
        self.count = count
        self.loss = {
            "triplet": lambda: metric.Triplet(),
            "ge2e": lambda: metric.GE2E(opts.scale),
            "prototypical": lambda: metric.Prototypical(),
            "angular-prototypical": lambda: metric.Prototypical(opts.scale, angular=True),
        }[opts.loss]()

    def forward(self, x, speakers, margin):
        x, workers = gathered(x)
        loss, truth, guesses = self.loss(x, self.count, margin)
        return loss, (guesses == truth).sum() / workers, len(guesses) / workers  # they are counted by all workers


def make_head(network, speakers, opts, count):
    """The head for so many training speakers, `count` examples of each in a batch; opts : LossOptions."""
    if opts.classifies:
        return ClassifierHead(network, speakers, opts)
    return MetricHead(opts, count)


def margin_at(part, opts):
    """The margin after that part of the training, 0 to 1: 0, growing evenly, whole. opts : LossOptions"""
    margin = MARGINS.get(opts.loss, 0.0) if opts.margin is None else opts.margin
    if part >= opts.margin_end:
        return margin
    if part <= opts.margin_start:
        return 0.0
    return margin * (part - opts.margin_start) / (opts.margin_end - opts.margin_start)
