"""docs/reference/cli.md from the commands themselves: usage, arguments and options with their help.

Invariant: a command or option without help cannot appear, because a page that says nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from shardkit.cli import main

INTRODUCTION = """\
# Command line

*This page is generated from `shardkit/cli` by `make docs`. Do not edit it by hand.*

`shardkit COMMAND --help` says the same. `RULES` is a [rules file](rules.md). A mistake that a user can make ends in one
readable message and exit code 1; exit code 2 is a wrong call.
"""


def page() -> str:
    """The whole page as Markdown."""
    assert isinstance(main, click.Group)
    return "".join((INTRODUCTION, *(part for name in sorted(main.commands) for part in _command(main.commands[name]))))


def _command(command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"shardkit {command.name}")
    pieces = command.collect_usage_pieces(context)
    yield f"\n## shardkit {command.name}\n\n```text\nshardkit {command.name} {' '.join(pieces)}\n```\n\n"
    if not command.help:
        raise ValueError(f"shardkit {command.name} has no docstring")
    yield f"{cleandoc(command.help).replace(chr(8), '').strip()}\n"
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        yield "\n| option | means |\n| --- | --- |\n"
        yield from (_option(command, option, context) for option in options)


def _option(command: click.Command, option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    if record is None or not record[1]:
        raise ValueError(f"shardkit {command.name} {option.opts[0]} has no help")
    name, meaning = (part.replace("|", "\\|") for part in record)
    return f"| `{name}` | {' '.join(meaning.split())} |\n"
