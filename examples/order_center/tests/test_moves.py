"""Moving orders through their states, also when several move one at once."""

from __future__ import annotations

from examples.order_center.tests.conftest import Shop


def test_an_order_goes_its_way(shop: Shop) -> None:
    shop.offer("mug", seller=1, pieces=10)
    order = shop.order(701, {"mug": 2})
    for action, status in (("pay", "paid"), ("ship", "shipped"), ("receive", "received"), ("close", "closed")):
        moved = shop.move(order, action, note=f"to {status}")
        assert (moved.status_code, moved.json()["status"]) == (200, status)
    detail = shop.api.get(f"/orders/{order['orderId']}?memberId=701")
    assert [(move["version"], move["action"], move["note"]) for move in detail["moves"]] == [
        (2, "pay", "to paid"),
        (3, "ship", "to shipped"),
        (4, "receive", "to received"),
        (5, "close", "to closed"),
    ]
    assert (detail["version"], detail["allowed"]) == (5, [])
    assert shop.stock("mug") == (10, 8, 2)


def test_a_refused_action_teaches(shop: Shop) -> None:
    shop.offer("tea", seller=1, pieces=10)
    order = shop.order(702, {"tea": 1})
    refused = shop.move(order, "ship")
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["type"], problem["state"], problem["allowed"]) == (
        "urn:problem:wrong-state",
        "created",
        ["pay", "cancel"],
    )
    assert "ship is for orders that are paid" in problem["detail"]
    assert shop.move(order, "explode").status_code == 422
    stranger = order | {"memberId": "703"}
    assert shop.move(stranger, "pay").status_code == 404


def test_an_action_repeated_is_an_action_done_once(shop: Shop) -> None:
    shop.offer("cup", seller=1, pieces=10)
    order = shop.order(704, {"cup": 4})
    first, again = shop.move(order, "cancel"), shop.move(order, "cancel")
    assert first.json() == again.json()
    assert shop.stock("cup") == (10, 10, 0)
    assert len(shop.api.get(f"/orders/{order['orderId']}")["moves"]) == 1


def test_an_action_repeated_later_is_still_an_action_done_once(shop: Shop) -> None:
    shop.offer("jug", seller=1, pieces=10)
    order = shop.order(707, {"jug": 1})
    for action in ("pay", "ship", "receive"):
        assert shop.move(order, action).is_success
    for action in ("pay", "ship", "receive"):  # whose answers were lost, say
        again = shop.move(order, action)
        assert (again.status_code, again.json()["status"]) == (200, "received")
    assert shop.move(order, "refund").json()["status"] == "refunded"
    assert shop.move(order, "pay").json()["status"] == "refunded"
    assert shop.move(order, "cancel").status_code == 409  # that has never been done
    assert len(shop.api.get(f"/orders/{order['orderId']}")["moves"]) == 4
    assert shop.stock("jug") == (10, 10, 0)


def test_of_actions_that_race_one_wins_and_the_stock_comes_back_once(shop: Shop) -> None:
    shop.offer("pan", seller=1, pieces=10)
    order = shop.order(705, {"pan": 3})
    path = f"/members/705/orders/{order['orderId']}"
    racing = ["pay", "cancel"] * 4
    answers = shop.api.together([shop.api.request("POST", f"{path}/{action}") for action in racing])
    detail = shop.api.get(f"/orders/{order['orderId']}")
    [move] = detail["moves"]
    assert {answer.status_code for answer in answers} == {200, 409}
    assert [answer.status_code == 200 for answer in answers] == [action == move["action"] for action in racing]
    back = move["action"] == "cancel"
    assert shop.stock("pan") == ((10, 10, 0) if back else (10, 7, 3))


def test_a_refund_brings_the_goods_back(shop: Shop) -> None:
    shop.offer("pot", seller=1, pieces=10)
    shop.offer("lid", seller=1, pieces=10)
    order = shop.order(706, {"pot": 2, "lid": 1})
    shop.move(order, "pay")
    assert shop.move(order, "refund").json()["status"] == "refunded"
    assert (shop.stock("pot"), shop.stock("lid")) == ((10, 10, 0), (10, 10, 0))
