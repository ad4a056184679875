"""Which shard key would have served better: for each sharded table, how many statements give one value for a column.

Counted are SELECT, UPDATE and DELETE; a column serves a statement if every use of the table in it is compared with one
value of that column (or with a column that is). An INSERT is not counted: it carries every column.
Invariant: shares are of the weight of the counted statements of that table, whatever becomes of them now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from shardkit.errors import Error
from shardkit.flow import Column, Family
from shardkit.parse import Compared, Draft, Style, compared, first_word, lex, read
from shardkit.plan import Planner
from shardkit.plan.names import RuleNames
from shardkit.rules import ShardedTable
from shardkit.rules.sharding import TwoAxes

Uses: TypeAlias = Mapping[str, Sequence[Compared]]
"""The sharded tables of one statement and their uses."""

MOST_NAMED = 3
LEAST = 0.01
"""Columns that serve less than this share of a table's statements are not named."""

_FEW_VALUES = frozenset({Family.ENUM, Family.SET, Family.BIT, Family.YEAR, Family.JSON, Family.FLOAT, Family.DOUBLE})
_FEW_WORDS = ("status", "state", "type", "kind", "flag", "level", "gender", "sex", "deleted", "enabled", "active")


@dataclass(slots=True)
class Share:
    """The weight of the statements in which one column is compared: with one value, a list, another table."""

    single: float = 0.0
    listed: float = 0.0
    joined: float = 0.0
    assigned: float = 0.0
    scattered: float = 0.0  # of those that the shard key does not serve: compared with one value


@dataclass(slots=True)
class KeyUse:
    """The statements on one table."""

    table: str
    keys: tuple[str, ...]
    every: bool  # all the keys together decide, not each of them alone
    weight: float = 0.0
    served: float = 0.0  # by the keys as they are
    columns: dict[str, Share] = field(default_factory=dict)

    def add(self, uses: Sequence[Compared], weight: float) -> None:
        """Count one statement."""
        self.weight += weight
        single = frozenset.intersection(*(use.single for use in uses))
        served = single.issuperset(self.keys) if self.every else bool(single & set(self.keys))
        self.served += weight * served
        for column in single:
            self._share(column).single += weight
            self._share(column).scattered += weight * (not served)
        for name in ("listed", "joined", "assigned"):
            for column in frozenset[str]().union(*(getattr(use, name) for use in uses)):
                share = self._share(column)
                setattr(share, name, getattr(share, name) + weight)

    def better(self) -> list[tuple[str, float]]:
        """Columns that serve more statements than the keys do, best first, with their shares."""
        found = [(name, share.single) for name, share in self.columns.items() if not share.assigned]
        return self._best([(name, weight) for name, weight in found if weight > self.served and name not in self.keys])

    def indexable(self, columns: Mapping[str, Column]) -> list[tuple[str, float]]:
        """Columns that an index table would serve, of the statements that the keys do not: best first, with shares."""
        found = self.columns.items()
        return self._best([(name, share.scattered) for name, share in found if _selective(name, columns.get(name))])

    def share(self, weight: float) -> float:
        """A weight as a part of all statements on this table."""
        return weight / self.weight if self.weight else 0.0

    def _share(self, column: str) -> Share:
        return self.columns.setdefault(column, Share())

    def _best(self, found: list[tuple[str, float]]) -> list[tuple[str, float]]:
        named = [(name, self.share(weight)) for name, weight in found if self.share(weight) >= LEAST]
        return sorted(named, key=lambda pair: (-pair[1], pair[0]))[:MOST_NAMED]


def uses_of(planner: Planner, text: str, holes: bool) -> Uses:
    """The sharded tables a statement reads or changes by condition; none when it cannot be read."""
    try:
        draft = _draft(text, holes)
        if draft is None or planner.catalog.missing(draft.table_names):
            return {}
        names = RuleNames(planner.rules, planner.catalog, planner.catalog.connection_collation)
        found: dict[str, list[Compared]] = {}
        for use in compared(draft, names):
            if isinstance(planner.rules.find(use.table), ShardedTable):
                found.setdefault(use.table, []).append(use)
        return found
    except Error:
        return {}  # it is counted as an error, or refused by name, where it is classified


def key_uses(planner: Planner, statements: Iterator[tuple[Uses, float]]) -> list[KeyUse]:
    """The statements counted table by table, in the order of the rules."""
    found: dict[str, KeyUse] = {}
    for table in planner.rules.sharded.values():
        keys = tuple(dict.fromkeys(table.sharding.columns))
        found[table.name] = KeyUse(table.name, keys, isinstance(table.sharding, TwoAxes))
    for uses, weight in statements:
        for name, mine in uses.items():
            found[name].add(mine, weight)
    return list(found.values())


def columns_of(planner: Planner, table: str) -> dict[str, Column]:
    """The columns of a table by lower-case name; none for a table that is not known."""
    info = planner.catalog.table(table)
    return {column.name.lower(): column for column in info.columns} if info is not None else {}


def _draft(text: str, holes: bool) -> Draft | None:
    source = lex(text, Style.POSITIONAL if holes else Style.RAW)
    word = first_word(source)
    return read(source, word) if word in ("SELECT", "WITH", "UPDATE", "DELETE") else None


def _selective(name: str, column: Column | None) -> bool:
    """Whether a column may have many values, as far as its name and type tell."""
    if column is None or column.family in _FEW_VALUES or column.type_text.lower() in ("tinyint(1)", "char(1)"):
        return False
    return not (name.startswith("is_") or any(word in name for word in _FEW_WORDS))
