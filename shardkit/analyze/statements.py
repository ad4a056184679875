"""A plain list of statements, as in a .sql file: they end with a semicolon that stands outside quotes and comments.

Invariant: a quote that is never closed costs one statement, not the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shardkit.analyze.entries import Entry, Pieces

_STOP = re.compile(r"""['"`;#]|/\*|--(?=\s|$)""")
_CLOSING = {
    "'": re.compile(r"(?:[^'\\]|\\.|'')*?'(?!')", re.DOTALL),
    '"': re.compile(r'(?:[^"\\]|\\.|"")*?"(?!")', re.DOTALL),
    "`": re.compile(r"(?:[^`]|``)*?`(?!`)", re.DOTALL),
    "/*": re.compile(r".*?\*/", re.DOTALL),
}


def read_statements(lines: Iterable[str]) -> Iterator[Entry]:
    """The statements of the lines; pieces of nothing but blanks are left out."""
    pieces, within = Pieces(), ""
    for line in lines:
        start = place = 0
        while True:
            if within:
                closed = _CLOSING[within].match(line, place)
                if closed is None:
                    break
                within, place = "", closed.end()
            stop = _STOP.search(line, place)
            if stop is None or stop.group() in ("#", "--"):
                break
            place = stop.end()
            if stop.group() != ";":
                within = stop.group()
                continue
            pieces.add(line[start:place])
            yield from _done(pieces)
            pieces, start = Pieces(), place
        pieces.add(line[start:])
        if pieces.full and within:
            yield from _done(pieces)
            pieces, within = Pieces(), ""
    yield from _done(pieces)


def _done(pieces: Pieces) -> Iterator[Entry]:
    entry = pieces.entry()
    if entry.text:
        yield entry
