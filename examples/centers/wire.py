"""Words of both APIs: camelCase names, ids as strings, money as strings, moments in UTC.

Ids have 63 bits and JavaScript's numbers 53, so ids travel as strings. Invariant: a model refuses members it does not
know, so a misspelt one is never ignored.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

BIGGEST = 2**63 - 1

_DIGITS = re.compile("[0-9]{1,19}")


def _whole(given: Any) -> int:
    """An id as it is written; what pydantic would also take for a number (true, 1.0, "1_0") names nobody."""
    if isinstance(given, str) and _DIGITS.fullmatch(given):
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise ValueError("an id is a string of digits")


_ID_SCHEMA = {"type": "string", "pattern": "^[0-9]{1,19}$", "examples": ["7219834652170649601"]}
Id: TypeAlias = Annotated[
    int,
    BeforeValidator(_whole),
    Field(ge=1, le=BIGGEST),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(_ID_SCHEMA),
]
"""An id; a string of digits on the wire."""

PathId: TypeAlias = Annotated[Id, Path()]
"""An id in a path."""

Money: TypeAlias = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2, examples=["19.90"])]
"""An amount of money in whole cents; a string on the wire."""

Moment: TypeAlias = Annotated[
    datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
]
"""A moment as a DATETIME column keeps it (UTC, whole seconds); with its zone on the wire."""

Country: TypeAlias = Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["CN"], description="ISO 3166-1 alpha-2")]
Currency: TypeAlias = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["CNY"], description="ISO 4217")]
REQUEST_ID = r"^[A-Za-z0-9._~-]{8,64}$"


class Wire(BaseModel):
    """The root of all bodies."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


def now() -> datetime:
    """This moment as a DATETIME column keeps it: UTC without a zone, whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
