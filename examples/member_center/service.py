"""What a member centre does, in typed functions over one shardkit connection in autocommit mode.

Every statement carries the memberId, so each runs on one shard and each transaction is a plain one there; the one
exception, `find_by_login`, says so. Writes of several rows take the member's row lock first. Ids and times come from
the caller, which makes each call repeatable: the same call a second time changes nothing and answers the same.
Invariant: a member's default address is one of its addresses, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from examples.member_center.model import (
    Account,
    Address,
    Company,
    Conflict,
    Inactive,
    Member,
    NotFound,
    Registration,
)
from examples.statements import Connection, Row, change, one, rows, transaction, whole_second
from shardkit.errors import IntegrityError

MEMBER = "memberId, memberName, email, phone, level, createdAt, defaultAddressId, emailVerifiedAt, deactivatedAt"
ADDRESS = "memberId, addressId, recipient, street, city, postcode, country"


def register(connection: Connection, new: Registration) -> Member:
    """Store a member with account and address in one transaction; the address becomes the default one.

    Repeating a registration answers the stored member. Raises Conflict if the memberId belongs to somebody else.
    """
    try:
        with transaction(connection):
            _insert_registration(connection, new)
    except IntegrityError:
        return _registered_before(connection, new)
    return get_member(connection, new.member.member_id)


def find_member(connection: Connection, member_id: int) -> Member | None:
    """The member of that id, or None."""
    row = one(connection, f"SELECT {MEMBER} FROM member WHERE memberId = %s", (member_id,))
    return None if row is None else Member(*row)


def get_member(connection: Connection, member_id: int) -> Member:
    """The member of that id. Raises NotFound."""
    member = find_member(connection, member_id)
    if member is None:
        raise NotFound(f"no member {member_id}")
    return member


def find_members(connection: Connection, member_ids: Sequence[int]) -> list[Member]:
    """The members of these ids in the order of their ids; each shard is asked for its own ids only."""
    if not member_ids:
        return []
    marks = ", ".join(["%s"] * len(member_ids))
    sql = f"SELECT {MEMBER} FROM member WHERE memberId IN ({marks}) ORDER BY memberId"
    return [Member(*row) for row in rows(connection, sql, tuple(member_ids))]


def find_by_login(connection: Connection, login: str) -> list[Account]:
    """Every account of that login name. The name says nothing about the shard, so all sixteen databases are asked."""
    sql = (
        "SELECT memberId, accountId, memberAccount FROM member_login_account"
        " WHERE memberAccount = %s ORDER BY memberId, accountId"
    )
    return [Account(*row) for row in rows(connection, sql, (login,))]


def accounts(connection: Connection, member_id: int) -> list[Account]:
    """The member's login accounts by id."""
    sql = "SELECT memberId, accountId, memberAccount FROM member_login_account WHERE memberId = %s ORDER BY accountId"
    return [Account(*row) for row in rows(connection, sql, (member_id,))]


def deactivate(connection: Connection, member_id: int, now: datetime) -> Member:
    """Close the membership; the rows stay. A second call keeps the first time. Raises NotFound."""
    change(
        connection,
        "UPDATE member SET deactivatedAt = %s WHERE memberId = %s AND deactivatedAt IS NULL",
        (whole_second(now), member_id),
    )
    return get_member(connection, member_id)


def addresses(connection: Connection, member_id: int) -> list[Address]:
    """The member's addresses by id."""
    sql = f"SELECT {ADDRESS} FROM member_address WHERE memberId = %s ORDER BY addressId"
    return [Address(*row) for row in rows(connection, sql, (member_id,))]


def default_address(connection: Connection, member_id: int) -> Address | None:
    """The member's default address, or None if there is none: a join of bound tables, on one shard."""
    sql = (
        "SELECT a.memberId, a.addressId, a.recipient, a.street, a.city, a.postcode, a.country"
        " FROM member m JOIN member_address a ON a.memberId = m.memberId AND a.addressId = m.defaultAddressId"
        " WHERE m.memberId = %s"
    )
    row = one(connection, sql, (member_id,))
    return None if row is None else Address(*row)


def add_address(connection: Connection, address: Address) -> Address:
    """Store one more address. Raises NotFound, Inactive, or Conflict if the id holds another address."""
    with transaction(connection):
        lock_active(connection, address.member_id)
        stored = _address(connection, address.member_id, address.address_id)
        if stored is None:
            _insert_address(connection, address)
        elif stored != address:
            raise Conflict(f"member {address.member_id} has another address {address.address_id}")
    return address


def change_address(connection: Connection, address: Address) -> Address:
    """Replace the stored address of the same id. Raises NotFound, Inactive."""
    with transaction(connection):
        lock_active(connection, address.member_id)
        _must_have_address(connection, address.member_id, address.address_id)
        change(
            connection,
            "UPDATE member_address SET recipient = %s, street = %s, city = %s, postcode = %s, country = %s"
            " WHERE memberId = %s AND addressId = %s",
            (*_address_values(address), address.member_id, address.address_id),
        )
    return address


def remove_address(connection: Connection, member_id: int, address_id: int) -> None:
    """Delete an address; if it was the default one, the member has none afterwards. Raises NotFound, Inactive."""
    with transaction(connection):
        member = lock_active(connection, member_id)
        _must_have_address(connection, member_id, address_id)
        if member.default_address_id == address_id:
            change(connection, "UPDATE member SET defaultAddressId = NULL WHERE memberId = %s", (member_id,))
        change(connection, "DELETE FROM member_address WHERE memberId = %s AND addressId = %s", (member_id, address_id))


def set_default_address(connection: Connection, member_id: int, address_id: int) -> Member:
    """Make one of the member's addresses the default one. Raises NotFound, Inactive."""
    with transaction(connection):
        member = lock_active(connection, member_id)
        _must_have_address(connection, member_id, address_id)
        change(connection, "UPDATE member SET defaultAddressId = %s WHERE memberId = %s", (address_id, member_id))
    return replace(member, default_address_id=address_id)


def companies(connection: Connection, member_id: int) -> list[Company]:
    """The companies the member orders for, by id."""
    sql = "SELECT memberId, itemId, companyName, taxNumber FROM member_company WHERE memberId = %s ORDER BY itemId"
    return [Company(*row) for row in rows(connection, sql, (member_id,))]


def save_company(connection: Connection, company: Company) -> Company:
    """Store a company, or replace the stored one of the same id. Raises NotFound, Inactive."""
    with transaction(connection):
        lock_active(connection, company.member_id)
        change(
            connection,
            "INSERT INTO member_company (memberId, itemId, companyName, taxNumber) VALUES (%s, %s, %s, %s)"
            " ON DUPLICATE KEY UPDATE companyName = VALUES(companyName), taxNumber = VALUES(taxNumber)",
            (company.member_id, company.item_id, company.name, company.tax_number),
        )
    return company


def remove_company(connection: Connection, member_id: int, item_id: int) -> None:
    """Forget a company. Raises NotFound, Inactive."""
    with transaction(connection):
        lock_active(connection, member_id)
        sql = "DELETE FROM member_company WHERE memberId = %s AND itemId = %s"
        if change(connection, sql, (member_id, item_id)) == 0:
            raise NotFound(f"member {member_id} has no company {item_id}")


def lock_active(connection: Connection, member_id: int) -> Member:
    """Lock the member's row for the rest of the transaction. Raises NotFound, Inactive."""
    row = one(connection, f"SELECT {MEMBER} FROM member WHERE memberId = %s FOR UPDATE", (member_id,))
    if row is None:
        raise NotFound(f"no member {member_id}")
    member = Member(*row)
    if member.deactivated_at is not None:
        raise Inactive(f"member {member_id} was deactivated")
    return member


def _insert_registration(connection: Connection, new: Registration) -> None:
    member, account, address = new.member, new.account, new.address
    created = whole_second(member.created_at)
    change(
        connection,
        "INSERT INTO member (memberId, memberName, email, phone, level, createdAt, defaultAddressId)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (member.member_id, member.name, member.email, member.phone, member.level, created, address.address_id),
    )
    change(
        connection,
        "INSERT INTO member_login_account (memberId, accountId, memberAccount, createdAt) VALUES (%s, %s, %s, %s)",
        (account.member_id, account.account_id, account.login, created),
    )
    _insert_address(connection, address)


def _registered_before(connection: Connection, new: Registration) -> Member:
    # Name, email and address may have been changed since, so the login account tells whether it is the same person.
    if new.account not in accounts(connection, new.member.member_id):
        raise Conflict(f"memberId {new.member.member_id} is taken")
    return get_member(connection, new.member.member_id)


def _insert_address(connection: Connection, address: Address) -> None:
    change(
        connection,
        f"INSERT INTO member_address ({ADDRESS}) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (address.member_id, address.address_id, *_address_values(address)),
    )


def _address_values(address: Address) -> Row:
    return (address.recipient, address.street, address.city, address.postcode, address.country)


def _address(connection: Connection, member_id: int, address_id: int) -> Address | None:
    sql = f"SELECT {ADDRESS} FROM member_address WHERE memberId = %s AND addressId = %s"
    row = one(connection, sql, (member_id, address_id))
    return None if row is None else Address(*row)


def _must_have_address(connection: Connection, member_id: int, address_id: int) -> None:
    if _address(connection, member_id, address_id) is None:
        raise NotFound(f"member {member_id} has no address {address_id}")
