"""Counts, sums and pages of the real orders over sixteen databases equal those of one unsharded table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from shardkit.verify import Answer, Manner, differ
from tests.differential.answers import ask
from tests.differential.orders import COLUMNS, Shop
from tests.servers import ServerUrl

PAGE = f"SELECT {COLUMNS} FROM order_line ORDER BY invoice_date, invoice, lineNo, memberId LIMIT 50 OFFSET %s"
LATEST = (
    "SELECT invoice, lineNo, price FROM order_line "
    "ORDER BY invoice_date DESC, invoice DESC, lineNo DESC, memberId LIMIT 20 OFFSET %s"
)
WHOLE_LINE = f"CONCAT_WS('|', {COLUMNS.replace('description', 'IFNULL(description, 0)')})"
FINGERPRINT = f"SELECT COUNT(*), SUM(CRC32({WHOLE_LINE})) FROM order_line"


@pytest.fixture(scope="module")
def shop(mysql_servers: tuple[ServerUrl, ServerUrl], database_prefix: str) -> Iterator[Shop]:
    made = Shop(mysql_servers, database_prefix)
    try:
        made.load()
        yield made
    finally:
        made.close()


def equal(shop: Shop, sql: str, params: Sequence[Any] | None = None, order: str = "total") -> Answer:
    """The answer to a statement, which must be the same on both sides."""
    oracle, subject = ask(shop.oracle, sql, params), ask(shop.subject, sql, params)
    problem = differ(oracle, subject, Manner(order), lambda _, texts: {text: hash(text) for text in texts})
    assert not problem, f"{sql} with {params}: {problem}"
    assert isinstance(oracle, Answer)
    return oracle


def test_every_line_is_there_once(shop: Shop) -> None:
    answer = equal(shop, FINGERPRINT)
    assert answer.rows[0][0] == shop.count
    assert shop.count >= 50_000


def test_totals(shop: Shop) -> None:
    sums = "SUM(quantity), SUM(quantity * price), AVG(price), MIN(price), MAX(quantity)"
    equal(shop, f"SELECT COUNT(*), COUNT(description), {sums}, MIN(invoice_date), MAX(invoice_date) FROM order_line")


def test_by_country_and_day(shop: Shop) -> None:
    sql = (
        "SELECT country, DATE(invoice_date) AS day, COUNT(*) AS n, SUM(quantity) AS pieces, "
        "SUM(quantity * price) AS worth, AVG(price) AS mean FROM order_line "
        "GROUP BY country, DATE(invoice_date) ORDER BY country, day"
    )
    assert len(equal(shop, sql).rows) > 100


def test_by_country(shop: Shop) -> None:
    equal(shop, "SELECT country, COUNT(*) AS n, SUM(price) FROM order_line GROUP BY country ORDER BY n DESC, country")


def test_by_month_without_order(shop: Shop) -> None:
    sql = "SELECT YEAR(invoice_date), MONTH(invoice_date), COUNT(*), SUM(quantity) FROM order_line GROUP BY 1, 2"
    equal(shop, sql, order="none")


def test_buyers_with_most_lines(shop: Shop) -> None:
    groups = "SELECT memberId, COUNT(*) AS n FROM order_line GROUP BY memberId HAVING n > 10"
    equal(shop, f"{groups} ORDER BY n DESC, memberId LIMIT 20")


@pytest.mark.parametrize("offset", [0, 50, 1_000, 20_000])
def test_pages_by_time(shop: Shop, offset: int) -> None:
    assert len(equal(shop, PAGE, (offset,)).rows) == 50


@pytest.mark.parametrize("offset", [0, 20, 5_000])
def test_pages_from_the_newest(shop: Shop, offset: int) -> None:
    assert len(equal(shop, LATEST, (offset,)).rows) == 20


def test_a_page_of_one_day(shop: Shop) -> None:
    sql = (
        f"SELECT {COLUMNS} FROM order_line WHERE invoice_date >= %s AND invoice_date < %s + INTERVAL 1 DAY "
        "AND country <> %s ORDER BY price DESC, memberId, invoice, lineNo LIMIT 30"
    )
    equal(shop, sql, ("2009-12-07", "2009-12-07", "EIRE"))


def test_one_buyers_orders(shop: Shop) -> None:
    sql = "SELECT invoice, SUM(quantity * price) FROM order_line WHERE memberId = %s GROUP BY invoice ORDER BY 1"
    for member in equal(shop, "SELECT DISTINCT memberId FROM order_line ORDER BY memberId DESC LIMIT 25").rows[::5]:
        equal(shop, sql, member)


def test_cancellations_and_guests(shop: Shop) -> None:
    equal(shop, "SELECT COUNT(*), SUM(quantity) FROM order_line WHERE invoice LIKE 'C%'")
    equal(shop, "SELECT COUNT(*), SUM(price) FROM order_line WHERE memberId < 0")


def test_kinds_of_goods(shop: Shop) -> None:
    equal(shop, "SELECT DISTINCT country FROM order_line ORDER BY country")
    equal(shop, "SELECT DISTINCT price FROM order_line ORDER BY price DESC LIMIT 100")
