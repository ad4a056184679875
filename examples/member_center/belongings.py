"""What a member has: addresses, one of them the default, and companies to order for. Always one shard.

Invariant: the default address is one of the member's own or none: all changes lock the member's row first.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from examples.member_center import models
from examples.member_center.store import active, found, of_member
from examples.member_center.tables import Address, Company, Member


async def addresses(session: AsyncSession, member_id: int) -> list[Address]:
    """A member's addresses by id. Raises Problem (404)."""
    own = select(Address).where(Address.member_id == member_id).order_by(Address.address_id)
    return await of_member(session, member_id, own)


async def add_address(session: AsyncSession, member_id: int, new: models.NewAddress) -> Address:
    """One more address; a member's first one becomes the default."""
    member = await active(session, member_id)
    address = Address(member_id=member_id, **new.model_dump())
    session.add(address)
    await session.flush()
    if member.default_address_id is None:
        member.default_address_id = address.address_id
    return address


async def change_address(session: AsyncSession, key: tuple[int, int], new: models.NewAddress) -> Address:
    """Replace an address. Raises Problem (404)."""
    await active(session, key[0])
    address = await _address(session, key)
    for field, value in new.model_dump().items():
        setattr(address, field, value)
    return address


async def remove_address(session: AsyncSession, key: tuple[int, int]) -> None:
    """Remove an address; if it was the default one, the member has none afterwards. Raises Problem (404)."""
    member = await active(session, key[0])
    address = await _address(session, key)
    if member.default_address_id == address.address_id:
        member.default_address_id = None
    await session.delete(address)


async def choose_default(session: AsyncSession, key: tuple[int, int]) -> Member:
    """Make one of the member's addresses the default one. Raises Problem (404)."""
    member = await active(session, key[0])
    member.default_address_id = (await _address(session, key)).address_id
    return member


async def companies(session: AsyncSession, member_id: int) -> list[Company]:
    """A member's companies by id. Raises Problem (404)."""
    own = select(Company).where(Company.member_id == member_id).order_by(Company.item_id)
    return await of_member(session, member_id, own)


async def add_company(session: AsyncSession, member_id: int, new: models.NewCompany) -> Company:
    """One more company."""
    await active(session, member_id)
    company = Company(member_id=member_id, **new.model_dump())
    session.add(company)
    return company


async def change_company(session: AsyncSession, key: tuple[int, int], new: models.NewCompany) -> Company:
    """Replace a company. Raises Problem (404)."""
    await active(session, key[0])
    company = await _company(session, key)
    company.name, company.tax_number = new.name, new.tax_number
    return company


async def remove_company(session: AsyncSession, key: tuple[int, int]) -> None:
    """Forget a company. Raises Problem (404)."""
    await active(session, key[0])
    await session.delete(await _company(session, key))


async def _address(session: AsyncSession, key: tuple[int, int]) -> Address:
    member_id, address_id = key
    statement = select(Address).where(Address.member_id == member_id, Address.address_id == address_id)
    address: Address = await found(session, statement, f"address {address_id} of member {member_id}")
    return address


async def _company(session: AsyncSession, key: tuple[int, int]) -> Company:
    member_id, item_id = key
    statement = select(Company).where(Company.member_id == member_id, Company.item_id == item_id)
    company: Company = await found(session, statement, f"company {item_id} of member {member_id}")
    return company
