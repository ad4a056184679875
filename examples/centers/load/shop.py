"""The shop of a run: sellers, products and buyers, and what a buyer puts into a cart.

One product is in promotion: it is in many carts, and there are too few pieces of it. Invariant: everything follows from
the seed, and all names begin with the run's own prefix, so runs do not meet.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import aiohttp

SELLERS = 8
PRODUCTS = 64
BUYERS = 5_000
PIECES = 1_000_000
PROMOTED_SHARE = 0.25  # of the carts hold the product in promotion


@dataclass(frozen=True, slots=True)
class Shop:
    """The names of a run. `promoted` pieces of the product in promotion are there."""

    prefix: str
    promoted: int

    @property
    def skus(self) -> list[str]:
        """All products; the first one is in promotion."""
        return [f"{self.prefix}-{number:02}" for number in range(PRODUCTS)]

    def seller(self, sku: str) -> int:
        """Whose product it is."""
        return 1 + int(sku.rpartition("-")[2]) % SELLERS

    def pieces(self, sku: str) -> int:
        """How many are there at the beginning."""
        return self.promoted if sku == self.skus[0] else PIECES

    def cart(self, chance: random.Random) -> dict[str, int]:
        """What one buyer wants."""
        cart = {sku: chance.randint(1, 3) for sku in chance.sample(self.skus[1:], chance.randint(1, 3))}
        return cart | ({self.skus[0]: 1} if chance.random() < PROMOTED_SHARE else {})

    def member(self, chance: random.Random) -> int:
        """A buyer."""
        return 1_000_000 + chance.randrange(BUYERS)

    async def open(self, client: aiohttp.ClientSession) -> None:
        """Offer all products and take their stock in."""
        for sku in self.skus:
            body = {"sellerId": str(self.seller(sku)), "title": f"Product {sku}", "price": "9.90"}
            async with client.put(f"/products/{sku}", json=body) as answer:
                answer.raise_for_status()
            receipt = {"requestId": "load-receipt", "quantity": self.pieces(sku)}
            async with client.post(f"/products/{sku}/receipts", json=receipt) as answer:
                answer.raise_for_status()
