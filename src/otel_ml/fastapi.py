"""FastAPI: the server span from contrib's instrumentor, our response header, and a holder for what the request predicts.

Patched on the class, at ``FastAPI.__call__``, so it covers apps made before and after, of any subclass, and stands outside
of the middleware stack: a response made by an exception handler has the header, too. Nothing reads or buffers a body.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.util.http import ExcludeList, get_excluded_urls

from otel_ml import caller, runtime
from otel_ml.context import ACTIVE_KEY, INSIDE, REQUEST_KEY
from otel_ml.frameworks.imports import ImportHooks
from otel_ml.guard import guarded
from otel_ml.patching import Patcher
from otel_ml.request import Request

if TYPE_CHECKING:
    from fastapi import FastAPI

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Message, Receive, Send], Awaitable[None]]

SHUTDOWN_SECONDS = 5.0

_patcher = Patcher()
_hooks = ImportHooks()


def instrument(app: FastAPI | None) -> None:
    """Watch every FastAPI application, as soon as the program imports FastAPI."""
    _propagate_to_threads()
    _hooks.start({"fastapi.applications": _patch})
    if app is not None:
        _add_server_spans(app)


def uninstrument() -> None:
    """Let requests pass through again. Server spans of apps that contrib instrumented stay contrib's."""
    _hooks.stop()
    _patcher.undo()


def _patch(module: ModuleType) -> None:
    _patcher.wrap(module.FastAPI, "__call__", _watched)


def _propagate_to_threads() -> None:
    from opentelemetry.instrumentation.threading import ThreadingInstrumentor

    instrumentor = ThreadingInstrumentor()
    if not instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.instrument()


@guarded("fastapi.server_spans")
def _add_server_spans(app: FastAPI) -> None:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    # contrib swaps the class `fastapi.FastAPI`, so an app whose class was imported before that has no server spans
    disabled = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").replace(" ", "").split(",")
    if not getattr(app, "_is_instrumented_by_opentelemetry", False) and not {"fastapi", "*"} & set(disabled):
        FastAPIInstrumentor.instrument_app(app)
        if app.middleware_stack is not None:
            app.middleware_stack = app.build_middleware_stack()


def _watched(original: App) -> App:
    excluded = get_excluded_urls("FASTAPI")

    @functools.wraps(original)
    async def call(app: FastAPI, scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if runtime.current is None or get_current().get(REQUEST_KEY) is not None:  # off, or a mounted app
            return await original(app, scope, receive, send)
        if kind == "lifespan":
            _add_server_spans(app)
            return await original(app, scope, receive, _flushing(send))
        if kind not in ("http", "websocket"):
            return await original(app, scope, receive, send)
        if app.middleware_stack is None:  # no lifespan was run: `--lifespan off`, or a test client without `with`
            _add_server_spans(app)
        request = Request(scope["headers"])
        token = attach(_request_context(request, scope, excluded))
        try:
            await original(app, scope, receive, _with_header(send, request))
        finally:
            detach(token)
        return None

    return call


def _request_context(request: Request, scope: Message, excluded: ExcludeList) -> Context:
    context = {**get_current(), REQUEST_KEY: request}
    if excluded.url_disabled(scope.get("path", "")):
        context[ACTIVE_KEY] = INSIDE  # a health probe that asks the model is no traffic
    return Context(context)


def _with_header(send: Send, request: Request) -> Send:
    """Add the ids known so far when the response starts; a prediction made later (a stream) is too late for a header."""

    async def sending(message: Message) -> None:
        if request.ids and message["type"] == "http.response.start":
            header = (caller.ID_HEADER.encode(), caller.response_header(request.ids))
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return sending


def _flushing(send: Send) -> Send:
    """Flush when the app shuts down: servers end on a signal right after, without running exit handlers."""

    async def sending(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown.") and runtime.current is not None:
            flush = guarded("fastapi.flush")(runtime.current.flush)
            await asyncio.wait(
                [asyncio.ensure_future(asyncio.to_thread(flush, SHUTDOWN_SECONDS))], timeout=2 * SHUTDOWN_SECONDS
            )
        await send(message)

    return sending
