"""What the facts mean: for each server, between servers, for each shard, and between a table's pieces.

Invariant: what most have is taken for right; the one that deviates is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from shardkit.doctor.facts import Facts, Finding, Report, ServerFacts, ShardFacts
from shardkit.doctor.tables import tables
from shardkit.rules import Rules
from shardkit.values import ShardId

AGE = 60.0
"""Seconds after which a prepared branch is no longer on its way, but waits for recovery."""

CLOCK = 1.0
"""Seconds by which clocks may differ; NOW() and generated ids would differ by more."""

ALIKE = (
    "sql_mode", "time zone", "collation_server", "group_concat_max_len", "transaction_isolation",
    "lower_case_table_names",
)  # fmt: skip
_RELEASE = re.compile(r"(\d+\.\d+)")


def diagnose(rules: Rules, facts: Facts) -> Report:
    """Look at everything."""
    living = [server for server in facts.servers if server.error is None]
    sound = {shard.shard: shard for shard in facts.shards if shard.error is None}
    findings = [
        *(one for server in facts.servers for one in _server(server, facts.now)),
        *_between(living),
        *(one for shard in facts.shards for one in _shard(shard, living)),
        *_collations(sound),
        *tables(rules, sound),
    ]
    return Report(facts, tuple(findings))


def _server(server: ServerFacts, now: float) -> Iterator[Finding]:
    if server.error is not None:
        yield Finding("wrong", server.name, f"does not answer: {server.error}")
        return
    if abs(server.clock) > CLOCK:
        yield Finding("wrong", server.name, f"its clock differs from this process's by {server.clock:+.1f} s")
    if server.unlisted is not None:
        yield Finding(
            "wrong",
            server.name,
            f"prepared branches cannot be listed (MySQL wants XA_RECOVER_ADMIN): {server.unlisted}",
        )
    ages = [now - branch.began for branch in server.branches]
    old = [age for age in ages if age > AGE]
    if old:
        what = f"{len(old)} branch(es) in doubt, the oldest for {max(old):.0f} s: run `shardkit recover`"
        yield Finding("wrong", server.name, what)
    if len(ages) > len(old):
        yield Finding("notice", server.name, f"{len(ages) - len(old)} branch(es) prepared and on their way")
    if server.foreign:
        yield Finding("notice", server.name, f"{server.foreign} prepared branch(es) that are not shardkit's")
    yield from _lasting(server)


def _lasting(server: ServerFacts) -> Iterator[Finding]:
    """Settings under which a transaction may be lost or cut in two."""
    have = server.settings
    if have.get("innodb_rollback_on_timeout", "OFF") == "ON":
        what = "innodb_rollback_on_timeout is ON: a lock wait that ends takes the transaction with it unseen"
        yield Finding("wrong", server.name, what)
    wanted = {"innodb_flush_log_at_trx_commit": "1"} | ({"sync_binlog": "1"} if have.get("log_bin") == "ON" else {})
    for name, value in wanted.items():
        if have.get(name, value) != value:
            what = f"{name} is {have[name]}: a crash may lose what was committed or prepared, on this server alone"
            yield Finding("notice", server.name, what)


def _between(servers: Iterable[ServerFacts]) -> Iterator[Finding]:
    found = {server.name: _compared(server) for server in servers}
    for name in ALIKE:
        for place, what in deviating({server: have[name] for server, have in found.items()}):
            yield Finding("wrong", place, f"{name} {what}")
    releases = dict(deviating({server: have["release"] for server, have in found.items()}))
    for place, what in releases.items():
        yield Finding("wrong", place, f"version {what}")
    for place, what in deviating({server: have["version"] for server, have in found.items()}):
        if place not in releases and not releases:
            yield Finding("notice", place, f"version {what}")


def _compared(server: ServerFacts) -> dict[str, str]:
    have = dict(server.settings)
    have["time zone"] = have.get("time_zone", "")
    if have["time zone"] == "SYSTEM":
        have["time zone"] = f"SYSTEM, {have.get('system_time_zone', '')}"
    match = _RELEASE.search(server.version)
    brand = "MariaDB" if "mariadb" in server.version.lower() else "MySQL"
    have["release"] = f"{brand} {match.group(1) if match else server.version}"
    have["version"] = server.version
    return {name: have.get(name, "unknown") for name in (*ALIKE, "release", "version")}


def deviating(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Who deviates from what most have, and how. Among equals, the first ones are the most."""
    if not values:
        return
    usual = Counter(values.values()).most_common(1)[0][0]
    for place, value in values.items():
        if value != usual:
            yield place, f"is {value!r}, elsewhere {usual!r}"


def _shard(shard: ShardFacts, living: Iterable[ServerFacts]) -> Iterator[Finding]:
    if shard.error is not None:
        if shard.shard.server in {server.name for server in living}:
            yield Finding("wrong", str(shard.shard), shard.error)
        return
    for privilege in shard.lacking:
        yield Finding("wrong", str(shard.shard), f"the account lacks {privilege} (found by trial)")
    if shard.decisions:
        what = f"{shard.decisions} decision row(s) older than two days: recovery, which drops them, does not run"
        yield Finding("notice", str(shard.shard), what)
    if shard.decisions is None:
        what = "there is no table shardkit_decision yet: `shardkit init` or the first commit over shards makes it"
        yield Finding("notice", str(shard.shard), what)


def _collations(shards: Mapping[ShardId, ShardFacts]) -> Iterator[Finding]:
    for place, what in deviating({str(name): shard.collation for name, shard in shards.items()}):
        yield Finding("notice", place, f"the database's collation, which new tables get, {what}")
