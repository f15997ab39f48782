"""Repairing a data directory: Kaldi's rule (utils/fix_data_dir.sh), and the files of diarization with it."""

import os
import shutil
from collections import Counter

from diarkit.errors import DataError
from diarkit.io.datadir import parse_segment
from diarkit.io.datadir.files import RECO, SPK, TIMES, UTT, Problems, lists_of, path_of, require_directory
from diarkit.io.datadir.lines import Lines, write_together
from diarkit.io.rttm import BadLine, parse_region, parse_turn

TOLD = 10  # lines of a file that are left out and told one by one


def fix_directory(folder, spk_sort=True, utt_extra_files=(), spk_extra_files=()):
    """Sort the files of a directory and leave only what all of them have: the list of lines that tell what was done.

    Lines that cannot be read are left out, also a second line of one key. Left are the utterances that
    utt2spk, segments, wav.scp, feats.scp, text, utt2lang, utt2dur, utt2num_frames and, by their speaker,
    cmvn.scp and spk2gender have; the other files follow. spk2utt is made anew. What changes is copied to .backup
    first, and all new files are written before the first takes its name.

    Raises DataError, and changes nothing, where that would leave nothing, where utt2spk cannot be sorted by
    utterance and speaker alike, and where a file is not text.
    """
    require_directory(folder)
    files = lists_of(folder, utt_extra_files, spk_extra_files)
    kept, out = choose(folder, files)
    if not kept.speaker_of:
        raise DataError(f"no utterances would be left: {reasons(out) or 'utt2spk has none'}", folder)
    if spk_sort:
        check_order(folder, kept.speaker_of)
    told = Problems(TOLD)
    summary = []
    files_now = new_files(folder, files, kept, told, summary)
    changed = write_together(folder, files_now, lambda names: back_up(folder, names))
    count, total = len(kept.speaker_of), len(kept.speaker_of) + len(out)
    if out:
        summary.append(f"{folder}: kept {count} utterances out of {total}: {reasons(out)}")
    else:
        summary.append(f"{folder}: kept all {total} utterances")
    if changed:
        summary.append(f"{folder}: changed {' '.join(changed)}; old files are in {path_of(folder, '.backup')}")
    return [*told, *summary]


class Kept:
    """What is left: `speaker_of` and `reco_of` each utterance, and the `keys` by UTT, RECO and SPK."""

    def __init__(self, speaker_of, reco_of):
        self.speaker_of = speaker_of
        self.keys = {UTT: speaker_of, SPK: set(speaker_of.values()),
                     RECO: {reco_of.get(utt, utt) for utt in speaker_of}}


def choose(folder, files):
    """The Kept of a directory, and a dict from each utterance that is left out to what it lacks."""
    speaker_of = dict(good_lines(folder, files[0]))
    lacking = {}
    reco_of = {}
    by_name = {file.name: file for file in files}
    if "segments" in by_name:
        reco_of = {utt: rest.split(None, 1)[0] for utt, rest in good_lines(folder, by_name["segments"])}
    for file in files[1:]:
        if not file.lacking:
            continue
        keys = reco_of if file.name == "segments" else {key for key, _ in good_lines(folder, file)}
        for utt, speaker in speaker_of.items():
            key = {UTT: utt, SPK: speaker, RECO: reco_of.get(utt, utt)}[file.key]
            if key not in keys and not (file.key == RECO and "segments" in by_name and utt not in reco_of):
                lacking.setdefault(utt, file.lacking)
    return Kept({utt: spk for utt, spk in speaker_of.items() if utt not in lacking}, reco_of), lacking


def good_lines(folder, file, told=None, lines=None):
    """The lines of a list that can be read, each key once: (key, rest). The others are told to `told`, a Problems."""
    path = path_of(folder, file.name)
    lines = lines or Lines(path)
    seen = set()
    for number, key, rest in lines:
        fault = fault_of(file, key, rest)
        if fault is None and key in seen:
            fault = f"{key!r} is there twice"
        if fault is None:
            seen.add(key)
            yield key, rest
        elif told is not None:
            told.add(path, number, f"left out: {fault}")
    lines.must_be_text()


def fault_of(file, key, rest):
    if file.name != "segments":
        return file.check(rest)
    try:
        parse_segment(key, rest)
    except DataError as error:
        return str(error)


def reasons(out):
    """'3 have no features, 1 has no segment'"""
    return ", ".join(f"{n} {'has' if n == 1 else 'have'} {what}" for what, n in Counter(out.values()).items())


def check_order(folder, speaker_of):
    last = ("", "")
    for utt in sorted(speaker_of):
        if (speaker_of[utt], utt) < last:
            raise DataError(
                f"cannot be sorted by utterance and by speaker alike: {utt!r} is of {speaker_of[utt]!r}, {last[1]!r} "
                f"before it of {last[0]!r}; rename utterances so that they begin with the name of their speaker",
                path_of(folder, "utt2spk"))
        last = (speaker_of[utt], utt)


def new_files(folder, files, kept, told, summary):
    """Iterate over the files as they should be: (name, bytes)."""
    of_speaker = {}
    for utt in sorted(kept.speaker_of):
        of_speaker.setdefault(kept.speaker_of[utt], []).append(utt)
    for file in files:
        if file.name != "spk2utt":
            yield file.name, new_list(folder, file, kept.keys[file.key], told, summary)
    yield "spk2utt", text(f"{speaker} {' '.join(utts)}" for speaker, utts in sorted(of_speaker.items()))
    names = set(kept.keys[RECO])
    for file in files:
        if file.name == "reco2file_and_channel":
            names.update(rest.split()[0] for reco, rest in good_lines(folder, file) if reco in kept.keys[RECO])
    for name, parse in (("rttm", parse_turn), ("uem", parse_region)):
        if os.path.exists(path_of(folder, name)):
            yield name, new_times(path_of(folder, name), parse, TIMES[name], names, told, summary)


def new_list(folder, file, keys, told, summary):
    path = path_of(folder, file.name)
    lines = Lines(path)
    found = {}
    in_order, last, others = True, "", 0
    for key, _ in good_lines(folder, file, told, lines):
        if key not in keys:
            others += 1
            continue
        found[key] = lines.line
        in_order &= last < key
        last = key
    for number, message in lines.faults():
        told.add(path, number, f"repaired: {message}")
    if not in_order:
        summary.append(f"{path}: sorted")
    if others:
        total = len(found) + others
        summary.append(f"{path}: kept {len(found)} lines out of {total}: {others} of no {file.key} that is kept")
    if file.complete and len(found) < len(keys):
        summary.append(f"{path}: no line for {len(keys) - len(found)} of the {len(keys)} {file.key}s that are kept")
    return text(found[key] for key in sorted(found))


def new_times(path, parse, column, names, told, summary):
    """An rttm or uem without the lines that cannot be read, or are of recordings that are not kept."""
    lines = Lines(path)
    kept, others, total = [], 0, 0
    seen = set()
    for number, key, _ in lines:
        fields = lines.line.split()
        if key[0] in ";#":
            kept.append(lines.line)
            continue
        total += 1
        try:
            item = parse(fields)
            if item is not None and item in seen:
                raise BadLine("is there twice")
        except BadLine as error:
            told.add(path, number, f"left out: {error}")
            continue
        seen.add(item)
        if fields[column] in names:
            kept.append(lines.line)
        else:
            others += 1
    lines.must_be_text()
    for number, message in lines.faults():
        told.add(path, number, f"repaired: {message}")
    if others:
        summary.append(f"{path}: kept {total - others} lines out of {total}: {others} of no recording that is kept")
    return text(kept)


def text(lines):
    return "".join(f"{line}\n" for line in lines).encode()


def back_up(folder, names):
    """Copy files to .backup, as Kaldi does; only those that change, so that the first copies stay."""
    folder_of_old = path_of(folder, ".backup")
    for name in names:
        if os.path.exists(path_of(folder, name)):
            os.makedirs(folder_of_old, exist_ok=True)
            shutil.copy2(path_of(folder, name), path_of(folder_of_old, name))
