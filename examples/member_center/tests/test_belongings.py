"""Addresses and companies: the default address is always one of the member's own."""

from __future__ import annotations

from examples.member_center.tests.conftest import ADDRESS, Club


def test_addresses_are_added_replaced_and_removed(club: Club) -> None:
    member = club.register()
    path = f"/members/{member['memberId']}/addresses"
    added = club.api.call("POST", path, ADDRESS | {"city": "Genève"}).json()
    assert [address["city"] for address in club.api.get(path)] == ["Zürich", "Genève"]
    changed = club.api.call("PUT", f"{path}/{added['addressId']}", ADDRESS | {"city": "Basel"}).json()
    assert club.api.get(path)[1] == changed
    assert club.api.call("DELETE", f"{path}/{added['addressId']}").status_code == 204
    assert club.api.call("DELETE", f"{path}/{added['addressId']}").status_code == 404
    assert len(club.api.get(path)) == 1


def test_the_first_address_becomes_the_default_one(club: Club) -> None:
    member = club.register(address=None)
    path = f"/members/{member['memberId']}"
    assert member["defaultAddressId"] is None
    added = club.api.call("POST", f"{path}/addresses", ADDRESS).json()
    assert club.api.get(path)["defaultAddressId"] == added["addressId"]
    second = club.api.call("POST", f"{path}/addresses", ADDRESS).json()
    assert club.api.get(path)["defaultAddressId"] == added["addressId"]
    chosen = club.api.call("PUT", f"{path}/default-address", {"addressId": second["addressId"]})
    assert chosen.json()["defaultAddressId"] == second["addressId"]
    assert club.api.call("DELETE", f"{path}/addresses/{second['addressId']}").status_code == 204
    assert club.api.get(path)["defaultAddressId"] is None


def test_nobody_elses_address_can_be_the_default(club: Club) -> None:
    member, other = club.register(), club.register()
    body = {"addressId": other["defaultAddressId"]}
    assert club.api.call("PUT", f"/members/{member['memberId']}/default-address", body).status_code == 404


def test_removing_an_address_and_choosing_it_do_not_cross(club: Club) -> None:
    member = club.register()
    path = f"/members/{member['memberId']}"
    added = club.api.call("POST", f"{path}/addresses", ADDRESS).json()["addressId"]
    answers = club.api.together(
        [
            club.api.request("DELETE", f"{path}/addresses/{added}"),
            club.api.request("PUT", f"{path}/default-address", {"addressId": added}),
        ]
    )
    assert answers[0].status_code == 204
    assert answers[1].status_code in (200, 404)
    left = [address["addressId"] for address in club.api.get(f"{path}/addresses")]
    assert club.api.get(path)["defaultAddressId"] in [None, *left]


def test_companies_are_added_replaced_and_removed(club: Club) -> None:
    path = f"/members/{club.register()['memberId']}/companies"
    first = club.api.call("POST", path, {"name": "Müller & Söhne", "taxNumber": "DE123"}).json()
    second = club.api.call("POST", path, {"name": "Ändern"}).json()
    assert club.api.get(path) == [first, second]
    replaced = club.api.call("PUT", f"{path}/{first['itemId']}", {"name": "Müller GmbH"}).json()
    assert replaced == {"itemId": first["itemId"], "name": "Müller GmbH", "taxNumber": None}
    assert club.api.call("DELETE", f"{path}/{second['itemId']}").status_code == 204
    assert club.api.get(path) == [replaced]
    assert club.api.call("DELETE", f"{path}/{second['itemId']}").status_code == 404
    assert club.api.call("POST", "/members/404/companies", {"name": "Nobody's"}).status_code == 404
