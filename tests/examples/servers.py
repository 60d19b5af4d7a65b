"""Ways to serve for a test: the example in a process, or a few lines of ASGI in a thread."""

import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.servers import free_port
from tests.support.wait import eventually


def uvicorn_command(port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", "examples.flights.app:app", "--port", str(port)]


@contextmanager
def answering(
    answer: Callable[[Request], Awaitable[Response]], port: int | None = None, after: float = 0.0
) -> Iterator[str]:
    """Serve POST requests to any path in a thread; yields the address.

    Args:
        answer: Answers a request.
        port: Where to listen; any free port by default.
        after: Seconds to refuse connections for; the block is entered at once.
    """
    port = port or free_port()
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_keep_alive=600))
    stopped = threading.Event()

    def run() -> None:
        if not stopped.wait(after):
            server.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        if not after:
            eventually(lambda: server.started, what="the server to listen")
        yield f"http://127.0.0.1:{port}"
    finally:
        stopped.set()
        server.should_exit = True
        thread.join()
