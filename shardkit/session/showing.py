"""SHOW and DESCRIBE: one physical table speaks for its logical one, and comes back under the logical name.

What only one shard could tell of a table over several (its next AUTO_INCREMENT value, its cardinalities) is left out.
Invariant: no physical name reaches the caller where a logical one stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from shardkit.errors import OperationalError
from shardkit.flow import Description, Head, Op, Opened, Query, Script, Task
from shardkit.parse import Show, Shown
from shardkit.rewrite import logical_name
from shardkit.rules import BroadcastTable, Rules, ShardedTable, Table
from shardkit.session.branches import OWN_TABLES
from shardkit.session.metadata import sample
from shardkit.session.state import Session
from shardkit.values import Params, PhysicalTable, Row, ShardId

_UNKNOWN_DATABASE = 1049
_TEXT = 253  # the driver's number of the type
_NAME = r"`(?:[^`]|``)+`"
_HEAD = re.compile(rf"CREATE TABLE ({_NAME})")
_FOREIGN = re.compile(
    rf"^(  CONSTRAINT )({_NAME})( FOREIGN KEY \({_NAME}(?:, ?{_NAME})*\) REFERENCES )({_NAME})", re.MULTILINE
)
_CHECK = re.compile(rf"^(  CONSTRAINT )({_NAME})( CHECK )", re.MULTILINE)
_FOREIGN_DATABASE = re.compile(
    rf"^(  CONSTRAINT {_NAME} FOREIGN KEY \({_NAME}(?:, ?{_NAME})*\) REFERENCES )({_NAME})(?=\.)", re.M
)
_VIEW = re.compile(r"CREATE (?:ALGORITHM|DEFINER|SQL|VIEW)")
_VIEW_DATABASE = re.compile(r"'(?:[^'\\]|\\.|'')*'|" + rf"({_NAME})\.")
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")


def show(session: Session, given: Show, params: Params) -> Script:
    """Answer a SHOW or DESCRIBE. Raises UnknownTable, and OperationalError for another database's name."""
    rules = session.planner.rules
    if given.database not in ("", rules.name, *rules.schemas):
        raise OperationalError(f"Unknown database '{given.database}'", errno=_UNKNOWN_DATABASE)
    match given.what:
        case Shown.SERVER:
            place = next(iter(session.enlisted), rules.shards[0])
            (opened,) = yield Query((Task(place, given.text, params),), False, session.planner.time)
            yield _head(opened.description, opened.first.rows)
        case Shown.DATABASES:
            names = sorted(("information_schema", rules.name, *rules.schemas))
            rows = [(name,) for name in names if given.like is None or _like(given.like).fullmatch(name)]
            yield _head((_column("Database", given.like),), rows)
        case Shown.TABLES:
            yield from _tables(session, given)
        case _:
            yield from _table(session, given)


def database(session: Session, label: str) -> Script:
    """SELECT DATABASE(): the name of the logical database."""
    yield _head((_column(label, None),), [(session.planner.rules.name,)])


def _head(description: Description, rows: Sequence[Row]) -> Head:
    return Head(description, len(rows), None, rows, True)


def _column(label: str, like: str | None) -> tuple[Any, ...]:
    return (label if like is None else f"{label} ({like})", _TEXT, None, 256, 256, 0, True)


# --- the tables there are --------------------------------------------------------------------------------------------


def _tables(session: Session, given: Show) -> Script:
    rules = session.planner.rules
    if given.database in rules.schemas and rules.single_shard is not None:
        found = yield from _of_schema(session, rules.single_shard, given.database)
    else:
        found = yield from existing(session)
    pattern = _like(given.like) if given.like is not None else None
    rows = [(name, kind) for name, kind in sorted(found.items()) if pattern is None or pattern.fullmatch(name)]
    label = _column(f"Tables_in_{given.database or rules.name}", given.like)
    if given.full:
        yield _head((label, _column("Table_type", None)), rows)
    else:
        yield _head((label,), [row[:1] for row in rows])


def _of_schema(session: Session, shard: ShardId, schema: str) -> Generator[Op, Any, dict[str, str]]:
    task = Task(shard, f"SHOW FULL TABLES FROM {_quoted(schema)}")
    (answer,) = yield Query((task,), False, session.planner.time)
    return {str(row[0]): str(row[1]) for row in answer.first.rows if str(row[0]) not in OWN_TABLES}


def existing(session: Session) -> Generator[Op, Any, dict[str, str]]:
    """The logical tables that exist, with their types; those that the rules do not name where they may be used."""
    rules = session.planner.rules
    wanted: dict[ShardId, dict[str, str]] = {}
    for name in rules.table_names():
        place = sample(rules, name)
        wanted.setdefault(place.shard, {})[place.name] = name
    open_to_all = rules.single_shard if rules.defaults.unlisted_tables == "single" else None
    if open_to_all is not None:
        wanted.setdefault(open_to_all, {})
    shards = tuple(wanted)
    tasks = tuple(Task(shard, f"SHOW FULL TABLES FROM {_quoted(shard.database)}") for shard in shards)
    answers: tuple[Opened, ...] = (yield Query(tasks, False, session.planner.time)) if tasks else ()
    found: dict[str, str] = {}
    for shard, answer in zip(shards, answers, strict=True):
        kinds = {str(row[0]): str(row[1]) for row in answer.first.rows}
        found.update({wanted[shard][name]: kind for name, kind in kinds.items() if name in wanted[shard]})
        if shard == open_to_all:
            pieces = set(physical_names(rules, shard)) | OWN_TABLES
            found.update({name: kind for name, kind in kinds.items() if name not in pieces})
    return found


def physical_names(rules: Rules, shard: ShardId) -> Iterable[str]:
    """What the tables of the rules are called in one physical database."""
    for name in rules.table_names():
        table = rules.find(name)
        if isinstance(table, ShardedTable):
            yield from table.layout.physical_names(name) if shard in table.layout.shards else ()
        elif isinstance(table, BroadcastTable):
            yield from (name,) if shard in table.layout.shards else ()
        elif table is not None and table.shard == shard:
            yield name


# --- one table -------------------------------------------------------------------------------------------------------


def _table(session: Session, given: Show) -> Script:
    rules = session.planner.rules
    schema = given.database if given.database in rules.schemas else ""
    table = session.planner.known(f"{schema}.{given.table}" if schema else given.table)
    place = sample(rules, table.name)
    (opened,) = yield Query((Task(place.shard, _question(given, place)),), False, session.planner.time)
    rows = [_renamed(rules, given.what, table, place, row) for row in opened.first.rows]
    yield _head(opened.description, rows)


def _question(given: Show, place: PhysicalTable) -> str:
    where = f"{_quoted(place.shard.database)}.{_quoted(place.name)}"
    match given.what:
        case Shown.CREATE | Shown.CREATE_VIEW:
            return f"SHOW {given.what.value.upper()} {where}"
        case Shown.INDEX:
            return f"SHOW INDEX FROM {where}"
        case _:
            pattern = (given.like or "").replace("\\", "\\\\").replace("'", "''")
    like = "" if given.like is None else f" LIKE '{pattern}'"
    return f"SHOW {'FULL ' if given.full else ''}COLUMNS FROM {where}{like}"


def _renamed(rules: Rules, what: Shown, table: Table, place: PhysicalTable, row: Row) -> Row:
    spread = isinstance(table, (ShardedTable, BroadcastTable))
    if what in (Shown.CREATE, Shown.CREATE_VIEW):
        if spread:
            return (table.name, logical_text(rules, table, place, str(row[1])), *row[2:])
        shown = str(row[1])
        text = _viewed(rules, table, shown) if _VIEW.match(shown) else _own_database(rules, shown)
        return (row[0], text, *row[2:])
    if what is Shown.INDEX and spread:
        return (table.name, *row[1:6], None, *row[7:])  # the cardinality is that of one piece
    return row


def logical_text(rules: Rules, table: Table, place: PhysicalTable, text: str) -> str:
    """CREATE TABLE of a physical table as that of its logical one: its name, its counter, what its keys refer to."""
    physical, logical = _quoted(place.name), _quoted(table.name)
    text = _HEAD.sub(lambda found: found[0].replace(physical, logical, 1), text, count=1)
    head, closing, options = text.rpartition("\n)")
    text = head + closing + _COUNTER.sub("", options)
    names = _beside(rules, table)
    several = isinstance(table, ShardedTable) and table.layout.tables_per_shard > 1

    def named(found: re.Match[str]) -> str:
        constraint = logical_name(found[2][1:-1].replace("``", "`"), table.name, place.name, several)
        return found[1] + _quoted(constraint) + found[3]

    def foreign(found: re.Match[str]) -> str:
        return named(found) + names.get(found[4], found[4])

    return _CHECK.sub(named, _FOREIGN.sub(foreign, text))


def _own_database(rules: Rules, text: str) -> str:
    """Keys of a schema's table that refer to the single tables' database say the logical one."""
    if rules.single_shard is None or not rules.schemas:
        return text
    physical, logical = _quoted(rules.single_shard.database), _quoted(rules.name)
    return _FOREIGN_DATABASE.sub(lambda found: found[1] + (logical if found[2] == physical else found[2]), text)


def _viewed(rules: Rules, table: Table, text: str) -> str:
    """A view's text as a server shows it that has the logical database selected."""
    if rules.single_shard is None:
        return text
    physical = _quoted(rules.single_shard.database)
    logical = _quoted(rules.name) + "." if rules.schema_of(table.name) else ""

    def named(found: re.Match[str]) -> str:
        return logical if found[1] == physical else found[0]

    return _VIEW_DATABASE.sub(named, text)


def _beside(rules: Rules, table: Table) -> dict[str, str]:
    """Physical to logical names, quoted, of the tables whose first pieces lie beside this table's first piece."""
    if not isinstance(table, ShardedTable):
        return {}
    return {
        _quoted(other.layout.place(0, other.name).name): _quoted(other.name)
        for other in rules.sharded.values()
        if other.layout is table.layout
    }


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _like(pattern: str) -> re.Pattern[str]:
    """A LIKE pattern over names, whose case counts."""
    parts = re.findall(r"\\(.)|(.)", pattern, re.DOTALL)
    text = "".join(re.escape(kept) if kept else _WILD.get(plain, re.escape(plain)) for kept, plain in parts)
    return re.compile(text, re.DOTALL)


_WILD = {"%": ".*", "_": "."}
