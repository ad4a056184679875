"""The script of LOAD DATA LOCAL INFILE: the file is read in pieces, its rows are inserted in runs, shard by shard.

LOCAL means IGNORE, as in MySQL: what does not fit is made to fit, and duplicates are left out (or replaced).
Invariant: all rows of a file go in within one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias

from shardkit.errors import DataError, NotSupportedError, ParameterError
from shardkit.flow import Head, Op, ReadFile, Script
from shardkit.parse import LoadData, Splitter
from shardkit.rewrite import quote
from shardkit.session.metadata import describe
from shardkit.session.running import collected
from shardkit.session.state import Session
from shardkit.session.writing import atomically
from shardkit.values import Params

PIECE = 1 << 20
"""Bytes read at a time."""
Many: TypeAlias = Callable[[Session, str, Sequence[Params], int], Script]


def load(session: Session, given: LoadData, params: Params, many: Many) -> Script:
    """Read the file and insert its rows; `many` is the script of executemany, which is told the row it begins with."""
    session.check_usable()
    if not session.local_infile:
        raise NotSupportedError(
            "LOAD DATA LOCAL INFILE", why="the connection may not read files of this machine",
            instead="shardkit.connect(…, local_infile=True), if no text of strangers reaches its SQL",
        )  # fmt: skip
    session.planner.known(given.table)
    if session.planner.catalog.table(given.table) is None:
        yield from describe(session, given.table)
    work = _rows(session, given, _path(given, params), many)
    yield (yield from (work if session.in_transaction else atomically(session, work)))


def _path(given: LoadData, params: Params) -> str:
    path = given.path if isinstance(given.path, str) else params[given.path.key]  # type: ignore[index]
    if not isinstance(path, str):
        raise ParameterError("the name of a file must be a text")
    return path


def _rows(session: Session, given: LoadData, path: str, many: Many) -> Generator[Op, Any, Head]:
    info = session.planner.catalog.table(given.table)
    names = given.columns or tuple(column.name for column in (info.columns if info is not None else ()))
    verb = "REPLACE" if given.replaces else "INSERT IGNORE"
    listed = ", ".join(quote(name).replace("%", "%%") for name in names)
    table = quote(given.table).replace("%", "%%")
    sql = f"{verb} INTO {table} ({listed}) VALUES ({', '.join(['%s'] * len(names))})"
    splitter, offset, affected, last = Splitter(given.format), 0, 0, False
    done = 0
    while not last:
        piece: bytes = yield ReadFile(path, offset, PIECE)
        offset, last = offset + len(piece), len(piece) < PIECE
        rows = _whole(splitter, piece, len(names), last=last)
        if rows:
            (head,) = yield from collected(many(session, sql, rows, done))
            done += len(rows)
            affected += head.rowcount
    return Head(None, affected, 0, (), True)


def _whole(splitter: Splitter, piece: bytes, width: int, *, last: bool) -> list[Params]:
    found: list[Params] = []
    try:
        for row in splitter.feed(piece, last=last):
            if len(row) != width:
                raise DataError(
                    f"line {splitter.lines} of the file has {len(row)} values for {width} columns", errno=1261
                )
            found.append(tuple(row))
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8 ({error.reason}, after line {splitter.lines})", errno=1300) from error
    return found
