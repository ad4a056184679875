"""The service around the orders: health, documentation, and what it says when a database does not answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from examples.centers.settings import embedded
from examples.order_center.database import Database, Link
from examples.order_center.placing import TAKE
from examples.order_center.tests.conftest import Shop
from shardkit.errors import CommitInDoubt, Error, IntegrityError, PoolTimeout, TransactionAborted
from shardkit.values import ShardId

SHARDS = (ShardId("rds0", "order_00"), ShardId("rds1", "stock_3"))


def test_every_server_is_asked_whether_it_answers(shop: Shop) -> None:
    assert shop.api.get("/healthz") == {"status": "alive"}
    assert shop.api.get("/readyz") == {"status": "ready", "servers": {"rds0": "ok", "rds1": "ok"}}


def test_a_server_that_does_not_answer_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, asked = Database.rows, []

    async def one_is_away(self: Database, sql: str, params: Any = ()) -> Any:
        asked.append(params)
        if len(asked) == 2:
            raise PoolTimeout("no connection")
        return await rows(self, sql, params)

    monkeypatch.setattr(Database, "rows", one_is_away)
    found = shop.api.get("/readyz")  # half of the members are served, so the service is not to be taken away
    assert found == {"status": "degraded", "servers": {"rds0": "ok", "rds1": "failed (SK3003)"}}
    assert shop.api.get("/healthz")["status"] == "alive"


def test_without_any_server_the_service_is_not_ready(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(self: Database, sql: str, params: Any = ()) -> Any:
        raise PoolTimeout("no connection")

    monkeypatch.setattr(Database, "rows", away)
    assert shop.api.get("/readyz", status=503)["status"] == "not ready"
    refused = shop.api.call("GET", "/members/1/orders")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")


def test_the_documentation_describes_every_route_and_its_refusals(shop: Shop) -> None:
    described = shop.api.get("/openapi.json")
    assert "Problem" in described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (path, method)
            assert route["tags"], (path, method)
    placing = described["paths"]["/members/{memberId}/checkouts"]["post"]
    assert {"200", "201", "202", "409", "422", "503"} <= set(placing["responses"])
    assert shop.api.call("GET", "/docs").is_success


def failing(monkeypatch: pytest.MonkeyPatch, *errors: Error | None) -> list[int]:
    """Make the next transactions end with these errors, after their work was rolled back; None: let it be."""
    once, ends = Database._once, list(errors)
    attempts: list[int] = []

    async def instead(self: Database, work: Any, home: str) -> Any:
        attempts.append(1)
        error = ends.pop(0) if ends else None
        if error is not None:
            raise error
        return await once(self, work, home)

    monkeypatch.setattr(Database, "_once", instead)
    return attempts


def test_what_a_lock_has_rolled_back_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer("mug", seller=1, pieces=5)
    deadlock = Error("deadlock", errno=1213)
    attempts = failing(monkeypatch, deadlock, TransactionAborted("rolled back"), None)
    assert shop.place(901, {"mug": 1}).status_code == 201
    assert len(attempts) == 3
    assert shop.stock("mug") == (5, 4, 1)


def test_of_two_that_wait_for_each_other_both_are_done(shop: Shop) -> None:
    database: Database = shop.api.app.state.database
    sharded = database.rules.sharded["t_product"]
    slots: dict[int, str] = {}
    pair: tuple[str, str] | None = None
    for number in range(20):  # two skus of one shard, whose server sees the circle at once
        sku = f"circle-{number}"
        slot = sharded.sharding.slot({"sku": sku})
        if slot in slots:
            pair = (slots[slot], sku)
            break
        slots[slot] = sku
    assert pair is not None
    for sku in pair:
        shop.offer(sku, seller=1, pieces=5)
    runs: list[str] = []
    both_hold_one = asyncio.Barrier(2)

    async def take(first: str, second: str) -> None:
        async def work(link: Link) -> None:
            runs.append(first)
            await link.change(TAKE, (1, 1, first, 1))
            if runs.count(first) == 1 and not embedded(database.rules):
                await both_hold_one.wait()
            await link.change(TAKE, (1, 1, second, 1))

        await database.transact(work)

    async def together() -> None:
        await asyncio.gather(take(*pair), take(*reversed(pair)))

    shop.api.run(together())
    assert len(runs) == (2 if embedded(database.rules) else 3)
    assert [shop.stock(sku) for sku in pair] == [(5, 3, 2)] * 2


def test_attempts_are_bounded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer("cup", seller=1, pieces=5)
    attempts = failing(monkeypatch, *[TransactionAborted("rolled back")] * 9)
    refused = shop.place(902, {"cup": 1})
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem:database-unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert len(attempts) == 4


def test_an_unknown_outcome_is_said_and_never_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer("pan", seller=1, pieces=5)
    attempts = failing(monkeypatch, CommitInDoubt("lost", committed=(), pending=SHARDS))
    unknown = shop.place(903, {"pan": 1}, "doubtful-request")
    assert len(attempts) == 1
    assert (unknown.status_code, unknown.json()["type"]) == (503, "urn:problem:outcome-unknown")
    assert unknown.json()["requestId"] == "doubtful-request"
    # As the answer says: send it again.
    assert shop.place(903, {"pan": 1}, "doubtful-request").status_code == 201
    assert shop.stock("pan") == (5, 4, 1)


def test_a_receipt_that_left_no_trace_is_not_said_to_be_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer("pin", seller=1, pieces=5)
    failing(monkeypatch, IntegrityError("a duplicate that was rolled back meanwhile"))
    receipt = {"requestId": "lost-receipt", "quantity": 2}
    refused = shop.api.call("POST", "/products/pin/receipts", receipt)
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem:try-again")
    assert shop.api.call("POST", "/products/pin/receipts", receipt).json()["received"] == 7


def test_what_is_committed_but_not_seen_everywhere_is_accepted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer("pot", seller=1, pieces=5)
    once = Database._once

    async def slow_to_show(self: Database, work: Any, home: str) -> Any:
        await once(self, work, home)
        raise CommitInDoubt("slow", committed=SHARDS[:1], pending=SHARDS[1:])

    monkeypatch.setattr(Database, "_once", slow_to_show)
    accepted = shop.place(904, {"pot": 1}, "accepted-request")
    if embedded(shop.api.app.state.database.rules):  # nobody will commit the rest
        assert accepted.json()["type"] == "urn:problem:outcome-unknown"
        return
    assert accepted.status_code == 202
    checkout = shop.api.get(accepted.headers["Location"])
    assert checkout["checkoutId"] == accepted.json()["checkoutId"]
