"""Flush when a server ends: it may end on a signal, without running exit handlers.

The ASGI lifespan tells, wherever a server runs it for the app. uvicorn raises the signal that ended it again when it is done,
and skips the lifespan if told so (or for an app that is mounted in another one), so its own shutdown is watched, too.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import ModuleType
from typing import Any

from otel_ml import runtime
from otel_ml.frameworks.imports import ImportHooks
from otel_ml.guard import guarded
from otel_ml.patching import Patcher

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

FLUSH_SECONDS = 5.0
LIMIT_SECONDS = 10.0
"""How long the end of a server may be held up: exporters do not keep to the time they are given."""

_patcher = Patcher()
_hooks = ImportHooks()
_ending = 0
"""uvicorn servers that are shutting down, which flush after everything else."""


def instrument() -> None:
    """Watch every uvicorn server, as soon as the program imports uvicorn."""
    _hooks.start({"uvicorn.server": _patch})


def uninstrument() -> None:
    """Let servers end as they like."""
    _hooks.stop()
    _patcher.undo()


def flushing(send: Send) -> Send:
    """A lifespan's ``send`` that flushes before the app says that it has shut down."""

    async def sending(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown.") and not _ending:
            await _flush()
        await send(message)

    return sending


def _patch(module: ModuleType) -> None:
    _patcher.wrap(module.Server, "shutdown", _flushed)


def _flushed(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(original)
    async def shutdown(server: Any, *args: Any, **kwargs: Any) -> None:
        global _ending
        _ending += 1
        try:
            await original(server, *args, **kwargs)
        finally:
            _ending -= 1
            if not server.force_exit:  # a second Ctrl-C
                await _flush()

    return shutdown


async def _flush() -> None:
    """In a daemon thread: the loop's own pool may be full, and the loop waits for that pool when it closes."""
    if runtime.current is None:
        return
    flush = guarded("shutdown.flush")(runtime.current.flush)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # another kind of loop, such as trio's
        flush(FLUSH_SECONDS)
        return
    done = asyncio.Event()

    def work() -> None:
        flush(FLUSH_SECONDS)
        try:
            loop.call_soon_threadsafe(done.set)
        except RuntimeError:  # the loop has not waited for us, and is closed
            pass

    threading.Thread(target=work, name="otel-ml-flush", daemon=True).start()
    try:
        await asyncio.wait_for(done.wait(), LIMIT_SECONDS)
    except asyncio.TimeoutError:
        pass
