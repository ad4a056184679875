"""The member center's HTTP routes: members and logins.

Invariant: no SQL and no decision about members is made here.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Request, Response

from examples.centers.cursors import Cursors
from examples.centers.pages import Page, Paging
from examples.centers.problems import documented
from examples.centers.wire import PathId
from examples.member_center import logins, members, verification
from examples.member_center.models import (
    Account,
    Confirmation,
    LoggedIn,
    Member,
    MemberChange,
    NewAccount,
    NewMember,
    NewVerification,
    Verification,
)
from examples.member_center.settings import Settings
from examples.member_center.store import Store


async def _store(request: Request) -> Store:
    return cast(Store, request.app.state.store)


async def _cursors(request: Request) -> Cursors:
    return cast(Cursors, request.app.state.cursors)


async def _settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


Shards = Annotated[Store, Depends(_store)]
Seal = Annotated[Cursors, Depends(_cursors)]
MemberId = Annotated[PathId, Path(alias="memberId")]

people = APIRouter(tags=["members"])
access = APIRouter(tags=["logins"])
mails = APIRouter(tags=["email verification"])


@people.post(
    "/members",
    status_code=201,
    summary="Register a member",
    responses={
        200: {"model": Member, "description": "Registered before."},
        **documented(409),
    },
)
async def register(body: NewMember, response: Response, shards: Shards) -> Member:
    """The member, the address and the login account, in one transaction. Registering again with the same account and
    password answers the member; an account name of somebody else is refused (409 account-taken).
    """
    done = await members.register(shards, body)
    response.headers["Location"] = f"/members/{done.member.member_id}"
    response.status_code = 201 if done.new else 200
    return Member.model_validate(done.member)


@people.get("/members", summary="All members, the newest first", responses=documented(400))
async def everybody(shards: Shards, seal: Seal, asked: Paging) -> Page[Member]:
    """All shards, merged page by page."""
    return await members.page(shards, seal, asked)


@people.get("/members/{memberId}", summary="A member", responses=documented(404))
async def member(member_id: MemberId, shards: Shards) -> Member:
    """One shard."""
    return Member.model_validate(await members.get(shards, member_id))


@people.patch("/members/{memberId}", summary="Change a member", responses=documented(404, 409))
async def change(member_id: MemberId, body: MemberChange, shards: Shards) -> Member:
    """What is left out stays; null takes a phone away. Another email address has to be verified again."""
    return Member.model_validate(await shards.transact(lambda session: members.change(session, member_id, body)))


@people.post("/members/{memberId}/deactivation", summary="Close a membership", responses=documented(404))
async def deactivate(member_id: MemberId, shards: Shards) -> Member:
    """The rows stay and can be read. A second call keeps the first time."""
    return Member.model_validate(await shards.transact(lambda session: members.deactivate(session, member_id)))


@access.post("/logins", summary="Who logs in with this account and password?", responses=documented(401, 403))
async def log_in(body: NewAccount, shards: Shards) -> LoggedIn:
    """The account's name leads to its shard, and from there to the member's."""
    return await logins.log_in(shards, body)


@access.get("/members/{memberId}/accounts", summary="A member's accounts", responses=documented(404))
async def accounts(member_id: MemberId, shards: Shards) -> list[Account]:
    """One shard."""

    async def work(session: Any) -> list[Account]:
        return [Account.model_validate(row) for row in await logins.accounts(session, member_id)]

    return await shards.read(work)


@access.post(
    "/members/{memberId}/accounts",
    status_code=201,
    summary="Add an account",
    responses={200: {"model": Account, "description": "Added before."}, **documented(404, 409)},
)
async def add_account(member_id: MemberId, body: NewAccount, response: Response, shards: Shards) -> Account:
    """One more name to log in with, unique among all members. Adding it again with the same password answers it."""
    done = await logins.add_to(shards, member_id, body)
    response.status_code = 201 if done.new else 200
    return Account.model_validate(done.account)


@access.delete(
    "/members/{memberId}/accounts/{accountId}",
    status_code=204,
    summary="Remove an account",
    responses=documented(404, 409),
)
async def remove_account(
    member_id: MemberId, account_id: Annotated[PathId, Path(alias="accountId")], shards: Shards
) -> None:
    """Its name is free again. The last account of a member stays (409 last-account)."""
    await shards.transact(lambda session: logins.remove(session, member_id, account_id))


@mails.post(
    "/members/{memberId}/email-verifications",
    status_code=202,
    summary="Send a token to the member's email address",
    responses=documented(404, 409),
)
async def start_verification(
    member_id: MemberId,
    body: NewVerification,
    shards: Shards,
    request: Request,
    settings: Annotated[Settings, Depends(_settings)],
) -> Verification:
    """The token is good for a day. It is handed to the app's `mail`; see the README."""
    opened, token = await shards.transact(lambda session: verification.start(session, member_id, body.account_id))
    await request.app.state.mail(opened.email, token)
    shown = Verification.model_validate(opened)
    return shown.model_copy(update={"token": token}) if settings.reveal_tokens else shown


@mails.post(
    "/members/{memberId}/email-verifications/{verifyId}/confirmation",
    summary="Give the token back",
    responses=documented(404, 409, 410),
)
async def confirm(
    member_id: MemberId,
    verify_id: Annotated[PathId, Path(alias="verifyId")],
    body: Confirmation,
    shards: Shards,
) -> Verification:
    """Marks the verification and the member. Repeating it answers the same."""
    done = await shards.transact(lambda session: verification.confirm(session, member_id, verify_id, body))
    return Verification.model_validate(done)


ROUTERS = (people, access, mails)
