"""What parse knows of a condition: only shard-key and index-key columns; values are literals or parameter slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A constant of the text."""

    value: Any


class ParamRef(NamedTuple):
    """A placeholder: its position (from 0) or its name."""

    key: int | str


Value: TypeAlias = Literal | ParamRef


@dataclass(frozen=True, slots=True)
class Eq:
    """column = value."""

    column: str
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """column IN (values)."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """low <= column <= high; None is open. Strict bounds are widened, which is sound for routing."""

    column: str
    low: Value | None
    high: Value | None


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """May hold for any row: no shard can be left out."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Holds for no row."""


Predicate: TypeAlias = Eq | In | Between | And | Or | Anything | Nothing
