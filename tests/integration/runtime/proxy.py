"""A wire that can fail: a TCP proxy before a server, which can be cut, frozen, or stopped like the server itself.

Invariant: `close` ends every thread and socket it opened.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class Proxy:
    """Forwards 127.0.0.1:`port` to a server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._flows = threading.Event()
        self._flows.set()
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Break every connection; new ones are served."""
        with self._lock:
            for sock in list(self._pairs):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Accept and keep connections, but let no byte through."""
        self._flows.clear()

    def thaw(self) -> None:
        """Let bytes through again."""
        self._flows.set()

    def close(self) -> None:
        """Break everything and refuse new connections, as a stopped server does."""
        self._stopped = True
        self._flows.set()
        self._thread.join(5)
        self._listener.close()
        for sock in list(self._pairs):
            sock.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._stopped:
                for key, _ in selector.select(0.05):
                    self._flows.wait()
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif isinstance(key.fileobj, socket.socket):
                        self._forward(selector, key.fileobj)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(self._target)
        with self._lock:
            self._pairs[near], self._pairs[far] = far, near
        for sock in (near, far):
            selector.register(sock, selectors.EVENT_READ)

    def _forward(self, selector: selectors.BaseSelector, sock: socket.socket) -> None:
        other = self._pairs.get(sock)
        if other is None:
            return
        try:
            data = sock.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            with self._lock:
                for end in (sock, other):
                    del self._pairs[end]
                    selector.unregister(end)
                    end.close()
