"""Scores as compute-der's options ask for them: whose rules, with JER, with an interval."""

from diarkit.scoring import protocols
from diarkit.scoring.der import score
from diarkit.scoring.jer import jaccard_errors, jer_of
from diarkit.scoring.mdeval import Report

LEVEL = 0.95  # of the confidence interval
USUAL = ((0.0, False), (0.0, True), (0.25, False), (0.25, True))  # the field's collars (s), overlap ignored or not


def evaluate(ref, hyp, uem, opts):
    """The diarkit.scoring.der.Score of lists of turns, by a diarkit.options.scoring.ComputeDerOptions.

    It has md-eval's report where that is asked for, or where lines of the reference tell classes of speakers.
    """
    if opts.scorer == "pyannote":
        from diarkit.scoring.library import score_by_pyannote

        result = score_by_pyannote(ref, hyp, uem, opts.collar, opts.ignore_overlap)
    else:
        with_report = opts.format == "md-eval" or any(turn.kind == "SPKR-INFO" for turn in ref)
        report = Report(ref, hyp, opts.conditions) if with_report else None
        result = score(ref, hyp, uem, opts.collar, opts.ignore_overlap, opts.scorer, report.visit if report else None)
        result.report = report
    if opts.jer or opts.scorer == "dscore":
        add_jer(result, ref, hyp, uem)
    if opts.ci:
        result.ci = interval(in_the_total(result.files, opts.scorer).values())
    return result


def add_jer(result, ref, hyp, uem):
    """Set the JER of a Score, of its recordings and in total, by dscore's rules whoever's rules its DER is by."""
    everyone = {}
    for reco, _, parts in protocols.dscore(ref, hyp, uem, protocols.Notes(), rounded=False):
        with protocols.naming(reco):
            found = jaccard_errors(*parts)
        if reco in result.files:
            result.files[reco].jer = jer_of(found, len(set(parts[1][2])))
        everyone |= {(reco, speaker): error for speaker, error in found.items()}
    result.total.jer = jer_of(everyone, 0)


def in_the_total(files, scorer):
    """The recordings that the scorer's total counts: dscore shows those without speech in the reference only."""
    return {reco: errors for reco, errors in files.items() if scorer != "dscore" or errors.ref_speakers}


def interval(files):
    """(low, high), percent: the confidence interval of the DER of the sum of Errors, by bootstrap over them."""
    from diarkit.scoring.resampling import confidence_interval

    wrong = [found.missed + found.false_alarm + found.confusion for found in files]
    low, high = confidence_interval(wrong, [found.scored for found in files], LEVEL)
    return 100 * low, 100 * high
