"""The rules file as it is written: pydantic models of the YAML, for validation and for the JSON Schema.

Only shapes are checked here (keys, types, units); what names mean is checked in `check`.
Invariant: strict and closed. A text is never taken for a number, an unknown key is never skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from shardkit.rules.scalars import FromEnvironment, resolve
from shardkit.rules.units import DURATION, SIZE, seconds, size
from shardkit.rules.urls import parse_url


def _checked(kind: str, parse: Callable[[str], object]) -> AfterValidator:
    """Keep the text, but only if it parses; the parser's message is the mistake."""

    def check(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            raise PydanticCustomError(kind, "{reason}", {"reason": str(error)}) from None
        return text

    return AfterValidator(check)


def _shape(value: object) -> str | None:
    match value:
        case str():
            return "<text>"
        case list():
            return "<list>"
        case dict() | BaseModel():
            return "<mapping>"
        case _:
            return None


def _either(message: str) -> Discriminator:
    """Choose the branch of a union by the value's shape, so that one mistake gives one message."""
    return Discriminator(_shape, custom_error_type="shape", custom_error_message=message)


def _pattern(expression: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": rf"^{expression}$|\$\{{"})


def _from_environment(value: object) -> object:
    return resolve(value) if isinstance(value, FromEnvironment) else value


Whole = Annotated[int, BeforeValidator(_from_environment)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Names = Annotated[list[Name], Field(min_length=1)]
Url = Annotated[str, _checked("url", parse_url)]
Duration = Annotated[str, _checked("duration", seconds), _pattern(DURATION)]
Size = Annotated[str, _checked("size", size), _pattern(SIZE)]
Patterns = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[Names, Tag("<list>")],
    _either("a name, a pattern such as 'member_{00..15}' or a list of them is wanted"),
]


class Piece(BaseModel):
    """One mapping of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class PoolIn(Piece):
    """Connections to one server."""

    size: Annotated[Whole, Field(ge=1, le=10_000)] = Field(default=16, description="Most connections at a time.")
    wait: Duration = Field(default="5s", description="How long a statement waits for a free connection.")
    workspaces: Annotated[Whole, Field(ge=1, le=1_000)] = Field(
        default=4, description="Connections besides `size`, for statements that this server finishes at a time."
    )


class ReplicaIn(Piece):
    """A read replica (accepted, not used yet)."""

    url: Url = Field(repr=False, description="mysql+pymysql://user:password@host:3306")
    weight: Annotated[Whole, Field(ge=0)] = Field(default=1, description="Share of the reads.")


class ServerIn(Piece):
    """One MySQL server, or one folder of SQLite files."""

    url: Url = Field(repr=False, description="mysql+pymysql://user:password@host:3306, or sqlite:///./folder")
    replicas: list[ReplicaIn] = Field(default=[], description="Read replicas (accepted, not used yet).")
    pool: PoolIn = Field(default=PoolIn(), description="Connections to this server.")


class LayoutIn(Piece):
    """Where the pieces of a table live."""

    databases: Patterns = Field(description="The physical databases: a pattern such as 'member_{00..15}', or a list.")
    servers: Annotated[
        Annotated[str, Tag("<text>")]
        | Annotated[Names, Tag("<list>")]
        | Annotated[dict[str, Patterns], Tag("<mapping>")],
        _either("a list of servers, or a mapping from server to its databases is wanted"),
    ] = Field(description="A list: dealt out evenly in order. A mapping: server to its databases or their numbers.")
    tables: str = Field(default="{table}", description="Physical tables in each database, such as '{table}_{0..3}'.")


class AlgorithmIn(Piece):
    """An algorithm with its options."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="hash, mod, range, list, date, gene, or a plug-in's name.")


Algorithm = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[AlgorithmIn, Tag("<mapping>")],
    _either("an algorithm's name, or a mapping with its type and options is wanted"),
]


class AxisIn(Piece):
    """A column and its algorithm."""

    column: Name = Field(description="The column.")
    algorithm: Algorithm | None = Field(default=None, description="hash if left out.")


Axis = Annotated[
    Annotated[Name, Tag("<text>")] | Annotated[AxisIn, Tag("<mapping>")],
    _either("a column, or { column: name, algorithm: name } is wanted"),
]


class TwoAxesIn(Piece):
    """One column decides the database, another the table within it."""

    database: Axis = Field(description="The column that decides the database.")
    table: Axis = Field(description="The column that decides the table within it.")


class GenerateIn(Piece):
    """A generator with its options."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="snowflake, segment, uuid7, gene (not yet), or a plug-in's name.")


class IndexIn(Piece):
    """An index table (accepted, not kept up yet)."""

    by: Annotated[
        Annotated[Name, Tag("<text>")] | Annotated[Names, Tag("<list>")],
        _either("a column or a list of columns is wanted"),
    ] = Field(description="The column or columns that find the row.")
    unique: bool = Field(default=False, description="Whether a value finds one row at most.")
    covers: list[Name] = Field(default=[], description="Columns that are copied into the index table.")


class TableIn(Piece):
    """One sharded table."""

    layout: Name | None = Field(default=None, description="A layout's name; a bound table may leave it to its root.")
    shard_by: (
        Annotated[
            Annotated[Name, Tag("<text>")] | Annotated[Names, Tag("<list>")] | Annotated[TwoAxesIn, Tag("<mapping>")],
            _either("a column, a list of columns, or { database: column, table: column } is wanted"),
        ]
        | None
    ) = Field(default=None, description="The shard key. A bound table may leave it to its root.")
    algorithm: Algorithm | None = Field(default=None, description="hash if left out; a bound table takes its root's.")
    bound_to: Name | None = Field(default=None, description="A table whose rows lie on the same shard for equal keys.")
    generate: dict[
        str,
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[GenerateIn, Tag("<mapping>")],
            _either("a generator's name, or a mapping with its type and options is wanted"),
        ],
    ] = Field(default={}, description="Column to generator: ids for INSERTs that leave the column out.")
    indexes: dict[str, IndexIn] = Field(default={}, description="Index tables (accepted, not kept up yet).")


class BroadcastIn(Piece):
    """Tables with a full copy in every database of a layout."""

    layout: Name = Field(description="The layout in whose databases they lie.")
    tables: list[Name] = Field(description="The tables.")


class SingleIn(Piece):
    """Tables that are not sharded."""

    database: str = Field(description="The database they lie in: server/database.")
    tables: list[Name] = Field(default=[], description="The tables.")
    schemas: list[Name] = Field(default=[], description="Further databases on that server: `schema.table`.")


class BudgetIn(Piece):
    """What one statement may use."""

    rows: Annotated[Whole, Field(ge=1)] = Field(default=1_000_000, description="Rows in buffers.")
    memory: Size = Field(default="256MB", description="Bytes in buffers.")
    time: Duration = Field(default="30s", description="Time of one statement.")


class DefaultsIn(Piece):
    """What holds where nothing else is said."""

    unlisted_tables: Literal["refuse", "single"] = Field(default="refuse", description="Tables that no section names.")
    transactions: Literal["xa", "best_effort", "single_shard"] = Field(default="xa", description="Over several shards.")
    full_scan_writes: Literal["refuse", "allow"] = Field(default="refuse", description="Writes without a shard key.")
    budget: BudgetIn = Field(default=BudgetIn(), description="What one statement may use.")
    workspace: Name | None = Field(
        default=None, description="The server that finishes what no merge can; the one with most tables if left out."
    )
    slow_statement: Duration | None = Field(
        default=None, description="Statements that take longer are logged as shardkit.slow; none if left out."
    )


class RulesIn(Piece):
    """The rules of shardkit: which tables are sharded, how, and on which servers."""

    version: Literal[1] = Field(description="Always 1.")
    name: Name = Field(default="shardkit", description="The logical database's name: what DATABASE() answers.")
    servers: dict[Name, ServerIn] = Field(description="The MySQL servers, by name.")
    layouts: dict[Name, LayoutIn] = Field(default={}, description="Where the pieces of a table live, by name.")
    tables: dict[Name, TableIn] = Field(default={}, description="The sharded tables, by name.")
    broadcast: BroadcastIn | None = Field(default=None, description="Tables with a full copy in every database.")
    single: SingleIn | None = Field(default=None, description="Tables that are not sharded.")
    defaults: DefaultsIn = Field(default=DefaultsIn(), description="What holds where nothing else is said.")


def options_of(piece: AlgorithmIn | GenerateIn) -> dict[str, Any]:
    """The options beside `type`."""
    return dict(piece.model_extra or {})
