"""The 22 TPC-H queries in MySQL's dialect, one file each: two lines of comment, then the statement.

    -- shipping priority: SEGMENT BUILDING, DATE 1995-03-15      what it asks, and its substitution parameters
    -- order: total | none | ties 1                              how rows are compared; ties: places of the sort keys

The parameters are the specification's validation values, and a fraction for this scale factor. A LIMIT whose order is
not total in the specification has one more sort key here. Percent signs stand as MySQL reads them: run without params.
Invariant: all 22 are there, and none says nothing about its order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shardkit.verify import Manner

FOLDER = Path(__file__).parent / "queries"
HEAD = re.compile(r"-- (?P<title>.+)\n-- order: (?P<order>total|none|ties)(?P<keys>(?: \d+)*)\n(?P<sql>(?s:.+))")


@dataclass(frozen=True, slots=True)
class Query:
    """One query; its number is the specification's."""

    number: int
    title: str
    sql: str
    manner: Manner


@cache
def load() -> tuple[Query, ...]:
    """All queries in order; ValueError for a file without the two lines."""
    found = tuple(read(path) for path in sorted(FOLDER.glob("q*.sql")))
    if [query.number for query in found] != list(range(1, 23)):
        raise ValueError(f"queries are missing in {FOLDER.name}: {[query.number for query in found]}")
    return found


def read(path: Path) -> Query:
    """The query in one file."""
    match = HEAD.fullmatch(path.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{path.name} does not begin with what it asks and how its rows are ordered")
    manner = Manner(match["order"], tuple(int(key) for key in match["keys"].split()))
    return Query(int(path.stem[1:]), match["title"], match["sql"].strip(), manner)
