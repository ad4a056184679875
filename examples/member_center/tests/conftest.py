"""A running member center, and the few calls all its tests make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from pydantic import SecretStr

from examples.centers.tests.calling import Api, calling
from examples.member_center import logins
from examples.member_center.app import create_app
from examples.member_center.settings import Settings

FOLDER = Path(__file__).parents[1]
PASSWORD = "correct horse battery"
ADDRESS = {
    "recipient": "Ada",
    "street": '5 "Long" Rd; DROP TABLE member --',
    "city": "Zürich",
    "postcode": "8000",
    "country": "CH",
}


class Club:
    """A member center with the calls of members, and the emails it has sent."""

    def __init__(self, api: Api, sent: list[tuple[str, str]]) -> None:
        self.api, self.sent = api, sent
        self._numbers = count(1)

    def new(self, **other: Any) -> dict[str, Any]:
        """A registration with an account name of its own."""
        name = f"ada{next(self._numbers)}"
        body = {"name": "Ada O'Neill 李", "email": f"{name}@example.org", "account": name, "password": PASSWORD}
        return body | {"address": ADDRESS} | other

    def register(self, **other: Any) -> Any:
        """A registered member."""
        answer = self.api.call("POST", "/members", self.new(**other))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def log_in(self, account: str, password: str = PASSWORD) -> Response:
        """A login."""
        return self.api.call("POST", "/logins", {"account": account, "password": password})


@pytest.fixture(scope="module")
def club(rules_of: Callable[[Path], Any]) -> Iterator[Club]:
    """A member center of this module's own. Passwords are cheap, so that tests do not wait for them."""
    sent: list[tuple[str, str]] = []

    async def mail(email: str, token: str) -> None:
        sent.append((email, token))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logins, "COST", 2)
        settings = Settings(cursor_secret=SecretStr("for tests"), turn_within=60)
        with calling(create_app(settings, rules_of(FOLDER), mail)) as api:
            yield Club(api, sent)
