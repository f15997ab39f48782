"""What lists of trials are made from: utterances with speakers, sessions and genders, as numbers."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.lists import read_lists
from diarkit.io.profiles import read_speakers


class Utterances(NamedTuple):
    """N utterances of S speakers, perhaps M models; numbers are places in the lists of names.

    utts, speakers : names; speaker_of : (N,) int
    models : numbers of the models' speakers (M,) int, or None; taken : {model: [utterance]} that share a session or are
    one; sessions : (N,) int or None; genders : (S,) int or None
    """

    utts: list
    speakers: list
    speaker_of: np.ndarray
    models: np.ndarray | None
    taken: dict
    sessions: np.ndarray | None
    genders: np.ndarray | None


def read_utterances(utt2spk, spk2utt, opts):
    """Utterances of an utt2spk, and of the models of a spk2utt, '' for none. opts : TrialListOptions

    Raises DataError naming file and line or name.
    """
    speaker_of = {utt: speaker for utt, (speaker,) in read_lists(utt2spk, count=1).items()}
    enrolled = read_speakers(spk2utt) if spk2utt else {}
    speakers = list(dict.fromkeys([*enrolled, *speaker_of.values()]))
    number = {name: n for n, name in enumerate(speakers)}
    session_of = session_finder(opts)
    genders = None
    if opts.spk2gender:
        gender_of = read_lists(opts.spk2gender, count=1)
        for speaker in speakers:
            if speaker not in gender_of:
                raise DataError(f"not in {opts.spk2gender}", speaker)
        genders = numbered(gender_of[speaker][0] for speaker in speakers)
    return Utterances(
        list(speaker_of), speakers, np.array([number[name] for name in speaker_of.values()], int),
        np.array([number[name] for name in enrolled], int) if spk2utt else None,
        shared_sessions(enrolled, speaker_of, session_of or (lambda utt: utt)),
        numbered(map(session_of, speaker_of)) if session_of else None, genders)


def shared_sessions(enrolled, utts, session_of):
    """{model: [utterance]}, numbers, of the utterances of a session that a model was made from."""
    places = {}
    for place, utt in enumerate(utts if enrolled else ()):
        places.setdefault(session_of(utt), []).append(place)
    return {model: sorted({place for session in map(session_of, own) for place in places.get(session, ())})
            for model, own in enumerate(enrolled.values())}


def session_finder(opts):
    """A function that gives the session of an utterance, or None if there are none."""
    if opts.session_fields:
        return lambda utt: opts.separator.join(utt.split(opts.separator)[:opts.session_fields])
    if not opts.utt2session:
        return None
    sessions = read_lists(opts.utt2session, count=1)

    def find(utt):
        if utt not in sessions:
            raise DataError(f"not in {opts.utt2session}", utt)
        return sessions[utt][0]

    return find


def numbered(values):
    numbers = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], int)
