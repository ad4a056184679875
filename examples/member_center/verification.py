"""Proving that an email address belongs to a member: a token goes out by email and must come back in time.

Only the token's SHA-256 is stored, so reading the table does not help to confirm. Invariant: a verification is
confirmed at most once, and only for the address the member still has.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from examples.member_center.model import Conflict, Verification, VerificationExpired, VerificationFailed, VerifyKey
from examples.member_center.service import accounts, lock_active
from examples.statements import Connection, change, one, transaction, whole_second
from shardkit.errors import IntegrityError

LIFETIME = timedelta(hours=24)


def start_verification(connection: Connection, key: VerifyKey, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Open a verification of the member's present email address; the token to send to it.

    Raises NotFound, Inactive, or Conflict if the account is not the member's or the verifyId was used before.
    """
    token = secrets.token_urlsafe(24)
    created = whole_second(now)
    with transaction(connection):
        member = lock_active(connection, key.member_id)
        if key.account_id not in [account.account_id for account in accounts(connection, key.member_id)]:
            raise Conflict(f"member {key.member_id} has no account {key.account_id}")
        try:
            change(
                connection,
                "INSERT INTO email_verify (memberId, accountId, verifyId, email, tokenHash, createdAt, expiresAt)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (*key, member.email, _hash(token), created, created + lifetime),
            )
        except IntegrityError as error:
            raise Conflict(f"verifyId {key.verify_id} was used before") from error
    return token


def find_verification(connection: Connection, key: VerifyKey) -> Verification | None:
    """The verification of that key, or None."""
    row = one(
        connection,
        "SELECT email, expiresAt, confirmedAt FROM email_verify"
        " WHERE memberId = %s AND accountId = %s AND verifyId = %s",
        key,
    )
    return None if row is None else Verification(key, *row)


def confirm_verification(connection: Connection, key: VerifyKey, token: str, now: datetime) -> Verification:
    """Take the token back; member and verification are marked in one transaction. Repeating it answers the same.

    Raises VerificationFailed (unknown, wrong token, or the member's email has changed since), VerificationExpired,
    NotFound, Inactive.
    """
    moment = whole_second(now)
    with transaction(connection):
        member = lock_active(connection, key.member_id)
        found = _with_token(connection, key, token)
        if found is None or found.email != member.email:
            raise VerificationFailed("no open verification has this id and token")
        if found.confirmed_at is not None:
            return found
        if found.expires_at <= moment:
            raise VerificationExpired(f"the token was good until {found.expires_at} UTC")
        change(
            connection,
            "UPDATE email_verify SET confirmedAt = %s WHERE memberId = %s AND accountId = %s AND verifyId = %s",
            (moment, *key),
        )
        change(connection, "UPDATE member SET emailVerifiedAt = %s WHERE memberId = %s", (moment, key.member_id))
    return Verification(key, found.email, found.expires_at, moment)


def _with_token(connection: Connection, key: VerifyKey, token: str) -> Verification | None:
    row = one(
        connection,
        "SELECT email, expiresAt, confirmedAt FROM email_verify"
        " WHERE memberId = %s AND accountId = %s AND verifyId = %s AND tokenHash = %s",
        (*key, _hash(token)),
    )
    return None if row is None else Verification(key, *row)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
