"""A running order center, and the few calls all its tests make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from pydantic import SecretStr

from examples.centers.tests.calling import Api, calling
from examples.order_center.app import create_app
from examples.order_center.settings import Settings

FOLDER = Path(__file__).parents[1]


class Shop:
    """An order center with the calls of sellers and buyers."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def offer(self, sku: str, seller: int, pieces: int, price: str = "10.00") -> None:
        """A seller's product with its stock."""
        body = {"sellerId": str(seller), "title": f"The {sku}", "price": price}
        assert self.api.call("PUT", f"/products/{sku}", body).status_code == 200
        receipt = {"requestId": f"first-{sku}", "quantity": pieces}
        assert self.api.call("POST", f"/products/{sku}/receipts", receipt).status_code == 200

    async def placing(self, member: int, lines: dict[str, int], request_id: str | None = None) -> Response:
        """A checkout, to be awaited."""
        cart = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        key = request_id or str(uuid4())
        body = {"lines": cart, "country": "CN"}
        return await self.api.request("POST", f"/members/{member}/checkouts", body, Idempotency_Key=key)

    def place(self, member: int, lines: dict[str, int], request_id: str | None = None) -> Response:
        """A checkout."""
        return self.api.run(self.placing(member, lines, request_id))

    def order(self, member: int, lines: dict[str, int]) -> Any:
        """The only order of a checkout that must succeed."""
        answer = self.place(member, lines)
        assert answer.status_code == 201, answer.text
        [order] = answer.json()["orders"]
        return order

    def move(self, order: Any, action: str, **body: str) -> Response:
        """An action on an order."""
        return self.api.call("POST", f"/members/{order['memberId']}/orders/{order['orderId']}/{action}", body or None)

    def stock(self, sku: str) -> tuple[int, int, int]:
        """Received, available and sold pieces of a product."""
        found = self.api.get(f"/products/{sku}")
        return found["received"], found["available"], found["sold"]


@pytest.fixture(scope="module")
def shop(rules_of: Callable[[Path], Any]) -> Iterator[Shop]:
    """An order center of this module's own."""
    rules = rules_of(FOLDER)
    settings = Settings(cursor_secret=SecretStr("for tests"), turn_within=60)
    with calling(create_app(settings, rules)) as api:
        yield Shop(api)
