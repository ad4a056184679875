"""Settings and the rules that follow from them; health; the compose file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from examples.centers.health import keys_by_server, ready
from examples.centers.settings import embedded, load_rules
from examples.member_center.settings import Settings as MemberSettings
from examples.order_center.settings import Settings as OrderSettings
from shardkit.errors import ShardUnavailable

EXAMPLES = Path(__file__).parents[2]
CENTERS = ("member", "order")
MYSQL = "mysql+pymysql://app:secret@10.0.0.{}:3306"


@pytest.mark.parametrize("center", CENTERS)
def test_only_the_embedded_default_commits_shard_by_shard(center: str) -> None:
    path, prefix = EXAMPLES / f"{center}_center" / "rules.yaml", center.upper()
    own = load_rules(path, prefix, {})
    assert (embedded(own), own.defaults.transactions) == (True, "best_effort")
    servers = {f"{prefix}_RDS{number}": MYSQL.format(number) for number in (0, 1)}
    served = load_rules(path, prefix, servers)
    assert (embedded(served), served.defaults.transactions) == (False, "xa")
    assert load_rules(path, prefix, {f"{prefix}_TRANSACTIONS": "xa"}).defaults.transactions == "xa"


def test_a_server_that_is_silent_is_given_up_after_a_while() -> None:
    path = EXAMPLES / "order_center" / "rules.yaml"
    given = {"ORDER_RDS0": MYSQL.format(0), "ORDER_RDS1": MYSQL.format(1) + "?read_timeout=40"}
    servers = load_rules(path, "ORDER", given).servers
    asked = {name: make_url(server.url) for name, server in servers.items()}
    assert {name: url.password for name, url in asked.items()} == {"rds0": "secret", "rds1": "secret"}
    assert dict(asked["rds0"].query) == {"connect_timeout": "3", "read_timeout": "15"}
    assert dict(asked["rds1"].query) == {"connect_timeout": "3", "read_timeout": "40"}
    budget = load_rules(path, "ORDER", given).defaults.budget.time
    assert budget is not None
    assert budget < 15


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_WRITERS", "3")
    monkeypatch.setenv("ORDER_CURSOR_SECRET", "tell nobody")
    monkeypatch.setenv("MEMBER_REVEAL_TOKENS", "true")
    order, member = OrderSettings(), MemberSettings()
    assert (order.writers, order.secret(), member.reveal_tokens) == (3, b"tell nobody", True)
    assert "tell nobody" not in repr(order)
    assert member.secret() != member.secret()  # a random one, if there is none


@pytest.mark.parametrize(("center", "table"), [("member", "member"), ("order", "t_order")])
def test_every_server_has_a_key_to_be_asked_by(center: str, table: str) -> None:
    rules = load_rules(EXAMPLES / f"{center}_center" / "rules.yaml", center.upper(), {})
    keys = keys_by_server(rules, table)
    assert set(keys) == {"rds0", "rds1"}
    sharded = rules.sharded[table]
    for server, key in keys.items():
        assert sharded.layout.shard_of(sharded.sharding.slot({"memberid": key})).server == server


def test_readiness_names_what_does_not_answer() -> None:
    async def ask(key: int) -> None:
        if key == 2:
            raise ShardUnavailable("away")
        if key == 3:
            await asyncio.sleep(60)

    found = asyncio.run(ready({"fine": 1, "away": 2, "slow": 3}, ask, 0.05))
    assert found.status == "degraded"  # what lies on the others is served
    assert found.servers == {"fine": "ok", "away": "failed (SK3001)", "slow": "no answer within 0.05 s"}
    assert asyncio.run(ready({"fine": 1, "well": 4}, ask, 60)).status == "ready"
    assert asyncio.run(ready({"away": 2, "slow": 3}, ask, 0.05)).status == "not ready"


def test_readiness_does_not_wait_for_what_a_check_has_to_clear_up() -> None:
    cleared: list[str] = []

    async def scenario() -> None:
        leave = asyncio.Event()

        async def ask(_: int) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await leave.wait()
                cleared.append("yes")

        found = await ready({"frozen": 1}, ask, 0.01)
        assert (found.status, cleared) == ("not ready", [])
        leave.set()
        while not cleared:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("ORDER_CURSOR_SECRET", secret)
    with pytest.raises(ValidationError, match="cursor_secret"):
        OrderSettings()


def test_the_compose_file_starts_two_servers_the_schema_and_both_centers() -> None:
    composed = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())
    services: dict[str, Any] = composed["services"]
    assert set(services) == {"rds0", "rds1", "schema", "member-center", "order-center"}
    for name in ("rds0", "rds1"):
        assert services[name]["image"] == "mysql:8.4"
        assert services[name]["healthcheck"]["test"]
        assert set(composed["volumes"]) >= {volume.split(":")[0] for volume in services[name]["volumes"]}
    assert set(services["schema"]["depends_on"]) == {"rds0", "rds1"}
    for center in CENTERS:
        service = services[f"{center}-center"]
        assert service["depends_on"] == {"schema": {"condition": "service_completed_successfully"}}
        assert f"examples.{center}_center.app:create_app" in service["command"]
        port = service["ports"][0].rpartition(":")[2]
        assert f"--port {port}" in service["command"]
        assert f":{port}/readyz" in service["healthcheck"]["test"][-1]
        # The environment that compose sets makes rules of two MySQL servers under xa.
        given = {name: str(value).replace("${MYSQL_ROOT_PASSWORD:-shardkit}", "pw") for name, value in
                 service["environment"].items()}  # fmt: skip
        rules = load_rules(EXAMPLES / f"{center}_center" / "rules.yaml", center.upper(), given)
        assert (embedded(rules), rules.defaults.transactions) == (False, "xa")
    dockerfile = (EXAMPLES / "Dockerfile").read_text()
    for copied in ("pyproject.toml", "README.md", "LICENSE", "shardkit", "examples"):
        assert (EXAMPLES.parent / copied).exists()
        assert copied in dockerfile
