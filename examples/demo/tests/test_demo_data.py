"""The demo's two sources of orders, and how they are cut into portions and shards."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from examples.demo.generate import generated
from examples.demo.load import by_shard, insert_text
from examples.demo.records import GUESTS_FROM
from examples.demo.retail import BadOrders, order_id, read_orders

HEADER = "invoice,stock_code,description,quantity,invoice_date,price,customer_id,country\n"
LINES = (
    '489434,85048,"FRAME 7"" SIZE ",12,2009-12-01 07:46:00,6.95,13085,United Kingdom\n'
    "C489449,22087,BUNTING,-12,2009-12-01 10:33:00,2.95,16321,Australia\n"
    "489434,POST,,1,2009-12-01 07:45:00,0.001,13085,United Kingdom\n"
    "489500,1,a,2,2009-12-01 11:00:00,0.105,,EIRE\n"
    "A506401,B,Adjust bad debt,1,2010-04-29 13:36:00,-53594.36,,United Kingdom\n"
)


def test_generated_orders_are_the_same_for_the_same_seed() -> None:
    assert generated(300, 5) == generated(300, 5)
    assert generated(300, 5) != generated(300, 6)


def test_generated_orders_are_believable() -> None:
    data = generated(4000, 1)
    orders = [record.order for record in data.records]
    assert len({order[1] for order in orders}) == 4000
    assert len({order[5] for order in orders}) < 4000
    assert {order[2] for order in orders} == {"new", "paid", "shipped", "cancelled"}
    guests = sum(order[0] >= GUESTS_FROM for order in orders)
    assert 400 < guests < 800
    for record in data.records:
        assert record.order[3] == sum(item[5] * item[6] for item in record.items)


@pytest.mark.parametrize("zipped", [False, True])
def test_real_orders_are_read(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / ("orders.csv.gz" if zipped else "orders.csv")
    content = (HEADER + LINES).encode()
    path.write_bytes(gzip.compress(content) if zipped else content)
    positions: list[int] = []
    data = read_orders(path, positions.append)
    assert positions[-1] == path.stat().st_size
    assert data.lines == 5
    assert [record.order[:4] for record in data.records] == [
        (13085, 489_434, "shipped", Decimal("83.40")),
        (16321, 1_000_489_449, "cancelled", Decimal("-35.40")),
        (GUESTS_FROM + 489_500, 489_500, "shipped", Decimal("0.22")),
        (GUESTS_FROM + 2_000_506_401, 2_000_506_401, "adjusted", Decimal("-53594.36")),
    ]
    assert data.records[0].order[5] == datetime(2009, 12, 1, 7, 45)
    assert data.records[0].items[0][2:] == (1, "85048", 'FRAME 7" SIZE ', 12, Decimal("6.95"))
    assert "2 prices" in data.notes[-1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("invoice,price\n", "first line"),
        ("", "first line"),
        (HEADER + "489434,1,a\n", "record 2: 3 columns"),
        (HEADER + LINES + "X1,1,a,1,2009-12-01 07:46:00,1,,EIRE\n", "record 7: unknown invoice number 'X1'"),
        (HEADER + "1,1,a,one,2009-12-01 07:46:00,1,,EIRE\n", "record 2"),
        (HEADER + "1,1,a,1,yesterday,1,,EIRE\n", "record 2"),
        (HEADER + "1,1,a,1,2009-12-01 07:46:00,cheap,,EIRE\n", "record 2"),
        (HEADER + LINES + "489434,1,a,1,2009-12-01 07:46:00,1,77,EIRE\n", "changes its customer"),
    ],
)
def test_bad_files_are_refused_with_the_place(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content)
    with pytest.raises(BadOrders, match=message):
        read_orders(path)


@pytest.mark.parametrize("invoice", ["", "C", "D1", "12a", "C12a", "１２", "9999999999"])
def test_unknown_invoice_numbers(invoice: str) -> None:
    with pytest.raises(ValueError, match="unknown invoice"):
        order_id(invoice)


def test_insert_text_has_a_placeholder_for_every_value() -> None:
    assert insert_text("t", ("a", "b")) == "INSERT INTO t (a, b) VALUES (%s, %s)"


def test_every_member_is_asked_for_once_and_kept_together() -> None:
    data = generated(200, 3)
    asked: list[int] = []

    def shard(member: int) -> int:
        asked.append(member)
        return member % 3

    groups = by_shard(data.records, shard)
    assert len(asked) == len(set(asked))
    assert sorted(record.key for group in groups.values() for record in group) == [
        record.key for record in sorted(data.records, key=lambda record: record.key)
    ]
    assert all(record.key.member_id % 3 == number for number, group in groups.items() for record in group)
