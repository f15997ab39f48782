"""Augmentation of samples by kinds: a given one, or on the fly at random."""

import numpy as np

from diarkit.augment.codecs import coded
from diarkit.augment.effects import as_loud_as, band_limited, clipped, coloured, power
from diarkit.augment.mixing import background, foreground
from diarkit.augment.rooms import in_a_room, in_response
from diarkit.augment.shoebox import Shoeboxes
from diarkit.augment.speeds import speed_perturb
from diarkit.options.augment import ADDED, CODECS, NEEDS, ROOMS, number_list


class Effects:
    """Every kind of augmentation by its name.

    Parameters
    ----------
    opts : EffectOptions
    corpora : sounds.Corpora
    sample_frequency : Hz
    coder : what encodes and decodes, such as diarkit.io.soundfiles.through_codec; see codecs.coded
    """

    def __init__(self, opts, corpora, sample_frequency, coder=None):
        self.opts = opts
        self.corpora = corpora
        self.rate = int(sample_frequency)
        self.coder = coder
        self.snrs = {kind: number_list(getattr(opts, f"{kind}_snrs"), f"--{kind}-snrs") for kind in ADDED}
        self.voices = number_list(opts.babble_voices, "--babble-voices", whole=True)
        self.shoeboxes = None

    def apply(self, kind, samples, rng):
        """Samples with one kind of augmentation, as loud as before; silence stays silence.

        Parameters
        ----------
        kind : one of ADDED, ROOMS and CODECS, or "telephone", "codec" (one of those of the options), "clip"
        samples : (N,) float32 on the int16 scale; as many come out, in step with them

        Raises DataError naming a sound that cannot be read.
        """
        if not samples.any():
            return samples
        if kind in CODECS:
            return coded(samples, self.rate, kind, self.coder, rng)
        return getattr(self, kind)(samples, rng)

    def copy(self, samples, copy, key, seed):
        """A copy of samples: of another speed and then of its kinds, all that is random being of the key and the seed.

        copy : options.augment.Copy
        """
        rng = np.random.default_rng([seed, *key.encode()])
        if copy.speed:
            samples = speed_perturb(samples, copy.factor)
        for kind in copy.kinds:
            samples = self.apply(kind, samples, rng)
        return samples

    def noise(self, samples, rng):
        level, interval = power(samples), round(self.opts.noise_interval * self.rate)
        track = foreground(len(samples), level, self.corpora, "noise", self.snrs["noise"], interval, rng)
        return as_loud_as(samples + track, level)

    def music(self, samples, rng):
        level = power(samples)
        track = background(len(samples), level, self.corpora, "music", self.snrs["music"], 1, rng)
        return as_loud_as(samples + track, level)

    def babble(self, samples, rng):
        level, voices = power(samples), int(rng.choice(self.voices))
        track = background(len(samples), level, self.corpora, "speech", self.snrs["babble"], voices, rng)
        return as_loud_as(samples + track, level)

    def reverb(self, samples, rng):
        response = self.corpora.whole(self.corpora.draw("rirs", rng), rng)
        return in_response(samples, response, round(self.opts.rir_length * self.rate))

    def shoebox(self, samples, rng):
        if self.shoeboxes is None:
            self.shoeboxes = Shoeboxes(self.opts.shoeboxes, self.rate)
        return in_response(samples, self.shoeboxes.draw(rng), round(self.opts.rir_length * self.rate))

    def echo(self, samples, rng):
        return in_a_room(samples, self.rate, rng)

    def telephone(self, samples, rng):
        return band_limited(samples, self.rate, *number_list(self.opts.band, "--band"))

    def codec(self, samples, rng):
        return self.apply(str(rng.choice(self.opts.codecs.split(":"))), samples, rng)

    def clip(self, samples, rng):
        return clipped(samples, rng, self.opts.clip_level)


class Augmenter(Effects):
    """Augments examples at random: a room, then other sounds, microphone, clipping, telephone, codec, and the gain.

        augment = Augmenter(AugmentOptions(), corpora, 16000)
        noisy = augment(samples, np.random.default_rng([seed, epoch, number]))

    All choices come from the Generator alone, so the same samples and the same Generator give the same bits. Kinds
    of which there are no sounds are left out; `kinds` has those that are drawn, `lacking` those left out.

    Parameters: as those of Effects, `opts` an AugmentOptions. Raises DataError for simulated rooms that cannot be.
    """

    def __init__(self, opts, corpora, sample_frequency, coder=None):
        super().__init__(opts, corpora, sample_frequency, coder)
        asked = [kind for kind in (*ADDED, *ROOMS, "telephone", "codec", "clip") if opts.probability(kind) > 0]
        self.lacking = [kind for kind in asked if kind in NEEDS and NEEDS[kind] not in corpora]
        self.kinds = [kind for kind in asked if kind not in self.lacking]
        if "shoebox" in self.kinds:
            self.shoeboxes = Shoeboxes(opts.shoeboxes, self.rate)

    def __call__(self, samples, rng):
        """(N,) float32 on the int16 scale, as many out, within the range of 16 bits."""
        opts = self.opts
        samples = np.asarray(samples, np.float32)
        for kinds in (ROOMS, ADDED):
            if kind := self.one_of(kinds, rng):
                samples = self.apply(kind, samples, rng)
        if opts.equaliser:
            samples = coloured(samples, self.rate, rng, opts.equaliser)
        for kind in ("clip", "telephone", "codec"):
            if kind in self.kinds and rng.random() < opts.probability(kind):
                samples = self.apply(kind, samples, rng)
        if opts.gain:
            samples = samples * np.float32(10 ** (rng.uniform(-opts.gain, opts.gain) / 20))
        return np.clip(samples, -32768, 32767)

    def one_of(self, kinds, rng):
        """One of several kinds, or None, by their probabilities."""
        number = rng.random()
        for kind in kinds:
            if kind in self.kinds:
                number -= self.opts.probability(kind)
                if number < 0:
                    return kind
        return None
