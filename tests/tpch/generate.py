"""The eight TPC-H tables at scale factor 0.01: schema, value domains and relationships of the public specification.

Written from the specification's description alone; the rows are not those of its own generator. One thing differs on
purpose: every hundredth order is a bulk order of seven long lines, so that Q18 has more answers than its LIMIT lets by.
Invariant: one seed makes the same rows in every process; every foreign key has its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from tests.tpch import words
from tests.tpch.dice import Dice, cents

SEED = 32
SUPPLIERS, PARTS, CUSTOMERS, ORDERS = 100, 2_000, 1_500, 15_000
SUPPLIERS_PER_PART = 4
FIRST_DAY, LAST_DAY = date(1992, 1, 1), date(1998, 8, 2)
"""Of orders: the last of them is delivered before 1998 ends."""
TODAY = date(1995, 6, 17)
"""The day on which the data was "taken": what was shipped later is still open, what came later is not yet returned."""
BULK = 100

NATIONS = sorted((nation, region) for region, nations in words.NATIONS.items() for nation in nations)

Line = tuple[int, int, int, int, int, Decimal, Decimal, Decimal, str, str, date, date, date, str, str, str]
Rows = Sequence[tuple[Any, ...]]


@cache
def tables(seed: int = SEED) -> dict[str, Rows]:
    """table -> its rows, the columns in the order of the schema."""
    orders, lines = _orders_and_lines(seed)
    return {
        "region": list(_regions(Dice(seed, "region"))),
        "nation": list(_nations(Dice(seed, "nation"))),
        "supplier": list(_suppliers(Dice(seed, "supplier"))),
        "part": list(_parts(Dice(seed, "part"))),
        "partsupp": list(_offers(Dice(seed, "partsupp"))),
        "customer": list(_customers(Dice(seed, "customer"))),
        "orders": orders,
        "lineitem": lines,
    }


def supplier_of(part: int, number: int) -> int:
    """The supplier of a part's offer 0 to 3: four different ones, and neighbouring parts have others."""
    return (part + number * (SUPPLIERS // SUPPLIERS_PER_PART + (part - 1) // SUPPLIERS)) % SUPPLIERS + 1


def retail_price(part: int) -> int:
    """A part's price in cents."""
    return 90_000 + part // 10 % 20_001 + 100 * (part % 1_000)


def order_key(number: int) -> int:
    """The key of the order with this number, from 0: of 32 keys in a row only the first eight are in use."""
    return number // 8 * 32 + number % 8 + 1


def _regions(dice: Dice) -> Iterator[tuple[Any, ...]]:
    for key, name in enumerate(sorted(words.NATIONS)):
        yield key, name, dice.text(31, 115)


def _nations(dice: Dice) -> Iterator[tuple[Any, ...]]:
    regions = sorted(words.NATIONS)
    for key, (name, region) in enumerate(NATIONS):
        yield key, name, regions.index(region), dice.text(31, 114)


def _suppliers(dice: Dice) -> Iterator[tuple[Any, ...]]:
    for key in range(1, SUPPLIERS + 1):
        nation = dice.number(0, len(NATIONS) - 1)
        comment = dice.text(25, 60)
        # The specification wants 5 in 10,000 of each; Q16 would find none among a hundred.
        if key % 33 == 1:
            comment = f"{comment} Customer {dice.pick(words.THINGS)} Complaints"
        elif key % 33 == 2:
            comment = f"{comment} Customer {dice.pick(words.THINGS)} Recommends"
        phone, balance = dice.phone(nation), dice.money(-99_999, 999_999)
        yield key, f"Supplier#{key:09}", dice.address(), nation, phone, balance, comment


def _parts(dice: Dice) -> Iterator[tuple[Any, ...]]:
    for key in range(1, PARTS + 1):
        maker = dice.number(1, 5)
        yield (
            key,
            " ".join(dice.several(5, words.COLOURS)),
            f"Manufacturer#{maker}",
            f"Brand#{maker}{dice.number(1, 5)}",
            " ".join(dice.pick(syllables) for syllables in words.TYPES),
            dice.number(1, 50),
            " ".join(dice.pick(syllables) for syllables in words.CONTAINERS),
            cents(retail_price(key)),
            dice.text(5, 22),
        )


def _offers(dice: Dice) -> Iterator[tuple[Any, ...]]:
    for part in range(1, PARTS + 1):
        for number in range(SUPPLIERS_PER_PART):
            pieces, cost = dice.number(1, 9_999), dice.money(100, 100_000)
            yield part, supplier_of(part, number), pieces, cost, dice.text(49, 198)


def _customers(dice: Dice) -> Iterator[tuple[Any, ...]]:
    for key in range(1, CUSTOMERS + 1):
        nation = dice.number(0, len(NATIONS) - 1)
        phone, balance = dice.phone(nation), dice.money(-99_999, 999_999)
        segment = dice.pick(words.SEGMENTS)
        yield key, f"Customer#{key:09}", dice.address(), nation, phone, balance, segment, dice.text(29, 116)


def _orders_and_lines(seed: int) -> tuple[Rows, Rows]:
    dice, line_dice = Dice(seed, "orders"), Dice(seed, "lineitem")
    orders, every_line = [], []
    for number in range(ORDERS):
        key, day, bulk = order_key(number), dice.day(FIRST_DAY, LAST_DAY), number % BULK == BULK - 1
        count = 7 if bulk else dice.number(1, 7)
        lines = [_line(line_dice, (key, place), day, bulk) for place in range(1, count + 1)]
        # Every third customer never buys: Q13 and Q22 ask for them.
        customer = dice.number(0, CUSTOMERS // 3 - 1) * 3 + dice.number(1, 2)
        priority, clerk = dice.pick(words.PRIORITIES), f"Clerk#{dice.number(1, 10):09}"
        head = (key, customer, _status(lines), _total(lines), day)
        orders.append((*head, priority, clerk, 0, dice.text(19, 78)))
        every_line += lines
    return orders, every_line


def _line(dice: Dice, place: tuple[int, int], ordered: date, bulk: bool) -> Line:
    part, quantity = dice.number(1, PARTS), dice.number(43 if bulk else 1, 50)
    shipped = ordered + timedelta(days=dice.number(1, 121))
    received = shipped + timedelta(days=dice.number(1, 30))
    return (
        *place,
        part,
        supplier_of(part, dice.number(0, SUPPLIERS_PER_PART - 1)),
        quantity,
        cents(quantity * retail_price(part)),
        dice.money(0, 10),
        dice.money(0, 8),
        dice.pick("AR") if received <= TODAY else "N",
        "O" if shipped > TODAY else "F",
        shipped,
        ordered + timedelta(days=dice.number(30, 90)),
        received,
        dice.pick(words.INSTRUCTIONS),
        dice.pick(words.MODES),
        dice.text(10, 43),
    )


def _status(lines: Sequence[Line]) -> str:
    found = {line[9] for line in lines}
    return found.pop() if len(found) == 1 else "P"


def _total(lines: Sequence[Line]) -> Decimal:
    """The sum of price * (1 + tax) * (1 - discount), rounded to cents."""
    return sum((line[5] * (1 + line[7]) * (1 - line[6]) for line in lines), Decimal()).quantize(Decimal("0.01"))
