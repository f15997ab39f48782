"""From options to a Trainer: what is described, held out, refused and remarked on."""

import numpy as np
import pytest

from diarkit.embeddings.frontend import FrontEnd
from diarkit.embeddings.xvector import make_network
from diarkit.errors import DataError, UsageError
from diarkit.options.augment import AugmentOptions, SoundOptions, SpecAugmentOptions
from diarkit.options.features import InputOptions
from diarkit.options.training import (
    ExampleOptions,
    HeldOutOptions,
    LossOptions,
    OptimiserOptions,
    RunOptions,
    XvectorFrontEndOptions,
    XvectorNetworkOptions,
)
from diarkit.training import setup
from diarkit.training.corpus import Corpus
from diarkit.training.distributed import Worker

RATE = 4000


def options(network=None, loss=None, examples=None, held_out=None, front_end=None, **others):
    front = {"sample_frequency": RATE, "high_freq": 0.0, "num_mel_bins": 8, **(front_end or {})}
    return setup.Options(
        XvectorNetworkOptions(**{"network": "tdnn", "frame_layers": "-1,0,1:4 0:6", "segment_layers": "5:3",
                                 **(network or {})}),
        XvectorFrontEndOptions(**front),
        ExampleOptions(**{"min_chunk": 20, "max_chunk": 30, "batch_size": 4, **(examples or {})}),
        AugmentOptions(), SoundOptions(), SpecAugmentOptions(), LossOptions(**(loss or {})), OptimiserOptions(**others),
        HeldOutOptions(**{"dev_speakers": "2", "dev_crop": 0.3, **(held_out or {})}), RunOptions())


def test_every_option_stands_in_the_settings():
    found = options(examples={"spec_augment": False}).settings()
    for name in ("network", "frame_layers", "learning_rate", "margin", "batch_size", "seed", "cmn", "num_mel_bins"):
        assert name in found
    assert not {"threads", "workers", "cache", "noise_snrs", "restart", "max_minutes", "time_mask"} & set(found)
    found = options(examples={"augment": True, "spec_augment": True}).settings()
    assert {"noise_snrs", "noise", "time_mask"} <= set(found) and "sounds_memory" not in found


@pytest.mark.parametrize("network, loss, expected", [
    ({}, {}, {"segment_dims": [5], "embedding_layer": 1}),
    ({"embedding_layer": 2}, {}, {"segment_dims": [5, 3], "embedding_layer": 2}),
    ({}, {"loss": "softmax"}, {"segment_dims": [5, 3], "embedding_layer": 1}),
    ({}, {"loss": "ge2e"}, {"segment_dims": [5]}),
    ({}, {"classify": "last"}, {"segment_dims": [5, 3]}),
    ({}, {}, {"type": "tdnn", "frame_layers": [[[-1, 0, 1], 4], [[0], 6]], "embedding_norm": False}),
    ({"network": "resnet18", "channels": 2, "embedding_dim": 3}, {}, {"channels": 2, "blocks": [2, 2, 2, 2]}),
    ({"network": "resnet10"}, {}, {"channels": 16, "embedding_dim": 128, "blocks": [1, 1, 1, 1]}),
    ({"network": "resnet34", "blocks": "1:2"}, {}, {"blocks": [1, 2]}),
    ({"network": "campplus", "blocks": "2x1:1x2", "growth": 4}, {}, {"blocks": [[2, 1], [1, 2]], "growth": 4}),
    ({"network": "campplus"}, {}, {"type": "campplus", "bottleneck": 128, "head_channels": 32}),
])
def test_networks_are_described_so_that_they_can_be_made(network, loss, expected):
    described = setup.describe(options(network, loss))
    assert {name: described["network"][name] for name in expected} == expected
    make_network(described)


@pytest.mark.parametrize("features, dim, energy", [("fbank", 8, False), ("mfcc", 7, True)])
def test_front_ends_are_described_so_that_they_can_be_made(features, dim, energy):
    described = setup.describe(options(front_end={"features": features, "num_ceps": 7, "num_mel_bins": 8}))["front_end"]
    assert FrontEnd(described).dim == dim and described["options"]["use_energy"] is energy


def test_who_is_trained_with_and_who_is_not(corpus):
    made = corpus()
    trainer, _ = setup.make_trainer(made, None, options())
    assert len(trainer.plan.classes) == 4 and len(trainer.held_out.windows) == 12
    trainer, described = setup.make_trainer(made, ["s1"], options())
    assert [name for name, _ in trainer.plan.classes] == ["s0", "s2", "s3", "s4", "s5"] and trainer.held_out is None
    with pytest.raises(DataError, match="there is no speaker nobody"):
        setup.make_trainer(made, ["nobody"], options())
    told = setup.describe_trained(described, options(), trainer, "epoch 3", None)
    assert told["speakers"] == 5 and told["embedding_dim"] == 5 and told["training"]["weights"] == "epoch 3"


def test_the_same_seed_makes_the_same_network(corpus):
    made = corpus()
    weights = [setup.make_trainer(made, None, options(held_out={"seed": seed}))[0].network.frames[0][0].weight
               for seed in (0, 0, 1)]
    assert np.array_equal(weights[0].detach(), weights[1].detach())
    assert not np.array_equal(weights[0].detach(), weights[2].detach())


@pytest.mark.parametrize("changes, workers, word", [
    ({"loss": {"loss": "ge2e"}, "examples": {"utts_per_speaker": 1}}, 1, "--loss=ge2e needs 2"),
    ({"loss": {"loss": "triplet"}, "examples": {"batch_size": 2}}, 1, "2 speakers a batch"),
    ({"examples": {"utts_per_speaker": 3}}, 1, "multiple of --utts-per-speaker=3"),
    ({"examples": {"batch_size": 6}}, 4, "times 4 workers"),
    ({"examples": {"batch_size": 4}}, 4, "batch norm needs two"),
    ({"examples": {"min_chunk": 3}}, 1, "looks at 4 frames"),
    ({"held_out": {"dev_crop": 0.03}}, 1, "--dev-crop=0.03 is too short for the network, which looks at 4 frames"),
    ({"held_out": {"dev_crop": 1e-9}}, 1, "--dev-crop=1e-09"),
    ({"network": {"embedding_layer": 3}}, 1, "--embedding-layer is 1 to 2"),
    ({"network": {"frame_layers": "512"}}, 1, "--frame-layers"),
    ({"network": {"frame_layers": "-3,0,1:4"}}, 1, "even distances"),
    ({"network": {"frame_layers": "0:0"}}, 1, "--frame-layers is whole numbers .* from 1 on, not '0'"),
    ({"network": {"segment_layers": "0"}}, 1, "--segment-layers is whole numbers .* from 1 on"),
    ({"network": {"network": "resnet34", "blocks": "0:1"}}, 1, "--blocks is whole numbers .* from 1 on"),
    ({"network": {"network": "campplus", "blocks": "2:1"}}, 1, "--blocks of CAM\\+\\+ is words such as 12x1"),
    ({"network": {"network": "resnet34", "channels": 0}}, 1, "--channels must be"),
    ({"network": {"network": "resnet34", "blocks": "3x2"}}, 1, "--blocks"),
])
def test_what_cannot_be(corpus, changes, workers, word):
    with pytest.raises(UsageError, match=word):
        setup.make_trainer(corpus(), None, options(**changes), worker=Worker(0, workers))


@pytest.mark.parametrize("cls, given, word", [
    (ExampleOptions, {"min_chunk": 300}, "--max-chunk"), (ExampleOptions, {"batch_size": 1}, "--batch-size"),
    (ExampleOptions, {"speed_perturb": "0.9:.9"}, "--speed-perturb"),
    (ExampleOptions, {"speed_perturb": "0.9:0.90"}, "has a speed twice"),
    (ExampleOptions, {"speed_perturb": "3"}, "--speed-perturb"), (LossOptions, {"label_smoothing": 1}, "--label"),
    (LossOptions, {"margin_start": 0.9}, "--margin-start"),
    (LossOptions, {"loss": "ge2e", "subcentres": 2}, "of a classifier"),
    (OptimiserOptions, {"learning_rate": 1e39}, "learning rates"),
    (OptimiserOptions, {"epochs": 0}, "--epochs"), (OptimiserOptions, {"momentum": 1.0}, "--momentum"),
    (OptimiserOptions, {"schedule": "exponential", "final_learning_rate": 0}, "--final-learning-rate"),
    (HeldOutOptions, {"seed": -1}, "--seed"), (RunOptions, {"cache": -1}, "--cache"),
])
def test_options_that_cannot_be(cls, given, word):
    with pytest.raises(UsageError, match=word):
        cls(**given)


def test_how_many_are_held_out():
    assert [HeldOutOptions(dev_speakers=text).dev_count(199) for text in ("0", "30", "5%", "file")] == [0, 30, 9, None]


def test_short_utterances_and_other_remarks(corpus, noise, front_end):
    made = Corpus(front_end(), InputOptions(), 1e9)
    for speaker, seconds in enumerate((1, 1, 0.1, 1)):
        made.add(f"u{speaker}", f"s{speaker}", noise(0, speaker, seconds))
    for short, speakers, word in (("repeat", 4, "repeated"), ("skip", 3, "skipped")):
        opts = options(examples={"short": short}, held_out={"dev_speakers": "0"}, loss={"loss": "ge2e"})
        trainer, _ = setup.make_trainer(made, None, opts)
        lines = list(setup.remarks(made, opts, trainer))
        assert len(trainer.plan.classes) == speakers and f"u2: 8 frames, shorter than an example: {word}" in lines
        assert any(line.startswith(f"{speakers} speakers have one utterance") for line in lines)
        assert any(line.startswith("no trials of held-out speakers") for line in lines)
    with pytest.raises(DataError, match="as long as --min-chunk=200"):
        setup.make_trainer(made, None, options(examples={"min_chunk": 200, "max_chunk": 200, "short": "skip"},
                                               held_out={"dev_speakers": "0"}))
    made = corpus()
    trainer, _ = setup.make_trainer(made, None, options())
    assert any(line.startswith("held out: ") for line in setup.remarks(made, options(), trainer))


def test_augmenter_is_made_and_tells_what_it_lacks(corpus):
    opts = options(examples={"augment": True})
    augmenter = setup.make_augmenter(opts, {"noise": [["x"]]}, None, None)
    made = corpus()
    trainer, _ = setup.make_trainer(made, None, opts, augmenter)
    assert "no sounds for music, babble, reverb (--noise, --music, --speech, --rirs)" in list(
        setup.remarks(made, opts, trainer, augmenter))
