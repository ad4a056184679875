"""A server's URL becomes its driver's connect arguments; the options are the same for every driver.

Invariant: options that would change how SQL is sent or read (client flags, other charsets, init commands) cannot be
given; what is left out has PyMySQL's own default, whichever driver it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from sqlalchemy.engine import URL

from shardkit.errors import ProgrammingError

CONNECT_TIMEOUT = 10.0
_DRIVERS = frozenset({"mysql", "pymysql", "mariadb", "mysqldb", "asyncmy", "aiomysql"})
"""The drivers of URLs. PyMySQL serves those of asyncio's drivers too, where no event loop runs."""
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _truth(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError("must be true or false")
    return _WORDS[text.lower()]


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 31536000:
        raise ValueError("must be a number of seconds above 0")
    return value


def _charset(text: str) -> str:
    if text.lower() != "utf8mb4":
        raise ValueError("must be utf8mb4, the only charset that carries every text")
    return "utf8mb4"


_OPTIONS: dict[str, Callable[[str], Any]] = {
    "charset": _charset,
    "collation": str,
    "connect_timeout": _seconds,
    "read_timeout": _seconds,
    "write_timeout": _seconds,
    "unix_socket": str,
    "bind_address": str,
    "program_name": str,
    "server_public_key": str,
    "ssl_ca": str,
    "ssl_cert": str,
    "ssl_key": str,
    "ssl_key_password": str,
    "ssl_disabled": _truth,
    "ssl_verify_cert": _truth,
    "ssl_verify_identity": _truth,
}


def connect_arguments(server: str, url: URL) -> dict[str, Any]:
    """PyMySQL's arguments for this URL; ProgrammingError names the option that is wrong, never the password."""
    if url.drivername.rsplit("+", 1)[-1] not in _DRIVERS:
        raise ProgrammingError(f"server {server}: driver {url.drivername!r} is not served; write mysql+pymysql://…")
    arguments: dict[str, Any] = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": CONNECT_TIMEOUT}
    for name, value in url.query.items():
        arguments[name] = _option(server, name, value)
    arguments |= {"host": url.host, "port": url.port or 0, "user": url.username, "database": url.database or None}
    # As bytes: PyMySQL would encode text as latin-1, and the server compares UTF-8.
    arguments["password"] = str(url.password or "").encode()
    return arguments


def client_arguments(server: str, url: URL) -> dict[str, Any]:
    """mysqlclient's arguments for this URL; ProgrammingError also for options that its C library does not have."""
    found = connect_arguments(server, url)
    for name in sorted({"bind_address", "program_name", "ssl_key_password"} & found.keys()):
        raise ProgrammingError(f"server {server}: URL option {name!r} is not known to mysqlclient; mysql+pymysql is")
    if found["host"] == "localhost" and "unix_socket" not in found:
        found["host"] = "127.0.0.1"  # the C library would look for a socket file
    found |= {name: ceil(found[name]) for name in ("read_timeout", "write_timeout") if name in found}
    found |= {"password": found["password"].decode(), "local_infile": 0, "multi_statements": False}
    if "server_public_key" in found:
        found["server_public_key_path"] = found.pop("server_public_key")
    found |= _client_tls({name: found.pop(name) for name in list(found) if name.startswith("ssl_")})
    return {name: value for name, value in found.items() if value is not None}


def _client_tls(options: dict[str, Any]) -> dict[str, Any]:
    """What PyMySQL makes of the options: a certificate is verified when there is a CA to do it with."""
    files = {name: options[f"ssl_{name}"] for name in ("ca", "cert", "key") if f"ssl_{name}" in options}
    if options.get("ssl_disabled"):
        mode = "DISABLED"
    elif options.get("ssl_verify_identity"):
        mode = "VERIFY_IDENTITY"
    elif options.get("ssl_verify_cert", "ca" in files):
        mode = "VERIFY_CA"
    elif options:
        mode = "REQUIRED"
    else:
        return {}
    return {"ssl_mode": mode} | ({"ssl": files} if files else {})


def _option(server: str, name: str, value: str | tuple[str, ...]) -> Any:
    if name not in _OPTIONS:
        raise ProgrammingError(f"server {server}: unknown URL option {name!r}; known: {', '.join(sorted(_OPTIONS))}")
    if not isinstance(value, str):
        raise ProgrammingError(f"server {server}: URL option {name!r} is given twice")
    try:
        return _OPTIONS[name](value)
    except ValueError as error:
        raise ProgrammingError(f"server {server}: URL option {name!r}: {error}") from error
