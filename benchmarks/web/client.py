"""A client that costs little: requests are bytes made once, connections stay open, and waiting is a look at the clock."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections import deque

TIMEOUT_SECONDS = 10.0


class Failed(Exception):
    """The server did not answer as it should."""


class Connection:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def send(self, request: bytes, due: float) -> None:
        """Ask; `due` is when this request was to be sent."""
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The body, once it is there.

        Raises:
            Failed: the connection was closed, or the status is not 200.
        """
        data = self.socket.recv(65_536)
        if not data:
            raise Failed("the server closed a connection")
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise Failed(head.partition(b"\r\n")[0].decode())
        self._received = b""
        return body


class Client:
    """Some connections to one server."""

    def __init__(self, port: int, connections: int, body: object) -> None:
        self._request = _post("/predict", json.dumps(body).encode())
        self._connections = [Connection(port) for _ in range(connections)]
        self._selector = selectors.DefaultSelector()
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def closed_loop(self, seconds: float) -> int:
        """Ask again on each connection as soon as it has answered; the number of answers."""
        answers, waiting = 0, len(self._connections)
        for connection in self._connections:
            connection.send(self._request, 0.0)
        end = time.perf_counter() + seconds
        while waiting:
            for connection in self._answered(TIMEOUT_SECONDS):
                answers += 1
                if time.perf_counter() < end:
                    connection.send(self._request, 0.0)
                else:
                    waiting -= 1
        return answers

    def open_loop(self, rate: float, seconds: float) -> list[float]:
        """Ask at fixed times whether or not earlier answers are there; seconds from each due time to its answer."""
        free = deque(self._connections)
        total = int(rate * seconds)
        sent, latencies = 0, list[float]()
        start = time.perf_counter()
        while len(latencies) < total:
            now = time.perf_counter()
            while sent < total and free and start + sent / rate <= now:
                free.popleft().send(self._request, start + sent / rate)
                sent += 1
            if now - start > seconds + TIMEOUT_SECONDS:
                raise Failed("the server does not keep up with the rate")
            for connection in self._answered(0.0 if sent < total else 0.1):
                latencies.append(time.perf_counter() - connection.due)
                free.append(connection)
        return latencies

    def flush(self) -> tuple[int, float]:
        """Have the server encode all that is left; how many spans and log records it has sent so far, and its CPU seconds."""
        connection = self._connections[0]
        connection.send(_post("/flush", b""), 0.0)
        while (body := connection.receive()) is None:
            pass
        sent, seconds = body.split()
        return int(sent), float(seconds)

    def close(self) -> None:
        """Close the connections."""
        self._selector.close()
        for connection in self._connections:
            connection.socket.close()

    def _answered(self, timeout: float) -> list[Connection]:
        ready = self._selector.select(timeout)
        if timeout == TIMEOUT_SECONDS and not ready:
            raise Failed(f"no answer within {timeout} s")
        return [key.data for key, _ in ready if key.data.receive() is not None]


def _post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body
