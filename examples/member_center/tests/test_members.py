"""Registering, finding and deactivating members, and their companies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from examples.member_center import service
from examples.member_center.model import Account, Address, Company, Conflict, Inactive, Member, NotFound, Registration

NOW = datetime(2024, 3, 1, 12, 0, 0)


@pytest.fixture(scope="module")
def connection(open_example: Callable[[Path], Any]) -> Any:
    return open_example(Path(__file__).parents[1])


def registration(member_id: int, login: str = "ada") -> Registration:
    return Registration(
        Member(member_id, "Ada O'Neill 李", "ada@example.org", None, 2, NOW),
        Account(member_id, 1, login),
        Address(member_id, 1, "Ada", '5 "Long" Rd; DROP TABLE member --', "Zürich", "8000", "CH"),
    )


def test_a_registered_member_is_found_with_account_and_default_address(connection: Any) -> None:
    new = registration(1)
    member = service.register(connection, new)
    assert member == replace(new.member, default_address_id=1)
    assert service.find_member(connection, 1) == member
    assert service.accounts(connection, 1) == [new.account]
    assert service.addresses(connection, 1) == [new.address]
    assert service.default_address(connection, 1) == new.address


def test_registering_twice_is_registering_once(connection: Any) -> None:
    first = service.register(connection, registration(2))
    assert service.register(connection, registration(2)) == first
    assert len(service.addresses(connection, 2)) == 1


def test_a_taken_id_is_refused_and_nothing_is_stored(connection: Any) -> None:
    service.register(connection, registration(3))
    with pytest.raises(Conflict):
        service.register(connection, registration(3, login="eve"))
    assert service.accounts(connection, 3) == [Account(3, 1, "ada")]


def test_a_registration_that_fails_in_the_middle_leaves_nothing(connection: Any) -> None:
    service.register(connection, registration(4))
    connection.cursor().execute("DELETE FROM member WHERE memberId = %s", (4,))
    with pytest.raises(NotFound):
        service.register(connection, registration(4))
    assert service.find_member(connection, 4) is None


def test_a_registration_belongs_to_one_member() -> None:
    new = registration(5)
    with pytest.raises(ValueError, match="memberId"):
        Registration(new.member, Account(6, 1, "ada"), new.address)


def test_moments_are_kept_in_whole_seconds_of_utc(connection: Any) -> None:
    new = registration(7)
    moment = datetime(2024, 3, 1, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    member = service.register(connection, replace(new, member=replace(new.member, created_at=moment)))
    assert member.created_at == datetime(2024, 3, 1, 12, 0, 0)
    assert member.created_at == moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def test_members_of_many_shards_come_in_the_order_of_their_ids(connection: Any) -> None:
    ids = [116, 101, 108, 103, 111]
    for member_id in ids:
        service.register(connection, registration(member_id, login=f"name{member_id}"))
    found = service.find_members(connection, [*ids, 999_999])
    assert [member.member_id for member in found] == sorted(ids)
    assert service.find_members(connection, []) == []


def test_a_login_is_found_on_whatever_shard_it_is(connection: Any) -> None:
    for member_id in range(201, 206):
        service.register(connection, registration(member_id, login="shared"))
    assert service.find_by_login(connection, "shared") == [Account(n, 1, "shared") for n in range(201, 206)]
    assert service.find_by_login(connection, "' OR '1'='1") == []


def test_deactivation_keeps_its_first_time_and_stops_changes(connection: Any) -> None:
    service.register(connection, registration(8))
    assert service.deactivate(connection, 8, NOW).deactivated_at == NOW
    assert service.deactivate(connection, 8, NOW + timedelta(days=1)).deactivated_at == NOW
    with pytest.raises(Inactive):
        service.save_company(connection, Company(8, 1, "Engines"))
    with pytest.raises(NotFound):
        service.deactivate(connection, 404, NOW)


def test_companies_are_saved_replaced_and_removed(connection: Any) -> None:
    service.register(connection, registration(9))
    service.save_company(connection, Company(9, 2, "Müller & Söhne", "DE123"))
    service.save_company(connection, Company(9, 1, "Ändern"))
    replaced = service.save_company(connection, Company(9, 2, "Müller GmbH"))
    assert service.companies(connection, 9) == [Company(9, 1, "Ändern"), replaced]
    service.remove_company(connection, 9, 1)
    assert service.companies(connection, 9) == [replaced]
    with pytest.raises(NotFound):
        service.remove_company(connection, 9, 1)
