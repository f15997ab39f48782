"""What the words of a plot-rttm command line mean."""

import os

from diarkit.errors import UsageError

ENDINGS = {".png": "png", ".svg": "svg", ".pdf": "pdf", ".html": "html", ".txt": "text"}


def told_apart(words, opts):
    """(REF or None, HYP, OUT, what to draw) of the words [REF] HYP [OUT]; UsageError if they are not these.

    The last word is OUT if it ends as one does, and with --format always, for only then '-' can be meant as OUT. A name
    that ends in another way is never written to: it may be an RTTM.
    """
    words = list(words)
    ending = ENDINGS.get(os.path.splitext(words[-1])[1].lower())
    named = opts.format != "auto"
    kind = opts.format if named else ending or "text"
    if named and words[-1] != "-" and ending != kind:
        endings = " or ".join(end for end in ENDINGS if ENDINGS[end] == kind)
        raise UsageError(f"with --format={kind} the last word is OUT: '-' or a name that ends in {endings}")
    out = words.pop() if named or ending else "-"
    if opts.reference:
        words.insert(0, opts.reference)
    if len(words) > 2:
        raise UsageError(f"more than two RTTMs; OUT ends in one of {' '.join(ENDINGS)}, which {words[-1]} does not")
    if len(words) < 1 + bool(opts.reference):
        raise UsageError("HYP is missing: the last word is OUT")
    return (words[0] if len(words) == 2 else None), words[-1], out, kind


def can_encode(stream):
    """Whether the blocks that lanes are drawn with can be written to a text stream; None is one that is closed."""
    try:
        "\u2588".encode(getattr(stream, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
