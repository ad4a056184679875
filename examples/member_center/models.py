"""What the member center takes and gives: pydantic models, and with them its OpenAPI.

Invariant: no answer holds a password or its hash; login names are compared as `account_name` writes them.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator

from examples.centers.wire import Country, Id, Moment, Wire


def account_name(given: str) -> str:
    """A login name as it is stored and compared: compatibility forms and case folded, no blanks around it.

    Raises ValueError for control and format characters, which nobody sees: with them there could be two of one name.
    """
    if any(unicodedata.category(letter).startswith("C") for letter in given):
        raise ValueError("an account name has visible letters only")
    # Folding may take a letter apart that was put together before, so that is done once more.
    folded = unicodedata.normalize("NFKC", given).casefold()
    return unicodedata.normalize("NFKC", folded).casefold().strip()


def _text(password: SecretStr) -> SecretStr:
    if any(unicodedata.category(letter) == "Cs" for letter in password.get_secret_value()):
        raise ValueError("half a character (a lone surrogate) is no text")
    return password


AccountName: TypeAlias = Annotated[
    str, AfterValidator(account_name), Field(min_length=3, max_length=100, examples=["ada.lovelace"])
]
Password: TypeAlias = Annotated[
    SecretStr, AfterValidator(_text), Field(min_length=8, max_length=200, examples=["correct horse battery"])
]
Email: TypeAlias = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$", examples=["ada@example.org"])]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=100, examples=["Ada Lovelace"])]
Phone: TypeAlias = Annotated[str, Field(min_length=3, max_length=32, examples=["+44 20 7946 0958"])]


class FromRow(Wire):
    """A body that is read off a row of the ORM."""

    model_config = ConfigDict(from_attributes=True)


class NewAddress(Wire):
    """A postal address."""

    recipient: Name
    street: str = Field(min_length=1, max_length=200, examples=["1 Main St"])
    city: str = Field(min_length=1, max_length=100, examples=["Leeds"])
    postcode: str = Field(min_length=1, max_length=20, examples=["LS1 4AP"])
    country: Country


class Address(NewAddress, FromRow):
    """A member's address."""

    address_id: Id


class NewMember(Wire):
    """A registration: who, and how this member will log in."""

    name: Name
    email: Email
    phone: Phone | None = None
    account: AccountName
    password: Password
    address: NewAddress | None = Field(default=None, description="Becomes the default address.")


class MemberChange(Wire):
    """What is to change; what is left out stays."""

    name: Name | None = None
    email: Email | None = Field(default=None, description="Another address has to be verified again.")
    phone: Phone | None = Field(default=None, description="null takes it away.")

    @field_validator("name", "email", mode="before")
    @classmethod
    def not_taken_away(cls, given: Any) -> Any:
        """A member has a name and an email address, always."""
        if given is None:
            raise ValueError("null is none; leave it out to keep the one that is there")
        return given


class Member(FromRow):
    """A member."""

    member_id: Id
    name: str
    email: str
    phone: str | None
    level: int
    created_at: Moment
    default_address_id: Id | None
    email_verified_at: Moment | None
    deactivated_at: Moment | None


class NewAccount(Wire):
    """One more name to log in with."""

    account: AccountName
    password: Password


class Account(FromRow):
    """A name a member logs in with."""

    account_id: Id
    account: str
    created_at: Moment


class LoggedIn(Wire):
    """Who this is."""

    member_id: Id
    account_id: Id


class DefaultAddress(Wire):
    """Which address is to be the default one."""

    address_id: Id


class NewCompany(Wire):
    """A company to order for."""

    name: str = Field(min_length=1, max_length=200, examples=["Analytical Engines Ltd"])
    tax_number: str | None = Field(default=None, min_length=1, max_length=32, examples=["GB123456789"])


class Company(NewCompany, FromRow):
    """A company a member orders for."""

    item_id: Id


class NewVerification(Wire):
    """Whose email address is to be verified."""

    account_id: Id = Field(description="The account that asks.")


class Verification(FromRow):
    """An open or confirmed verification of an email address."""

    verify_id: Id
    account_id: Id
    email: str
    expires_at: Moment
    confirmed_at: Moment | None
    token: str | None = Field(default=None, description="Only where MEMBER_REVEAL_TOKENS is set, for trying out.")


class Confirmation(Wire):
    """What the reader of the email sends back."""

    account_id: Id
    token: str = Field(min_length=16, max_length=64, examples=["kZ1cR8q0mPzv3nT5yWb7aX2dLs9eUf4G"])
