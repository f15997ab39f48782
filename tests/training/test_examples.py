"""Examples: where they are cut, what is around them, how they are repeated and made faster; batches and loading."""

from collections import Counter

import numpy as np
import pytest

from diarkit import signals
from diarkit.augment.speeds import speed_perturb
from diarkit.errors import DataError, UsageError
from diarkit.options.augment import SpecAugmentOptions
from diarkit.options.features import InputOptions
from diarkit.options.training import ExampleOptions
from diarkit.training.batches import Batch, Deck, Example, Plan, choose_held_out
from diarkit.training.corpus import Corpus, in_16_bits
from diarkit.training.examples import ExampleMaker
from diarkit.training.loader import ahead

RATE = 4000  # of the noises

OPTS = ExampleOptions(min_chunk=20, max_chunk=30, batch_size=8, epoch_examples=64)


def plan(made, count=1, distinct=False, opts=OPTS, seed=0):
    return Plan(made, made.speakers(), opts, count, distinct, seed)


@pytest.mark.parametrize("count, distinct", [(1, False), (2, True)])
def test_every_speaker_is_there_as_often_as_any_other(count, distinct, corpus):
    made = corpus(utterances=3)
    opts = ExampleOptions(min_chunk=20, max_chunk=30, batch_size=8, epoch_examples=8 * 9)
    epoch = list(plan(made, count, distinct, opts).epoch(0))
    assert len(epoch) == 9 and all(len(batch.examples) == 8 and 20 <= batch.frames <= 30 for batch in epoch)
    every = [example for batch in epoch for example in batch.examples]
    assert set(Counter(example.label for example in every).values()) == {12}
    assert [example.number for example in every] == list(range(72))
    assert len({batch.frames for batch in epoch}) > 3
    for example in every:
        assert made.utterances[example.utterance].speaker == f"s{example.label}"
    assert len({example.utterance for example in every}) > 15
    for batch in epoch:
        labels = [example.label for example in batch.examples]
        assert all(labels[i] == labels[i - i % count] for i in range(8))
        assert not distinct or set(Counter(labels).values()) == {count}


def test_plans_are_of_seed_and_epoch(corpus):
    made = corpus()
    assert list(plan(made).epoch(3)) == list(plan(made).epoch(3))
    others = [list(plan(made).epoch(4)), list(plan(made, seed=1).epoch(3))]
    assert list(plan(made).epoch(3)) not in others


def test_long_utterances_are_drawn_more_often(front_end, noise):
    made = Corpus(front_end(), InputOptions(), 1e9)
    for name, speaker, seconds in (("a", 0, 4), ("b", 0, 1), ("c", 1, 1)):
        made.add(name, f"s{speaker}", noise(0, speaker, seconds))
    opts = ExampleOptions(min_chunk=20, max_chunk=20, batch_size=8, epoch_examples=2000)
    counts = Counter(example.utterance for batch in plan(made, opts=opts).epoch(0) for example in batch.examples)
    assert counts[2] == 1000 and 750 < counts[0] < 850


def test_speeds_are_other_speakers(corpus):
    opts = ExampleOptions(min_chunk=20, max_chunk=30, batch_size=6, epoch_examples=18, speed_perturb="0.9:1:1.1")
    made = plan(corpus(), opts=opts)
    assert len(made.classes) == 18 and made.classes[7] == ("s1", 0.9) and made.classes[13] == ("s1", 1.1)
    every = [example for batch in made.epoch(0) for example in batch.examples]
    assert sorted(example.label for example in every) == list(range(18))
    assert all(example.speed == made.classes[example.label][1] for example in every)


def test_an_epoch_is_as_long_as_the_sound(corpus):
    opts = ExampleOptions(min_chunk=20, max_chunk=30, batch_size=8)
    assert plan(corpus(), opts=opts).batches == 12 * 98 // 25 // 8


def test_plans_that_cannot_be(corpus):
    with pytest.raises(UsageError, match="no multiple"):
        plan(corpus(), count=3)
    with pytest.raises(DataError, match="takes 2"):
        plan(corpus(speakers=1))
    with pytest.raises(DataError, match="8 speakers a batch"):
        plan(corpus(), distinct=True)


def test_deck_draws_all_before_any_twice():
    deck = Deck(5, np.random.default_rng(0))
    drawn = [number for _ in range(10) for number in deck.draw(3, distinct=False)]
    assert all(sorted(drawn[at : at + 5]) == list(range(5)) for at in range(0, 30, 5))
    deck = Deck(5, np.random.default_rng(0))
    drawn = [deck.draw(3, distinct=True) for _ in range(50)]
    assert all(len(set(some)) == 3 for some in drawn)
    assert set(Counter(number for some in drawn for number in some).values()) == {30}


def test_who_is_held_out():
    speakers = {f"s{number}": [] for number in range(10)}
    chosen = choose_held_out(speakers, 3, 0)
    assert len(set(chosen)) == 3 and chosen == sorted(chosen) == choose_held_out(speakers, 3, 0)
    assert chosen != choose_held_out(speakers, 3, 1)
    with pytest.raises(DataError, match="2 must be left"):
        choose_held_out(speakers, 9, 0)


@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("cmn", ["none", "sliding", "window", "recording"])
def test_an_example_is_a_stretch_of_its_utterance(cmn, snip_edges, corpus):
    """With sliding means it is that of the whole utterance's features, cut out."""
    made = corpus(cmn=cmn, snip_edges=snip_edges)
    maker = ExampleMaker(made, made.front_end, 0)
    shift = made.front_end.frames.shift
    for number in range(8):
        rng = np.random.default_rng(number)
        samples, skip = maker.samples(Example(3, 1, 1.0, number), 25, np.random.default_rng(number))
        found = maker.features(Example(3, 1, 1.0, number), 25, rng)
        assert found.shape == (25, 8)
        whole = made.utterances[3].samples.astype(np.float32)
        every = np.lib.stride_tricks.sliding_window_view(whole, len(samples))
        [begin] = (every == samples).all(axis=1).nonzero()[0]
        first = begin + skip * shift  # the sample at which the example begins
        if cmn == "sliding" and snip_edges and first % shift == 0:
            expected = made.front_end.whole(signals.of_array(whole, RATE))[first // shift : first // shift + 25]
            assert np.allclose(found, expected, atol=1e-4)
        elif cmn != "sliding":
            part = made.front_end.raw(signals.of_array(samples, RATE))
            assert skip == 0 and np.allclose(found, part - (0 if cmn == "none" else part.mean(axis=0)), atol=1e-4)


def test_sliding_means_see_the_neighbourhood(corpus):
    """Examples of every place of an utterance, cut where its frames are."""
    made = corpus(cmn="sliding")
    maker = ExampleMaker(made, made.front_end, 0)
    whole = made.front_end.whole(signals.of_array(made.utterances[0].samples, RATE))

    class At:
        def __init__(self, frame):
            self.frame = frame

        def integers(self, bound):
            return min(self.frame * made.front_end.frames.shift, bound - 1)

    for frame in (0, 1, 5, 30, 60, len(whole) - 25):
        found = maker.features(Example(0, 0, 1.0, 0), 25, At(frame))
        assert np.allclose(found, whole[frame : frame + 25], atol=1e-4), frame


def test_short_utterances_are_repeated(front_end, noise):
    made = Corpus(front_end(), InputOptions(), 1e9)
    made.add("a", "s", noise(0, 0, 0.1))
    samples, _ = ExampleMaker(made, made.front_end, 0).samples(Example(0, 0, 1.0, 0), 40, np.random.default_rng(0))
    own = made.utterances[0].samples
    assert len(own) == 400 and np.array_equal(samples[:400], own) and np.array_equal(samples[400:800], own)
    assert np.array_equal(made.read_cyclic(0, 390, 20), np.concatenate([own[390:], own[:10]]))


def test_faster_and_slower(corpus):
    made = corpus()
    maker = ExampleMaker(made, made.front_end, 0)
    for speed in (0.9, 1.1):
        rng = np.random.default_rng(1)
        samples, _ = maker.samples(Example(0, 0, speed, 0), 30, rng)
        assert len(samples) == maker.num_samples(30)
        start = int(np.random.default_rng(1).integers(int(RATE / speed) - len(samples) + 1) * speed)
        stretch = made.utterances[0].samples[start : start + int(np.ceil(len(samples) * speed)) + 1]
        assert np.allclose(samples, speed_perturb(stretch, speed)[: len(samples)], atol=1e-3)
        assert maker.features(Example(0, 0, speed, 0), 30, rng).shape == (30, 8)
        assert maker.features(Example(0, 0, speed, 0), 200, rng).shape == (200, 8)  # longer than the utterance


def test_augmentation_and_masks_are_applied(corpus):
    made = corpus()
    batch = Batch(2, 0, 25, [Example(0, 0, 1.0, 5), Example(2, 1, 1.0, 6)])
    plain, labels = ExampleMaker(made, made.front_end, 0).make(batch)
    assert plain.shape == (2, 25, 8) and plain.dtype == np.float32 and labels.tolist() == [0, 1]
    louder, _ = ExampleMaker(made, made.front_end, 0, augment=lambda samples, rng: 10 * samples).make(batch)
    assert np.allclose(louder - plain, 2 * np.log(10), atol=1e-3)
    masked, _ = ExampleMaker(made, made.front_end, 0, masks=SpecAugmentOptions(frequency_mask=4)).make(batch)
    assert 0 < (masked != plain).sum() < plain.size
    again, _ = ExampleMaker(made, made.front_end, 0, masks=SpecAugmentOptions(frequency_mask=4)).make(batch)
    assert np.array_equal(masked, again)
    other, _ = ExampleMaker(made, made.front_end, 1).make(batch)
    assert not np.array_equal(other, plain)


def test_what_is_not_in_memory_is_the_same(corpus, noise):
    inside, outside = corpus(), corpus(room=3 * 2 * RATE)  # the first three
    assert [utterance.samples is None for utterance in outside.utterances] == 3 * [False] + 9 * [True]
    for index in (0, 5, 11):
        assert np.array_equal(inside.read(index, 100, 900), outside.read(index, 100, 900))
    outside.open_again = lambda name: noise(0, 0, 0.5)
    with pytest.raises(DataError, match="s5-1: is another one"):
        outside.read(11, 0, 10)


def test_what_a_corpus_refuses(corpus, noise):
    made = corpus()
    with pytest.raises(DataError, match="less than one frame"):
        made.add("x", "s", noise(0, 0, 0.01))
    other = noise(0, 0, 1)
    other.sample_frequency = 8000
    with pytest.raises(DataError, match="--allow-downsample"):
        made.add("x", "s", other)
    assert len(made.utterances) == 12
    assert in_16_bits(np.array([1e9, -1e9, 1.6])).tolist() == [32767, -32768, 2]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_loader_keeps_order_and_hands_on_errors(workers):
    done = []

    def make(item):
        done.append(item)
        if item == 7:
            raise DataError("seven")
        return 10 * item

    made = ahead(make, range(100), workers)
    assert [next(made) for _ in range(7)] == [0, 10, 20, 30, 40, 50, 60]
    with pytest.raises(DataError, match="seven"):
        next(made)
    assert len(done) <= 8 + 2 * workers + 1  # it does not run away
    assert list(ahead(str, [], workers)) == []
