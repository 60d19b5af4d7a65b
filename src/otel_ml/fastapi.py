"""FastAPI: the server span from contrib's instrumentor, our response header, and a holder for what the request predicts.

Two steps into an application. ``FastAPI.__call__`` is patched on the class, so it covers apps made before and after, of any
subclass. It puts a `Request` into the ASGI scope, and `InRequest` into the app's middleware stack: right inside contrib's
middleware, which begins every request with an empty context, and outside of everything that may answer, so a response
made by an exception handler has the header, too. Nothing reads or buffers a body.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.util.http import get_excluded_urls

from otel_ml import caller, contrib, runtime, shutdown
from otel_ml.context import ACTIVE_KEY, INSIDE, REQUEST_KEY
from otel_ml.frameworks.imports import ImportHooks
from otel_ml.guard import guarded
from otel_ml.patching import Patcher
from otel_ml.request import Request

if TYPE_CHECKING:
    from fastapi import FastAPI

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Method = Callable[[Any, Message, Receive, Send], Awaitable[None]]

SCOPE_KEY = "otel_ml.request"
CONTRIB = ("opentelemetry.instrumentation.asgi", "OpenTelemetryMiddleware")

_patcher = Patcher()
_hooks = ImportHooks()


def instrument(app: FastAPI | None) -> None:
    """Watch every FastAPI application, as soon as the program imports FastAPI."""
    _hooks.start({"fastapi.applications": _patch})
    if app is not None:
        _add_server_spans(app)


def uninstrument() -> None:
    """Let requests pass through again. Server spans of apps that contrib instrumented stay contrib's."""
    _hooks.stop()
    _patcher.undo()


def _patch(module: ModuleType) -> None:
    _patcher.wrap(module.FastAPI, "__call__", _watched)


@guarded("fastapi.server_spans")
def _add_server_spans(app: FastAPI) -> None:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    # contrib swaps the class `fastapi.FastAPI`, so an app whose class was imported before that has no server spans
    if (
        runtime.current is None
        or getattr(app, "_is_instrumented_by_opentelemetry", False)
        or contrib.declined("fastapi")
    ):
        return
    providers = runtime.current.providers
    FastAPIInstrumentor.instrument_app(app, tracer_provider=providers.tracers, meter_provider=providers.meters)
    if app.middleware_stack is not None:
        app.middleware_stack = app.build_middleware_stack()


def _watched(original: Method) -> Method:
    is_excluded = _exclusion()

    @functools.wraps(original)
    async def call(app: FastAPI, scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if runtime.current is None or kind not in ("http", "websocket", "lifespan"):
            return await original(app, scope, receive, send)
        if kind == "lifespan" or app.middleware_stack is None:  # no lifespan is run for a mounted app, or if told so
            _add_server_spans(app)
        if kind == "lifespan":
            return await original(app, scope, receive, shutdown.flushing(send))
        if SCOPE_KEY in scope:  # mounted in another one
            return await original(app, scope, receive, send)
        _step_in(app)
        request = scope[SCOPE_KEY] = Request(scope.get("headers") or [])
        request.excluded = bool(is_excluded(scope))
        token = attach(Context() if _is_leaked() else get_current())
        try:
            await original(app, scope, receive, send)
        finally:
            request.answered = True
            detach(token)
        return None

    return call


def _exclusion() -> Callable[[Message], bool | None]:
    """Whether contrib leaves a request alone: one that asks the model then is a health probe, no traffic."""
    from opentelemetry.instrumentation.asgi import get_host_port_url_tuple

    urls = get_excluded_urls("FASTAPI")

    def is_excluded(scope: Message) -> bool:
        return urls.url_disabled(get_host_port_url_tuple(scope)[2])  # type: ignore[no-untyped-call]  # upstream

    return guarded("fastapi.excluded")(is_excluded)


def _is_leaked() -> bool:
    """Whether the context is one of an earlier request on the same connection.

    A server that resumes reading within a request makes asyncio run all that follows in the context of that request.
    """
    request = get_current().get(REQUEST_KEY)
    return isinstance(request, Request) and request.answered


@guarded("fastapi.step_in")
def _step_in(app: FastAPI) -> None:
    """Put `InRequest` into the stack of an app, unless it is there."""
    if app.middleware_stack is None:
        app.middleware_stack = app.build_middleware_stack()
    layer: Any = app.middleware_stack
    while layer is not None:
        if isinstance(layer, InRequest):
            return
        if (type(layer).__module__, type(layer).__name__) == CONTRIB and not isinstance(layer.app, InRequest):
            layer.app = InRequest(layer.app)
            return
        layer = getattr(layer, "app", None)
    app.middleware_stack = InRequest(app.middleware_stack)


class InRequest:
    """ASGI middleware: the code inside knows its request, and the response names its predictions."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the call on. While nothing is instrumented there is no request in the scope."""
        request = scope.get(SCOPE_KEY)
        if not isinstance(request, Request) or get_current().get(REQUEST_KEY) is request:
            return await self.app(scope, receive, send)
        context: dict[str, object] = {**get_current(), REQUEST_KEY: request}
        if request.excluded:
            context[ACTIVE_KEY] = INSIDE
        token = attach(Context(context))
        try:
            await self.app(scope, receive, _with_header(send, request))
        finally:
            detach(token)
        return None


def _with_header(send: Send, request: Request) -> Send:
    """Add the ids known so far when the response starts; a prediction made later (a stream) is too late for a header."""

    async def sending(message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and request.ids:
            header = (caller.ID_HEADER.encode(), caller.response_header(request.ids))
            message = {**message, "headers": [*message.get("headers", ()), header]}
        elif kind == "http.response.body" and not message.get("more_body"):
            request.answered = True  # before it is sent: the server may begin the next request while it does so
        await send(message)

    return sending
