"""Text and parameters to a Plan, with a cache by text. The ten lines that hold the pipeline together are `prepare`.

Invariant: a text that was planned before never meets the parser again, until the catalog changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from shardkit.errors import NotSupportedError, UnknownColumn, UnknownTable
from shardkit.flow import NO_HINTS, Kind, Plan, Task
from shardkit.keygen import Gene, not_yet
from shardkit.parse import (
    DDL_WORDS,
    Command,
    Ddl,
    Draft,
    LoadData,
    Style,
    analyse,
    blanks,
    first_word,
    lex,
    place,
    read,
    read_command,
    read_ddl,
    read_load,
)  # fmt: skip
from shardkit.plan.catalog import Catalog, MetadataNeeded
from shardkit.plan.filling import Filling, generated_columns
from shardkit.plan.hinted import refuse_place
from shardkit.plan.names import RuleNames
from shardkit.plan.point import Point
from shardkit.plan.prepared import Prepared
from shardkit.plan.spreading import check_names, spread
from shardkit.rewrite import filled
from shardkit.rules import Rules, ShardedTable, Table
from shardkit.values import Params

Ready: TypeAlias = Prepared | Command | Ddl | LoadData

CACHE_SIZE = 4096


class Planner:
    """Plans statements for one set of rules. Shared by all connections of a cluster."""

    def __init__(self, rules: Rules, catalog: Catalog, collation: str | None = None) -> None:
        self.rules, self.catalog = rules, catalog
        self._points: dict[str, Point] = {}
        self._fillings: dict[str, tuple[int, Filling]] = {}
        self._collation = collation
        self._under: dict[str, Planner] = {}
        self.time = rules.defaults.budget.time
        self.embedded = any(server.embedded for server in rules.servers.values())
        self.batch_rows = 32 if self.embedded else 500
        """Rows of one multi-row INSERT that executemany makes; the embedded backend must translate each text."""
        self._cache: dict[tuple[str, Style], tuple[int, Ready]] = {}
        self.parses = 0
        """How many texts met the parser: stays still while the cache answers."""

    def under(self, collation: str) -> Planner:
        """The planner for sessions whose literals have this collation, with a cache of its own."""
        return self._under.setdefault(collation, Planner(self.rules, self.catalog, collation))

    def ready(self, text: str, params: Params) -> Ready | None:
        """The prepared form of a text, if the cache has it."""
        found = self._cache.get((text, style_of(params)))
        return found[1] if found is not None and found[0] == self.catalog.version else None

    def point(self, text: str, params: tuple[Any, ...]) -> Task | None:
        """The task of a statement by key that was planned before, or None."""
        point = self._points.get(text)
        if point is None or point.version != self.catalog.version:
            return None
        return point.task(params)

    def writes(self, text: str) -> bool:
        """Whether the statement that `point` gave a task of is a write; True if that is forgotten."""
        point = self._points.get(text)
        return point is None or point.writes

    def filling(self, text: str) -> Filling | None:
        """The generated ids of an INSERT that has a short way once they are there, or None."""
        found = self._fillings.get(text)
        return found[1] if found is not None and found[0] == self.catalog.version else None

    def prepare(self, text: str, params: Params) -> Ready:
        """The prepared form of a text. Raises MetadataNeeded when tables must be described first."""
        found = self.ready(text, params)
        if found is not None:
            return found
        style = style_of(params)
        version = self.catalog.version
        ready = self._build(text, style)
        if len(self._cache) >= CACHE_SIZE:
            self._cache.pop(next(iter(self._cache), (text, style)), None)
        self._cache[text, style] = version, ready
        self._keep_point(text, ready, version)
        return ready

    def _keep_point(self, text: str, ready: Ready, version: int) -> None:
        if not isinstance(ready, Prepared):
            return
        point, filling = ready.point, ready.filling
        if filling is not None and filling.prepared.point is not None and ready.statement.hints is NO_HINTS:
            if len(self._fillings) >= CACHE_SIZE:
                self._fillings.pop(next(iter(self._fillings), text), None)
            self._fillings[text] = version, filling
        if point is None:
            return
        if len(self._points) >= CACHE_SIZE:
            self._points.pop(next(iter(self._points), text), None)
        point.version = version
        self._points[text] = point

    def _build(self, text: str, style: Style, *, finished: bool = False) -> Ready:
        self.parses += 1
        source = lex(text, style)
        word = first_word(source)
        command = read_command(source)
        if command is not None or word == "LOAD" or word in DDL_WORDS:
            refuse_place(source.hints, f"{word} …")
        if command is not None:
            return command
        if word == "LOAD":
            return read_load(source)
        if word in DDL_WORDS:
            return read_ddl(source, self.rules.name)
        draft = read(source, word, self.rules.name)
        names = draft.table_names
        for use in draft.tables:
            self._known(use.name, draft.schema(use.name), text, source.origin(use.this.meta["start"]))
        missing = self.catalog.missing(names)
        if missing:
            raise MetadataNeeded(missing)
        literals = self._collation or self.catalog.connection_collation
        try:
            statement = analyse(draft, RuleNames(self.rules, self.catalog, literals))
        except UnknownColumn as error:
            error.tables = names  # what is known of them may be out of date
            raise
        ready = Prepared(statement, self.rules, self.catalog.infos(names), self.catalog.blank)
        table = ready.router.tables[0] if statement.kind in (Kind.INSERT, Kind.REPLACE) else None
        if isinstance(table, ShardedTable) and table.generate and not finished:
            self._fill(draft, ready, table)
        return ready

    def _fill(self, draft: Draft, ready: Prepared, table: ShardedTable) -> None:
        """Let the INSERT get its ids from generators, if it leaves any to them."""
        info = self.catalog.infos((table.name,))[table.name]
        columns = generated_columns(table, info)
        found = blanks(draft, tuple(columns.values()), info)
        for blank in found.blanks:
            if blank.value is None and isinstance(table.generate[blank.column], Gene):
                raise not_yet(f"{table.name}.{blank.column}")
        if found.blanks:
            text = filled(ready.statement, found)
            inner = self._build(text.text, Style.NAMED if text.named else Style.POSITIONAL, finished=True)
            assert isinstance(inner, Prepared)
            ready.needs_ids(Filling(table, columns, text, inner))

    def known(self, name: str) -> Table:
        """The table of that name, in that case, as MySQL compares names. Raises UnknownTable."""
        table = self.rules.find(name)
        if table is None or table.name != name:
            near = f"; did you mean {table.name}?" if table is not None else ""
            raise UnknownTable(f"Table '{name}' doesn't exist: the rules do not name it{near}")
        return table

    def _known(self, name: str, schema: str, text: str, offset: int) -> Table:
        """As `known`, for a name that stands in a text with this schema before it, or with none."""
        if schema == self.rules.schema_of(name):
            return self.known(name)
        if schema:
            raise NotSupportedError(
                f"the database-qualified name {name}", where=place(text, offset),
                why="shardkit decides which database a table lies in", instead=f"{name[len(schema) + 1 :]} alone",
            )  # fmt: skip
        raise NotSupportedError(
            f"the table name `{name}`, with a dot in it", where=place(text, offset),
            why="the rules name a schema that begins like this", instead="a name without a dot",
        )  # fmt: skip

    def spread(self, ddl: Ddl) -> Plan:
        """The tasks of a DDL statement: see plan.spreading."""
        statement = ddl.statement
        check_names(ddl, self.rules)
        tables = [self._known(use.name, use.schema, statement.text, use.span[0]) for use in statement.tables]
        return spread(ddl, tables)


def style_of(params: Params) -> Style:
    """How these parameters are written in a text."""
    if params is None:
        return Style.RAW
    return Style.NAMED if isinstance(params, Mapping) else Style.POSITIONAL
