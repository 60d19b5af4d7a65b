"""OTLP over HTTP: protobuf and JSON bodies, plain or compressed."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from otel_ml.service.compression import ENCODINGS, TooLarge, decompress
from otel_ml.service.consumer import Busy, Consumer
from otel_ml.service.otlp import SIGNALS, Malformed, Signal, status

_logger = logging.getLogger(__name__)
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_BODY_SECONDS = 30.0
_CONNECTIONS = 128

# The codes of google.rpc.Status.
_INVALID_ARGUMENT, _DEADLINE_EXCEEDED, _RESOURCE_EXHAUSTED, _INTERNAL, _UNAVAILABLE = 3, 4, 8, 13, 14


def build_app(consumer: Consumer, pool: ThreadPoolExecutor, max_message_bytes: int) -> Starlette:
    """The ASGI application that takes the three signals.

    Args:
        consumer: Gets the messages.
        pool: Decodes and delivers, so that one large message does not hold up the others.
        max_message_bytes: Bound on a body, also after decompression.
    """

    def endpoint(signal: Signal) -> Callable[[Request], Awaitable[Response]]:
        async def export(request: Request) -> Response:
            content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
            if content_type not in (_PROTOBUF, _JSON):
                message = f"Content-Type must be {_PROTOBUF} or {_JSON}"
                return _answer(415, _JSON, status(_INVALID_ARGUMENT, message))
            if encoding not in ENCODINGS:
                message = f"Content-Encoding must be one of {', '.join(ENCODINGS)}"
                return _answer(415, content_type, status(_INVALID_ARGUMENT, message))

            def deliver(body: bytes) -> None:
                data = _decompressed(body, encoding, max_message_bytes)
                signal.consume(consumer, signal.parse_json(data) if content_type == _JSON else signal.parse(data))

            try:
                body = await _read(request, max_message_bytes)
                await asyncio.get_running_loop().run_in_executor(pool, deliver, body)
            except Busy as busy:
                answer = _answer(503, content_type, status(_UNAVAILABLE, str(busy), busy))
                answer.headers["retry-after"] = str(math.ceil(busy.retry_after))
                return answer
            except TooLarge as error:
                return _answer(413, content_type, status(_RESOURCE_EXHAUSTED, str(error)))
            except (Malformed, ClientDisconnect) as error:
                return _answer(400, content_type, status(_INVALID_ARGUMENT, str(error)))
            except _TooSlow as error:
                return _answer(408, content_type, status(_DEADLINE_EXCEEDED, str(error)))
            except Exception:
                _logger.exception("the consumer failed on a message")
                return _answer(500, content_type, status(_INTERNAL, "the consumer failed"))
            return _answer(200, content_type, signal.response())

        return export

    return Starlette(routes=[Route(signal.path, endpoint(signal), methods=["POST"]) for signal in SIGNALS])


class _TooSlow(Exception):
    """The body did not come in time."""


async def _read(request: Request, limit: int) -> bytes:
    if int(request.headers.get("content-length", 0)) > limit:
        raise TooLarge(f"more than {limit} bytes")
    try:
        return await asyncio.wait_for(_collect(request, limit), _BODY_SECONDS)
    except asyncio.TimeoutError:
        raise _TooSlow(f"the body took more than {_BODY_SECONDS:g} s") from None


async def _collect(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"more than {limit} bytes")
    return bytes(body)


def _decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    try:
        return decompress(body, encoding, limit)
    except TooLarge:
        raise
    except ValueError as error:
        raise Malformed(str(error)) from None


def _answer(http_status: int, content_type: str, message: Message) -> Response:
    if content_type == _JSON:
        return Response(json_format.MessageToJson(message, indent=None), http_status, media_type=_JSON)
    return Response(message.SerializeToString(), http_status, media_type=_PROTOBUF)


class HttpServer:
    """Runs an application on a bound socket, in a thread of its own."""

    def __init__(self, app: Starlette, sock: socket.socket) -> None:
        self._sock = sock
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [sock]}, name="otlp-http", daemon=True
        )

    def start(self) -> None:
        """Returns once requests are served."""
        self._thread.start()
        self._server.serving.wait()

    def stop(self, grace: float) -> None:
        """Finishes the requests in work, for at most `grace` seconds."""
        if not self._thread.is_alive():
            self._sock.close()
            return
        self._server.config.timeout_graceful_shutdown = math.ceil(grace)
        self._server.should_exit = True
        self._thread.join(grace)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(1.0)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.serving.set()
