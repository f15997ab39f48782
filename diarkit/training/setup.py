"""From a corpus and options to a Trainer, and from what it has trained to the description of a model."""

import hashlib
from dataclasses import asdict, dataclass

import torch

from diarkit.embeddings.xvector import KIND, make_network
from diarkit.errors import DataError, UsageError
from diarkit.options.augment import AugmentOptions, SoundOptions, SpecAugmentOptions
from diarkit.options.training import (
    ExampleOptions,
    HeldOutOptions,
    LossOptions,
    OptimiserOptions,
    RunOptions,
    XvectorFrontEndOptions,
    XvectorNetworkOptions,
)
from diarkit.training.batches import Plan, choose_held_out
from diarkit.training.distributed import Worker
from diarkit.training.examples import ExampleMaker
from diarkit.training.heldout import held_out_trials
from diarkit.training.loop import Trainer
from diarkit.training.losses import make_head

UTTERANCES = "utterances"  # among the settings, what tells the corpus from others
UNIMPORTANT = ("sounds_memory",)  # among options that are told, but make no difference


@dataclass(frozen=True)
class Options:
    """All that train-xvector is told."""

    network_opts: XvectorNetworkOptions
    front_end_opts: XvectorFrontEndOptions
    example_opts: ExampleOptions
    augment_opts: AugmentOptions
    sound_opts: SoundOptions
    mask_opts: SpecAugmentOptions
    loss_opts: LossOptions
    optimiser_opts: OptimiserOptions
    held_out_opts: HeldOutOptions
    run_opts: RunOptions

    def settings(self):
        """Those that decide what comes out, by name."""
        groups = [self.network_opts, self.loss_opts, self.optimiser_opts, self.held_out_opts, self.example_opts]
        if self.example_opts.augment:
            groups += [self.augment_opts, self.sound_opts]
        if self.example_opts.spec_augment:
            groups.append(self.mask_opts)
        found = {name: value for group in groups for name, value in asdict(group).items() if name not in UNIMPORTANT}
        description = self.front_end_opts.description()
        return {**found, **description.pop("options"), **description}

    def utts_per_speaker(self):
        return self.example_opts.utts_per_speaker or (1 if self.loss_opts.classifies else 2)


def make_trainer(corpus, held_out, options, augment=None, worker=Worker()):  # noqa: B008
    """The Trainer of a corpus.

    Parameters
    ----------
    corpus : corpus.Corpus
    held_out : names of speakers that are not trained on; None: drawn as the options say
    options : Options
    augment : function of samples and numpy Generator, or None
    worker : distributed.Worker

    Returns
    -------
    the Trainer, and the description of the network and its front end
    """
    speakers = corpus.speakers()
    if held_out is None:
        held_out = choose_held_out(speakers, options.held_out_opts.dev_count(len(speakers)), options.held_out_opts.seed)
    if unknown := [name for name in held_out if name not in speakers]:
        raise DataError(f"--dev-speakers: there is no speaker {unknown[0]}")
    dev = {name: speakers.pop(name) for name in held_out}
    description = describe(options)
    torch.manual_seed(options.held_out_opts.seed)
    network, count = make_network(description), options.utts_per_speaker()
    check_batches(options, count, worker)
    plan = Plan(corpus, without_short(corpus, speakers, options.example_opts), options.example_opts, count,
                distinct=not options.loss_opts.classifies, seed=options.held_out_opts.seed)
    maker = ExampleMaker(corpus, corpus.front_end, options.held_out_opts.seed, augment,
                         options.mask_opts if options.example_opts.spec_augment else None)
    check_frames(network, options, corpus.front_end)
    head = make_head(network, len(plan.classes), options.loss_opts, count)
    trials = held_out_trials(corpus, dev, corpus.front_end, options.held_out_opts.dev_crop) if dev else None
    device = torch.device("cuda", worker.local_rank) if options.run_opts.device == "cuda" else "cpu"
    return Trainer(network, head, plan, maker.make, trials, options.optimiser_opts, options.loss_opts, worker, device,
                   options.run_opts.workers), description


def describe(options):
    """What model.json says of the network and its front end."""
    return {"kind": KIND, "network": options.network_opts.description(options.loss_opts.input_of_classifier),
            "front_end": options.front_end_opts.description()}


def describe_trained(description, options, trainer, name, error):
    """All that model.json says."""
    return {**description, "embedding_dim": trainer.network.embedding_dim,
            "training": {**options.settings(), "epochs_done": trainer.state.epoch, "weights": name,
                         "held_out_eer": error},
            "speakers": len(trainer.plan.utterances), "source": options.run_opts.source,
            "licence": options.run_opts.licence}


def check_batches(options, count, worker):
    size, loss = options.example_opts.batch_size, options.loss_opts.loss
    if not options.loss_opts.classifies and (count < 2 or size < 2 * count):
        raise UsageError(f"--loss={loss} needs 2 examples of each speaker (--utts-per-speaker), and 2 speakers a batch")
    if size % (count * worker.count):
        raise UsageError(f"--batch-size={size} must be a multiple of --utts-per-speaker={count}"
                         + (f" times {worker.count} workers" if worker.count > 1 else ""))
    if size // worker.count < 2:
        raise UsageError(f"--batch-size={size} gives each worker {size // worker.count} example; batch norm needs two")


def check_frames(network, options, front_end):
    """Raise UsageError if examples or the pieces of the held-out may be shorter than what the network looks at."""
    needed = 2 + getattr(network, "left_context", 0) + getattr(network, "right_context", 0)
    chunk, crop = options.example_opts.min_chunk, options.held_out_opts.dev_crop
    if chunk < needed:
        raise UsageError(f"--min-chunk={chunk} is too short for the network, which looks at {needed} frames")
    if front_end.frames.count(int(crop * front_end.sample_frequency)) < needed:
        raise UsageError(f"--dev-crop={crop:g} is too short for the network, which looks at {needed} frames")


def remarks(corpus, options, trainer, augmenter=None):
    """Lines about what will be trained with: how much there is, and what of it is unusual."""
    plan, opts = trainer.plan, options.example_opts
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    yield (f"{len(plan.utterances)} speakers to train with as {len(plan.classes)} classes, {plan.batches} batches of"
           f" {opts.batch_size} an epoch; a network of {weights / 1e6:.2f} million weights")
    for index, utterance in enumerate(corpus.utterances):
        if corpus.num_frames(index) < opts.min_chunk:
            yield (f"{utterance.name}: {corpus.num_frames(index)} frames, shorter than an example:"
                   f" {'repeated' if opts.short == 'repeat' else 'skipped'}")
    single = sum(len(own) == 1 for own in plan.utterances)
    if single and not options.loss_opts.classifies:
        yield f"{single} speakers have one utterance, which all their examples in a batch are of"
    if trainer.held_out is None:
        yield "no trials of held-out speakers (--dev-speakers, --dev-crop): the last epochs are taken as they are"
    else:
        yield f"held out: {len(trainer.held_out.targets)} targets, {len(trainer.held_out.nontargets)} nontargets"
    if augmenter is not None and augmenter.lacking:
        yield f"no sounds for {', '.join(augmenter.lacking)} (--noise, --music, --speech, --rirs)"


def without_short(corpus, speakers, opts):
    """The speakers with the utterances that are trained with."""
    if opts.short == "repeat":
        return speakers
    kept = {name: [index for index in own if corpus.num_frames(index) >= opts.min_chunk]
            for name, own in speakers.items()}
    kept = {name: own for name, own in kept.items() if own}
    if not kept:
        raise DataError(f"no utterance is as long as --min-chunk={opts.min_chunk}")
    return kept


def settings(options, corpus):
    """All that decides what comes out, by name: the options, and names, speakers and lengths of the utterances."""
    text = "\n".join(f"{name} {speaker} {count}" for name, speaker, count, _ in corpus.utterances)
    return {**options.settings(), UTTERANCES: hashlib.sha256(text.encode()).hexdigest()[:16]}


def make_augmenter(options, sounds, open_sound, coder):
    """The Augmenter of the options; sounds, open_sound, coder : see diarkit.augment."""
    from diarkit.augment.augmenter import Augmenter  # imports scipy.signal, which those who do not augment do without
    from diarkit.augment.sounds import Corpora

    rate = options.front_end_opts.sample_frequency
    corpora = Corpora(sounds, open_sound, rate, max_bytes=int(options.sound_opts.sounds_memory * 1e6))
    return Augmenter(options.augment_opts, corpora, rate, coder)
