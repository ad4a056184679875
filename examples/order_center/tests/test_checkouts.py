"""Placing carts: split by seller, once for each request id, with the stock they take."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from httpx import Response

from examples.order_center.tests.conftest import Shop


def test_a_cart_becomes_one_order_for_each_seller(shop: Shop) -> None:
    shop.offer("mug", seller=1, pieces=10, price="3.50")
    shop.offer("tea", seller=2, pieces=10, price="12.25")
    shop.offer("cup", seller=1, pieces=10, price="0.99")
    answer = shop.place(501, {"mug": 2, "tea": 1, "cup": 3})
    assert answer.status_code == 201, answer.text
    placed = answer.json()
    assert [order["sellerId"] for order in placed["orders"]] == ["1", "2"]
    assert [Decimal(order["amount"]) for order in placed["orders"]] == [Decimal("9.97"), Decimal("12.25")]
    assert Decimal(placed["amount"]) == Decimal("22.22")
    assert {order["status"] for order in placed["orders"]} == {"created"}
    assert shop.api.get(answer.headers["Location"]) == placed
    assert [shop.stock(sku) for sku in ("mug", "tea", "cup")] == [(10, 8, 2), (10, 9, 1), (10, 7, 3)]
    detail = shop.api.get(f"/orders/{placed['orders'][0]['orderId']}")
    assert [(item["sku"], item["quantity"], item["price"]) for item in detail["items"]] == [
        ("mug", 2, "3.50"),
        ("cup", 3, "0.99"),
    ]
    assert detail["allowed"] == ["pay", "cancel"]


def test_the_same_request_places_once(shop: Shop) -> None:
    shop.offer("pen", seller=1, pieces=10)
    request = str(uuid4())
    first = shop.place(502, {"pen": 2}, request)
    again = shop.place(502, {"pen": 2}, request)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert shop.stock("pen") == (10, 8, 2)
    assert shop.api.get(f"/members/502/checkouts/by-request/{request}") == first.json()


def test_the_same_request_id_with_another_cart_is_refused(shop: Shop) -> None:
    shop.offer("ink", seller=1, pieces=10)
    request = str(uuid4())
    assert shop.place(503, {"ink": 1}, request).status_code == 201
    refused = shop.place(503, {"ink": 2}, request)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:problem:request-id-reused"
    assert refused.headers["Content-Type"] == "application/problem+json"
    # A request id belongs to its buyer.
    assert shop.place(504, {"ink": 2}, request).status_code == 201
    assert shop.stock("ink") == (10, 7, 3)


def test_a_request_that_comes_many_times_at_once_places_once(shop: Shop) -> None:
    shop.offer("bag", seller=1, pieces=100)
    request = str(uuid4())
    answers = shop.api.together([shop.placing(505, {"bag": 3}, request) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["checkoutId"] for answer in answers}) == 1
    assert shop.stock("bag") == (100, 97, 3)


def test_what_is_sold_out_leaves_nothing_behind(shop: Shop) -> None:
    shop.offer("hat", seller=1, pieces=10)
    shop.offer("cap", seller=2, pieces=1)
    request = str(uuid4())
    refused = shop.place(506, {"hat": 2, "cap": 2}, request)
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["type"], problem["sku"], problem["available"]) == ("urn:problem:sold-out", "cap", 1)
    assert (shop.stock("hat"), shop.stock("cap")) == ((10, 10, 0), (1, 1, 0))
    assert shop.api.get("/members/506/orders")["items"] == []
    shop.api.get(f"/members/506/checkouts/by-request/{request}", status=404)
    # The request may be sent again: a refusal is not remembered.
    shop.api.call("POST", "/products/cap/receipts", {"requestId": "second-cap", "quantity": 5})
    assert shop.place(506, {"hat": 2, "cap": 2}, request).status_code == 201


def test_nothing_is_oversold_and_nothing_is_lost_when_many_buy_at_once(shop: Shop) -> None:
    skus = [f"hot-{number}" for number in range(4)]
    for number, sku in enumerate(skus):
        shop.offer(sku, seller=number % 2 + 1, pieces=10)
    # Carts name the skus in opposite orders, so that transactions would wait in circles if they locked as they come.
    carts = [{skus[n % 4]: 1, skus[(n + 1 + n % 3) % 4]: 1} for n in range(32)]
    carts = [cart if n % 2 else dict(reversed(cart.items())) for n, cart in enumerate(carts)]
    answers = shop.api.together([shop.placing(600 + n, cart) for n, cart in enumerate(carts)])
    placed = [cart for cart, answer in zip(carts, answers, strict=True) if answer.status_code == 201]
    assert {answer.status_code for answer in answers} == {201, 409}
    for sku in skus:
        sold = sum(cart.get(sku, 0) for cart in placed)
        assert shop.stock(sku) == (10, 10 - sold, sold)
        assert sold <= 10
    # Whoever was refused was refused for want of stock: some sku of the cart has none left.
    for cart, answer in zip(carts, answers, strict=True):
        if answer.status_code == 409:
            assert answer.json()["sku"] in cart


def test_carts_that_cannot_be_placed_are_refused_with_the_reason(shop: Shop) -> None:
    shop.offer("jam", seller=1, pieces=10)
    unknown = shop.place(507, {"jam": 1, "nothing": 1})
    assert (unknown.status_code, unknown.json()["skus"]) == (422, ["nothing"])
    body = {"lines": [{"sku": "jam", "quantity": 1}], "country": "CN", "currency": "EUR"}
    other = shop.api.call("POST", "/members/507/checkouts", body, Idempotency_Key="another-currency")
    assert (other.status_code, other.json()["type"]) == (422, "urn:problem:other-currency")
    twice = {"lines": [{"sku": "jam", "quantity": 1}] * 2, "country": "CN"}
    refused = shop.api.call("POST", "/members/507/checkouts", twice, Idempotency_Key="the-same-twice")
    assert refused.status_code == 422
    assert "one line only" in refused.json()["detail"]
    keyless = shop.api.call("POST", "/members/507/checkouts", {"lines": [], "country": "CN"})
    assert keyless.status_code == 422
    assert {error["where"] for error in keyless.json()["errors"]} == {"header.Idempotency-Key", "body.lines"}


def test_a_placed_request_is_answered_whatever_has_become_of_its_products(shop: Shop) -> None:
    shop.offer("fig", seller=1, pieces=1)
    request = str(uuid4())
    first = shop.place(508, {"fig": 1}, request)
    euros = {"sellerId": "1", "title": "Fig", "price": "1.00", "currency": "EUR"}
    assert shop.api.call("PUT", "/products/fig", euros).is_success
    again = shop.place(508, {"fig": 1}, request)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    # Nor does another cart get another refusal because it cannot be placed anyway.
    assert shop.place(508, {"never-offered": 1}, request).json()["type"] == "urn:problem:request-id-reused"
    assert shop.place(508, {"fig": 1}).json()["type"] == "urn:problem:other-currency"


def test_an_amount_that_no_column_holds_is_refused(shop: Shop) -> None:
    shop.offer("gem", seller=1, pieces=200, price="9999999999.99")
    assert shop.place(509, {"gem": 100}).json()["amount"] == "999999999999.00"
    refused = shop.place(509, {"gem": 101})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem:amount-too-large")
    assert shop.stock("gem") == (200, 100, 100)


def test_a_receipt_counts_once(shop: Shop) -> None:
    shop.offer("oil", seller=1, pieces=5)
    for _ in range(2):
        assert shop.api.call("POST", "/products/oil/receipts", {"requestId": "delivery-7", "quantity": 2}).is_success
    assert shop.stock("oil") == (7, 7, 0)
    other = shop.api.call("POST", "/products/oil/receipts", {"requestId": "delivery-7", "quantity": 3})
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem:request-id-reused")
    shop.api.get("/products/never", status=404)
    assert (
        shop.api.call("POST", "/products/never/receipts", {"requestId": "delivery-8", "quantity": 3}).status_code == 404
    )


def test_a_receipt_that_no_column_holds_is_refused(shop: Shop) -> None:
    shop.offer("ore", seller=1, pieces=100_000_000)

    def receive(number: int) -> Response:
        body = {"requestId": f"delivery-{number}", "quantity": 100_000_000}
        return shop.api.call("POST", "/products/ore/receipts", body)

    answers = [receive(number) for number in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [422]
    assert answers[-1].json()["type"] == "urn:problem:stock-too-large"
    assert receive(19).status_code == 200  # it was counted before
    assert shop.stock("ore") == (2_100_000_000, 2_100_000_000, 0)


def test_a_sku_belongs_to_one_seller(shop: Shop) -> None:
    shop.offer("egg", seller=1, pieces=5)
    body = {"sellerId": "2", "title": "Mine now", "price": "1.00"}
    assert shop.api.call("PUT", "/products/egg", body).status_code == 409
    assert shop.api.get("/products/egg")["title"] == "The egg"
    changed = shop.api.call("PUT", "/products/egg", {"sellerId": "1", "title": "Egg", "price": "2.00"}).json()
    assert (changed["title"], changed["price"], changed["available"]) == ("Egg", "2.00", 5)
    assert "egg" in [product["sku"] for product in shop.api.get("/sellers/1/products")]
