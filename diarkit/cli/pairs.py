"""What all tools that score pairs of vectors, as lists of trials have them, do: read, ask, write, count."""

from diarkit.cli.counting import Tally
from diarkit.errors import DataError


def score_pairs(first, second, trials, scores, prepare):
    """Write the score of every pair of a list of trials, which is not kept: lines `<a> <b> <score>`.

    Parameters
    ----------
    first, second : tables with the vectors of a and of b
    trials, scores : the list, see io.trials.read_pairs, and the file to write
    prepare : called once with the names, lists, and the vectors, (M, D) and (N, D), of both tables; gives a function of
        arrays of their rows, (P,) and (P,), that gives scores, (P,)

    A pair that lacks a vector is counted as failed.
    """
    from diarkit.io.pairs import gather, sort_out
    from diarkit.io.streams import open_text_output
    from diarkit.io.tables import read_values
    from diarkit.io.trials import read_pairs

    with open_text_output(scores) as out, Tally("trials") as tally:
        (rows, vectors), (columns, others) = (gather(tally.over(read_values(name, "vector")), name)
                                              for name in (first, second))
        if vectors.shape[1] != others.shape[1]:
            raise DataError(f"vectors of {others.shape[1]} numbers, those of {first} have {vectors.shape[1]}", second)
        score = prepare(list(rows), list(columns), vectors, others)
        for pairs in read_pairs(trials):
            known, a, b, lacking = sort_out(pairs, rows, columns)
            values = zip(known, score(a, b), strict=True)
            out.writelines(f"{one} {other} {value:.7g}\n" for (one, other), value in values)
            for pair, reason in lacking:
                tally.fail(" ".join(pair), reason)
            tally.done += len(known)
            tally.progress.show(tally.done + tally.failed)
