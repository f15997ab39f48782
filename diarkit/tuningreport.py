"""What tune-threshold says: sentences, and the DER by value as a table, CSV and JSON."""

from diarkit.options.tuning import number_text
from diarkit.scoring.der import Errors
from diarkit.scoring.report import protocol, protocol_values
from diarkit.scoring.texts import aligned, csv_text, json_text


def crossed(tuner, folds):
    """DER in percent of all recordings, each at the value that its fold was given."""
    errors = [tuner.try_value(fold.value).errors[reco] for fold in folds for reco in fold.recos]
    return sum(errors, Errors()).der


def sentences(tuner, opts, best, folds):
    """Lines for the user: what is best, or what each fold was given, and the protocol."""
    name = opts.parameter.replace("_", "-")
    for fold in folds:
        yield (f"part {fold.name}: --{name}={number_text(fold.value)}, DER {fold.der_of_others:.2f} % of the others, "
               f"which it is tuned on, {fold.der:.2f} % of its own {len(fold.recos)}")
    if folds:
        yield f"DER {crossed(tuner, folds):.2f} %, each part tuned on the others"
    value, der = best
    yield f"best of {len(tuner.trials)} values for all: --{name}={number_text(value)}, DER {der:.2f} %"
    yield protocol(tuner.score, tuner.opts).removeprefix("# ")


def best_text(best, folds):
    """The best value; where there are folds, a line <part> <value> each."""
    return "".join(f"{fold.name} {number_text(fold.value)}\n" for fold in folds) or f"{number_text(best[0])}\n"


def rows_of(tuner, folds):
    """[{"value", "der", "der_<part>"...}] in order of value, percent."""
    return [{"value": value, "der": trial.der()} | {f"der_{fold.name}": trial.der(fold.recos) for fold in folds}
            for value, trial in sorted(tuner.trials.items())]


def table_text(tuner, opts, best, folds):
    rows = rows_of(tuner, folds)
    lines = [f"# {line}" for line in sentences(tuner, opts, best, folds)]
    cells = [[number_text(value) if name == "value" else f"{value:.4f}" for name, value in row.items()] for row in rows]
    return "\n".join([*lines, *aligned([list(rows[0]), *cells])]) + "\n"


def csv_table(tuner, opts, best, folds):
    what = described(opts) | protocol_values(tuner.score, tuner.opts)
    return csv_text([row | what for row in rows_of(tuner, folds)])


def json_object(tuner, opts, best, folds):
    parts = [{"part": fold.name, "value": fold.value, "der_of_others": fold.der_of_others, "der": fold.der,
              "recordings": fold.recos} for fold in folds]
    return json_text({"protocol": protocol_values(tuner.score, tuner.opts), **described(opts),
                      "best": {"value": best[0], "der": best[1]}, "values": rows_of(tuner, folds),
                      **({"parts": parts, "der": crossed(tuner, folds)} if folds else {})})


def described(opts):
    return {"clustering": opts.clustering, "parameter": opts.parameter}


WRITERS = {"table": table_text, "csv": csv_table, "json": json_object}
