"""`python -m examples.centers.tests.crashing`: requests in processes that die at every statement they send.

Reads JSON from its standard input: the center, the text of its rules and their environment. For each statement from the
one on with which the transaction is about to reach a second shard, a process of its own is forked, which makes the
request and dies without a word as soon as that statement is sent; then another one recovers what that left. Writes the
number of each; then `done`, when a request has come to its end.
Invariant: shardkit knows nothing of it; what counts and kills is put around its connections here.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

import shardkit
from examples.centers.settings import decided
from examples.member_center import app as member_app
from examples.member_center import logins
from examples.member_center.settings import Settings as MemberSettings
from examples.order_center import app as order_app
from examples.order_center.settings import Settings as OrderSettings
from shardkit.backends.aio.asyncmy import AsyncmyWire
from shardkit.backends.sqlite_connection import SqliteConnection
from shardkit.flow import Task
from shardkit.rules import Rules, loads

FIRST = {"member": "login_account_memberAccount", "order": "t_order_item"}
"""Whose INSERT is the first statement that is cut: what comes before it lies on one shard, whose server undoes it."""
CRASHED, ANSWERED, REFUSED = 3, 0, 9
SECRET = SecretStr("for tests")
PASSWORD = "correct horse battery"


def account(moment: int) -> str:
    """The account, and the request id, of the process that dies at this statement."""
    return f"crash-at-{moment}"


def buyer(moment: int) -> int:
    """The member who buys in the process that dies at this statement."""
    return 70_000 + moment


def registration(moment: int) -> dict[str, Any]:
    """The body of a registration."""
    address = {"recipient": "A", "street": "B", "city": "C", "postcode": "D", "country": "DE"}
    name = account(moment)
    return {"name": name, "email": f"{name}@e.org", "account": name, "password": PASSWORD, "address": address}


CART: dict[str, Any] = {
    "lines": [{"sku": f"crash-{number}", "quantity": number + 1} for number in range(3)],
    "country": "CN",
}


async def ask(client: AsyncClient, center: str, moment: int) -> Response:
    """The request that is to be cut."""
    if center == "member":
        return await client.post("/members", json=registration(moment))
    headers = {"Idempotency-Key": account(moment)}
    return await client.post(f"/members/{buyer(moment)}/checkouts", json=CART, headers=headers)


def app_of(center: str, rules: Rules) -> FastAPI:
    """The center, with passwords that cost nothing and nothing that runs beside the request."""
    logins.COST = 2
    if center == "member":
        return member_app.create_app(MemberSettings(cursor_secret=SECRET, recovery_every=3600), rules)
    return order_app.create_app(OrderSettings(cursor_secret=SECRET, recovery_every=3600), rules)


class Trap:
    """Counts statements from the INSERT into this table on, and ends the process when one of them was sent."""

    def __init__(self, moment: int, table: str) -> None:
        self._moment, self._table, self._count = moment, table, 0

    def before(self, sql: str) -> int:
        """A statement is about to be sent; its number, 0 for what does not count."""
        if self._count or (sql.startswith("INSERT") and self._table in sql):
            self._count += 1
        return self._count

    def after(self, number: int) -> None:
        """It was sent; nobody has read the answer."""
        if number == self._moment:
            os._exit(CRASHED)


def set_up(trap: Trap) -> None:
    """Put the trap around every connection of this process."""
    send, start = AsyncmyWire._execute_command, SqliteConnection.start

    async def sending(self: Any, command: int, sql: Any) -> None:
        number = trap.before(sql if isinstance(sql, str) else bytes(sql).decode(errors="replace"))
        await send(self, command, sql)
        trap.after(number)

    def starting(self: Any, task: Task, *given: Any) -> Any:
        number = trap.before(task.sql)
        try:
            return start(self, task, *given)
        finally:
            trap.after(number)

    AsyncmyWire._execute_command = sending
    SqliteConnection.start = starting  # type: ignore[assignment, method-assign]


async def request(app: FastAPI, center: str, moment: int) -> int:
    """The request in a process that dies at this moment; its status, if it comes to its end."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), AsyncClient(transport=transport, base_url="http://center") as client:
        set_up(Trap(moment, FIRST[center]))
        return (await ask(client, center, moment)).status_code


def cut(app: FastAPI, center: str, moment: int) -> int:
    """Make the request and die at this moment, or answer."""
    return ANSWERED if asyncio.run(request(app, center, moment)) == 201 else REFUSED


def recover(rules: Rules) -> int:
    """End what the last process has left; that may take until its server has noticed that it is gone."""
    with shardkit.Cluster(rules) as cluster:
        while any(branch.outcome == "left" for branch in cluster.recover(older_than=0).branches):
            pass
    return ANSWERED


def apart(work: Callable[[], int]) -> int:
    """What `work` answers in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        finally:
            traceback.print_exc()
            os._exit(REFUSED)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Cut the request everywhere."""
    given = json.load(sys.stdin)
    center, rules = given["center"], loads(given["rules"], environ=given["environ"])
    app = app_of(center, rules)  # which connects to nothing before it is started
    for number in count(1):
        code = apart(partial(cut, app, center, number))
        if code == ANSWERED:
            print("done", flush=True)
            return
        if code != CRASHED or (decided(rules) and apart(partial(recover, rules)) != ANSWERED):
            sys.exit(f"at statement {number} the process ended with {code}")
        print(number, flush=True)


if __name__ == "__main__":
    main()
