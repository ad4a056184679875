"""A database engine for Django: its MySQL backend, with shardkit's connection where the driver was.

    DATABASES = {"default": {"ENGINE": "shardkit.django", "NAME": BASE_DIR / "shard-rules.yaml"}}

Django imports `shardkit.django.base`. It needs Django 5.2 or newer, and mysqlclient, which Django's MySQL backend
imports.
"""

from __future__ import annotations

from shardkit.flow import NewId


def next_id(table: str, using: str = "default") -> NewId:
    """A new id for the generated column of a table, for a field's `default`; see `Connection.next_id`.

    def order_id() -> int:
        return next_id("shop_order")
    """
    from django.db import connections

    wrapper = connections[using]
    wrapper.ensure_connection()
    found: NewId = wrapper.connection.next_id(table)
    return found
