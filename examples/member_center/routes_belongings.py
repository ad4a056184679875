"""The routes of what a member has: addresses and companies.

Invariant: each names the member, so each runs on one shard.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from examples.centers.problems import documented
from examples.centers.wire import PathId
from examples.member_center import belongings
from examples.member_center.models import Address, Company, DefaultAddress, Member, NewAddress, NewCompany
from examples.member_center.routes import MemberId, Shards

AddressId = Annotated[PathId, Path(alias="addressId")]
ItemId = Annotated[PathId, Path(alias="itemId")]

places = APIRouter(tags=["addresses"])
firms = APIRouter(tags=["companies"])


@places.get("/members/{memberId}/addresses", summary="A member's addresses", responses=documented(404))
async def addresses(member_id: MemberId, shards: Shards) -> list[Address]:
    """In the order of their ids."""

    async def work(session: Any) -> list[Address]:
        return [Address.model_validate(row) for row in await belongings.addresses(session, member_id)]

    return await shards.read(work)


@places.post("/members/{memberId}/addresses", status_code=201, summary="Add an address", responses=documented(404, 409))
async def add_address(member_id: MemberId, body: NewAddress, shards: Shards) -> Address:
    """The first one becomes the default address."""
    added = await shards.transact(lambda session: belongings.add_address(session, member_id, body))
    return Address.model_validate(added)


@places.put("/members/{memberId}/addresses/{addressId}", summary="Replace an address", responses=documented(404, 409))
async def change_address(member_id: MemberId, address_id: AddressId, body: NewAddress, shards: Shards) -> Address:
    """Repeating it changes nothing more."""
    key = (member_id, address_id)
    changed = await shards.transact(lambda session: belongings.change_address(session, key, body))
    return Address.model_validate(changed)


@places.delete(
    "/members/{memberId}/addresses/{addressId}",
    status_code=204,
    summary="Remove an address",
    responses=documented(404, 409),
)
async def remove_address(member_id: MemberId, address_id: AddressId, shards: Shards) -> None:
    """If it was the default one, the member has none afterwards."""
    await shards.transact(lambda session: belongings.remove_address(session, (member_id, address_id)))


@places.put("/members/{memberId}/default-address", summary="Choose the default address", responses=documented(404, 409))
async def choose_default(member_id: MemberId, body: DefaultAddress, shards: Shards) -> Member:
    """One of the member's own."""
    key = (member_id, body.address_id)
    return Member.model_validate(await shards.transact(lambda session: belongings.choose_default(session, key)))


@firms.get("/members/{memberId}/companies", summary="The companies a member orders for", responses=documented(404))
async def companies(member_id: MemberId, shards: Shards) -> list[Company]:
    """In the order of their ids."""

    async def work(session: Any) -> list[Company]:
        return [Company.model_validate(row) for row in await belongings.companies(session, member_id)]

    return await shards.read(work)


@firms.post("/members/{memberId}/companies", status_code=201, summary="Add a company", responses=documented(404, 409))
async def add_company(member_id: MemberId, body: NewCompany, shards: Shards) -> Company:
    """One more company to order for."""
    return Company.model_validate(
        await shards.transact(lambda session: belongings.add_company(session, member_id, body))
    )


@firms.put("/members/{memberId}/companies/{itemId}", summary="Replace a company", responses=documented(404, 409))
async def change_company(member_id: MemberId, item_id: ItemId, body: NewCompany, shards: Shards) -> Company:
    """Repeating it changes nothing more."""
    key = (member_id, item_id)
    changed = await shards.transact(lambda session: belongings.change_company(session, key, body))
    return Company.model_validate(changed)


@firms.delete(
    "/members/{memberId}/companies/{itemId}",
    status_code=204,
    summary="Forget a company",
    responses=documented(404, 409),
)
async def remove_company(member_id: MemberId, item_id: ItemId, shards: Shards) -> None:
    """Orders that named it keep what they say."""
    await shards.transact(lambda session: belongings.remove_company(session, (member_id, item_id)))


ROUTERS = (places, firms)
