"""How the commands speak: errors in red on standard error, result rows as tables.

Invariant: what goes to standard output is the answer and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shardkit.errors import Error, RulesError
from shardkit.values import Row

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn shardkit's errors into a message and exit code 1."""
    try:
        yield
    except RulesError as error:
        for problem in error.problems:
            err.print(Text(str(problem), style="red"), soft_wrap=True)
        err.print(Text(f"{len(error.problems)} problem(s)", style="bold red"))
        sys.exit(1)
    except Error as error:
        err.print(Text(str(error), style="red"), soft_wrap=True)
        for note in getattr(error, "__notes__", ()):
            err.print(Text(note, style="red"), soft_wrap=True)
        sys.exit(1)


def cell(value: Any) -> Text:
    """One value as a table shows it."""
    if value is None:
        return Text("NULL", style="dim")
    if isinstance(value, bytes):
        return Text("0x" + value.hex().upper())
    return Text(str(value), justify="right" if isinstance(value, (int, float, Decimal)) else "left")


def plain(value: Any) -> Any:
    """One value as JSON takes it: numbers that JSON keeps exactly, all else as text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return "0x" + value.hex().upper() if isinstance(value, bytes) else str(value)


def one_line(text: str, most: int) -> str:
    """A statement on one line, cut to `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def write_json(file: str, data: Any) -> None:
    """Write a report. Ends the command with a message when the file cannot be written."""
    try:
        Path(file).write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        err.print(Text(f"{file}: {error.strerror}", style="red"), soft_wrap=True)
        sys.exit(1)


def result_table(names: Iterable[str], rows: Iterable[Row]) -> Table:
    """A result as a table."""
    table = Table(header_style="bold")
    for name in names:
        table.add_column(Text(name))
    for row in rows:
        table.add_row(*map(cell, row))
    return table
