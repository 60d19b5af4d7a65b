"""Some other OTLP backend: takes whatever is posted to it and keeps it for the test to look at."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.servers import free_port
from tests.support.wait import eventually


@dataclass(frozen=True)
class Post:
    """One export request: `body` is the protobuf message, decompressed."""

    path: str
    headers: dict[str, str]
    body: bytes


class Sink:
    """The posts that have come so far."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._posts: list[Post] = []

    def add(self, post: Post) -> None:
        self._posts.append(post)

    def posts(self, path: str | None = None) -> list[Post]:
        return [post for post in list(self._posts) if path in (None, post.path)]

    def wait_for(self, text: str, path: str | None = None) -> None:
        """Wait until a text has come."""
        eventually(lambda: self.received(text, path), what=f"{text!r} posted to {path or 'any path'}")

    def received(self, text: str, path: str | None = None) -> bool:
        """Whether the text stands anywhere in what was posted (protobuf leaves strings as they are)."""
        return any(text.encode() in post.body for post in self.posts(path))


@contextmanager
def otlp_sink() -> Iterator[Sink]:
    """Run a sink on loopback."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            sink.add(Post(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing: the posts are kept."""

    server = ThreadingHTTPServer(("127.0.0.1", int(sink.url.rpartition(":")[2])), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
