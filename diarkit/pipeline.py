"""From a signal to who spoke when: the functions of the small tools, one after the other."""

import time
from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np

from diarkit import signals
from diarkit.activity import speech_segments
from diarkit.backend.cosine import unit_length
from diarkit.clustering.methods import cluster
from diarkit.embeddings.models import make_embedder
from diarkit.errors import DataError, UsageError
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.tunables import from_mapping
from diarkit.turns import make_turns
from diarkit.vad import first_column, make_detector
from diarkit.windows import segment_name, subsegments

RATE = 16000  # Hz, of the detectors


class Diarization(NamedTuple):
    """What is known about one recording."""

    duration: float  # s
    turns: list  # (start, end, speaker, channel), s, speakers and channels numbered from 1
    windows: list = ()  # (start, end), s
    vectors: np.ndarray = None  # (windows, D), the embeddings
    labels: np.ndarray = None  # (windows,), speakers numbered from 1

    def embeddings(self):
        """Yield (name, vector) of every window, named by its times, then of every speaker: the mean of its windows'

        vectors of unit length, made unit length again. Vectors are (D,) float32.
        """
        for (start, end), vector in zip(self.windows, self.vectors if self.windows else (), strict=True):
            yield segment_name("window", start, end), vector
        for speaker in np.unique(self.labels) if self.windows else ():
            mean = unit_length(self.vectors[self.labels == speaker]).mean(axis=0)
            yield f"speaker-{speaker}", unit_length(mean[None])[0]


class Channels:
    """What --channels says: "mix", "separate" or the number of a channel, counted from 0."""

    def __init__(self, text):
        self.separate = text == "separate"
        self.channel = int(text) if text.isascii() and text.isdigit() else None
        if self.channel is None and text not in ("mix", "separate"):
            raise UsageError(f"--channels must be mix, separate or a number from 0, not '{text}'")

    def notes(self, audio):
        """What a user should know about the way the channels of this recording are used."""
        if audio.num_channels > 1 and self.channel is None and not self.separate:
            yield f"{audio.num_channels} channels are mixed; see --channels"

    def diarize(self, pipeline, audio, stages):
        if not self.separate:
            return pipeline.diarize(signals.of_audio(audio, self.channel), stages)
        if audio.num_channels == 1:
            raise DataError("one channel only: there is nothing to separate")
        turns = []
        for channel in range(audio.num_channels):
            signal = signals.of_audio(audio, channel)
            turns += [(*times, channel + 1, channel + 1) for times in pipeline.speech(signal, stages)]
            stages.on_progress((channel + 1) / audio.num_channels)
        return Diarization(audio.num_samples / audio.sample_frequency, sorted(turns))


class Stages:
    """Seconds that each stage took, and how far the work is."""

    def __init__(self, on_progress=None):
        self.seconds = {}
        self.on_progress = on_progress or (lambda part: None)

    def timed(self, name, function, *args, **kwargs):
        started = time.perf_counter()
        result = function(*args, **kwargs)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        return result

    def __str__(self):
        return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items())


class Pipeline:
    """Detector, embedder and settings, ready for any number of recordings.

    Parameters
    ----------
    detector : signal of 16 kHz -> decisions for frames of 10 ms, see detector_of_signals
    embedder : diarkit.embeddings.models.make_embedder
    segment_opts, subsegment_opts, ahc_opts, speakers_opts : SegmentOptions, SubsegmentOptions, AhcOptions,
        SpeakersOptions
    clustering : see clustering.methods
    """

    # How far the work is after each stage, for the progress line: measured on an hour of speech.
    VAD_SHARE = 0.2

    def __init__(self, detector, embedder, segment_opts, subsegment_opts, ahc_opts, speakers_opts=None,
                 clustering="ahc"):
        self.detector = detector
        self.embedder = embedder
        self.segment_opts = segment_opts
        self.subsegment_opts = subsegment_opts
        self.ahc_opts = ahc_opts
        self.speakers_opts = speakers_opts or SpeakersOptions()
        self.clustering = clustering

    def diarize(self, source, stages=None):
        """Who spoke when in a Signal of any rate."""
        stages = stages or Stages()
        signal = signals.resampled(source, RATE)
        segments = self.speech(signal, stages)
        stages.on_progress(self.VAD_SHARE)
        windows = [piece for segment in segments for piece in subsegments(*segment, **asdict(self.subsegment_opts))]
        if not windows:
            return Diarization(source.duration, [])
        if self.embedder.sample_frequency != RATE:
            signal = signals.resampled(source, self.embedder.sample_frequency)

        def progress(done):
            stages.on_progress(self.VAD_SHARE + (1 - self.VAD_SHARE) * done / len(windows))

        vectors = stages.timed("embeddings", self.embedder.embed, signal, windows, progress)
        labels = stages.timed("clustering", self.cluster, vectors, windows) + 1
        turns = [(*turn, 1) for turn in make_turns(windows, [int(label) for label in labels])]
        return Diarization(source.duration, turns, windows, vectors, labels)

    def speech(self, source, stages):
        """Segments of speech of a Signal, [(start, end), ...], s."""
        decisions = stages.timed("speech activity", self.detector, signals.resampled(source, RATE))
        return speech_segments(decisions, **asdict(self.segment_opts))

    def cluster(self, vectors, windows):
        """Labels of windows from their embeddings; as cluster-ahc --vectors --refine --segments and the like."""
        return cluster(self.clustering, vectors, windows, self.ahc_opts, self.speakers_opts)


def make_pipeline(vad_opts, network, model, xvector_opts, segment_opts, subsegment_opts, ahc_opts, speakers_opts=None,
                  clustering="ahc"):
    """The Pipeline for options and models: `network` is that of Silero's detector, `model` that of the embedding.

    Settings of the clustering that the user left at their defaults are those that the model brings.
    """
    if ahc_opts.refine is None:
        ahc_opts = replace(ahc_opts, refine=ahc_opts.threshold is None)
    if model is not None:
        ahc_opts = with_settings(ahc_opts, model)
    embedder = None if model is None else make_embedder(model, xvector_opts)
    if embedder is not None and embedder.sample_frequency is None:
        raise DataError("a model without a front end, which takes features and no recordings", where=model.folder)
    return Pipeline(detector_of_signals(vad_opts, network), embedder, segment_opts, subsegment_opts, ahc_opts,
                    speakers_opts, clustering)


def with_settings(ahc_opts, model):
    """AhcOptions with what the model's description says of clustering where they are at their defaults."""
    brought, defaults = model.description.get("clustering", {}), AhcOptions()
    try:
        from_mapping(AhcOptions, brought)
    except (DataError, KeyError) as error:
        raise DataError(f"clustering: {error.args[0]}", where=model.folder) from None
    return replace(ahc_opts, **{name: value for name, value in brought.items()
                                if getattr(ahc_opts, name) == getattr(defaults, name)})


def detector_of_signals(vad_opts, network=None):
    """As vad.make_detector, but "energy" too takes a signal: it makes the features of compute-mfcc itself."""
    detector = make_detector(vad_opts, network)
    if vad_opts.method != "energy":
        return detector
    from diarkit.features import FeatureExtractor
    from diarkit.options.features import MfccOptions

    extractor = FeatureExtractor(MfccOptions(snip_edges=False))

    def decide(signal):
        if extractor.frames.count(signal.num_samples) == 0:
            return np.zeros(0, bool)
        # the column that decides, block by block: the matrix of a long recording would be large
        energies = [first_column(block) for _, block in extractor.blocks(signal)]
        return detector(np.concatenate(energies))

    return decide
