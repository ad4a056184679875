"""Email verification: the right token in time, once, for the address the member still has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from examples.member_center import service
from examples.member_center.model import (
    Account,
    Address,
    Conflict,
    Inactive,
    Member,
    NotFound,
    Registration,
    VerificationExpired,
    VerificationFailed,
    VerifyKey,
)
from examples.member_center.verification import confirm_verification, find_verification, start_verification

NOW = datetime(2024, 3, 1, 12, 0, 0)
HOUR = timedelta(hours=1)
NUMBERS = count(9001)


@pytest.fixture(scope="module")
def connection(open_example: Callable[[Path], Any]) -> Any:
    return open_example(Path(__file__).parents[1])


@pytest.fixture
def key(connection: Any) -> VerifyKey:
    """The key of a verification to come, of a new member."""
    member_id = next(NUMBERS)
    member = Member(member_id, "Eva", "eva@example.org", None, 1, NOW)
    address = Address(member_id, 1, "Eva", "1 Main St", "Wien", "1010", "AT")
    service.register(connection, Registration(member, Account(member_id, 1, f"eva{member_id}"), address))
    return VerifyKey(member_id, 1, 1)


def test_the_right_token_in_time_verifies_the_member(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW, HOUR)
    opened = find_verification(connection, key)
    assert opened is not None
    assert (opened.email, opened.expires_at, opened.confirmed_at) == ("eva@example.org", NOW + HOUR, None)
    done = confirm_verification(connection, key, token, NOW + HOUR / 2)
    assert done.confirmed_at == NOW + HOUR / 2
    assert find_verification(connection, key) == done
    assert service.get_member(connection, key.member_id).email_verified_at == NOW + HOUR / 2


def test_confirming_twice_keeps_the_first_time(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW, HOUR)
    first = confirm_verification(connection, key, token, NOW)
    assert confirm_verification(connection, key, token, NOW + 2 * HOUR) == first


def test_a_late_token_is_refused(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW, HOUR)
    with pytest.raises(VerificationExpired):
        confirm_verification(connection, key, token, NOW + HOUR)
    assert service.get_member(connection, key.member_id).email_verified_at is None


def test_a_wrong_token_or_id_is_refused(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW, HOUR)
    with pytest.raises(VerificationFailed):
        confirm_verification(connection, key, token + "x", NOW)
    with pytest.raises(VerificationFailed):
        confirm_verification(connection, key._replace(verify_id=2), token, NOW)
    with pytest.raises(NotFound):
        confirm_verification(connection, key._replace(member_id=404), token, NOW)


def test_the_email_must_still_be_the_same(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW, HOUR)
    connection.cursor().execute("UPDATE member SET email = %s WHERE memberId = %s", ("new@example.org", key.member_id))
    with pytest.raises(VerificationFailed):
        confirm_verification(connection, key, token, NOW)


def test_a_verification_needs_an_account_and_a_fresh_id(connection: Any, key: VerifyKey) -> None:
    start_verification(connection, key, NOW)
    with pytest.raises(Conflict, match="used before"):
        start_verification(connection, key, NOW)
    with pytest.raises(Conflict, match="account"):
        start_verification(connection, key._replace(account_id=2), NOW)


def test_a_deactivated_member_verifies_nothing(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW)
    service.deactivate(connection, key.member_id, NOW)
    with pytest.raises(Inactive):
        confirm_verification(connection, key, token, NOW)


def test_the_token_itself_is_not_stored(connection: Any, key: VerifyKey) -> None:
    token = start_verification(connection, key, NOW)
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM email_verify WHERE memberId = %s", (key.member_id,))
    assert token not in [value for row in cursor.fetchall() for value in row]
