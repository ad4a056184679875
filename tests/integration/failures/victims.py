"""Two private servers of the flavor under test, which a test may kill and start again.

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
        with self._container(number) as container:
            container.kill()
            container.wait()

    def restart(self, number: int) -> None:
        """Start a killed server on its old port with its old data; it answers when this returns."""
        if (self.folder / NAMES[number]).exists():
            server_kinds.start(self.folder / NAMES[number])
            return
        with self._container(number) as container:
            container.start()
        servers.wait_until_ready(NAMES[number], self.pair[number].url, lambda: True)

    @contextmanager
    def _container(self, number: int) -> Iterator[Any]:
        label = f"{servers.LABEL}={self.folder.name}"
        with server_kinds.docker() as client:
            for container in client.containers.list(all=True, filters={"label": label}):
                if _port(container) == self.pair[number].port:
                    yield container
                    return
        raise NoServers(f"{self.pair[number].name} is not one of ours")


def _port(container: Any) -> int:
    """As it was asked for: a container that does not run has no ports."""
    return int(container.attrs["HostConfig"]["PortBindings"]["3306/tcp"][0]["HostPort"])


@contextmanager
def victims(folder: Path, flavor: str, *, lasting: bool = False) -> Iterator[Victims]:
    """Start two servers of this flavor; NoServers says what was tried. `lasting`: they may be killed and restarted."""
    tried = []
    try:
        for way in server_kinds.ways(flavor, lasting=lasting):
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
