"""Servers and layouts: what their names and patterns mean, and whether the pieces fit together.

Invariant: a layout that comes back has its databases in order, even if it names servers that do not exist, so that the
tables on it can still be checked. Whoever reported a problem makes sure that no rules come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy.engine import URL

from shardkit.rules.layout import Layout, deal_out, expand, expand_tables, labels, name_mistake
from shardkit.rules.model import LayoutIn, ServerIn
from shardkit.rules.source import Path, Source
from shardkit.rules.tables import Pool, Replica, Server
from shardkit.rules.units import seconds
from shardkit.rules.urls import parse_url
from shardkit.values import ShardId


def build_servers(source: Source, given: Mapping[str, ServerIn], folder: str | None) -> dict[str, Server]:
    """The servers by name; relative SQLite folders are taken from `folder`."""
    found = {}
    for name, server in given.items():
        if server.replicas:
            source.notice(("servers", name, "replicas"), "replicas are not read from yet", "all reads go to the server")
        replicas = tuple(Replica(_url(one.url, folder), one.weight) for one in server.replicas)
        pool = Pool(server.pool.size, seconds(server.pool.wait), server.pool.workspaces)
        found[name] = Server(name, _url(server.url, folder), pool, replicas)
    return found


def _url(text: str, folder: str | None) -> URL:
    return parse_url(text, folder)


def build_layouts(source: Source, given: Mapping[str, LayoutIn], servers: Mapping[str, Server]) -> dict[str, Layout]:
    """The layouts whose patterns can be read, by name."""
    found = {}
    for name, layout in given.items():
        at: Path = ("layouts", name)
        databases = _databases(source, layout, at)
        pieces = _pieces(source, layout, at)
        if not databases or not pieces:
            continue
        match layout.servers:
            case str() as server:
                shards = deal_out(databases, _known_servers(source, (server,), (*at, "servers")))
            case list() as names:
                shards = deal_out(databases, _known_servers(source, names, (*at, "servers")))
            case dict() as shares:
                shards = _said_one_by_one(source, layout, databases, shares, (*at, "servers"))
        found[name] = Layout(name, shards, pieces)
    check_pools(source, found.values(), servers)
    return found


def _databases(source: Source, layout: LayoutIn, at: Path) -> list[str]:
    found: list[str] = []
    for path, pattern in _patterns(layout.databases, (*at, "databases")):
        try:
            names = expand(pattern)
        except ValueError as error:
            source.problem(path, str(error))
            return []
        for name in names:
            if mistake := name_mistake(name):
                source.problem(path, mistake)
                return []
        if twice := [name for name, count in Counter([*found, *names]).items() if count > 1]:
            source.problem(path, f"{_some(twice)} named twice", "name every database once")
            return []
        found += names
    return found


def _pieces(source: Source, layout: LayoutIn, at: Path) -> tuple[tuple[str, str], ...]:
    try:
        return expand_tables(layout.tables)
    except ValueError as error:
        source.problem((*at, "tables"), str(error))
        return ()


def _known_servers(source: Source, names: Iterable[str], at: Path) -> list[str]:
    """The names, each once; unknown ones are reported and kept."""
    found: list[str] = []
    for index, name in enumerate(names):
        path = (*at, index) if source.has((*at, index)) else at
        if name in found:
            source.problem(path, f"server {name!r} is listed twice", "list every server once")
            continue
        if not source.knows("servers", name):
            source.unknown(path, "server", source.names("servers"))
        found.append(name)
    return found


def _said_one_by_one(
    source: Source, layout: LayoutIn, databases: list[str], shares: Mapping[str, str | list[str]], at: Path
) -> tuple[ShardId, ...]:
    name_of = _by_label(layout) | {name: name for name in databases}
    owner: dict[str, str] = {}
    for server, share in shares.items():
        if not source.knows("servers", server):
            source.unknown((*at, server), "server", source.names("servers"), key=True)
        for placed in _patterns(share, (*at, server)):
            _place_share(source, placed, server, name_of, owner)
    homeless = [name for name in databases if name not in owner]
    if homeless and source.is_whole(at):
        source.problem(at, f"{_some(homeless)} placed on no server", "give each database a server", key=True)
    return tuple(ShardId(owner.get(name, ""), name) for name in databases)


def _place_share(
    source: Source, placed: tuple[Path, str], server: str, name_of: Mapping[str, str], owner: dict[str, str]
) -> None:
    path, pattern = placed
    try:
        members = expand(pattern)
    except ValueError as error:
        source.problem(path, str(error))
        members = []
    unknown = [member for member in members if member not in name_of]
    if unknown:
        source.problem(path, f"{_some(unknown)} not in this layout", "write a database's name, or its part in braces")
    names = [name_of[member] for member in members if member in name_of]
    if twice := [name for name in names if name in owner]:
        source.problem(path, f"{_some(twice)} placed twice", f"already on server {owner[twice[0]]!r}")
    for name in names:
        owner.setdefault(name, server)


def _by_label(layout: LayoutIn) -> dict[str, str]:
    """What stands in the braces of the databases' pattern -> the database; only where that is unambiguous."""
    if not isinstance(layout.databases, str):
        return {}
    names, parts = expand(layout.databases), labels(layout.databases)
    return dict(zip(parts, names, strict=True)) if len(set(parts)) == len(names) else {}


def check_pools(source: Source, layouts: Iterable[Layout], servers: Mapping[str, Server]) -> None:
    """A statement over all shards needs a connection for each database of the layout on a server, all at once."""
    needed: dict[str, tuple[int, str]] = {}
    for layout in layouts:
        for server, count in Counter(shard.server for shard in layout.shards).items():
            needed[server] = max(needed.get(server, (0, "")), (count, layout.name))
    for name, (count, layout_name) in needed.items():
        if name not in servers or servers[name].embedded or servers[name].pool.size >= count:
            continue
        path: Path = ("servers", name, "pool", "size")
        if source.is_whole(path):
            message = f"the pool of {servers[name].pool.size} connections is smaller than the {count} databases"
            written = source.has(path)
            source.problem(
                path if written else path[:2],
                f"{message} of layout {layout_name!r} on server {name!r}",
                f"write pool: {{ size: {count} }} or more",
                key=not written,
            )


def _patterns(given: str | list[str], at: Path) -> list[tuple[Path, str]]:
    return [(at, given)] if isinstance(given, str) else [((*at, index), one) for index, one in enumerate(given)]


def _some(names: list[str]) -> str:
    """`database x is`, `databases x, y and 3 more are`."""
    if len(names) == 1:
        return f"database {names[0]!r} is"
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"databases {shown} are"
