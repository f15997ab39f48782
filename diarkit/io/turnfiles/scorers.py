"""What the scorers md-eval (version 22), dscore and pyannote do with what validate-rttm finds.

Seen by running them; pyannote reads RTTM with pandas (pyannote.database.util.load_rttm).
"""

LEVELS = {
    "encoding": "error", "fields": "error", "type": "error", "subtype": "error", "number": "error", "negative": "error",
    "comment": "note", "mark": "note", "unsorted": "note", "other-types": "note",
}  # all others are warnings

EFFECTS = {
    "encoding": ("takes bytes as they are", "stops", "stops"),
    "fields": ("stops below 9, takes the first word of a name", "stops below 9, takes the first word of a name",
               "reads up to 10, with more stops or finds no turn"),
    "type": ("stops", "takes the line for speech", "leaves the line out"),
    "subtype": ("stops", "does not look", "does not look"),
    "number": ("takes 0 for it", "stops, but takes 1_0 and inf", "stops, but leaves out nan and inf"),
    "negative": ("stops at durations, takes starts", "stops", "leaves out durations, takes starts"),
    "zero-length": ("takes no speech from it, only collars", "stops", "leaves the turn out"),
    "overlaps-itself": ("counts the time once, with all collars", "joins the turns", "counts the time twice"),
    "repeated": ("counts the time once", "counts the time once", "counts the time twice"),
    "channels": ("scores each channel for itself", "does not look", "does not look"),
    "no-name": ("takes it for a name", "takes it for a name", "takes it for no name at all (nan)"),
    "quote": ("takes it as it is", "takes it as it is", "may stop, or join lines"),
    "case": ("does not look", "takes the line", "leaves the line out"),
    "decimals": ("scores them", "rounds start and duration to 3", "scores them"),
    "other-types": ("uses some (NOSCORE, NON-LEX ...)", "takes all but SPKR-INFO for speech", "leaves them out"),
    "comment": ("leaves it out", "stops", "may stop"),
    "mark": ("stops", "does not mind", "does not mind"),
    "empty": ("scores nothing", "scores nothing", "scores nothing"),
}


def level_of(check, strict=False):
    """'error', 'warning' or 'note'; if `strict` no warnings but errors."""
    level = LEVELS.get(check, "warning")
    return "error" if strict and level == "warning" else level


def effects(check):
    """{scorer: what it does}, empty if none of them minds."""
    return dict(zip(("md-eval", "dscore", "pyannote"), EFFECTS.get(check, ()), strict=False))
