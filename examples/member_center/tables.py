"""The tables as SQLAlchemy's ORM sees them: logical tables, as if there were one database.

Invariant: the columns are those of schema.sql; ids that are left out are made by shardkit (`generate` in the rules).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, SmallInteger, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.centers.wire import now


class Base(DeclarativeBase):
    """The root of the mapped tables."""


class Member(Base):
    """One member."""

    __tablename__ = "member"

    member_id: Mapped[int] = mapped_column("memberId", BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column("memberName", String(100))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))
    level: Mapped[int] = mapped_column(SmallInteger, default=1)
    created_at: Mapped[datetime] = mapped_column("createdAt", DateTime, default=now)
    default_address_id: Mapped[int | None] = mapped_column("defaultAddressId", BigInteger)
    email_verified_at: Mapped[datetime | None] = mapped_column("emailVerifiedAt", DateTime)
    deactivated_at: Mapped[datetime | None] = mapped_column("deactivatedAt", DateTime)


class Address(Base):
    """One postal address of a member."""

    __tablename__ = "member_address"

    member_id: Mapped[int] = mapped_column("memberId", BigInteger, primary_key=True, autoincrement=False)
    address_id: Mapped[int] = mapped_column("addressId", BigInteger, primary_key=True, autoincrement=True)
    recipient: Mapped[str] = mapped_column(String(100))
    street: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
    postcode: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))


class LoginAccount(Base):
    """One name a member logs in with, on the member's shard."""

    __tablename__ = "member_login_account"

    member_id: Mapped[int] = mapped_column("memberId", BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column("accountId", BigInteger, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column("memberAccount", String(100))
    password_hash: Mapped[str] = mapped_column("passwordHash", String(120))
    created_at: Mapped[datetime] = mapped_column("createdAt", DateTime, default=now)


class LoginName(Base):
    """The same account found by its name, on the name's shard."""

    __tablename__ = "member_login_account_memberAccount"

    account: Mapped[str] = mapped_column("memberAccount", String(100), primary_key=True)
    member_id: Mapped[int] = mapped_column("memberId", BigInteger)
    account_id: Mapped[int] = mapped_column("accountId", BigInteger)


class EmailVerify(Base):
    """One email verification. Only the token's hash is kept: reading the table does not help to confirm."""

    __tablename__ = "email_verify"

    member_id: Mapped[int] = mapped_column("memberId", BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column("accountId", BigInteger, primary_key=True, autoincrement=False)
    verify_id: Mapped[int] = mapped_column("verifyId", BigInteger, primary_key=True, autoincrement=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column("tokenHash", String(64))
    created_at: Mapped[datetime] = mapped_column("createdAt", DateTime)
    expires_at: Mapped[datetime] = mapped_column("expiresAt", DateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column("confirmedAt", DateTime)


class Company(Base):
    """One company a member orders for."""

    __tablename__ = "member_company"

    member_id: Mapped[int] = mapped_column("memberId", BigInteger, primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column("itemId", BigInteger, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column("companyName", String(200))
    tax_number: Mapped[str | None] = mapped_column("taxNumber", String(32))
