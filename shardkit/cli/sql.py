"""`shardkit sql RULES [SQL]`: one statement, or a prompt with history. `\\e SQL` explains, `\\q` leaves.

Invariant: an error in one statement leaves the prompt and the connection usable.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from rich.text import Text

from shardkit.cli.output import err, errors_told, out, result_table
from shardkit.dbapi import Cluster, Connection
from shardkit.errors import Error

SHOWN = 1000
_HELP = r"""A statement ends with ; (it may run over several lines).
  \e SELECT …   explain it      \t   tables of the rules      \q   leave"""


@click.command()
@click.argument("rules", type=click.Path())
@click.argument("statement", required=False)
@click.option("--all", "everything", is_flag=True, help=f"Print all rows, not only the first {SHOWN}.")
@click.option("--resume", "resumed", is_flag=True, help="Complete DDL that failed halfway.")
def sql(rules: str, statement: str | None, everything: bool, resumed: bool) -> None:
    """Run SQL: the statement given, those on standard input, or a prompt."""
    if resumed and statement is None:
        raise click.UsageError("--resume wants the statement that failed")
    with errors_told(), Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        try:
            if resumed and statement is not None:
                resume(connection, statement)
            elif statement is not None:
                run(connection, statement, None if everything else SHOWN)
            elif sys.stdin.isatty():
                prompt(connection, tuple(cluster.rules.table_names()))
            else:
                run(connection, sys.stdin.read(), None if everything else SHOWN)
        finally:
            connection.close()


def run(connection: Connection, statement: str, most: int | None) -> None:
    """Run one statement and print its rows or counts. Raises errors of shardkit.errors."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.description is None:
            seconds = time.perf_counter() - started
            out.print(f"{cursor.rowcount} row(s) affected ({seconds:.3f} s)")
            return
        rows = list(islice(cursor, most))
        more = most is not None and len(rows) == most and cursor.fetchone() is not None
        seconds = time.perf_counter() - started
        out.print(result_table([column[0] for column in cursor.description], rows))
        out.print(f"{len(rows)} row(s){', and more: --all shows them' if more else ''} ({seconds:.3f} s)")


def resume(connection: Connection, statement: str) -> None:
    """Complete DDL and say which tables had it already."""
    passed = connection.resume(statement)
    out.print(f"done; {len(passed)} physical table(s) had it already")
    for name in passed:
        out.print(Text(f"  {name}"), soft_wrap=True)
    if passed:
        err.print("`shardkit doctor` tells whether the tables are alike", style="dim")


def prompt(connection: Connection, tables: tuple[str, ...]) -> None:
    """Read statements until the end of input."""
    session: PromptSession[str] = PromptSession(history=FileHistory(str(Path.home() / ".shardkit_history")))
    err.print(_HELP, style="dim")
    pending = ""
    while True:
        try:
            line = session.prompt("shardkit> " if not pending else "       -> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            pending = ""
            continue
        pending = f"{pending}\n{line}".strip()
        if pending in ("\\q", "exit", "quit"):
            return
        if not pending or not (pending.startswith("\\") or pending.endswith(";")):
            continue
        given, pending = pending, ""
        try:
            answer(connection, given, tables)
        except Error as error:
            err.print(Text(str(error), style="red"), soft_wrap=True)


def answer(connection: Connection, given: str, tables: tuple[str, ...]) -> None:
    """One entry of the prompt."""
    if given.startswith("\\t"):
        out.print("\n".join(tables))
    elif given.startswith("\\e"):
        out.print(Text(str(connection.cursor().explain(given[2:].strip().rstrip(";")))), soft_wrap=True)
    elif given.startswith("\\"):
        err.print(_HELP, style="dim")
    else:
        run(connection, given, SHOWN)
