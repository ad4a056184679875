"""Addresses: the default one is always one of the member's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from examples.member_center import service
from examples.member_center.model import Account, Address, Conflict, Inactive, Member, NotFound, Registration

NOW = datetime(2024, 3, 1, 12, 0, 0)
NUMBERS = count(5001)


@pytest.fixture(scope="module")
def connection(open_example: Callable[[Path], Any]) -> Any:
    return open_example(Path(__file__).parents[1])


@pytest.fixture
def home(connection: Any) -> Address:
    """The first address of a new member."""
    member_id = next(NUMBERS)
    address = Address(member_id, 1, "Lin", "1 Main St", "Leeds", "LS1", "GB")
    member = Member(member_id, "Lin", "lin@example.org", "+44 1", 1, NOW)
    service.register(connection, Registration(member, Account(member_id, 1, f"lin{member_id}"), address))
    return address


def test_addresses_are_added_once(connection: Any, home: Address) -> None:
    office = replace(home, address_id=2, street="2 Side St")
    service.add_address(connection, office)
    service.add_address(connection, office)
    assert service.addresses(connection, home.member_id) == [home, office]
    with pytest.raises(Conflict):
        service.add_address(connection, replace(office, city="York"))


def test_an_address_is_changed_in_place(connection: Any, home: Address) -> None:
    changed = service.change_address(connection, replace(home, recipient="Lin Wei 😀", postcode="LS2"))
    assert service.addresses(connection, home.member_id) == [changed]
    assert service.change_address(connection, changed) == changed


def test_the_default_address_moves_to_another_own_one(connection: Any, home: Address) -> None:
    office = service.add_address(connection, replace(home, address_id=2))
    service.set_default_address(connection, home.member_id, 2)
    assert service.default_address(connection, home.member_id) == office
    with pytest.raises(NotFound):
        service.set_default_address(connection, home.member_id, 3)
    assert service.default_address(connection, home.member_id) == office


def test_removing_the_default_address_leaves_none(connection: Any, home: Address) -> None:
    service.add_address(connection, replace(home, address_id=2))
    service.remove_address(connection, home.member_id, 1)
    assert service.default_address(connection, home.member_id) is None
    assert [address.address_id for address in service.addresses(connection, home.member_id)] == [2]


def test_removing_another_address_keeps_the_default_one(connection: Any, home: Address) -> None:
    service.add_address(connection, replace(home, address_id=2))
    service.remove_address(connection, home.member_id, 2)
    assert service.default_address(connection, home.member_id) == home


def test_unknown_members_and_addresses_are_refused(connection: Any, home: Address) -> None:
    with pytest.raises(NotFound):
        service.add_address(connection, replace(home, member_id=404_404))
    with pytest.raises(NotFound):
        service.change_address(connection, replace(home, address_id=9))
    with pytest.raises(NotFound):
        service.remove_address(connection, home.member_id, 9)
    assert service.addresses(connection, 404_404) == []


def test_a_deactivated_member_keeps_its_addresses(connection: Any, home: Address) -> None:
    service.deactivate(connection, home.member_id, NOW)
    with pytest.raises(Inactive):
        service.remove_address(connection, home.member_id, 1)
    assert service.addresses(connection, home.member_id) == [home]
