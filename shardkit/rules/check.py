"""Model -> rules: looks up every name and reports every mistake of meaning, all at once.

Invariant: rules come out only if the source has not a single problem, from whichever check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from shardkit.flow import Budget
from shardkit.rules.check_layouts import build_layouts, build_servers
from shardkit.rules.check_tables import TableCheck
from shardkit.rules.layout import Layout, name_mistake
from shardkit.rules.model import DefaultsIn, RulesIn
from shardkit.rules.source import Path, Source
from shardkit.rules.tables import BroadcastTable, Defaults, Rules, ShardedTable, SingleTable
from shardkit.rules.units import seconds, size
from shardkit.values import ShardId


def check(source: Source, model: RulesIn, folder: str | None) -> Rules | None:
    """The rules, or None if the file has any problem; problems and notices are reported to the source."""
    servers = build_servers(source, model.servers, folder)
    layouts = build_layouts(source, model.layouts, servers)
    sharded = TableCheck(source, model, layouts).run()
    broadcast = _broadcast(source, model, layouts)
    shard = _single_shard(source, model)
    single = {name: SingleTable(name, shard) for name in model.single.tables} if model.single and shard else {}
    defaults = _defaults(source, model)
    _each_table_once(source, model)
    _no_shared_tables(source, sharded, broadcast, single)
    if source.problems:
        return None
    return Rules(
        file=source.file,
        servers=MappingProxyType(servers),
        layouts=MappingProxyType(layouts),
        sharded=MappingProxyType(sharded),
        broadcast=MappingProxyType(broadcast),
        single=MappingProxyType(single),
        defaults=defaults,
        notices=tuple(sorted(source.notices, key=lambda one: (one.line, one.column))),
        shards=_shards(layouts, shard),
        single_shard=shard,
        schemas=frozenset(_schemas(source, model, shard, layouts)),
        name=model.name,
    )


def _broadcast(source: Source, model: RulesIn, layouts: Mapping[str, Layout]) -> dict[str, BroadcastTable]:
    if model.broadcast is None:
        return {}
    if not source.knows("layouts", model.broadcast.layout):
        source.unknown(("broadcast", "layout"), "layout", source.names("layouts"))
    layout = layouts.get(model.broadcast.layout)
    return {name: BroadcastTable(name, layout) for name in model.broadcast.tables} if layout else {}


def _single_shard(source: Source, model: RulesIn) -> ShardId | None:
    if model.single is None:
        return None
    at: Path = ("single", "database")
    server, slash, database = model.single.database.partition("/")
    if not slash:
        source.problem(at, "a database is named with its server", "write server/database, such as rds0/app")
        return None
    if not source.knows("servers", server):
        source.unknown(at, "server", source.names("servers"), part=server)
    if mistake := name_mistake(database):
        source.problem(at, mistake)
    return ShardId(server, database)


def _schemas(source: Source, model: RulesIn, shard: ShardId | None, layouts: Mapping[str, Layout]) -> list[str]:
    """The further databases of the single tables' server."""
    given = model.single.schemas if model.single else []
    taken = {one.database for one in _shards(layouts, shard)} | {model.name}
    for index, name in enumerate(given):
        at: Path = ("single", "schemas", index)
        mistake = f"{name!r} has a dot" if "." in name else name_mistake(name)
        if name in taken:
            mistake = f"{name!r} is a physical database of the rules, or the logical one"
        if mistake:
            source.problem(at, mistake, "another database")
    server = model.servers.get(shard.server) if shard else None
    if given and server is not None and server.url.startswith("sqlite"):
        source.problem(("single", "schemas"), "an embedded server has no further databases", "remove it", key=True)
    return given


def _defaults(source: Source, model: RulesIn) -> Defaults:
    given: DefaultsIn = model.defaults
    if given.unlisted_tables == "single" and model.single is None and ("single",) not in source.pruned:
        instead = "add single: { database: server/database }, or write refuse"
        source.problem(("defaults", "unlisted_tables"), "there is no `single` section for unlisted tables", instead)
    budget = Budget(given.budget.rows, size(given.budget.memory), seconds(given.budget.time))
    if budget.time == 0:
        source.problem(("defaults", "budget", "time"), "no statement ends in no time", "write 30s")
    if given.workspace is not None and not source.knows("servers", given.workspace):
        source.unknown(("defaults", "workspace"), "server", source.names("servers"), part=given.workspace)
    slow = None if given.slow_statement is None else seconds(given.slow_statement)
    return Defaults(
        given.unlisted_tables, given.transactions, given.full_scan_writes, budget, given.workspace, slow
    )  # fmt: skip


def _each_table_once(source: Source, model: RulesIn) -> None:
    seen: dict[str, str] = dict.fromkeys(source.names("tables"), "tables")
    listed = {
        "broadcast": model.broadcast.tables if model.broadcast else [],
        "single": model.single.tables if model.single else [],
    }
    for section, names in listed.items():
        for index, name in enumerate(names):
            if name in seen:
                where = "here" if seen[name] == section else f"in section {seen[name]!r}"
                message = f"table {name!r} is already listed {where}"
                source.problem((section, "tables", index), message, "a table has one section")
            seen.setdefault(name, section)


def _no_shared_tables(
    source: Source,
    sharded: Mapping[str, ShardedTable],
    broadcast: Mapping[str, BroadcastTable],
    single: Mapping[str, SingleTable],
) -> None:
    """Two logical tables must not meet in one physical table, such as `t` with {table}_{0..3} and another `t_0`."""
    owners: dict[str, list[tuple[str, frozenset[ShardId]]]] = {}
    pieces: list[tuple[Path, str, Iterable[str], frozenset[ShardId]]] = []
    for name, table in sharded.items():
        pieces.append((("tables", name), name, table.layout.physical_names(name), frozenset(table.layout.shards)))
    for index, (name, copy) in enumerate(broadcast.items()):
        pieces.append((("broadcast", "tables", index), name, (name,), frozenset(copy.layout.shards)))
    for index, (name, one) in enumerate(single.items()):
        pieces.append((("single", "tables", index), name, (name,), frozenset((one.shard,))))
    for path, name, physical_names, shards in pieces:
        for physical in physical_names:
            others = owners.setdefault(physical, [])
            met = [other for other, theirs in others if other != name and not shards.isdisjoint(theirs)]
            others.append((name, shards))
            if met:
                message = f"tables {met[0]!r} and {name!r} would share the physical table {physical!r}"
                source.problem(path, message, "rename one, or use other databases", key=path[0] == "tables")
                break


def _shards(layouts: Mapping[str, Layout], single: ShardId | None) -> tuple[ShardId, ...]:
    found = dict.fromkeys(shard for layout in layouts.values() for shard in layout.shards)
    if single is not None:
        found.setdefault(single)
    return tuple(found)
