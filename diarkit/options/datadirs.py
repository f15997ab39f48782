"""Data directories."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

VALIDATE = "Kaldi validate_data_dir.sh"
SUBSET = "Kaldi subset_data_dir.sh"


@dataclass(frozen=True)
class ValidateOptions:
    feats: bool = tunable(True, "There has to be a feats.scp; --no-feats: it is checked if it is there.", "", VALIDATE)
    text: bool = tunable(True, "There has to be a text; --no-text.", "", VALIDATE)
    wav: bool = tunable(True, "There has to be a wav.scp; --no-wav.", "", VALIDATE)
    spk_sort: bool = tunable(True, "utt2spk has to be sorted by speaker, too; --no-spk-sort.", "", VALIDATE)
    non_print: bool = tunable(False, "text may have characters that cannot be printed.", "", VALIDATE)
    audio: bool = tunable(True, "Open the recordings, for their lengths; --no-audio.")
    run_pipes: bool = tunable(False, "Run the commands of wav.scp for that, with --allow-pipes.")
    max_overshoot: float = tunable(
        0.5, "Times may be this much past the end of a recording; that is a warning.", "s", "Kaldi extract-segments")
    max_problems: int = tunable(10, "Of each file tell this many, then how many more; 0 is all.")
    fix: bool = tunable(False, "Do first what fix-data-dir does.")


@dataclass(frozen=True)
class FixOptions:
    spk_sort: bool = tunable(True, "utt2spk has to come out sorted by speaker, too; --no-spk-sort.")
    utt_extra_files: str = tunable("", "Other files that go by utterance.", "'FILE FILE'", "Kaldi fix_data_dir.sh")
    spk_extra_files: str = tunable("", "Other files that go by speaker.", "'FILE FILE'", "Kaldi fix_data_dir.sh")


@dataclass(frozen=True)
class SplitOptions:
    per_utt: bool = tunable(False, "Pay no attention to speakers.", "", "Kaldi split_data.sh")
    per_reco: bool = tunable(False, "Keep recordings whole instead of speakers.", "", "Kaldi split_data.sh")
    strict: bool = tunable(False, "Refuse more pieces than there are speakers, as Kaldi does.")


@dataclass(frozen=True)
class SubsetOptions:
    per_spk: bool = tunable(False, "N utterances of every speaker.", "", SUBSET)
    speakers: bool = tunable(False, "All of as many random speakers as it takes to have N utterances.", "", SUBSET)
    first: bool = tunable(False, "The first N utterances.", "", SUBSET)
    last: bool = tunable(False, "The last N utterances.", "", SUBSET)
    shortest: bool = tunable(False, "The shortest N utterances.", "", SUBSET)
    spk_list: str = tunable("", "The speakers that this list names.", "FILE", SUBSET)
    utt_list: str = tunable("", "The utterances that this list names.", "FILE", SUBSET)
    reco_list: str = tunable("", "The recordings that this list names.", "FILE")
    seed: int = tunable(0, "Of --speakers.")


@dataclass(frozen=True)
class CombineOptions:
    extra_files: str = tunable("", "Other lists to combine.", "'FILE FILE'", "Kaldi combine_data.sh")
    skip_fix: bool = tunable(False, "Do not do what fix-data-dir does at the end.", "", "Kaldi combine_data.sh")


@dataclass(frozen=True)
class TurnSegmentOptions:
    """Of rttm-to-segments and segments-to-rttm."""

    reco2file_and_channel: str = tunable(
        "", "Which recording is which file and channel of the RTTM.", "FILE", "Kaldi convert_*_segments*.py")
    use_reco_id_as_spkr: bool = tunable(
        False, "The recording is the speaker.", "", "Kaldi convert_rttm_to_utt2spk_and_segments.py")
    rttm_channel: str = tunable(
        "1", "Channel written into the RTTM.", "TEXT", "Kaldi convert_utt2spk_and_segments_to_rttm.py")
    kaldi_order: bool = tunable(
        False, "As Kaldi's script: UTT2SPK comes before SEGMENTS; names and order of lines are its own.")


@dataclass(frozen=True)
class DurationOptions:
    reco2dur: bool = tunable(False, "Durations of recordings instead, into reco2dur.", "", "Kaldi get_reco2dur.sh")
    frame_shift: float = tunable(
        0.01, "Of features, where the directory has no frame_shift.", "s", "Kaldi get_utt2dur.sh")
    overwrite: bool = tunable(False, "Make the file anew even if it is there with a line for each.")
    nj: int = tunable(1, "Taken, and without effect: headers are soon read.", "", "Kaldi get_utt2dur.sh")
    cmd: str = tunable("", "Taken, and without effect.", "COMMAND", "Kaldi get_utt2dur.sh")
