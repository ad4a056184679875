"""Registering members, finding them, changing and deactivating them.

Invariant: a registration that is repeated with the same account and password answers the member it made.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from examples.centers.cursors import Cursors, Key
from examples.centers.pages import Listing, Page, Wanted
from examples.centers.problems import not_found
from examples.centers.wire import now
from examples.member_center import logins, models
from examples.member_center.store import Store, active
from examples.member_center.tables import Address, Member

_COLUMNS = "memberId, memberName, email, phone, level, createdAt, defaultAddressId, emailVerifiedAt, deactivatedAt"
_FIELDS = (
    "member_id", "name", "email", "phone", "level", "created_at", "default_address_id", "email_verified_at",
    "deactivated_at",
)  # fmt: skip
EVERYBODY = Listing(_COLUMNS, "member", (), ("createdAt", "memberId"))


class Registered(NamedTuple):
    """The member, and whether this very request made it."""

    member: Member
    new: bool


async def register(store: Store, new: models.NewMember) -> Registered:
    """Store a member, the account and the address in one transaction: the member's shard, and the account name's.

    Raises Problem (409) if the account name belongs to somebody else.
    """
    password_hash = await logins.hashed(new.password)

    async def work(session: AsyncSession) -> Member:
        member = Member(name=new.name, email=new.email, phone=new.phone)
        session.add(member)
        await session.flush()
        if new.address is not None:
            address = Address(member_id=member.member_id, **new.address.model_dump())
            session.add(address)
            await session.flush()
            member.default_address_id = address.address_id
        await logins.add(session, member.member_id, new.account, password_hash)
        return member

    try:
        return Registered(await store.transact(work), new=True)
    except logins.Taken as error:
        before = await store.read(lambda session: _registered_before(session, new))
        if before is None:
            raise error.problem() from error
        return Registered(before, new=False)


async def get(store: Store, member_id: int) -> Member:
    """The member of that id. Raises Problem (404)."""
    member = await store.read(lambda session: session.get(Member, member_id))
    if member is None:
        raise not_found(f"member {member_id}")
    return member


async def page(store: Store, cursors: Cursors, asked: Wanted) -> Page[models.Member]:
    """One page of all members, the newest first."""
    found = await store.rows(*EVERYBODY.page_sql(asked, EVERYBODY.after(cursors, asked)))
    made = EVERYBODY.page(cursors, asked, [_from_row(row) for row in found], _key)
    if asked.number is None:
        return made
    [[total]] = await store.rows(*EVERYBODY.count_sql())
    return made.model_copy(update={"total": total})


async def change(session: AsyncSession, member_id: int, wanted: models.MemberChange) -> Member:
    """Change what is given. Another email address is not verified."""
    member = await active(session, member_id)
    given = wanted.model_dump(exclude_unset=True)
    if given.get("email", member.email) != member.email:
        member.email_verified_at = None
    for field, value in given.items():
        setattr(member, field, value)
    return member


async def deactivate(session: AsyncSession, member_id: int) -> Member:
    """Close the membership; the rows stay. A second call keeps the first time. Raises Problem (404)."""
    member = await session.get(Member, member_id, with_for_update=True)
    if member is None:
        raise not_found(f"member {member_id}")
    member.deactivated_at = member.deactivated_at or now()
    return member


async def _registered_before(session: AsyncSession, new: models.NewMember) -> Member | None:
    account = await logins.find(session, new.account)
    if account is None or not await logins.matches(new.password, account.password_hash):
        return None
    return await session.get(Member, account.member_id)


def _from_row(row: tuple[object, ...]) -> models.Member:
    return models.Member.model_validate(dict(zip(_FIELDS, row, strict=True)))


def _key(member: models.Member) -> Key:
    return (member.created_at.replace(tzinfo=None), member.member_id)
