"""Processes that die at every statement of a registration and of a checkout: nothing is lost or doubled."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import shardkit
from examples.centers.settings import decided
from examples.centers.tests import crashing
from examples.centers.tests.calling import calling
from examples.conftest import Written
from shardkit.cli.init import create

EXAMPLES = Path(__file__).parents[2]


class Cut:
    """A center whose request was cut at every one of its statements, in processes of their own."""

    def __init__(self, center: str, written: Written) -> None:
        self.center, self.written, self.rules = center, written, written.rules()
        create(self.rules, (EXAMPLES / f"{center}_center" / "schema.sql").read_text())

    def everywhere(self) -> list[int]:
        """Cut the request everywhere, recovering after each; the statements at which processes died."""
        given = {"center": self.center, "rules": self.written.text, "environ": self.written.environ}
        program = [sys.executable, "-m", "examples.centers.tests.crashing"]
        done = subprocess.run(
            program, input=json.dumps(given), capture_output=True, text=True, cwd=EXAMPLES.parent, check=False
        )
        *moments, last = done.stdout.splitlines()
        assert (done.returncode, last) == (0, "done"), done.stderr
        return [int(moment) for moment in moments]

    def run(self, sql: str, *params: Any) -> None:
        """One statement, past the service."""
        with closing(shardkit.connect(self.rules, autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, params)

    def rows(self, sql: str) -> list[Any]:
        """All rows of a SELECT over the shards, past the service."""
        with closing(shardkit.connect(self.rules, autocommit=True)) as connection, connection.cursor() as cursor:
            return list(cursor.execute(sql).fetchall())


@pytest.fixture(scope="module")
def cut(written_for: Callable[[Path], Written]) -> Callable[[str], Cut]:
    """A function that makes a center's tables."""
    return lambda center: Cut(center, written_for(EXAMPLES / f"{center}_center"))


def repair(center: str) -> str:
    """The statement that a center's README gives for what the embedded default may leave."""
    readme = (EXAMPLES / f"{center}_center" / "README.md").read_text()
    [block] = re.findall("```sql\n(.*?)```", readme, re.DOTALL)
    return str(block)


def halves(members: Cut) -> list[str]:
    """The accounts that have one of their two rows only."""
    accounts, names = (
        set(members.rows(f"SELECT memberAccount, memberId, accountId FROM {table}"))
        for table in ("member_login_account", "member_login_account_memberAccount")
    )
    return sorted(account for account, _, _ in accounts ^ names)


def test_a_registration_is_there_or_not_wherever_its_process_dies(cut: Callable[[str], Cut]) -> None:
    members = cut("member")
    moments = members.everywhere()
    left = halves(members)
    if decided(members.rules):
        assert left == []
    else:
        # Between the commits of two files a half may be left, if they are two; the README says how to mend it.
        members.run(repair("member"))
        assert halves(members) == []
    kept = {account for (account,) in members.rows("SELECT memberAccount FROM member_login_account")}
    before_and_after(moments, kept)
    with calling(crashing.app_of("member", members.rules)) as api:
        for moment in moments:  # as a client does that had no answer
            answer = api.run(crashing.ask(api.client, "member", moment))
            assert answer.status_code == (200 if crashing.account(moment) in kept else 201), moment
            login = {"account": crashing.account(moment), "password": crashing.PASSWORD}
            assert api.call("POST", "/logins", login).json()["memberId"] == answer.json()["memberId"]
    assert halves(members) == []
    emails = Counter(members.rows("SELECT email FROM member"))
    assert [emails[crashing.registration(moment)["email"],] for moment in moments] == [1] * len(moments)
    assert len(members.rows("SELECT addressId FROM member_address")) == len(moments) + 1


def before_and_after(moments: Sequence[int], kept: set[str]) -> None:
    """Some processes died before what they did counted, and some after."""
    died = {crashing.account(moment) for moment in moments}
    assert died & kept
    assert died - kept


def unbalanced(orders: Cut) -> list[str]:
    """The products whose stock is not what their orders leave."""
    live = Counter[str]()
    for sku, quantity in orders.rows("SELECT sku, quantity FROM t_order_item"):
        live[sku] += quantity
    stock = orders.rows("SELECT sku, received, available, sold FROM t_product")
    return [sku for sku, received, available, sold in stock if (sold, available) != (live[sku], received - live[sku])]


def test_a_checkout_is_there_or_not_wherever_its_process_dies(cut: Callable[[str], Cut]) -> None:
    orders = cut("order")
    with calling(crashing.app_of("order", orders.rules)) as api:
        for number, line in enumerate(crashing.CART["lines"]):
            path, product = f"/products/{line['sku']}", {"sellerId": str(number % 2 + 1), "title": "T", "price": "1.00"}
            assert api.call("PUT", path, product).is_success
            assert api.call("POST", f"{path}/receipts", {"requestId": "receipt-1", "quantity": 1000}).is_success
    moments = orders.everywhere()
    if decided(orders.rules):
        assert unbalanced(orders) == []
    else:
        assert unbalanced(orders)  # between the commits of files; the README says how to mend it
        for sku, sold in orders.rows(repair("order")):
            orders.run("UPDATE t_product SET sold = %s, available = received - %s WHERE sku = %s", sold, sold, sku)
        assert unbalanced(orders) == []
    kept = {request for (request,) in orders.rows("SELECT requestId FROM t_checkout")}
    before_and_after(moments, kept)
    with calling(crashing.app_of("order", orders.rules)) as api:
        for moment in moments:  # as a client does that had no answer
            answer = api.run(crashing.ask(api.client, "order", moment))
            assert answer.status_code == (200 if crashing.account(moment) in kept else 201), moment
            assert len(answer.json()["orders"]) == 2
    requests = Counter(orders.rows("SELECT memberId, requestId FROM t_checkout"))
    asked = [(crashing.buyer(moment), crashing.account(moment)) for moment in moments]
    assert [requests[one] for one in asked] == [1] * len(moments)
    assert len(orders.rows("SELECT orderId FROM t_order")) == 2 * (len(moments) + 1)
    assert len(orders.rows("SELECT orderId FROM t_order_item")) == 3 * (len(moments) + 1)
    assert unbalanced(orders) == []
