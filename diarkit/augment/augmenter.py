"""Augmentation on the fly: each example at random with one kind of additional sound, one room, one channel."""

import numpy as np

from diarkit.augment.effects import as_loud_as, band_limited, clipped, coloured, power
from diarkit.augment.mixing import background, foreground
from diarkit.augment.rooms import in_a_room, in_response
from diarkit.options.augment import ADDED, ROOMS, number_list

NEEDS = {"noise": "noise", "music": "music", "babble": "speech", "reverb": "rirs"}  # kind -> kind of sounds


class Augmenter:
    """Augments samples: a room, then other sounds, then microphone, clipping, telephone and codec, then the gain.

        augment = Augmenter(AugmentOptions(), corpora, 16000)
        noisy = augment(samples, np.random.default_rng([seed, epoch, number]))

    All choices come from the Generator alone, so the same samples and the same Generator give the same bits. Kinds
    of which there are no sounds are left out; `kinds` has those that are drawn, `lacking` those left out.

    Parameters
    ----------
    opts : AugmentOptions
    corpora : sounds.Corpora
    sample_frequency : Hz
    codec : codec(samples, sample_frequency, name) -> samples, such as diarkit.io.codecs.through_codec, for the codecs
        that are not computed here; only if such are asked for
    """

    def __init__(self, opts, corpora, sample_frequency, codec=None):
        self.opts = opts
        self.corpora = corpora
        self.rate = int(sample_frequency)
        self.codec = codec
        asked = [kind for kind in (*ADDED, *ROOMS, "telephone", "codec", "clip") if opts.probability(kind) > 0]
        self.lacking = [kind for kind in asked if kind in NEEDS and NEEDS[kind] not in corpora]
        self.kinds = [kind for kind in asked if kind not in self.lacking]

    def __call__(self, samples, rng):
        """(N,) float32 on the int16 scale, as many out, within the range of 16 bits."""
        opts = self.opts
        samples = np.asarray(samples, np.float32)
        room, added = self.one_of(ROOMS, rng), self.one_of(ADDED, rng)
        if room:
            samples = self.apply(room, samples, rng)
        if added:
            samples = self.apply(added, samples, rng)
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

    def apply(self, kind, samples, rng):
        """Samples with one kind of augmentation, for certain; as loud as before."""
        return getattr(self, kind)(samples, rng) if len(samples) and samples.any() else samples

    def noise(self, samples, rng):
        snrs = number_list(self.opts.noise_snrs, "--noise-snrs")
        level, interval = power(samples), round(self.opts.noise_interval * self.rate)
        return as_loud_as(samples + foreground(len(samples), level, self.corpora, "noise", snrs, interval, rng), level)

    def music(self, samples, rng):
        snrs = number_list(self.opts.music_snrs, "--music-snrs")
        level = power(samples)
        return as_loud_as(samples + background(len(samples), level, self.corpora, "music", snrs, 1, rng), level)

    def babble(self, samples, rng):
        snrs = number_list(self.opts.babble_snrs, "--babble-snrs")
        voices = int(rng.choice(number_list(self.opts.babble_voices, "--babble-voices", whole=True)))
        level = power(samples)
        return as_loud_as(samples + background(len(samples), level, self.corpora, "speech", snrs, voices, rng), level)

    def reverb(self, samples, rng):
        response = self.corpora.whole(self.corpora.draw("rirs", rng), rng)
        return in_response(samples, response, round(self.opts.rir_length * self.rate))

    def echo(self, samples, rng):
        return in_a_room(samples, self.rate, rng)

    def telephone(self, samples, rng):
        return band_limited(samples, self.rate, *number_list(self.opts.band, "--band"))

    def clip(self, samples, rng):
        return clipped(samples, rng, self.opts.clip_level)
