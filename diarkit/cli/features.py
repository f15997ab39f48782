"""The loop of the tools that make features from features."""

from diarkit.cli.counting import Tally


def transform_features(rspecifier, wspecifier, transform):
    """Write what `transform` makes of every matrix of a table.

    transform : function of a key and a matrix in blocks (see diarkit.io.blocks), which returns an iterable of
        (n, D) arrays, the rows of the new matrix, and its shape. A DataError, of the function or of what it
        returns, costs this matrix only
    """
    from diarkit.io.tables import ArrayWriter, read_blocks

    with ArrayWriter(wspecifier) as out, Tally("recordings") as tally:
        for key, feats in tally.over(read_blocks(rspecifier)):
            with tally.item(key):
                blocks, shape = transform(key, feats)
                out.write_blocks(key, shape, blocks)


def take_blocks(table, take):
    """Give every block of every matrix of a table to `take`; a DataError costs what is left of the matrix.

    table : iterable of keys and iterables of (n, D) arrays
    """
    with Tally("utterances") as tally:
        for key, feats in tally.over(table):
            with tally.item(key):
                for block in feats:
                    take(block)
