"""What goes into the member centre and comes out of it, and the ways it says no.

Invariant: every record is immutable; times are UTC without a zone, in whole seconds, as DATETIME columns keep them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Member:
    """One member as stored."""

    member_id: int
    name: str
    email: str
    phone: str | None
    level: int
    created_at: datetime
    default_address_id: int | None = None
    email_verified_at: datetime | None = None
    deactivated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """One postal address of a member; `address_id` is the caller's and unique for the member."""

    member_id: int
    address_id: int
    recipient: str
    street: str
    city: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class Account:
    """One name a member logs in with."""

    member_id: int
    account_id: int
    login: str


@dataclass(frozen=True, slots=True)
class Company:
    """One company a member orders for."""

    member_id: int
    item_id: int
    name: str
    tax_number: str | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A new member with the first login account and the first address, all under one memberId."""

    member: Member
    account: Account
    address: Address

    def __post_init__(self) -> None:
        if {self.account.member_id, self.address.member_id} != {self.member.member_id}:
            raise ValueError("account and address must carry the memberId of the member")


class VerifyKey(NamedTuple):
    """Names one email verification."""

    member_id: int
    account_id: int
    verify_id: int


@dataclass(frozen=True, slots=True)
class Verification:
    """One email verification as stored. The token itself is known only to the reader of the email."""

    key: VerifyKey
    email: str
    expires_at: datetime
    confirmed_at: datetime | None


class MemberCenterError(Exception):
    """The root of everything the member centre refuses."""


class NotFound(MemberCenterError):
    """There is no such member, address, account or company."""


class Conflict(MemberCenterError):
    """The id is taken by something else than what was given."""


class Inactive(MemberCenterError):
    """The member was deactivated and can no longer be changed."""


class VerificationFailed(MemberCenterError):
    """No open verification has this id and token."""


class VerificationExpired(MemberCenterError):
    """The token was right but came too late."""
