"""The two MySQL servers a run measures on: given ones, or two containers that live as long as the run.

Invariant: containers listen on 127.0.0.1 only, have a password nobody else knows, and are gone afterwards.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rich.console import Console
from sqlalchemy.engine import make_url

from examples import mysql

IMAGE = "mysql:8.4"


@contextmanager
def two_servers(given: tuple[str, ...], console: Console) -> Iterator[tuple[str, str]]:
    """The URLs of two servers. ValueError unless two or none are given."""
    match given:
        case (first, second):
            yield first, second
        case ():
            with ExitStack() as stack:
                image = os.environ.get("SHARDKIT_MYSQL_IMAGE", IMAGE)
                with console.status(f"starting two containers of {image}"):
                    urls = [stack.enter_context(container(image)) for _ in range(2)]
                yield urls[0], urls[1]
        case _:
            raise ValueError("give two servers, or none to have two containers started")


@contextmanager
def container(image: str) -> Iterator[str]:
    """The root URL of a MySQL container that is removed at the end."""
    # Imported here: with given servers nobody needs testcontainers or Docker.
    from testcontainers.community.mysql import MySqlContainer
    from testcontainers.core.config import testcontainers_config

    testcontainers_config.ryuk_disabled = True  # its reaper is one more image to pull; the `with` removes ours
    password = secrets.token_hex(12)
    server = MySqlContainer(image, username="root", password=password)
    local: Any = {"3306": ("127.0.0.1", None)}  # Docker's own form; testcontainers knows only ports of all interfaces
    server.ports = local
    with server:
        yield f"mysql+pymysql://root:{password}@127.0.0.1:{server.get_exposed_port(3306)}"


def driven(urls: tuple[str, str], driver: str | None) -> tuple[str, str]:
    """The same servers through this driver, or through the one that their URLs say."""
    if driver is None:
        return urls
    first, second = (make_url(url).set(drivername=f"mysql+{driver}") for url in urls)
    return first.render_as_string(hide_password=False), second.render_as_string(hide_password=False)


def version(url: str) -> str:
    """Which server it is, for example `MySQL 8.4.6`."""
    with mysql.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        row = cursor.fetchone()
    text = str(row[0]) if row else "unknown"
    return text if "mariadb" in text.lower() else f"MySQL {text}"
