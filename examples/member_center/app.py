"""The member center as a FastAPI app: `uvicorn --factory examples.member_center.app:create_app`.

Invariant: an app owns its engine from start-up to shutdown, and nothing before; importing this module connects to
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from examples.centers import health
from examples.centers.admission import Admission
from examples.centers.cursors import Cursors
from examples.centers.problems import EVERYWHERE, answer_problems, documented
from examples.centers.settings import load_rules
from examples.member_center import routes, routes_belongings
from examples.member_center.settings import Settings
from examples.member_center.store import Store
from shardkit.rules import Rules

LOG = logging.getLogger("centers")
Mail = Callable[[str, str], Awaitable[None]]
"""Sends a token to an email address."""

DESCRIPTION = """
Members, logins, addresses, companies and verified email addresses over sixteen databases on two servers.

* **One member, one shard**: what a member has is read and changed by plain transactions there.
* **Logins by name**: an account's name lies on a shard of its own, written in the same transaction, unique everywhere.
* **Lists** come by `cursor` (holds while members come in) or by `page` number.
* **Errors** are `application/problem+json`; `detail` says what to do.
"""


async def log_mail(email: str, token: str) -> None:
    """Stands where a deployment puts its mail service; says that, and never the token."""
    LOG.info("a verification token would be sent now (%d characters); give create_app a `mail`", len(token))


def create_app(settings: Settings | None = None, rules: Rules | None = None, mail: Mail = log_mail) -> FastAPI:
    """The app. Settings come from the environment and the rules from the settings, unless they are given."""
    settings = settings or Settings()
    rules = rules or load_rules(settings.rules, "MEMBER")
    keys = health.keys_by_server(rules, "member")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store(rules, settings)
        app.state.store, app.state.cursors = store, Cursors(settings.secret())
        try:
            yield
        finally:
            await store.close()

    async def check() -> health.Readiness:
        store: Store = app.state.store
        sql = "SELECT 1 FROM member WHERE memberId = %s LIMIT 1"
        return await health.ready(keys, lambda key: store.rows(sql, (key,)), settings.ready_within)

    app = FastAPI(title="Member center", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.state.settings, app.state.mail = settings, mail
    app.add_middleware(Admission, limit=settings.requests)
    answer_problems(app)
    for router in (*routes.ROUTERS, *routes_belongings.ROUTERS):
        app.include_router(router, responses=documented(*EVERYWHERE))
    app.include_router(health.router(check))
    return app
