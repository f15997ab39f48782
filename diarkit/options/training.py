"""Training of x-vector networks: the network, its front end, examples, losses, the optimiser, and how it is run."""

import re
from dataclasses import dataclass, fields

from diarkit.errors import UsageError
from diarkit.options.features import FbankOptions, MfccOptions
from diarkit.options.tunables import tunable

CLASSIFIERS = ("softmax", "am-softmax", "aam-softmax")
METRIC_LOSSES = ("triplet", "ge2e", "prototypical", "angular-prototypical")
SIZES = {  # of networks, by the literature but for the smallest, which a processor trains in minutes
    "resnet10": {"channels": 16, "embedding_dim": 128, "blocks": [1, 1, 1, 1]},
    "resnet18": {"channels": 32, "embedding_dim": 256, "blocks": [2, 2, 2, 2]},
    "resnet34": {"channels": 32, "embedding_dim": 256, "blocks": [3, 4, 6, 3]},
    "campplus": {"channels": 128, "embedding_dim": 192, "blocks": [[12, 1], [24, 2], [16, 2]], "head_channels": 32,
                 "growth": 32, "bottleneck": 128},
}
KALDI_TDNN = "-2,-1,0,1,2:512 -2,0,2:512 -3,0,3:512 0:512 0:1500"


def require(condition, message):
    if not condition:
        raise UsageError(message)


def whole_numbers(text, option, between=":", least=1):
    """The numbers of a list such as 512:512, none of them less than `least`."""
    words = text.split(between)
    require(all(re.fullmatch(r"-?[0-9]{1,6}", word, re.A) and int(word) >= least for word in words),
            f"{option} is whole numbers with '{between}' between, "
            + (f"from {least} on, not '{text}'" if least > 0 else f"not '{text}'"))
    return [int(word) for word in words]


@dataclass(frozen=True)
class XvectorNetworkOptions:
    """The network; what is left empty has the value of the literature."""

    network: str = tunable("resnet10", "Which network.", "", "Snyder 2018; Zeinali 2019; Wang 2023",
                           ("tdnn", "resnet10", "resnet18", "resnet34", "campplus"))
    frame_layers: str = tunable(
        KALDI_TDNN, "TDNN: of every layer the frames that it sees and its outputs.", "", "Snyder 2018")
    segment_layers: str = tunable("512:512", "TDNN: outputs of the layers after pooling.", "", "Snyder 2018")
    embedding_layer: int = tunable(
        1, "TDNN: which of these is the embedding: 1 as in Kaldi, 2 as in the survey of Park et al. 2022.")
    embedding_norm: bool = tunable(False, "TDNN, ResNet: the embedding goes through a batch norm, as that of CAM++.")
    embedding_dim: int | None = tunable(None, "Of ResNet10 (128), ResNet18 and 34 (256), CAM++ (192).")
    channels: int | None = tunable(
        None, "ResNet: of its first stage (16, 32, 32). CAM++: of the layer behind its head (128).")
    blocks: str = tunable("", "ResNet: blocks of each stage (34: 3:4:6:3). CAM++: layers of each block and how many"
                          " frames apart they look (12x1:24x2:16x2).")
    head_channels: int | None = tunable(None, "CAM++: of its 2-D convolutions (32).")
    growth: int | None = tunable(None, "CAM++: channels that a layer adds (32).")
    bottleneck: int | None = tunable(None, "CAM++: channels that a layer computes with (128).")

    def description(self, input_of_classifier):
        """What model.json says of the network.

        What is behind the embedding serves the classifier alone, and is not there if that takes the embedding itself.
        """
        if self.network == "tdnn":
            dims = whole_numbers(self.segment_layers, "--segment-layers")
            require(1 <= self.embedding_layer <= len(dims), f"--embedding-layer is 1 to {len(dims)}")
            if input_of_classifier == "embedding":
                dims = dims[: self.embedding_layer]
            return {"type": "tdnn", "frame_layers": self.parsed_frame_layers(), "segment_dims": dims,
                    "embedding_layer": self.embedding_layer, "embedding_norm": self.embedding_norm}
        sizes = dict(SIZES[self.network])
        for name in sizes:
            value = getattr(self, name)
            if value and name == "blocks":
                sizes[name] = self.parsed_blocks()
            elif value not in (None, ""):
                require(value > 0, f"--{name.replace('_', '-')} must be at least 1, {value} is not")
                sizes[name] = value
        if self.network != "campplus":
            sizes["embedding_norm"] = self.embedding_norm
        return {"type": self.network, **sizes}

    def parsed_frame_layers(self):
        """[[[offsets], outputs], ...]"""
        layers = []
        for word in self.frame_layers.split():
            offsets, colon, dim = word.partition(":")
            require(colon, f"--frame-layers is words such as -2,0,2:512, not '{word}'")
            offsets = whole_numbers(offsets, "--frame-layers", ",", -999999)
            steps = {b - a for a, b in zip(offsets, offsets[1:], strict=False)}
            require(not steps or len(steps) == 1 and min(steps) > 0,
                    f"--frame-layers: the frames {offsets} do not lie at even distances")
            layers.append([offsets, whole_numbers(dim, "--frame-layers")[0]])
        require(layers, "--frame-layers is empty")
        return layers

    def parsed_blocks(self):
        if self.network == "campplus":
            blocks = [whole_numbers(word, "--blocks", "x") for word in self.blocks.split(":")]
            require({len(block) for block in blocks} == {2},
                    f"--blocks of CAM++ is words such as 12x1, not '{self.blocks}'")
            return blocks
        return whole_numbers(self.blocks, "--blocks")


@dataclass(frozen=True)
class XvectorFrontEndOptions(MfccOptions):
    """What the network hears."""

    features: str = tunable("fbank", "Log mel energies, or cepstra.", choices=("fbank", "mfcc"))
    num_mel_bins: int = tunable(40, "Number of mel filters.")
    num_ceps: int = tunable(30, "MFCC: cepstra kept, C0 included.", "", "Kaldi egs/voxceleb/v2")
    high_freq: float = tunable(7600.0, "Upper edge of the mel filters; 0 or less counts from the Nyquist frequency.",
                               "Hz", "Kaldi egs/voxceleb/v2")
    use_energy: bool | None = tunable(None, "MFCC: log energy in place of C0 (true). Fbank: as a column (false).")
    cmn: str = tunable(
        "window", "Subtract the mean of --cmn-window frames around every frame, of each window that becomes an"
        " embedding, or of the recording (of a chunk in training).", "", "Kaldi apply-cmvn-sliding",
        ("none", "sliding", "window", "recording"))
    cmn_window: int = tunable(300, "Length of the sliding window.", "frames", "Kaldi egs/voxceleb/v2")

    def description(self):
        """What model.json says of the front end."""
        cls = FbankOptions if self.features == "fbank" else MfccOptions
        options = {f.name: getattr(self, f.name) for f in fields(cls) if hasattr(self, f.name)}
        if self.use_energy is None:
            options["use_energy"] = cls.use_energy
        return {"features": self.features, "options": options, "cmn": self.cmn, "cmn_window": self.cmn_window}


FRONT_END = ("features", "sample_frequency", "num_mel_bins", "num_ceps", "low_freq", "high_freq", "frame_length",
             "frame_shift", "snip_edges", "use_energy", "cmn", "cmn_window")  # what train-xvector offers of it


@dataclass(frozen=True)
class ExampleOptions:
    """How recordings become examples, and examples batches."""

    min_chunk: int = tunable(150, "Shortest example; a batch has one length.", "frames", "Kaldi has 200")
    max_chunk: int = tunable(250, "Longest example.", "frames", "Kaldi has 400")
    short: str = tunable("repeat", "What is done with what is shorter than --min-chunk.", choices=("repeat", "skip"))
    batch_size: int = tunable(64, "Examples of a step, of all workers together.")
    utts_per_speaker: int | None = tunable(
        None, "Examples of each speaker in a batch; default 1 with a classifier, 2 with other losses.")
    epoch_examples: int = tunable(0, "Examples of an epoch; 0 is as many as the sound has chunks.")
    speed_perturb: str = tunable("", "Each speaker is another one at each of these speeds, such as 0.9:1.1.", "FACTORS",
                                 "Ko 2015; Yamamoto 2019")
    augment: bool = tunable(False, "Add noise, rooms and so on as the options of each say.")
    spec_augment: bool = tunable(True, "Mask stretches of time and of columns.", "", "Park 2019")

    def __post_init__(self):
        require(1 <= self.min_chunk <= self.max_chunk, "--min-chunk must be at least 1, and --max-chunk no less")
        require(self.batch_size >= 2, "--batch-size must be at least 2: batch norm needs two")
        require(self.epoch_examples >= 0, "--epoch-examples must not be negative")
        require(self.utts_per_speaker is None or 1 <= self.utts_per_speaker <= self.batch_size,
                "--utts-per-speaker must be from 1 to --batch-size")
        self.speeds()

    def speeds(self):
        """The speeds other than 1."""
        words = self.speed_perturb.split(":") if self.speed_perturb else []
        require(all(re.fullmatch(r"[0-9]\.?[0-9]{0,3}", word, re.A) and 0.5 <= float(word) <= 2 for word in words),
                f"--speed-perturb is numbers from 0.5 to 2 such as 0.9:1.1, not '{self.speed_perturb}'")
        speeds = [float(word) for word in words if float(word) != 1]
        require(len(set(speeds)) == len(speeds), f"--speed-perturb={self.speed_perturb} has a speed twice")
        return speeds


@dataclass(frozen=True)
class LossOptions:
    loss: str = tunable("aam-softmax", "What is minimised.", "", "diarkit/training/losses.py says whose each is",
                        (*CLASSIFIERS, *METRIC_LOSSES))
    margin: float | None = tunable(
        None, "Of am-softmax (default 0.2), aam-softmax (0.2, radians), triplet (0.2).")
    scale: float | None = tunable(None, "Of the cosines of am- and aam-softmax (default 30), and to begin with of"
                                  " ge2e and angular-prototypical (10).")
    margin_start: float = tunable(0.3, "The margin is 0 up to here, then grows evenly,", "part of the training")
    margin_end: float = tunable(0.6, "and is whole from here on.", "part of the training")
    subcentres: int = tunable(1, "Centres of each speaker, the nearest of which counts.", "", "Deng 2020")
    label_smoothing: float = tunable(0.0, "The part of the probability that goes to all speakers.", "", "Szegedy 2016")
    dropout: float = tunable(0.0, "The part of what the classifier takes that is set to zero.")
    classify: str | None = tunable(
        None, "What the classifier takes: the embedding, or what the layers behind it make of it; default last for"
        " softmax, embedding for the others.", choices=("embedding", "last"))

    def __post_init__(self):
        require(0 <= self.label_smoothing < 1, "--label-smoothing must be from 0 to below 1")
        require(0 <= self.dropout < 1, "--dropout must be from 0 to below 1")
        require(self.subcentres >= 1, "--subcentres must be at least 1")
        require(self.margin is None or self.margin >= 0, "--margin must not be negative")
        require(self.scale is None or self.scale > 0, "--scale must be above 0")
        require(0 <= self.margin_start <= self.margin_end <= 1,
                "--margin-start and --margin-end must be from 0 to 1, and the end not before the start")
        require(self.loss in CLASSIFIERS or not (self.label_smoothing or self.dropout or self.subcentres > 1),
                f"--label-smoothing, --dropout and --subcentres are of a classifier, which --loss={self.loss} is not")

    @property
    def classifies(self):
        return self.loss in CLASSIFIERS

    @property
    def input_of_classifier(self):
        if not self.classifies:
            return "embedding"
        return self.classify or ("last" if self.loss == "softmax" else "embedding")


@dataclass(frozen=True)
class OptimiserOptions:
    epochs: int = tunable(40, "Passes over as many examples as the sound has chunks.")
    optimizer: str = tunable("adamw", "How weights follow the gradient.", choices=("sgd", "adam", "adamw"))
    learning_rate: float = tunable(0.003, "The highest.")
    final_learning_rate: float = tunable(0.000003, "At the end, of the cosine, exponential and one-cycle schedules.")
    schedule: str = tunable("cosine", "How it comes down.", "", "Kaldi's is exponential",
                            ("constant", "cosine", "exponential", "step", "one-cycle"))
    warmup: float = tunable(0.03, "It rises from 0 within this.", "part of the training")
    step_epochs: int = tunable(10, "The step schedule goes down every so many,", "epochs")
    step_factor: float = tunable(0.1, "by this factor.")
    momentum: float = tunable(0.9, "Of SGD, Nesterov's; for the others the first of their two.")
    weight_decay: float = tunable(0.0001, "Of matrices, not of biases and batch norms.")
    clip_gradient: float = tunable(5.0, "Gradients are shortened to this length; 0 is never.")
    precision: str = tunable("float32", "Compute in bfloat16 where that is precise enough; half the time on processors"
                             " that have it, more on others.", "", "torch.autocast", ("float32", "bfloat16"))
    sync_batchnorm: bool = tunable(True, "With several workers, batch norm sees the batch of all of them.")
    average: int = tunable(5, "The weights after this many last epochs are averaged, if the held-out error says so.")
    patience: int = tunable(0, "Stop after so many epochs with a higher held-out error than before; 0 is never.")

    def __post_init__(self):
        require(self.epochs >= 1, "--epochs must be at least 1")
        require(0 < self.learning_rate <= 1e30 and 0 <= self.final_learning_rate <= 1e30,
                "learning rates must be above 0, and no more than 1e30")
        require(self.schedule != "exponential" or self.final_learning_rate > 0,
                "--final-learning-rate must be above 0 with --schedule=exponential")
        require(0 <= self.warmup <= 1, "--warmup must be from 0 to 1")
        require(self.step_epochs >= 1 and 0 < self.step_factor <= 1,
                "--step-epochs must be at least 1, and --step-factor above 0 and not above 1")
        require(0 <= self.momentum < 1, "--momentum must be from 0 to below 1")
        require(self.weight_decay >= 0 and self.clip_gradient >= 0,
                "--weight-decay and --clip-gradient must not be negative")
        require(self.average >= 1, "--average must be at least 1: the last epoch by itself")
        require(self.patience >= 0, "--patience must not be negative")


@dataclass(frozen=True)
class HeldOutOptions:
    dev_speakers: str = tunable("5%", "Speakers that are not trained on, to see how it does: a number, a percentage of"
                                " all, or a file with one a line.", "N|N%|FILE")
    dev_crop: float = tunable(3.0, "Their utterances are cut into pieces of this length, which make trials.", "s")
    seed: int = tunable(0, "Of all that is random.")

    def __post_init__(self):
        require(self.dev_crop > 0, "--dev-crop must be above 0")
        require(self.seed >= 0, "--seed must not be negative")

    def dev_count(self, speakers):
        """How many of so many speakers are held out; None if a file names them."""
        if not re.fullmatch(r"[0-9]{1,9}%?", self.dev_speakers, re.A):
            return None
        number = int(self.dev_speakers.rstrip("%"))
        return number * speakers // 100 if self.dev_speakers.endswith("%") else number


@dataclass(frozen=True)
class RunOptions:
    """How training is run, which makes no difference to what comes out but for rounding."""

    segments: str = tunable("", "Utterances are these segments of the recordings.", "segments")
    cache: float = tunable(2.0, "Keep this much sound in memory; the rest is read when it is needed.", "GB")
    workers: int = tunable(1, "Threads that make examples beside the training.")
    threads: int = tunable(1, "Threads of the training, 0 is one for each processor; the last digits hang on their"
                           " number, and a small network is quicker with torchrun's workers.")
    device: str = tunable("cpu", "Where the network is trained.", choices=("cpu", "cuda"))
    checkpoint_minutes: float = tunable(10.0, "Write a checkpoint this often, and after every epoch.", "minutes")
    max_minutes: float = tunable(0.0, "Stop after this time and write the model as it is then; the same command goes on"
                                 " from there. 0 is never.", "minutes")
    restart: bool = tunable(False, "Begin anew, whatever checkpoint is there.")
    source: str = tunable("", "What model.json says about where the data came from.", "TEXT")
    licence: str = tunable("", "What model.json says about the licence of the model.", "TEXT")

    def __post_init__(self):
        require(self.cache >= 0, "--cache must not be negative")
        require(self.workers >= 0 and self.threads >= 0, "--workers and --threads must not be negative")
        require(self.checkpoint_minutes >= 0 and self.max_minutes >= 0,
                "--checkpoint-minutes and --max-minutes must not be negative")
