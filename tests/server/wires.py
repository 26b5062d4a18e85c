"""A wire to PostgreSQL or Redis that can be cut and can fall silent: what is away, slow or flapping is tried on it."""

import selectors
import socket
import threading
from pathlib import Path

PIECE = 65536
ROUND_S = 0.02


class Wire:
    """Passes on what comes to a port of its own; `cut` refuses and ends all, `mute` lets everything wait, `mend` makes it whole."""

    def __init__(self, server: Path | tuple[str, int]) -> None:
        self._server = server
        self._door = self._open(0)
        self.port = self._door.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._state = "whole"
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Refuse whoever comes, and end what is open."""
        with self._turn:
            self._state = "cut"
            self._door.close()
            self._end_pairs()

    def mute(self) -> None:
        """Take whoever comes, and answer nothing any more."""
        with self._turn:
            self._state = "mute"

    def mend(self) -> None:
        """Pass everything on again."""
        with self._turn:
            if self._state == "cut":
                self._door = self._open(self.port)
            self._end_pairs()
            self._state = "whole"

    def close(self) -> None:
        """End the wire."""
        self._ended.set()
        self._thread.join()
        self._door.close()
        self._end_pairs()

    @staticmethod
    def _open(port: int) -> socket.socket:
        door = socket.create_server(("127.0.0.1", port), backlog=64)
        door.setblocking(False)
        return door

    def _end_pairs(self) -> None:
        for one in self._pairs:
            one.close()
        self._pairs.clear()

    def _pass_on(self) -> None:
        while not self._ended.is_set():
            with self._turn:
                busy = self._state == "whole" and self._once()
            if not busy:
                self._ended.wait(ROUND_S)

    def _once(self) -> bool:
        """Take who waits at the door and pass on what has come; False when nothing had."""
        with selectors.DefaultSelector() as waiting:
            for one in (self._door, *self._pairs):
                waiting.register(one, selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in waiting.select(0.001)]
        for one in ready:
            if one is self._door:
                self._take()
            elif one in self._pairs:
                self._move(one)
        return bool(ready)

    def _take(self) -> None:
        here, _ = self._door.accept()
        there = self._reach()
        self._pairs |= {here: there, there: here}

    def _reach(self) -> socket.socket:
        if isinstance(self._server, tuple):
            return socket.create_connection(self._server)
        there = socket.socket(socket.AF_UNIX)
        there.connect(str(self._server))
        return there

    def _move(self, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            piece = one.recv(PIECE)
            other.sendall(piece)
        except OSError:
            piece = b""
        if not piece:
            for end in (one, other):
                self._pairs.pop(end).close()
