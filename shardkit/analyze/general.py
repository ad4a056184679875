"""MySQL's and MariaDB's general log: every statement a server received.

    2026-11-29T22:39:14.893409Z     10 Query     SELECT 1            MySQL 5.7 and later
    261129 22:39:06      3 Query     SELECT 1                        MariaDB; the time only where it changes
                         3 Execute   SELECT 1                        of a prepared statement, its values written in

Invariant: a statement is counted once: when it runs (Query, Execute), not when it is prepared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shardkit.analyze.entries import Entry, Pieces

_WHEN = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*\t|\d{6} [ \d]\d:\d\d:\d\d\t|\t\t?)"
ENTRY = re.compile(_WHEN + r"[ ]*(\d+) ([A-Z][A-Za-z ]*)(?:\t(.*))?\n?\Z")
"""The first line of an entry: thread, command, argument."""

STARTED = re.compile(r"\S.*, Version: .* started with:\s*\Z|Tcp port: \d+\s|Time\s+Id Command\s+Argument\s*\Z")
"""The lines that a server writes when it opens a log."""

_RUN = ("Query", "Execute")


def read_general(lines: Iterable[str]) -> Iterator[Entry]:
    """The statements of a general log; those of the server itself (thread 0) are left out."""
    pieces: Pieces | None = None
    for line in lines:
        found = ENTRY.match(line)
        if found is None and STARTED.match(line) is None:
            if pieces is not None:
                pieces.add(line)
            continue
        if pieces is not None:
            yield from _done(pieces)
        pieces = None
        if found is not None and found[2] in _RUN and found[1] != "0":
            pieces = Pieces()
            pieces.add(f"{found[3] or ''}\n")
    if pieces is not None:
        yield from _done(pieces)


def _done(pieces: Pieces) -> Iterator[Entry]:
    entry = pieces.entry()
    if entry.text:
        yield entry
