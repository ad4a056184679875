"""Server URLs: MySQL and MariaDB through one of the drivers, and a folder of SQLite files.

    mysql+pymysql://user:password@host:3306        mysql+mysqldb://user:password@host:3306        sqlite:///./data

asyncmy and aiomysql serve asyncio; PyMySQL serves their URLs everywhere else, and they those of PyMySQL and mysqlclient
under asyncio.

Invariant: no message holds any part of a URL, because any part may turn out to be the password.
"""

from __future__ import annotations

import os.path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

MYSQL = (
    "mysql", "mysql+pymysql", "mysql+mysqldb", "mysql+asyncmy", "mysql+aiomysql",
    "mariadb", "mariadb+pymysql", "mariadb+mysqldb", "mariadb+asyncmy", "mariadb+aiomysql",
)  # fmt: skip
SQLITE = "sqlite"


def parse_url(text: str, folder: str | None = None) -> URL:
    """The URL; a relative SQLite folder is taken from `folder`. ValueError says what is wrong, without the URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("not a URL; write mysql+pymysql://user:password@host:3306 or sqlite:///./folder") from None
    if url.drivername in MYSQL:
        return _mysql(url)
    if url.drivername != SQLITE:
        raise ValueError(f"this kind of server is not known; begin the URL with {', '.join(MYSQL)} or {SQLITE}")
    if not url.database or url.database == ":memory:" or url.host:
        raise ValueError("a SQLite server is a folder; write sqlite:///./data or sqlite:////absolute/folder")
    return url.set(database=os.path.normpath(os.path.join(folder, url.database))) if folder else url


def parse_database_url(text: str) -> URL:
    """The URL of one database of a MySQL server. ValueError says what is wrong, without the URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("not a URL; write mysql+pymysql://user:password@host:3306/database") from None
    if url.drivername not in MYSQL:
        raise ValueError(f"an unsharded MySQL server is wanted; begin the URL with {', '.join(MYSQL)}")
    if not url.database:
        raise ValueError("the URL names no database; write mysql+pymysql://user:password@host:3306/database")
    return _mysql(url.set(database="")).set(database=url.database)


def _mysql(url: URL) -> URL:
    if url.database:
        raise ValueError("a server's URL names no database; databases are named by the layouts")
    if {"password", "passwd", "user"} & {key.lower() for key in url.query}:
        raise ValueError("user and password stand before the @ of the URL, not in its query")
    if not url.host and "unix_socket" not in url.query:
        raise ValueError("the URL has no host; write mysql+pymysql://user:password@host:3306")
    if url.port is not None and not 0 < url.port < 65_536:
        raise ValueError("the port is not between 1 and 65535")
    return url
