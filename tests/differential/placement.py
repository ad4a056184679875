"""After every write: the shards together hold what the oracle holds, and each row lies where shardkit looks for it.

Invariant: rows are read past shardkit; only the question "which shard?" is asked of it, by explain.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.differential import schema
from tests.differential.world import World


def misplaced(world: World, table: str) -> str:
    """What is wrong with a table's rows on the shards, in words; '' when nothing is."""
    with world.oracle().cursor() as cursor:
        cursor.execute(f"SELECT * FROM `{table}`")
        names = [str(column[0]) for column in cursor.description or ()]
        wanted: Counter[Any] = Counter(cursor.fetchall())
    stored = world.stored(table)
    if table in schema.BROADCAST:
        return _copies(world, table, wanted)
    given: Counter[Any] = Counter(row for _, _, row in stored)
    if given != wanted:
        lost, extra = list((wanted - given).elements())[:3], list((given - wanted).elements())[:3]
        return f"{table}: the shards lack {lost!r} and have {extra!r} too many"
    if table in schema.SINGLE:
        return ""
    key = names.index(schema.KEYS[table][0])
    for place, name, row in stored:
        home = home_of(world, table, row[key])
        if home != (place.server.name, place.database, name):
            return f"{table}: the row with key {row[key]!r} lies in {place.database}.{name}, shardkit looks in {home}"
    return ""


def _copies(world: World, table: str, wanted: Counter[Any]) -> str:
    for place, name in world.everywhere(table):
        with world.direct(place) as cursor:
            cursor.execute(f"SELECT * FROM `{place.database}`.`{name}`")
            if Counter(cursor.fetchall()) != wanted:
                return f"{table}: the copy in {place.database} differs from the oracle's table"
    return ""


def home_of(world: World, table: str, value: Any) -> tuple[str, str, str]:
    """(server, database, physical table) where shardkit looks for a shard-key value."""
    if (table, value) not in world.homes:
        cursor = world.subject().cursor()
        plan = cursor.explain(f"SELECT * FROM {table} WHERE {schema.KEYS[table][0]} = %s", (value,)).json()
        cursor.close()
        world.homes[table, value] = read_home(world, table, plan)
    return world.homes[table, value]


def read_home(world: World, table: str, plan: dict[str, Any]) -> tuple[str, str, str]:
    """The one place that a plan (explain's JSON) goes to."""
    targets = plan["targets"]
    if len(targets) != 1:
        raise AssertionError(f"a search by the shard key of {table} goes to {len(targets)} places: {targets}")
    shard, sql = str(targets[0]["shard"]), str(targets[0]["sql"])
    server, database = shard.split("/", maxsplit=1)
    names = [name for name in world.physical(table) if f"`{name}`" in sql]
    return server, database, names[0] if len(names) == 1 else f"one of {names} in {sql}"
