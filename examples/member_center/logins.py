"""Login accounts: written with their member, found by their name.

An account is two rows: one among the member's own, on the member's shard, and one that leads from the name to the
member, on the name's shard. Both are written and removed in one transaction. Invariant: a name belongs to at most one
account of all members, because the second row has it as its primary key.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import scrypt
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from examples.centers.problems import Problem
from examples.member_center.models import LoggedIn, NewAccount
from examples.member_center.store import Store, active, found, of_member
from examples.member_center.tables import LoginAccount, LoginName, Member

COST = 2**14  # of scrypt: 16 MB and some tens of milliseconds


async def hashed(password: SecretStr, salt: bytes | None = None) -> str:
    """A password as it is stored. It is worked out in a thread, because it takes long by design."""
    salt = salt or secrets.token_bytes(16)
    given = password.get_secret_value().encode()
    digest = await asyncio.to_thread(scrypt, given, salt=salt, n=COST, r=8, p=1, dklen=32)
    return f"{b64encode(salt).decode()}${b64encode(digest).decode()}"


async def matches(password: SecretStr, stored: str) -> bool:
    """Whether this is the password."""
    return hmac.compare_digest(await hashed(password, b64decode(stored.partition("$")[0])), stored)


async def log_in(store: Store, given: NewAccount) -> LoggedIn:
    """Who logs in with this name and password: one shard by the name, one by the member it leads to.

    Raises Problem: 401, the same for unknown names and wrong passwords, and after the same work; 403 for a member who
    was deactivated, to whom knows the password.
    """

    async def work(session: AsyncSession) -> tuple[LoginAccount | None, Member | None]:
        account = await find(session, given.account)
        return account, None if account is None else await session.get(Member, account.member_id)

    account, member = await store.read(work)
    right = await matches(given.password, _NOBODY if account is None else account.password_hash)
    if not right or account is None or member is None:
        raise Problem(401, "wrong-login", "there is no such account with this password")
    if member.deactivated_at is not None:
        raise Problem(403, "inactive", f"member {member.member_id} was deactivated and can no longer log in")
    return LoggedIn(member_id=account.member_id, account_id=account.account_id)


async def accounts(session: AsyncSession, member_id: int) -> list[LoginAccount]:
    """A member's accounts by id. Raises Problem (404)."""
    own = select(LoginAccount).where(LoginAccount.member_id == member_id).order_by(LoginAccount.account_id)
    return await of_member(session, member_id, own)


async def find(session: AsyncSession, name: str) -> LoginAccount | None:
    """The account of that name, or None."""
    entry = await session.get(LoginName, name)
    return None if entry is None else await session.get(LoginAccount, (entry.member_id, entry.account_id))


async def add(session: AsyncSession, member_id: int, name: str, password_hash: str) -> LoginAccount:
    """Write both rows of an account. Raises Taken when the name belongs to another one."""
    account = LoginAccount(member_id=member_id, account=name, password_hash=password_hash)
    session.add(account)
    await session.flush()
    session.add(LoginName(account=name, member_id=member_id, account_id=account.account_id))
    try:
        await session.flush()
    except IntegrityError as error:
        raise Taken(name) from error
    return account


class Added(NamedTuple):
    """The account, and whether this very request made it."""

    account: LoginAccount
    new: bool


async def add_to(store: Store, member_id: int, new: NewAccount) -> Added:
    """One more account of a member, or the one that is there with this password. Raises Problem."""
    password_hash = await hashed(new.password)

    async def work(session: AsyncSession) -> LoginAccount:
        await active(session, member_id)
        return await add(session, member_id, new.account, password_hash)

    try:
        return Added(await store.transact(work), new=True)
    except Taken as error:
        before = await store.read(lambda session: find(session, new.account))
        if before is None or before.member_id != member_id or not await matches(new.password, before.password_hash):
            raise error.problem() from error
        return Added(before, new=False)


async def remove(session: AsyncSession, member_id: int, account_id: int) -> None:
    """Remove both rows of an account. Raises Problem: 404, and 409 for the last account of a member."""
    await active(session, member_id)
    own = LoginAccount.member_id == member_id
    account = await found(
        session, select(LoginAccount).where(own, LoginAccount.account_id == account_id), f"account {account_id}"
    )
    if await session.scalar(select(func.count()).select_from(LoginAccount).where(own)) == 1:
        raise Problem(409, "last-account", "a member needs an account; add another one before removing the last")
    entry = await session.get(LoginName, account.account)
    await session.delete(account)
    if entry is not None:
        await session.delete(entry)


class Taken(Exception):
    """The name belongs to another account; the transaction is to be rolled back."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)

    def problem(self) -> Problem:
        """What the caller is told."""
        return Problem(409, "account-taken", f"the account name {self.name} is taken; choose another one")


# Stands in for the hash of accounts that do not exist, so that asking for them takes as long.
_NOBODY = f"{b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
