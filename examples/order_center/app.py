"""The order center as a FastAPI app: `uvicorn --factory examples.order_center.app:create_app`.

Invariant: an app owns its cluster from start-up to shutdown, and nothing before; importing this module connects to
nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from examples.centers import health
from examples.centers.admission import Admission
from examples.centers.cursors import Cursors
from examples.centers.problems import EVERYWHERE, answer_problems, documented
from examples.centers.settings import load_rules
from examples.order_center.database import Database
from examples.order_center.routes import ROUTERS
from examples.order_center.settings import Settings
from shardkit.rules import Rules

DESCRIPTION = """
Checkouts, orders, stock and segments over sixteen databases of orders and four of stock, on two servers.

* **One checkout, one transaction.** A cart is split into one order for each seller; they, the request id and the stock
  they take are kept together or not at all.
* **Repeat until answered.** `Idempotency-Key` names a request; repeating it places nothing twice.
* **Lists** come by `cursor` (holds while orders come in) or by `page` number.
* **Errors** are `application/problem+json`; `detail` says what to do.
"""


def create_app(settings: Settings | None = None, rules: Rules | None = None) -> FastAPI:
    """The app. Settings come from the environment and the rules from the settings, unless they are given."""
    settings = settings or Settings()
    rules = rules or load_rules(settings.rules, "ORDER")
    keys = health.keys_by_server(rules, "t_order")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(rules, settings)
        app.state.database, app.state.cursors = database, Cursors(settings.secret())
        database.cluster.start_recovery(every=settings.recovery_every)
        try:
            yield
        finally:
            await database.close()

    async def check() -> health.Readiness:
        database: Database = app.state.database
        sql = "SELECT 1 FROM t_order WHERE memberId = %s LIMIT 1"
        return await health.ready(keys, lambda key: database.rows(sql, (key,)), settings.ready_within)

    app = FastAPI(title="Order center", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.add_middleware(Admission, limit=settings.requests)
    answer_problems(app)
    for router in ROUTERS:
        app.include_router(router, responses=documented(*EVERYWHERE))
    app.include_router(health.router(check))
    return app
