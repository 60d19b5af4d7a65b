"""A FastAPI application behind a real uvicorn, in a thread of the test's process or in processes of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from tests.support.wait import eventually

STOP_SECONDS = 60.0
REQUEST_SECONDS = 60.0
IDLE_SECONDS = 600
"""A server that closes a connection just when a client sends something more leaves it without an answer."""


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[httpx.Client]:
    """Serve an application from a thread, so that what it emits is found in this process.

    Args:
        app: any ASGI application.
        **options: of `uvicorn.Config`.
    """
    options = {"timeout_keep_alive": IDLE_SECONDS, "log_config": None, **options}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **options))
    thread = threading.Thread(target=server.run, name="uvicorn", daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started, interval=0.01, what="uvicorn started")
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=REQUEST_SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
    assert not thread.is_alive(), "uvicorn did not stop"
