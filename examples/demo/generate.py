"""A year of made-up orders: quiet nights, sale days that come in bursts, regular buyers, guests, cancellations.

Invariant: the same count and seed give the same records on every machine. Bursts put several orders into the same
second on purpose, so pages have ties that only the orderId decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random

from examples.demo.records import Dataset, Record, guest_member
from examples.demo.shop.model import Line, Status, total

START = datetime(2024, 1, 1)
DAYS = 366
SALE_DAYS = {45: 6, 151: 5, 333: 12, 336: 9}  # day of the year -> how many times the usual number of orders
HOURS = [1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 22, 26, 22, 18, 16, 15, 16, 18, 20, 18, 12, 6, 3]
GUEST_SHARE = 0.15
CANCELLED_SHARE = 0.04
COUNTRIES = {
    "United Kingdom": 70,
    "Germany": 8,
    "France": 7,
    "EIRE": 5,
    "Netherlands": 4,
    "Österreich": 2,
    "日本": 2,
    "Côte d'Ivoire": 1,
    "Unspecified": 1,
}
KINDS = ("MUG", "LANTERN", "CUSHION", "CLOCK", "NOTEBOOK", "TEAPOT", "DOORMAT", "CANDLE", "UMBRELLA", "TIN")
STYLES = ("RED", "IVORY", "VINTAGE ", "RETRO SPOT", "'HOME'", 'BLUE 7"', "50% WOOL", "GLASS")


def generated(orders: int, seed: int) -> Dataset:
    """That many orders of the year 2024, made from the seed."""
    random = Random(seed)
    moments = _moments(random, orders)
    buyers = _buyers(random, max(1, orders // 6))
    records = tuple(_record(random, 100_001 + i, moment, next(buyers)) for i, moment in enumerate(moments))
    return Dataset(
        f"{orders:,} generated orders (seed {seed})",
        records,
        ("A guest order has no customer: it gets a synthetic member of its own (10,000,000,000 + orderId).",),
    )


def _moments(random: Random, count: int) -> list[datetime]:
    weights = [SALE_DAYS.get(day, 1) * (0.5 if day % 7 == 5 else 1.0) * (1 + day / DAYS) for day in range(DAYS)]
    days, hours = list(accumulate(weights)), list(accumulate(HOURS))
    moments: list[datetime] = []
    while len(moments) < count:
        day = random.choices(range(DAYS), cum_weights=days)[0]
        hour = random.choices(range(24), cum_weights=hours)[0]
        moment = START + timedelta(days=day, hours=hour, seconds=random.randrange(3600))
        moments += [moment] * (random.randint(2, 5) if day in SALE_DAYS and random.random() < 0.3 else 1)
    return sorted(moments[:count])


def _buyers(random: Random, members: int) -> Iterator[int | None]:
    # A few buy all the time and most buy once or twice: the n-th member weighs 1/n.
    weights = list(accumulate(1 / (n + 8) for n in range(members)))
    ids = [20_000 + n * 7 for n in range(members)]
    random.shuffle(ids)
    while True:
        guest = random.random() < GUEST_SHARE
        yield None if guest else random.choices(ids, cum_weights=weights)[0]


def _record(random: Random, order_id: int, moment: datetime, buyer: int | None) -> Record:
    member_id = guest_member(order_id) if buyer is None else buyer
    lines = tuple(_line(random, number) for number in range(1, 1 + min(12, int(random.expovariate(0.45)) + 1)))
    country = random.choices(list(COUNTRIES), weights=list(COUNTRIES.values()))[0]
    order = (
        member_id,
        order_id,
        _status(random, moment).value,
        total(lines),
        "GBP",
        moment,
        country,
        None if buyer is None and random.random() < 0.5 else f"S{order_id}",
    )
    items = tuple(
        (member_id, order_id, line.line_no, line.sku, line.description, line.quantity, line.price) for line in lines
    )
    return Record(order, items)


def _line(random: Random, number: int) -> Line:
    kind, style = random.randrange(len(KINDS)), random.randrange(len(STYLES))
    cents = 85 + (kind * 131 + style * 57) % 2400
    return Line(
        number,
        f"{20_000 + kind * 100 + style}",
        f"{STYLES[style]} {KINDS[kind]}",
        random.choice((1, 1, 1, 2, 2, 3, 4, 6, 12, 24)),
        Decimal(cents).scaleb(-2),
    )


def _status(random: Random, moment: datetime) -> Status:
    if random.random() < CANCELLED_SHARE:
        return Status.CANCELLED
    age = START + timedelta(days=DAYS) - moment
    if age > timedelta(days=5):
        return Status.SHIPPED
    return Status.PAID if random.random() < 0.8 else Status.NEW
