"""Lists of orders by buyer, by seller and of everybody, by cursor and by number, while orders come in."""

from __future__ import annotations

from typing import Any

import pytest

from examples.order_center.tests.conftest import Shop

BUYERS = range(801, 812)


@pytest.fixture(scope="module")
def placed(shop: Shop) -> list[Any]:
    """Orders of two sellers and eleven buyers, many in the same second, the newest first."""
    shop.offer("one", seller=71, pieces=1000)
    shop.offer("two", seller=72, pieces=1000)
    orders = [shop.order(BUYERS[n * 7 % 11], {("one", "two")[n % 2]: 1}) for n in range(34)]
    for order in orders[::5]:
        order["status"] = shop.move(order, "pay").json()["status"]
    return sorted(orders, key=lambda order: (order["createdAt"], int(order["orderId"])), reverse=True)


def walk(shop: Shop, path: str, between: Any = None) -> list[str]:
    """The ids of a whole list, page by page; `between` is called after each page."""
    ids: list[str] = []
    cursor = ""
    for _ in range(100):
        page = shop.api.get(f"{path}{'&' if '?' in path else '?'}limit=5{cursor}")
        ids += [order["orderId"] for order in page["items"]]
        if page["next"] is None:
            return ids
        cursor = f"&cursor={page['next']}"
        if between is not None:
            between()
    raise AssertionError("the list has no end")


def ids(orders: list[Any], **facts: str) -> list[str]:
    return [order["orderId"] for order in orders if facts.items() <= order.items()]


def test_lists_are_merged_in_order(shop: Shop, placed: list[Any]) -> None:
    assert walk(shop, "/sellers/71/orders") == ids(placed, sellerId="71")
    assert walk(shop, "/members/803/orders") == ids(placed, memberId="803")
    assert walk(shop, "/sellers/72/orders?status=paid") == ids(placed, sellerId="72", status="paid")
    assert walk(shop, "/orders") == ids(placed)
    assert walk(shop, "/sellers/404/orders") == []


def test_pages_by_number_say_how_many_rows_there_are(shop: Shop, placed: list[Any]) -> None:
    expected = ids(placed, sellerId="71")
    for number in (1, 2, 4):
        page = shop.api.get(f"/sellers/71/orders?limit=5&page={number}")
        assert [order["orderId"] for order in page["items"]] == expected[number * 5 - 5 : number * 5]
        assert (page["page"], page["total"]) == (number, len(expected))


def test_a_walk_by_cursor_shows_every_order_once_while_orders_come_in(shop: Shop, placed: list[Any]) -> None:
    before = walk(shop, "/orders")
    shown = walk(shop, "/orders", between=lambda: shop.order(812, {"one": 1}))
    assert shown == before
    assert len(set(shown)) == len(shown)


def test_cursors_are_good_for_their_own_list_only(shop: Shop, placed: list[Any]) -> None:
    cursor = shop.api.get("/sellers/71/orders?limit=5")["next"]
    for path in ("/sellers/72/orders?cursor=", "/orders?cursor=", "/sellers/71/orders?status=paid&cursor="):
        assert shop.api.get(path + cursor, status=400)["type"] == "urn:problem:bad-cursor"
    for broken in ("x", cursor[:-4] + "AAAA", "%F0%9F%98%80"):
        shop.api.get(f"/sellers/71/orders?cursor={broken}", status=400)
    shop.api.get(f"/sellers/71/orders?page=1&cursor={cursor}", status=422)
    assert "cursor" in shop.api.get("/orders?limit=100&page=1000", status=422)["detail"]


def test_an_order_is_found_by_its_id_alone_and_with_its_buyer(shop: Shop, placed: list[Any]) -> None:
    order = placed[3]
    alone = shop.api.get(f"/orders/{order['orderId']}")
    assert alone == shop.api.get(f"/orders/{order['orderId']}?memberId={order['memberId']}")
    assert alone["items"][0]["sku"] in ("one", "two")
    shop.api.get("/orders/404", status=404)
    shop.api.get(f"/orders/404?memberId={2**63}", status=422)
    shop.api.get(f"/orders/{order['orderId']}?memberId=1", status=404)
