"""What tools that make a table from recordings share: the loop over them, and which of them are passed over."""

from contextlib import nullcontext

from diarkit.cli.counting import Tally
from diarkit.cli.manners import kaldi
from diarkit.cli.messages import log
from diarkit.errors import UsageError


def write_features(wav_rspecifier, feats_wspecifier, opts, kind, features_of, channel=-1):
    """Write the table of features of every recording, or with --segments of every segment.

    opts : FeatureTableOptions
    kind : 'mfcc' or 'fbank', and whether the energy is among the features; for the header of HTK
    features_of : called with key, recording and warp, gives the shape (N, D) of the features and an iterable of
        blocks of rows
    channel : the one that features_of will choose, -1 for none
    """
    from diarkit.io.audio import read_audio_table
    from diarkit.io.sound import Stretch
    from diarkit.io.waves import SegmentReader

    table, warp_of = read_audio_table(wav_rspecifier), _warps(opts)
    if opts.segments:
        table = SegmentReader(wav_rspecifier, opts.segments, one_channel=False)
    noun = "segments" if opts.segments else "recordings"
    with _writer(feats_wspecifier, opts, *kind) as out, _durations(opts) as durations, Tally(noun) as tally:
        for key, audio in tally.over(table):
            if audio.duration < opts.min_duration:
                log(f"{key}: passed over, {audio.duration:g} s is less than --min-duration")
                tally.passed_over += 1
                continue
            with tally.item(key):
                if kaldi() and channel < 0 and audio.num_channels > 1:
                    log(f"{key}: {audio.num_channels} channels, the first of them is taken")
                    audio = Stretch(audio, 0, audio.num_samples, 0)
                out.write_blocks(key, *features_of(key, audio, warp_of(key)))
                if durations:
                    durations.write(key, audio.duration)


def _writer(wspecifier, opts, features, energy):
    if opts.output_format == "htk":
        from diarkit.io.htk import HtkWriter, parameter_kind

        return HtkWriter(wspecifier, parameter_kind(features, energy))
    from diarkit.io.tables import ArrayWriter

    return ArrayWriter(wspecifier)


def _durations(opts):
    if not opts.write_utt2dur:
        return nullcontext()
    from diarkit.io.tables import ValueWriter

    return ValueWriter(opts.write_utt2dur, "double")


def _warps(opts):
    """The function that gives the warp of a key."""
    if not opts.vtln_map:
        if opts.utt2spk:
            raise UsageError("--utt2spk says of which speaker the warps of --vtln-map are, which is not given")
        return lambda key: opts.vtln_warp
    from diarkit.errors import ItemError
    from diarkit.io.tables import RandomNumbers, read_lists

    warps = RandomNumbers(opts.vtln_map)
    if not opts.utt2spk:
        return warps.__getitem__
    speakers = read_lists(opts.utt2spk, count=1)

    def of_speaker(key):
        if key not in speakers:
            raise ItemError(key, f"not in {opts.utt2spk}")
        return warps[speakers[key][0]]

    return of_speaker
