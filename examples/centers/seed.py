"""Filling both centers with a small shop, through their own APIs.

Invariant: every account, sku and request id is fixed, so seeding again changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from examples.centers.running import Running

PASSWORD = "correct horse battery"
PEOPLE = (
    ("Ada Lovelace", "GB", "London"), ("李明", "CN", "北京"), ("Zoë Müller", "DE", "Köln"),
    ("Émile Roux", "FR", "Paris"), ("王芳", "CN", "上海"), ("Ngozi Obi", "NG", "Lagos"),
    ("佐藤花", "JP", "東京"), ("José Núñez", "ES", "Madrid"),
)  # fmt: skip
GOODS = ("mug-red", "tea-green", "pen-fine", "lamp-desk", "bag-linen")
SELLERS = (1, 2, 3)
WAYS: tuple[tuple[str, ...], ...] = (
    (), ("pay",), ("pay", "ship"), ("pay", "ship", "receive"), ("pay", "ship", "receive", "close"), ("cancel",),
    ("pay", "refund"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was seeded, for examples to name."""

    member_id: str
    order_id: str
    checkouts: int


def seed(centers: Running) -> Seeded:
    """Members with addresses and companies, products with stock, and checkouts in every state."""
    chance = random.Random(7)
    with httpx.Client(timeout=30) as client:
        members = [_member(client, centers.urls["member"], number) for number in range(len(PEOPLE))]
        skus = [_product(client, centers.urls["order"], seller, good) for seller in SELLERS for good in GOODS]
        order: Mapping[str, Any] = {}
        checkouts = 0
        for member_id in members:
            for cart in _carts(chance, skus):
                checkouts += 1
                for order in _checkout(client, centers.urls["order"], member_id, (f"seed-{checkouts:06}", cart)):
                    for action in WAYS[int(order["orderId"]) % len(WAYS)] if order["status"] == "created" else ():
                        path = f"{centers.urls['order']}/members/{member_id}/orders/{order['orderId']}/{action}"
                        client.post(path, json={"note": "seeded"}).raise_for_status()
    return Seeded(order["memberId"], order["orderId"], checkouts)


def _member(client: httpx.Client, url: str, number: int) -> str:
    name, country, city = PEOPLE[number]
    body = {
        "name": name, "email": f"member{number}@example.org", "account": f"member{number}", "password": PASSWORD,
        "address": {"recipient": name, "street": "1 Main St", "city": city, "postcode": "10000", "country": country},
    }  # fmt: skip
    answer = client.post(f"{url}/members", json=body).raise_for_status()
    member: dict[str, str] = answer.json()
    if answer.status_code == 201:
        path = f"{url}/members/{member['memberId']}/companies"
        client.post(path, json={"name": f"{name} & Co", "taxNumber": f"T{number:06}"}).raise_for_status()
    return member["memberId"]


def _product(client: httpx.Client, url: str, seller: int, good: str) -> str:
    sku = f"{good}-{seller}"
    price = f"{3 + len(good) * seller}.{seller * 25 % 100:02}"
    title = good.replace("-", " ").capitalize()
    client.put(
        f"{url}/products/{sku}", json={"sellerId": str(seller), "title": title, "price": price}
    ).raise_for_status()
    receipt = {"requestId": "seed-receipt", "quantity": 1000}
    client.post(f"{url}/products/{sku}/receipts", json=receipt).raise_for_status()
    return sku


def _carts(chance: random.Random, skus: list[str]) -> Iterator[dict[str, int]]:
    for _ in range(chance.randint(1, 3)):
        yield {sku: chance.randint(1, 3) for sku in chance.sample(skus, chance.randint(1, 4))}


def _checkout(client: httpx.Client, url: str, member_id: str, request: tuple[str, dict[str, int]]) -> list[Any]:
    request_id, cart = request
    body = {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in cart.items()], "country": "CN"}
    path, headers = f"{url}/members/{member_id}/checkouts", {"Idempotency-Key": request_id}
    placed: list[Any] = client.post(path, json=body, headers=headers).raise_for_status().json()["orders"]
    return placed
