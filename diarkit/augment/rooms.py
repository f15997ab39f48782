"""Rooms: speech convolved with an impulse response that was measured, simulated or made up."""

import numpy as np

from diarkit.augment.effects import as_loud_as, convolved, power


def in_response(samples, response, length=0):
    """Samples in the room of an impulse response: in step with what they were, and as loud.

    The output is shifted by the place of the response's peak, as Kaldi's wav-reverberate --shift-output does it.

    Parameters
    ----------
    response : (M,), of any scale, at the rate of the samples; one that is silent changes nothing
    length : samples of it that are used after its peak; 0 is all
    """
    if not response.any():
        return samples
    peak = int(np.argmax(np.abs(response)))
    if length:
        response = response[: peak + length]
    return as_loud_as(convolved(samples, response)[peak : peak + len(samples)], power(samples))


def in_a_room(samples, rate, rng):
    """Samples with a made-up room's echo, noise that dies away (by 60 dB in 0.2 to 0.8 s); as loud as before."""
    t = np.arange(int(0.4 * rate)) / rate
    response = rng.standard_normal(len(t)) * np.exp(-np.log(1000) * t / rng.uniform(0.2, 0.8))
    response *= 10 ** (rng.uniform(-12, 3) / 20) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return as_loud_as(convolved(samples, response)[: len(samples)], power(samples))
