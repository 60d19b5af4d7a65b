"""Run a server binary on loopback for a test: start, stop, kill, wait until it is ready, show its log."""

import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from tests.support.wait import eventually

# Below the range from which the kernel takes the source ports of outgoing connections: a client that retries
# against a stopped server on a port of that range may take the port itself, and even connect to itself.
PORTS = range(20_000, 32_000)
STOP_SECONDS = 60.0
START_SECONDS = 120.0
REQUEST_SECONDS = 15.0


class ServerError(Exception):
    """A server did not start, or did not stop when asked."""


_handed_out: set[int] = set()


def free_port() -> int:
    """Return a port that nothing listens on, outside the range of outgoing connections, and never the same twice."""
    for port in random.SystemRandom().sample(PORTS, 100):
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port
    raise ServerError("no free port in 100 attempts")


class Server:
    """One process with a health endpoint. Its ports, and so its addresses, stay the same over restarts."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], ready_url: str, log: Path) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self._env = dict(env)
        self._ready_url = ready_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise ServerError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives (it may not be ready yet)."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait: bool = True) -> None:
        """Start the process; by default return when it is ready.

        Raises:
            ServerError: It ended, or was not ready in time. The message holds the end of its log.
        """
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, env=os.environ | self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Poll the health endpoint until it answers 200."""
        try:
            eventually(self._is_ready, START_SECONDS, what=f"{self.name} ready at {self._ready_url}")
        except AssertionError as error:
            self.kill()
            raise ServerError(f"{error}\n{self.log_tail()}") from error

    def stop(self) -> None:
        """Ask it to end (SIGTERM), as an orchestrator does, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL), like a crash."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of what it printed, over all its runs."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _is_ready(self) -> bool:
        if not self.running:
            raise ServerError(f"{self.name} ended by itself:\n{self.log_tail()}")
        return httpx.get(self._ready_url, timeout=REQUEST_SECONDS).status_code == 200

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)  # does nothing when it has ended already
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.wait()
            raise ServerError(f"{self.name} did not stop within {STOP_SECONDS:g} s:\n{self.log_tail()}") from error
        finally:
            self._process = None
