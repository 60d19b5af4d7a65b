"""`otel-ml` as a process, into a pipe or on a terminal of its own; `otel-ml tail` unless another command is named."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyte

from tests.support.wait import PATIENCE

PROGRAM = [sys.executable, "-m", "otel_ml.cli"]
COMMAND = [*PROGRAM, "tail", "--grpc-port", "0", "--http-port", "0"]


@contextmanager
def piped(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Runs it with pipes; killed in the end if it has not ended by itself."""
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Terminal:
    """Runs it on a terminal and reads the screen as a person would."""

    def __init__(
        self,
        *options: str,
        columns: int = 120,
        rows: int = 40,
        env: dict[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [*command, *options],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
        )
        os.close(slave)
        self.raw = b""
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def press(self, keys: bytes) -> None:
        """Types."""
        os.write(self._master, keys)

    def screen(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, condition: Callable[[str], object], timeout: float = PATIENCE) -> str:
        """Reads until the screen fulfils the condition."""
        deadline = time.monotonic() + timeout
        while not condition(self.screen()):
            if not self._read(deadline) and not condition(self.screen()):
                raise AssertionError(f"not on the screen within {timeout:g} s:\n{self.screen()}")
        return self.screen()

    def end(self, timeout: float = PATIENCE) -> int:
        """Reads until it has ended; its exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self._master, 65_536) if ready else b""
        except OSError:  # Linux says so when the other end is closed
            data = b""
        self.raw += data
        self._stream.feed(data)
        return bool(data)


def grpc_endpoint(text: str) -> str:
    """The endpoint that it says it listens on."""
    found = re.search(r"http://127\.0\.0\.1:\d+(?= \(grpc\))", text)
    assert found is not None, text
    return found[0]
