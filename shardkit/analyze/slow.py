"""MySQL's and MariaDB's slow log: statements with the time each took.

    # Time: 2026-11-29T22:39:14.905817Z
    # User@Host: app[app] @  [10.0.0.9]  Id:    10
    # Query_time: 0.000546  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 3
    use shop;
    SET timestamp=1795991954;
    SELECT * FROM t_order WHERE memberId = 2;

Invariant: the `use` and `SET timestamp` that the server writes before a statement are not counted as statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shardkit.analyze.entries import Entry, Pieces
from shardkit.analyze.general import STARTED

HEADER = re.compile(r"# Time: \d|# User@Host: |# Query_time: \d")
_TIME = re.compile(r"# Query_time: (\d+(?:\.\d+)?)")
_USE = re.compile(r"use \S.*;\s*\Z")
_STAMP = re.compile(r"SET (?:last_insert_id=\d+,)?(?:insert_id=\d+,)?timestamp=[\d.]+;\s*\Z", re.IGNORECASE)


class _Head:
    """The lines before one statement."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.held: str | None = None  # a `use` that may be the server's, or the statement itself
        self.stamped = False

    def takes(self, line: str) -> bool:
        """Whether the line still belongs to the head."""
        if line.startswith("#") and not self.stamped and self.held is None:
            time = _TIME.match(line)
            if time is not None:
                self.seconds = float(time[1])
            return True
        if self.stamped:
            return False
        if _STAMP.match(line):
            self.stamped, self.held = True, None
            return True
        if self.held is None and _USE.match(line):
            self.held = line
            return True
        return False


def read_slow(lines: Iterable[str]) -> Iterator[Entry]:
    """The statements of a slow log with their times; `# administrator command` entries are left out."""
    head: _Head | None = None
    pieces: Pieces | None = None
    for line in lines:
        starts = HEADER.match(line) is not None
        if starts and (pieces is not None or head is None or head.stamped):
            yield from _done(head, pieces)
            head, pieces = _Head(), None
        if STARTED.match(line):
            yield from _done(head, pieces)
            head = pieces = None
        elif head is not None and pieces is None and head.takes(line):
            continue
        elif head is not None:
            pieces = pieces or _begun(head)
            pieces.add(line)
    yield from _done(head, pieces)


def _begun(head: _Head) -> Pieces:
    pieces = Pieces(head.seconds)
    if head.held is not None:
        pieces.add(head.held)
        head.held = None
    return pieces


def _done(head: _Head | None, pieces: Pieces | None) -> Iterator[Entry]:
    if pieces is None and head is not None and head.held is not None:
        pieces = _begun(head)
    if pieces is None:
        return
    entry = pieces.entry()
    if entry.text and not entry.text.startswith("# administrator command:"):
        yield entry
