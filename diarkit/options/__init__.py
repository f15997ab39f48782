"""Every tunable of the toolkit, once: its name, default, unit, meaning and source.

Each dataclass is one subject, and each module holds those that belong together, so that a tool imports no others.
From them come the command line (cli.options), the configuration files (`--name=value`), the JSON beside a model
(dataclasses.asdict) and the tests.
"""
