"""Signals that are read piece by piece: channels chosen or mixed, sampling rates changed.

A Signal is one channel of float32 samples on the int16 scale. It is computed in chunks that begin
at multiples of CHUNK and the last few are kept, so that a sample has the same bits whoever asks for
it, reading forward never goes back in the file, and memory does not grow with the length.
"""

from math import gcd

import numpy as np

from diarkit.errors import DataError
from diarkit.options.features import InputOptions

CHUNK = 1 << 17  # samples of one computation; 8 s at 16 kHz
KEPT = 2  # chunks kept: a reader that overlaps its own reads goes back less than one
ZERO_CROSSINGS = 6  # of the resampling filter, on each side
DENSE = 1 << 21  # entries of the largest resampling matrix that is made once and for all


class Signal:
    """compute(start, stop) -> float32 samples, num_samples, and sample_frequency in Hz."""

    def __init__(self, compute, num_samples, sample_frequency, chunk=CHUNK):
        self.compute = compute
        self.num_samples = num_samples
        self.sample_frequency = sample_frequency
        self.chunk = chunk
        self.kept = {}  # number of the chunk -> samples, oldest first

    @property
    def duration(self):
        """Seconds."""
        return self.num_samples / self.sample_frequency

    def piece(self, number):
        if number not in self.kept:
            start = number * self.chunk
            samples = self.compute(start, min(start + self.chunk, self.num_samples))
            while len(self.kept) >= KEPT:
                self.kept.pop(next(iter(self.kept)))
            self.kept[number] = samples
        return self.kept[number]

    def read(self, start, stop):
        """Samples start .. stop - 1 as a new float32 array; zeros where they lie outside the signal."""
        first, last = max(start, 0), min(stop, self.num_samples)
        samples = (np.empty if (first, last) == (start, stop) else np.zeros)(max(stop - start, 0), np.float32)
        for number in range(first // self.chunk, -(-last // self.chunk)) if first < last else ():
            begin = number * self.chunk
            a, b = max(first, begin), min(last, begin + self.chunk)
            samples[a - start : b - start] = self.piece(number)[a - begin : b - begin]
        return samples


def of_array(samples, sample_frequency):
    """A Signal over samples in memory; (N,)."""
    samples = np.asarray(samples, np.float32)
    return Signal(lambda start, stop: samples[start:stop], len(samples), sample_frequency)


def of_audio(audio, channel=None):
    """One channel of an audio source, or the mean of all; `audio` has read(start, stop) -> (n, channels)."""
    if channel is not None and not 0 <= channel < audio.num_channels:
        raise DataError(f"there is no channel {channel}: the recording has {audio.num_channels}, counted from 0")

    def compute(start, stop):
        samples = audio.read(start, stop)
        if channel is not None or samples.shape[1] == 1:
            return np.ascontiguousarray(samples[:, channel or 0])
        return samples.mean(axis=1, dtype=np.float32)

    return Signal(compute, audio.num_samples, audio.sample_frequency)


def of_recording(audio, sample_frequency, opts):
    """The Signal of a recording at the wanted rate, as the options of small tools (InputOptions) allow.

    Raises DataError for several channels when none is chosen, and for another rate when no option allows it.
    """
    if opts.channel < 0 and audio.num_channels > 1:
        raise DataError(f"{audio.num_channels} channels: choose one with --channel, counted from 0")
    rate = audio.sample_frequency
    allowed = opts.allow_resample or (opts.allow_downsample if rate > sample_frequency else opts.allow_upsample)
    if rate != sample_frequency and not allowed:
        option = "--allow-downsample" if rate > sample_frequency else "--allow-upsample"
        raise DataError(f"{rate} Hz where {sample_frequency:g} Hz are expected; {option} resamples it")
    return resampled(of_audio(audio, max(opts.channel, 0)), int(sample_frequency))


def of_any(audio, sample_frequency, channel=-1):
    """The Signal of one channel (of the only one, for -1), whatever its rate was."""
    return of_recording(audio, sample_frequency, InputOptions(channel=channel, allow_resample=True))


def resampled(signal, sample_frequency):
    """The signal at another sampling rate, by Kaldi's windowed sinc (src/feat/resample.cc, LinearResample)."""
    if signal.sample_frequency == sample_frequency:
        return signal
    resampler = Resampler(signal.sample_frequency, sample_frequency)
    num_samples = resampler.num_outputs(signal.num_samples)
    return Signal(lambda start, stop: resampler.compute(signal, start, stop), num_samples, sample_frequency,
                  chunk=resampler.chunk)


class Resampler:
    """Output sample n is the sum over input samples i of x[i] w(i / rate_in - n / rate_out) / rate_in,

    w(t) = 0.5 (1 + cos(2 pi c t / 6)) sin(2 pi c t) / (pi t) for |t| < 6 / (2 c), c = 0.99 / 2 of the lower rate.
    The weights repeat after `ups` outputs, that is `downs` inputs, and a stretch of them is one matrix product.
    """

    def __init__(self, rate_in, rate_out):
        self.rate_in, self.rate_out = int(rate_in), int(rate_out)
        common = gcd(self.rate_in, self.rate_out)
        self.ups, self.downs = self.rate_out // common, self.rate_in // common
        self.cutoff = 0.99 * 0.5 * min(self.rate_in, self.rate_out)
        self.reach = ZERO_CROSSINGS / (2 * self.cutoff)  # seconds
        self.margin = int(self.reach * self.rate_in) + 1  # input samples on each side
        if self.ups < 128:  # several periods at once make the product worth its call
            times = -(-128 // self.ups)
            self.ups, self.downs = self.ups * times, self.downs * times
        self.matrix = None
        if self.ups * (self.downs + 2 * self.margin) <= DENSE:
            inputs = np.arange(-self.margin, self.downs + self.margin)[:, None] / self.rate_in
            outputs = np.arange(self.ups)[None, :] / self.rate_out
            self.matrix = self.weights(inputs - outputs).astype(np.float32)
        self.chunk = self.ups * max(1, CHUNK // self.ups) if self.matrix is not None else CHUNK

    def num_outputs(self, num_inputs):
        """As many as lie in the time that the input spans."""
        return (num_inputs * self.rate_out + self.rate_in - 1) // self.rate_in

    def weights(self, t):
        with np.errstate(invalid="ignore", divide="ignore"):
            window = 0.5 * (1 + np.cos(2 * np.pi * self.cutoff * t / ZERO_CROSSINGS))
            sinc = np.where(t == 0, 2 * self.cutoff, np.sin(2 * np.pi * self.cutoff * t) / (np.pi * t))
        return np.where(np.abs(t) < self.reach, window * sinc, 0) / self.rate_in

    def compute(self, signal, start, stop):
        """Outputs start .. stop - 1; with a matrix, start is a multiple of `ups`."""
        if self.matrix is None:
            return self.compute_directly(signal, start, stop)
        periods = -(-(stop - start) // self.ups)
        first = start // self.ups * self.downs - self.margin
        width = self.matrix.shape[0]
        samples = signal.read(first, first + (periods - 1) * self.downs + width)
        rows = np.lib.stride_tricks.sliding_window_view(samples, width)[:: self.downs]
        return (np.ascontiguousarray(rows) @ self.matrix).reshape(-1)[: stop - start]

    def compute_directly(self, signal, start, stop):
        """The definition, for rates whose weights repeat too seldom for a matrix."""
        output = np.empty(stop - start, np.float32)
        for begin in range(start, stop, 4096):
            n = np.arange(begin, min(begin + 4096, stop))
            nearest = n * self.rate_in // self.rate_out
            first = int(nearest[0]) - self.margin
            samples = signal.read(first, int(nearest[-1]) + self.margin + 2)
            places = nearest[:, None] + np.arange(-self.margin, self.margin + 2)
            weights = self.weights(places / self.rate_in - n[:, None] / self.rate_out)
            output[begin - start : begin - start + len(n)] = np.einsum("ij,ij->i", samples[places - first], weights)
        return output
