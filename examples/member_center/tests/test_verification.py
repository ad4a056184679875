"""Email verification: the right token in time, once, for the address the member still has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from httpx import Response

from examples.centers.wire import now
from examples.member_center import verification
from examples.member_center.tests.conftest import Club


class Opened(NamedTuple):
    """An open verification of a new member."""

    member: str
    account: str
    verify: str
    token: str


def started(club: Club) -> Opened:
    member = club.register()
    path = f"/members/{member['memberId']}"
    [account] = club.api.get(f"{path}/accounts")
    answer = club.api.call("POST", f"{path}/email-verifications", {"accountId": account["accountId"]})
    assert answer.status_code == 202, answer.text
    email, token = club.sent[-1]
    assert email == member["email"]
    assert answer.json()["token"] is None
    return Opened(member["memberId"], account["accountId"], answer.json()["verifyId"], token)


def confirm(club: Club, opened: Opened, **other: Any) -> Response:
    body = {"accountId": opened.account, "token": opened.token} | other
    path = f"/members/{opened.member}/email-verifications/{opened.verify}/confirmation"
    return club.api.call("POST", path, body)


def test_the_right_token_verifies_the_member_once(club: Club) -> None:
    opened = started(club)
    first, again = confirm(club, opened), confirm(club, opened)
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert club.api.get(f"/members/{opened.member}")["emailVerifiedAt"] == first.json()["confirmedAt"]


def test_a_wrong_token_and_somebody_elses_are_refused(club: Club) -> None:
    opened, other = started(club), started(club)
    assert confirm(club, opened, token="x" * 32).status_code == 404
    assert confirm(club, opened, token=other.token).status_code == 404
    assert club.api.get(f"/members/{opened.member}")["emailVerifiedAt"] is None


def test_a_token_comes_too_late(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = started(club)
    monkeypatch.setattr(verification, "now", lambda: now() + timedelta(hours=24))
    late = confirm(club, opened)
    assert (late.status_code, late.json()["type"]) == (410, "urn:problem:token-expired")


def test_another_email_address_has_to_be_verified_again(club: Club) -> None:
    opened, path = started(club), "/members/{}"
    confirm(club, opened)
    changed = club.api.call("PATCH", path.format(opened.member), {"email": "new@example.org"}).json()
    assert changed["emailVerifiedAt"] is None
    assert confirm(club, opened).status_code == 404


def test_a_token_is_good_for_its_own_address_only_even_if_another_one_sorts_the_same(club: Club) -> None:
    opened, path = started(club), "/members/{}"
    email = club.api.get(path.format(opened.member))["email"]
    for other in (email.replace("a", "ä", 1), email.upper()):
        club.api.call("PATCH", path.format(opened.member), {"email": other})
        assert confirm(club, opened).status_code == 404
    club.api.call("PATCH", path.format(opened.member), {"email": email})
    assert confirm(club, opened).status_code == 200


def test_only_own_accounts_can_ask(club: Club) -> None:
    opened, member = started(club), club.register()
    refused = club.api.call("POST", f"/members/{member['memberId']}/email-verifications", {"accountId": opened.account})
    assert refused.status_code == 404
