"""Proving that an email address belongs to a member: a token goes out by email and must come back in time.

Invariant: a verification is confirmed at most once, and only for the address the member still has.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from examples.centers.problems import Problem, not_found
from examples.centers.wire import now
from examples.member_center import models
from examples.member_center.store import active, found
from examples.member_center.tables import EmailVerify, LoginAccount

LIFETIME = timedelta(hours=24)


async def start(session: AsyncSession, member_id: int, account_id: int) -> tuple[EmailVerify, str]:
    """Open a verification of the member's present address: it, and the token to be sent there.

    Raises Problem: 404 for an unknown account.
    """
    member = await active(session, member_id)
    own = select(LoginAccount).where(LoginAccount.member_id == member_id, LoginAccount.account_id == account_id)
    await found(session, own, f"account {account_id} of member {member_id}")
    token, moment = secrets.token_urlsafe(24), now()
    opened = EmailVerify(
        member_id=member_id, account_id=account_id, email=member.email, token_hash=_hash(token),
        created_at=moment, expires_at=moment + LIFETIME,
    )  # fmt: skip
    session.add(opened)
    await session.flush()
    return opened, token


async def confirm(session: AsyncSession, member_id: int, verify_id: int, given: models.Confirmation) -> EmailVerify:
    """Take the token back; verification and member are marked in one transaction. Repeating it answers the same.

    Raises Problem: 404 for what no open verification has as its token, 410 when it comes too late.
    """
    member = await active(session, member_id)
    statement = select(EmailVerify).where(
        EmailVerify.member_id == member_id,
        EmailVerify.account_id == given.account_id,
        EmailVerify.verify_id == verify_id,
        EmailVerify.token_hash == _hash(given.token),
    )
    what = "open verification with this token"
    opened: EmailVerify = await found(session, statement, what)
    # Letter by letter: to the column's collation ada@ and Äda@ are one, to the post they are two.
    if opened.email != member.email:
        raise not_found(what)
    if opened.confirmed_at is not None:
        return opened
    moment = now()
    if opened.expires_at <= moment:
        raise Problem(410, "token-expired", "the token came too late; start another verification")
    opened.confirmed_at = member.email_verified_at = moment
    return opened


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
