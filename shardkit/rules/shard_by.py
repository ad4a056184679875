"""The shard key of a table as it is written -> columns and named algorithms, with their places in the file.

Invariant: an algorithm's place is where it is written, also when a bound table takes it from its root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from shardkit.rules.layout import Layout
from shardkit.rules.model import AlgorithmIn, AxisIn, TableIn, TwoAxesIn, options_of
from shardkit.rules.source import Path, Source

DEFAULT = "hash"


class KeyKind(Enum):
    """The kinds of shard key. Their values are how messages call them."""

    ONE = "one column"
    SEVERAL = "several shard keys"
    AXES = "database and table"


class Part(Enum):
    """What an algorithm decides."""

    SLOT = "slot"
    DATABASE = "database"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Named:
    """An algorithm by name, with its options."""

    part: Part
    type: str
    options: Mapping[str, object]
    path: Path  # of the name, or of the mapping with `type`
    name_path: Path

    def slots(self, layout: Layout) -> int:
        """How many slots it has in this layout."""
        match self.part:
            case Part.SLOT:
                return layout.slots
            case Part.DATABASE:
                return len(layout.shards)
            case Part.TABLE:
                return layout.tables_per_shard

    def differs(self, other: Named) -> bool:
        """Whether the two would place a value differently."""
        return self.type != other.type or dict(self.options) != dict(other.options)


@dataclass(frozen=True, slots=True)
class Key:
    """A shard key: its columns in lower case, and one algorithm, or one for each axis."""

    kind: KeyKind
    columns: tuple[str, ...]
    algorithms: tuple[Named, ...]


def read_key(source: Source, at: Path, table: TableIn, of_root: Key | None) -> Key | None:
    """The shard key of the table at that path. What it leaves out comes from its root's key, if it has a root."""
    match table.shard_by:
        case None:
            if of_root is None:
                return None
            if of_root.kind is not KeyKind.AXES:
                return _slot_key(at, table, of_root.kind, of_root.columns, of_root)
            _no_algorithm_beside_axes(source, at, table)
            return of_root
        case str() as column:
            return _slot_key(at, table, KeyKind.ONE, (column.lower(),), of_root)
        case list() as several:
            columns = tuple(column.lower() for column in several)
            for index, column in enumerate(columns):
                if column in columns[:index]:
                    source.problem((*at, "shard_by", index), f"column {column!r} is named twice", "name it once")
            return _slot_key(at, table, KeyKind.SEVERAL if len(columns) > 1 else KeyKind.ONE, columns, of_root)
        case TwoAxesIn() as axes:
            _no_algorithm_beside_axes(source, at, table)
            return _axes_key(source, (*at, "shard_by"), axes, of_root)


def _slot_key(at: Path, table: TableIn, kind: KeyKind, columns: tuple[str, ...], of_root: Key | None) -> Key:
    inherited = of_root.algorithms[0] if of_root is not None and of_root.kind is kind else None
    return Key(kind, columns, (_named(table.algorithm, (*at, "algorithm"), Part.SLOT, inherited),))


def _axes_key(source: Source, path: Path, axes: TwoAxesIn, of_root: Key | None) -> Key:
    from_root = of_root.algorithms if of_root is not None and of_root.kind is KeyKind.AXES else (None, None)
    columns, named = [], []
    for part, axis, inherited in zip((Part.DATABASE, Part.TABLE), (axes.database, axes.table), from_root, strict=True):
        column, algorithm = (axis.column, axis.algorithm) if isinstance(axis, AxisIn) else (axis, None)
        columns.append(column.lower())
        named.append(_named(algorithm, (*path, part.value, "algorithm"), part, inherited))
    if columns[0] == columns[1] and not named[0].differs(named[1]):
        message = "one column and one algorithm decide both database and table, which leaves most tables empty"
        source.problem((*path, "table"), message, f"write shard_by: {columns[0]}")
    return Key(KeyKind.AXES, tuple(columns), tuple(named))


def _no_algorithm_beside_axes(source: Source, at: Path, table: TableIn) -> None:
    if table.algorithm is not None:
        instead = "write shard_by: { database: { column: name, algorithm: name }, table: … }"
        source.problem((*at, "algorithm"), "with two axes each has its own algorithm", instead, key=True)


def _named(given: str | AlgorithmIn | None, path: Path, part: Part, inherited: Named | None) -> Named:
    match given:
        case None:
            return inherited or Named(part, DEFAULT, {}, path, path)
        case str():
            return Named(part, given, {}, path, path)
        case AlgorithmIn():
            return Named(part, given.type, options_of(given), path, (*path, "type"))
