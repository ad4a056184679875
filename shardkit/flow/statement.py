"""parse -> Statement: everything known about one SQL text before its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from shardkit.flow.hints import NO_HINTS, Hints
from shardkit.flow.predicate import ParamRef, Predicate, Value
from shardkit.flow.shapes import (
    Blocker,
    ChangeShape,
    Ctes,
    FillShape,
    Grouping,
    InsertShape,
    Pick,
    SelectShape,
    Span,
    TableUse,
)
from shardkit.flow.tables import Column


class Kind(Enum):
    """What a statement does, as far as routing must know."""

    SELECT = "select"
    INSERT = "insert"
    REPLACE = "replace"
    UPDATE = "update"
    DELETE = "delete"
    DDL = "ddl"
    TRANSACTION = "transaction"
    SET = "set"


NewId: TypeAlias = int | str | bytes
"""An id as its generator made it for its column."""


class Blank(NamedTuple):
    """Where a row of an INSERT takes, or may take, a generated id: a placeholder is put there."""

    column: str  # lower case
    span: Span  # the value that stands there now; empty: nothing does
    value: ParamRef | None  # a placeholder of the user's, which takes an id when it is NULL or 0; None: always
    before: str = ""  # what must stand before the placeholder


class Blanks(NamedTuple):
    """What an INSERT leaves to generators, in the order of the text."""

    blanks: tuple[Blank, ...]
    names: tuple[tuple[int, str], ...] = ()  # offset -> text to be put in: the columns' names


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the columns of one table, as SQL of ours: `%s` stands for each of `values`, `%%` for a percent."""

    sql: str
    values: tuple[Value, ...] = ()


class Link(NamedTuple):
    """`column` equals `other_column` of table use `other` in every row that matters."""

    column: Column
    other: int
    other_column: str


class Top(NamedTuple):
    """The first rows of one table are all that a query of its own takes: its ORDER BY, and its LIMIT and OFFSET."""

    order: str
    limit: Value
    offset: Value | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a SELECT must see of one table use, should its rows have to come to one place.

    A row that fails one of `conditions` can be left behind; they need not say all that the statement asks.
    """

    columns: tuple[Column, ...]  # in the table's order
    conditions: tuple[Condition, ...] = ()
    joined: tuple[str, ...] = ()  # columns that are compared with those of other tables: worth an index
    links: tuple[Link, ...] = ()
    top: Top | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything known about one SQL text before its parameters. Cached by text; never changed."""

    text: str
    clean: str
    named: bool | None  # placeholders: True %(name)s, False %s, None: no parameters
    kind: Kind
    params: tuple[ParamRef, ...]
    param_spans: tuple[Span, ...]
    tables: tuple[TableUse, ...]
    predicates: tuple[Predicate, ...]  # for each table use: what must hold of its shard-key columns
    colocated: tuple[frozenset[int], ...]  # uses joined on their shard keys: always the same slot
    qualifiers: tuple[tuple[Span, int], ...]  # `t.` before a column, to be renamed with table use `int`
    picks: tuple[Pick, ...]
    blockers: tuple[Blocker, ...]
    select: SelectShape | None
    insert: InsertShape | None
    locking: bool  # FOR UPDATE, FOR SHARE
    needs_database: bool
    volatile: bool  # RAND(), UUID() …: another value on another shard
    clock: bool  # NOW() and its kin
    clauses: frozenset[str]  # the clauses of the outermost query: where, having, …
    needs: tuple[Need, ...] = ()  # of a SELECT: for each table use
    shown: tuple[int, ...] = ()  # table uses within columns that are named by their own text
    index_hints: tuple[Span, ...] = ()  # USE INDEX (…) and its kin
    ctes: Ctes | Blocker | None = None  # of a SELECT whose WITH cannot stay as it is on a workspace
    grouping: Grouping | None = None  # of a grouped SELECT that can be computed in two steps
    lock: str = ""  # FOR UPDATE and its kin, as every pull must say it
    cut: tuple[Span, ...] = ()  # what no server is told: SQL_CALC_FOUND_ROWS
    hints: Hints = NO_HINTS  # shardkit's own, in a comment
    unknown_call: Blocker | None = None  # a function MySQL does not have: it may read tables that nobody sees
    fill: FillShape | None = None  # of INSERT … SELECT
    change: ChangeShape | None = None  # of UPDATE and DELETE
