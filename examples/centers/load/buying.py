"""Sending the requests of a schedule, and repeating a checkout with its request id until there is an answer.

Latency counts from the moment a request was due, so waiting in a queue is part of it. Invariant: a checkout ends as
acknowledged, as refused (sold out) or as failed; an acknowledged one is never sent again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp

from examples.centers.load.schedule import Arrival, Kind, Trouble
from examples.centers.load.shop import Shop

PATIENCE = 5.0  # seconds until a client takes a request for lost
TRIES = 12
AT_ONCE = 2_000  # requests under way; more than that would measure this program


@dataclass(frozen=True, slots=True)
class Done:
    """How one request ended, `took` seconds after it was due. `late`: how late this program sent it."""

    arrival: Arrival
    took: float
    outcome: str  # ok, refused, failed
    tries: int
    late: float


@dataclass(frozen=True, slots=True)
class Cart:
    """One checkout as its buyer knows it; `checkout_id` is None unless it was acknowledged."""

    member_id: int
    request_id: str
    lines: dict[str, int]
    checkout_id: int | None
    outcome: str


class Answer(NamedTuple):
    """What a service has answered."""

    status: int
    body: Any

    @property
    def outcome(self) -> str:
        """ok, refused (for want of stock) or failed."""
        if self.status == 409 and self.body["type"] == "urn:problem:sold-out":
            return "refused"
        return "ok" if 200 <= self.status < 300 else "failed"


@dataclass
class Record:
    """Everything the buyers know at the end."""

    done: list[Done] = field(default_factory=list)
    carts: list[Cart] = field(default_factory=list)
    paid: set[int] = field(default_factory=set)  # orders whose payment was acknowledged
    answers: Counter[str] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)


class Buyers:
    """Sends requests to one order center and records how they end."""

    def __init__(self, client: aiohttp.ClientSession, shop: Shop) -> None:
        self._client, self._shop = client, shop
        self._orders: list[tuple[int, int]] = []  # (member, order) that were acknowledged and not yet paid
        self._seen: list[tuple[int, int]] = []
        self.record = Record()

    async def play(self, schedule: Iterable[Arrival]) -> Record:
        """Send every request when it is due; waits for the last answer."""
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            under_way: set[asyncio.Task[None]] = set()
            for arrival in schedule:
                await asyncio.sleep(max(0.0, start + arrival.at - time.perf_counter()))
                if len(under_way) >= AT_ONCE:
                    self.record.done.append(Done(arrival, 0.0, "failed", 0, 0.0))
                    continue
                task = group.create_task(self._one(arrival, start + arrival.at))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        return self.record

    async def _one(self, arrival: Arrival, due: float) -> None:
        late = time.perf_counter() - due
        outcome, tries = await self._send(arrival, random.Random(arrival.seed))
        self.record.done.append(Done(arrival, time.perf_counter() - due, outcome, tries, late))

    async def _send(self, arrival: Arrival, chance: random.Random) -> tuple[str, int]:
        member = self._shop.member(chance)
        match arrival.kind:
            case Kind.CHECKOUT:
                return await self._buy(member, arrival, chance)
            case Kind.PAY:
                if not self._orders:  # nobody owes anything yet
                    bought = await self._buy(member, arrival, chance)
                    if not self._orders:
                        return bought
                return await self._pay(*self._orders.pop(chance.randrange(len(self._orders))))
            case Kind.ORDER if self._seen:
                member, order = self._seen[chance.randrange(len(self._seen))]
                return await self._read(f"/orders/{order}?memberId={member}")
            case Kind.SELLER:
                return await self._read(f"/sellers/{self._shop.seller(chance.choice(self._shop.skus))}/orders")
            case Kind.BUYER:
                return await self._read(f"/members/{member}/orders")
            case _:  # also what would see an order before there is one
                return await self._read(f"/products/{chance.choice(self._shop.skus)}")

    async def _buy(self, member: int, arrival: Arrival, chance: random.Random) -> tuple[str, int]:
        lines, request_id = self._shop.cart(chance), f"{self._shop.prefix}-{arrival.seed:012x}"
        body = {"lines": [{"sku": sku, "quantity": n} for sku, n in lines.items()], "country": "CN"}
        path, headers = f"/members/{member}/checkouts", {"Idempotency-Key": request_id}
        if arrival.trouble is Trouble.HANGS_UP:
            await self._hang_up(path, body, headers, chance.uniform(0.001, 0.03))
        sending = [
            self._until_answered("POST", path, body, headers) for _ in range(1 + (arrival.trouble is Trouble.TWICE))
        ]
        answers = await asyncio.gather(*sending)
        placed = [answer for answer, _ in answers if answer.outcome == "ok"]
        ids = {int(answer.body["checkoutId"]) for answer in placed}
        if len(ids) > 1:
            self.record.contradictions.append(f"request {request_id} was answered by checkouts {sorted(ids)}")
        final = placed[0] if placed else answers[0][0]
        if placed:
            numbers = [(member, int(order["orderId"])) for order in final.body.get("orders", ())]
            self._orders += numbers
            self._seen += numbers
        self.record.carts.append(Cart(member, request_id, lines, min(ids) if ids else None, final.outcome))
        return final.outcome, max(tries for _, tries in answers)

    async def _pay(self, member: int, order: int) -> tuple[str, int]:
        answer, tries = await self._until_answered(
            "POST", f"/members/{member}/orders/{order}/pay", {"note": "load"}, {}
        )
        if answer.outcome == "ok":
            self.record.paid.add(order)
        return answer.outcome, tries

    async def _read(self, path: str) -> tuple[str, int]:
        answer, tries = await self._until_answered("GET", path, None, {})
        return answer.outcome, tries

    async def _hang_up(self, path: str, body: Any, headers: dict[str, str], after: float) -> None:
        try:
            async with asyncio.timeout(after):
                await self._ask("POST", path, body, headers)
        except (TimeoutError, aiohttp.ClientError):
            self.record.answers["hung up"] += 1

    async def _until_answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[Answer, int]:
        """The answer that ends a request, and how often it was sent; one of status 0 if there never was one."""
        for tries in range(1, TRIES + 1):
            try:
                answer = await self._ask(method, path, body, headers)
            except (TimeoutError, aiohttp.ClientError) as error:
                self.record.answers[type(error).__name__] += 1
            else:
                self.record.answers[str(answer.status)] += 1
                if answer.status < 500:
                    return answer, tries
            await asyncio.sleep(min(3.0, 0.1 * 2**tries) * random.uniform(0.5, 1.0))
        return Answer(0, None), TRIES

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        async with self._client.request(method, path, json=body, headers=headers) as answer:
            return Answer(answer.status, await answer.json(content_type=None))
