"""The systems that are compared, each as {recording: Errors}: scored here, or scored before."""

from diarkit.errors import DataError, UsageError
from diarkit.scoring.der import Errors
from diarkit.scoring.protocols import Notes
from diarkit.scoring.report import protocol_values
from diarkit.scoring.scorers import evaluate, in_the_total


def score_systems(ref, hyps, uem, options, common=False, count_missing=False):
    """Score several hypotheses against one reference.

    ref, uem : lists of turns and regions (None: the scorer's default), see diarkit.scoring.der.score
    hyps : {name: list of turns}
    options : ComputeDerOptions
    common : leave out recordings that some of the hypotheses have and some have not
    count_missing : count those as all missed

    Returns
    -------
    protocol as in the JSON of compute-der, {name: {recording: Errors}}, and lines that the user should see

    Raises DataError for a recording that only some of the hypotheses have, with neither of the two.
    """
    present = {name: {turn.reco for turn in turns} for name, turns in hyps.items()}
    some = {turn.reco for turn in ref} & set.union(*present.values()) - set.intersection(*present.values())
    if some and not common and not count_missing:
        reco = min(some)
        has, lacks = (next(name for name in hyps if (reco in present[name]) == there) for there in (True, False))
        raise DataError(f"in {has}, not in {lacks}; --common leaves it out, --count-missing takes it for silence",
                        where=reco)
    left_out = some if common else ()

    def kept(lines):
        return [line for line in lines if line.reco not in left_out]

    systems, lines, notes = {}, left_out_lines(left_out), {}
    for name, turns in hyps.items():
        found = evaluate(kept(ref), kept(turns), None if uem is None else kept(uem), options)
        systems[name] = in_the_total(found.files, options.scorer)
        notes.update((note, [*notes.get(note, ()), name]) for note in found.notes)
    # What is said of the reference is the same for all of them.
    lines += [note if len(names) == len(hyps) else f"{', '.join(names)}: {note}" for note, names in notes.items()]
    return protocol_values(found, options), systems, lines


def scored_systems(scores, common=False):
    """Systems that were scored before.

    scores : {name: Scores}, see diarkit.io.scorefiles
    common : leave out recordings that not all of them have

    Returns
    -------
    what score_systems does

    Raises DataError where their protocols differ, or the recordings of one do not add up to its overall DER.
    """
    (first, protocol), *others = [(name, one.protocol) for name, one in scores.items()]
    for name, other in others:
        for key in sorted(set(protocol) | set(other)):
            if protocol.get(key) != other.get(key):
                raise DataError(f"different protocols: {key} is {protocol.get(key)} of {first}, {other.get(key)} of"
                                f" {name}")
    systems = {name: from_scores(one, name) for name, one in scores.items()}
    shared = set.intersection(*map(set, systems.values()))
    some = set.union(*map(set, systems.values())) - shared
    if not common or not some:
        return protocol, systems, []
    if not shared:
        raise DataError("no recording is in all of the systems")
    systems = {name: {reco: files[reco] for reco in files if reco in shared} for name, files in systems.items()}
    return protocol, systems, left_out_lines(some)


def left_out_lines(recos):
    notes = Notes()
    for reco in sorted(recos):
        notes.add("not in all of the systems, left out", reco)
    return list(notes.lines())


def from_scores(scores, name):
    files = {reco: Errors(s["scored"], s["miss"], s["fa"], s["conf"], s["ref_speakers"], s["hyp_speakers"])
             for reco, s in scores.files.items()}
    files = in_the_total(files, scores.protocol.get("scorer"))
    total = sum(files.values(), Errors())
    if not abs(total.der - scores.der) < 1e-4:
        raise DataError(f"its recordings add up to a DER of {total.der:.4f} %, not to the overall {scores.der:.4f} %",
                        where=name)
    return files


def distinct(paths, names=""):
    """A name for each path: those given, between commas, or its last part, or as much as tells it from the others.

    Raises UsageError if there are more or fewer names than paths.
    """
    if names:
        given = names.split(",")
        if len(given) != len(paths) or len(set(given)) < len(given) or not all(given):
            raise UsageError(f"--names has to name each of {len(paths)} systems, with commas between")
        return given
    parts = [["", path] if path.startswith("/dev/fd/") else path.rstrip("/").split("/") for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(words[-length:]) for words in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{path}#{n}" for n, path in enumerate(paths, 1)]
