"""The questions: a few for each server, a few for each shard.

Rights are found by trial where the trial is harmless: XA RECOVER shows nothing but a list, a temporary table ends with
its connection, CREATE TABLE IF NOT EXISTS of a table that exists does nothing but ask for the right.
Invariant: a server that does not answer is asked once; the others are asked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from shardkit.doctor.facts import Facts, ServerFacts, ShardFacts, TableShape
from shardkit.errors import ConnectionLost, Error, PoolTimeout, ShardUnavailable
from shardkit.rules import Rules
from shardkit.session.branches import TABLE, read_branch
from shardkit.values import Params, Row, ShardId

Ask = Callable[[ShardId, str, Params], Sequence[Row]]
"""Runs one statement on a shard's server and gives its rows. Raises errors of shardkit.errors."""

Clock = Callable[[], float]

SETTINGS = (
    "sql_mode", "time_zone", "system_time_zone", "collation_server", "group_concat_max_len", "transaction_isolation",
    "tx_isolation", "lower_case_table_names", "innodb_rollback_on_timeout", "innodb_flush_log_at_trx_commit",
    "sync_binlog", "log_bin",
)  # fmt: skip

_COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME, COLUMN_DEFAULT, EXTRA
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
_KEYS = """
SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, INDEX_TYPE
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""
_NATURE = "SELECT TABLE_NAME, TABLE_COLLATION, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
_OLD = "SELECT COUNT(*) FROM `{database}`.`" + TABLE + "` WHERE decided_at < NOW() - INTERVAL 2 DAY"
_TRIALS = {
    "CREATE TEMPORARY TABLES": "CREATE TEMPORARY TABLE IF NOT EXISTS `{database}`.`shardkit_doctor` (i INT)",
    "CREATE": "CREATE TABLE IF NOT EXISTS `{database}`.`{table}` (i INT)",
}
_NO_TABLE = 1146
_DENIED = frozenset({1044, 1142, 1227})
_SILENT = (ConnectionLost, PoolTimeout, ShardUnavailable)


def examine(rules: Rules, ask: Ask, now: Clock) -> Facts:
    """Ask every server and every shard that is not embedded."""
    shards = [shard for shard in rules.shards if not rules.servers[shard.server].embedded]
    one_of_each = {shard.server: shard for shard in reversed(shards)}
    servers = tuple(_server(shard, ask, now) for _, shard in sorted(one_of_each.items()))
    silent = {server.name: server.error for server in servers if server.error is not None}
    found = tuple(
        ShardFacts(shard, silent[shard.server]) if shard.server in silent else _shard(shard, ask) for shard in shards
    )
    return Facts(now(), servers, found)


def _server(shard: ShardId, ask: Ask, now: Clock) -> ServerFacts:
    try:
        ((version,),) = ask(shard, "SELECT VERSION()", ())
        names = ", ".join(f"'{name}'" for name in SETTINGS)
        rows = ask(shard, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})", ())
        before = now()
        ((theirs,),) = ask(shard, "SELECT UNIX_TIMESTAMP(NOW(6))", ())
        clock = float(str(theirs)) - (before + now()) / 2
    except Error as error:
        return ServerFacts(shard.server, error=str(error))
    settings = {str(name): str(value) for name, value in rows}
    if "tx_isolation" in settings:
        settings.setdefault("transaction_isolation", settings.pop("tx_isolation"))
    try:
        branches = [read_branch(tuple(row)) for row in ask(shard, "XA RECOVER", ())]
    except Error as error:
        return ServerFacts(shard.server, None, str(version), settings, clock, unlisted=str(error))
    ours = tuple(branch for branch in branches if branch is not None)
    return ServerFacts(shard.server, None, str(version), settings, clock, ours, len(branches) - len(ours))


def _shard(shard: ShardId, ask: Ask) -> ShardFacts:
    sql = "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s"
    try:
        known = ask(shard, sql, (shard.database,))
        if not known:
            return ShardFacts(shard, "there is no such database, or the account may not see it")
        tables = _tables(shard, ask)
        decisions = _decisions(shard, ask)
        lacking = tuple(_lacking(shard, ask, TABLE if TABLE in tables else next(iter(tables), None)))
    except Error as error:
        return ShardFacts(shard, str(error))
    return ShardFacts(shard, None, str(known[0][0]), tables, decisions, lacking)


def _tables(shard: ShardId, ask: Ask) -> dict[str, TableShape]:
    columns: dict[str, dict[str, str]] = {}
    for table, column, *rest in ask(shard, _COLUMNS, (shard.database,)):
        columns.setdefault(str(table).lower(), {})[str(column)] = _text(rest)
    keys: dict[str, dict[str, list[str]]] = {}
    for table, key, *rest in ask(shard, _KEYS, (shard.database,)):
        keys.setdefault(str(table).lower(), {}).setdefault(str(key), []).append(_text(rest))
    nature = {str(row[0]).lower(): row[1:] for row in ask(shard, _NATURE, (shard.database,))}
    return {
        table: TableShape(found, _joined(keys.get(table, {})), *map(str, nature.get(table, ("", ""))))
        for table, found in columns.items()
    }


def _joined(keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {key: ", ".join(parts) for key, parts in keys.items()}


def _text(values: Sequence[object]) -> str:
    return " ".join("-" if value is None else str(value) for value in values).strip()


def _decisions(shard: ShardId, ask: Ask) -> int | None:
    try:
        ((count,),) = ask(shard, _OLD.format(database=shard.database), ())
    except Error as error:
        if error.errno == _NO_TABLE:
            return None
        raise
    return int(str(count))


def _lacking(shard: ShardId, ask: Ask, table: str | None) -> Iterator[str]:
    """Privileges that a trial shows to be missing. Without any table there is no harmless trial of CREATE."""
    for privilege, sql in _TRIALS.items():
        if table is None and "{table}" in sql:
            continue
        try:
            ask(shard, sql.format(database=shard.database, table=table), ())
        except Error as error:
            if error.errno not in _DENIED or isinstance(error, _SILENT):
                raise
            yield privilege
