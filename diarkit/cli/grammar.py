"""The option grammar of the tools.

It is Kaldi's (src/util/parse-options.cc) made a little kinder: `--name=value` or `--name value`, `_` the
same as `-`, any case, booleans as `--flag`, `--no-flag` or `--flag=true`, `--config FILE` with one
`--name=value` a line and the command line winning over it.
"""

import math
import re
import sys
from collections import deque
from dataclasses import fields
from types import UnionType

import click

from diarkit import __version__
from diarkit.cli.endings import run
from diarkit.cli.manners import kaldi, kaldi_defaults
from diarkit.cli.messages import log, tell_remarks, tool_name
from diarkit.errors import DataError

LARGEST_CONFIG = 1 << 20  # characters


class Number(click.ParamType):
    """A plain decimal number: no nan, inf, 1e999, 1_0 or hexadecimal, which float() and int() let through."""

    def __init__(self, kind):
        self.kind = kind
        self.name = "integer" if kind is int else "number"
        self.pattern = re.compile(r"[-+]?\d+" if kind is int else r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.A)

    def convert(self, value, param, ctx):
        if not isinstance(value, str):
            return value
        if not self.pattern.fullmatch(value):
            self.fail(f"'{value}' is not a {'whole ' if self.kind is int else ''}number", param, ctx)
        if abs(float(value)) >= (1e18 if self.kind is int else math.inf):
            self.fail(f"'{value}' is too large", param, ctx)
        return self.kind(value)


class Truth(click.ParamType):
    name = "true|false"

    def convert(self, value, param, ctx):
        if isinstance(value, bool):
            return value
        if value.lower() in ("true", "t", "1"):
            return True
        if value.lower() in ("false", "f", "0"):
            return False
        self.fail(f"'{value}' is neither true nor false", param, ctx)


def click_option(field, name):
    """The command-line option `name` for one field of an options dataclass."""
    meta = field.metadata
    kind = field.type
    if isinstance(kind, UnionType):
        kind = next(arg for arg in kind.__args__ if arg is not type(None))
    names = ["--" + word for word in (name.replace("_", "-"), *meta["names"])]
    if meta["choices"]:
        param_type = click.Choice(meta["choices"], case_sensitive=False)
    else:
        param_type = {float: Number(float), int: Number(int), bool: Truth(), str: click.STRING}[kind]
    shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
    notes = [meta["unit"], "" if shown in (None, "") else f"default {shown}", meta["source"]]
    notes = "; ".join(note for note in notes if note)
    metavar = {float: "X", int: "N", bool: "[=BOOL]", str: meta["unit"] and "TEXT" or "NAME"}[kind]
    return click.Option(
        [*names, name],
        type=param_type,
        default=field.default,
        metavar=None if meta["choices"] else metavar,
        help=meta["help"] + (f" ({notes})" if notes else ""),
    )


def options(cls, name="opts", only=None, rename=None):
    """Decorator: the fields of the options dataclass `cls` become options; the tool gets an instance.

    `only` names the fields that the tool offers, where it does not offer all, `rename` gives other names to
    some of them; `name` is the argument that receives the instance.
    """
    rename = rename or {}
    chosen = [f for f in fields(cls) if only is None or f.name in only]

    def decorate(function):
        parameters = getattr(function, "__click_params__", None)
        if parameters is None:
            parameters = function.__click_params__ = []
        groups = function.__dict__.setdefault("__option_groups__", [])
        parameters.extend(click_option(f, rename.get(f.name, f.name)) for f in reversed(chosen))
        groups.append((name, cls, {f.name: rename.get(f.name, f.name) for f in chosen}))
        return function

    return decorate


def standard_options():
    def verbose(ctx, param, value):
        ctx.meta["verbose"] = value

    def print_args(ctx, param, value):
        if value:
            import shlex

            log(shlex.join([sys.argv[0], *sys.argv[1:]]), whole=True)

    def max_failed(ctx, param, value):
        if not re.fullmatch(r"\d{1,18}|\d{1,9}(\.\d+)?%", value, re.A):
            raise click.BadParameter(f"'{value}' is neither a number nor a percentage", ctx, param)
        ctx.meta["max_failed"] = value

    def pipes(ctx, param, value):
        if value:
            from diarkit.io import streams

            streams.allow_pipes(True)

    def version(ctx, param, value):
        if value and not ctx.resilient_parsing:
            click.echo(f"{ctx.info_name} (diarkit) {__version__}")
            ctx.exit()

    def make(name, callback, help, **kwargs):
        return click.Option([f"--{name}"], expose_value=False, callback=callback, help=help, **kwargs)

    return [
        click.Option(["--config"], expose_value=False, metavar="FILE",
                     help="Read options from FILE, one --name=value a line; the command line wins."),
        make("max-failed", max_failed, "Exit 0 as long as no more items than this fail (a number or 5%; default 0).",
             default="0", metavar="N|P%"),
        make("allow-pipes", pipes, "Run the commands ('cmd |') that scp files name, as DIARKIT_PIPES=1 does.",
             type=Truth(), default=kaldi(), metavar="[=BOOL]"),
        make("print-args", print_args, "Print the command line on stderr first.",
             type=Truth(), default=kaldi(), metavar="[=BOOL]"),
        make("verbose", verbose, "Say more on stderr.", type=Number(int), default=0, metavar="[=N]"),
        make("version", version, "Print the version and exit.", is_flag=True, is_eager=True),
    ]


def given(names):
    """Those of the options of these names (with _) that the command line or a --config gives, as they are typed."""
    source = click.get_current_context().get_parameter_source
    return ["--" + name.replace("_", "-") for name in names
            if source(name) is not click.core.ParameterSource.DEFAULT]


class Tool(click.Command):
    """A click command with Kaldi's option grammar and one way to end."""

    def __init__(self, *args, params=None, **kwargs):
        super().__init__(*args, params=[*(params or []), *standard_options()], **kwargs)

    def parse_args(self, ctx, args):
        if not args and any(p.required for p in self.params if isinstance(p, click.Argument)):
            raise click.UsageError("arguments are missing", ctx)
        args = self.bind_booleans(list(args))
        config = self.config_arguments(args)
        return super().parse_args(ctx, self.bind_booleans(kaldi_defaults()) + config + args)

    def long_options(self):
        return {name: p for p in self.params if isinstance(p, click.Option) for name in p.opts}

    def bind_booleans(self, args):
        """Only `=` binds a value to a boolean: --flag becomes --flag=true, --no-flag --flag=false.

        Kaldi's scripts take the next word (parse_options.sh, argparse), its programs do not; with its manners,
        the next word is the value if it is one.
        """
        known = self.long_options()
        done = []
        rest = deque(args)
        while rest:
            arg = rest.popleft()
            if arg == "--":
                done += [arg, *rest]
                break
            name, equals, _ = arg.partition("=")
            name = normalise(name)
            option = known.get(name)
            negated = known.get("--" + name[5:]) if name.startswith("--no-") else None
            if equals or not arg.startswith("--"):
                done.append(arg)
            elif option is None and negated is not None and isinstance(negated.type, Truth):
                done.append(f"--{name[5:]}=false")
            elif option is None or option.is_flag:
                done.append(arg)
            elif isinstance(option.type, Truth):
                bound = kaldi() and rest and rest[0].lower() in ("true", "false")
                done.append(f"{name}={rest.popleft() if bound else 'true'}")
            elif option.name == "verbose":
                done.append("--verbose=1")
            else:  # the next word is its value, whatever it looks like
                done += [arg, rest.popleft()] if rest else [arg]
        return done

    def config_arguments(self, args):
        """The arguments that the --config files in `args` hold, Kaldi's format; names are checked here."""
        found = []
        words = args[: args.index("--")] if "--" in args else args
        known = self.long_options()
        skip = False
        for i, word in enumerate(words):
            if skip:
                skip = False
                continue
            name, equals, value = word.partition("=")
            if normalise(name) == "--config":
                value = value if equals else (words[i + 1] if i + 1 < len(words) else "")
                found += self.read_config(value, known) if value else []
            option = known.get(normalise(name))
            skip = option is not None and not equals and not option.is_flag
        return found

    def read_config(self, path, known):
        try:
            with open(path, encoding="utf-8-sig") as file:
                text = file.read(LARGEST_CONFIG + 1)
        except UnicodeDecodeError:
            raise DataError("not a text file", where=path) from None
        if len(text) > LARGEST_CONFIG:
            raise DataError("too large for a file of options", where=path)
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.partition("#")[0].strip()
            if not line:
                continue
            if not line.startswith("--"):
                raise DataError(f"expected --name=value, found '{line}'", where=f"{path}:{number}")
            name, equals, value = line.partition("=")
            name = normalise(name.strip())
            if name == "--config" or name not in known and name.replace("--no-", "--", 1) not in known:
                raise DataError(f"no such option: {name}", where=f"{path}:{number}")
            found.append(f"{name}={value.strip()}" if equals else name)
        return self.bind_booleans(found)

    def invoke(self, ctx):
        for name, cls, members in getattr(self.callback, "__option_groups__", ()):
            ctx.params[name] = cls(**{member: ctx.params.pop(option) for member, option in members.items()})
        tell_remarks()
        return super().invoke(ctx)

    def main(self, args=None, prog_name=None, **extra):
        # not click's own main(): it takes a closed pipe for status 1
        def call():
            with self.make_context(prog_name or tool_name(), sys.argv[1:] if args is None else list(args)) as ctx:
                return self.invoke(ctx)

        sys.exit(run(call))


def normalise(name):
    return name.lower().replace("_", "-") if name.startswith("--") else name


def tool(function):
    """Decorator: a tool of bin/, its help the docstring of the function, its name that of the file."""
    settings = {
        "token_normalize_func": lambda name: name.lower().replace("_", "-"),
        "help_option_names": ["--help"],
        "max_content_width": 110,
    }
    return click.command(tool_name(), cls=Tool, context_settings=settings)(function)
