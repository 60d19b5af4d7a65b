"""An OTLP endpoint: gRPC and HTTP, in threads of this process, in front of any consumer."""

from __future__ import annotations

import errno
import socket
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

from otel_ml.service.consumer import Consumer

if TYPE_CHECKING:
    import grpc

    from otel_ml.service.http_server import HttpServer

_WORKERS = 4


class ReceiverError(RuntimeError):
    """The receiver cannot start; the message says why and what to do."""


class Receiver:
    """Receives traces, metrics and logs over OTLP and hands them to a consumer.

    Memory is bounded: by `max_message_bytes`, by the workers, and by the consumer, which raises `Busy` when it is
    behind. Senders are then told to wait and keep their data.

    Args:
        consumer: Gets every message, from several threads.
        host: Address to bind; by default this machine only, since OTLP carries no credentials.
        grpc_port: 0 picks a free port, None serves no gRPC.
        http_port: 0 picks a free port, None serves no HTTP.
        max_message_bytes: Bound on one message, also after decompression.
        workers: Threads that decode and deliver.

    Attributes:
        grpc_port: The port in use once started.
        http_port: The port in use once started.

    Example:
        >>> from otel_ml.service.consumer import QueueConsumer
        >>> with Receiver(QueueConsumer(), grpc_port=0, http_port=0) as receiver:
        ...     receiver.grpc_port > 0 and receiver.http_port > 0
        True
    """

    def __init__(
        self,
        consumer: Consumer,
        host: str = "127.0.0.1",
        grpc_port: int | None = 4317,
        http_port: int | None = 4318,
        *,
        max_message_bytes: int = 16 * 1024 * 1024,
        workers: int = _WORKERS,
    ) -> None:
        self.host = host
        self.grpc_port = grpc_port
        self.http_port = http_port
        self._consumer = consumer
        self._max_message_bytes = max_message_bytes
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._grpc: grpc.Server | None = None
        self._http: HttpServer | None = None

    @property
    def grpc_endpoint(self) -> str | None:
        """Value of OTEL_EXPORTER_OTLP_ENDPOINT for the protocol `grpc`."""
        return f"http://{_bracketed(self.host)}:{self.grpc_port}" if self.grpc_port else None

    @property
    def http_endpoint(self) -> str | None:
        """Value of OTEL_EXPORTER_OTLP_ENDPOINT for the protocol `http/protobuf`."""
        return f"http://{_bracketed(self.host)}:{self.http_port}" if self.http_port else None

    def start(self) -> None:
        """Returns once both transports are served.

        Raises:
            ReceiverError: A port is taken or not allowed.
            ModuleNotFoundError: The extra `otel-ml[tools]` is not installed.
        """
        if self._pool is not None:
            raise ReceiverError("the receiver has been started already")
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="otlp")
        try:
            # Both ports are bound before either is served, so that a taken one leaves nothing half received; gRPC is
            # last, since a server of gRPC that never started keeps its port.
            if self.http_port is not None:
                self._bind_http(self._pool, self.http_port)
            if self.grpc_port is not None:
                self._bind_grpc(self._pool, self.grpc_port)
            if self._grpc is not None:
                self._grpc.start()
            if self._http is not None:
                self._http.start()
        except BaseException:
            self.stop(0)
            raise

    def stop(self, grace: float = 5.0) -> None:
        """Stops taking messages and finishes those in work, for at most `grace` seconds; may be called twice."""
        http, self._http = self._http, None
        server, self._grpc = self._grpc, None
        pool, self._pool = self._pool, None
        stopped = server.stop(grace) if server is not None else None
        if http is not None:
            http.stop(grace)
        if stopped is not None:
            stopped.wait(grace + 1.0)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Receiver:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _bind_grpc(self, pool: ThreadPoolExecutor, port: int) -> None:
        from otel_ml.service import grpc_server

        # gRPC hides the reason of a failed bind: ask the operating system first.
        _bind(self.host, port, "gRPC").close()
        server = grpc_server.build(self._consumer, pool, self._max_message_bytes)
        try:
            self.grpc_port = server.add_insecure_port(f"{_bracketed(self.host)}:{port}")
        except RuntimeError as error:
            raise ReceiverError(f"cannot serve gRPC on {self.host}:{port}: {error}") from None
        self._grpc = server

    def _bind_http(self, pool: ThreadPoolExecutor, port: int) -> None:
        from otel_ml.service import http_server

        sock = _bind(self.host, port, "HTTP")
        self.http_port = sock.getsockname()[1]
        app = http_server.build_app(self._consumer, pool, self._max_message_bytes)
        self._http = http_server.HttpServer(app, sock)


def _bind(host: str, port: int, transport: str) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ReceiverError(f"cannot serve OTLP over {transport} on {host}:{port}: a port is a number up to 65535")
    sock: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        # Linux lets two sockets with SO_REUSEADDR bind one port until one listens.
        sock.listen()
    except OSError as error:
        if sock is not None:
            sock.close()
        if error.errno == errno.EADDRINUSE:
            reason = "the port is taken by another program (a Collector?); choose another, or 0 for any free one"
        else:
            reason = error.strerror or str(error)
        raise ReceiverError(f"cannot serve OTLP over {transport} on {host}:{port}: {reason}") from None
    return sock


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
