"""Two private servers of the flavor under test, which a test may kill.

Invariant: they are stopped with the module that asked for them, killed or not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import server_kinds, servers
from tests.servers import NAMES, NoServers, ServerUrl


class Victims:
    """The servers, and the folder by which they are found again."""

    def __init__(self, folder: Path, pair: tuple[ServerUrl, ServerUrl]) -> None:
        self.folder = folder
        self.pair = pair

    def kill(self, number: int) -> None:
        """SIGKILL for one server; it is gone when this returns."""
        note = self.folder / NAMES[number] / "server.pid"
        if note.exists():
            servers.end_process(int(note.read_text()))
            return
        label = f"{servers.LABEL}={self.folder.name}"
        with server_kinds.docker() as client:
            for container in client.containers.list(filters={"label": label}):
                if _port(container) == self.pair[number].port:
                    container.kill()
                    container.wait()
                    return
        raise NoServers(f"{self.pair[number].name} is not one of ours")


def _port(container: Any) -> int:
    return int(container.attrs["NetworkSettings"]["Ports"]["3306/tcp"][0]["HostPort"])


@contextmanager
def victims(folder: Path, flavor: str) -> Iterator[Victims]:
    """Start two servers of this flavor; NoServers says what was tried."""
    tried = []
    try:
        for way in server_kinds.ways(flavor):
            try:
                pair = way(folder)
            except NoServers as error:
                tried.append(str(error))
                servers.stop(folder)
                continue
            yield Victims(folder, pair)
            return
        raise NoServers("\n".join(tried))
    finally:
        servers.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
