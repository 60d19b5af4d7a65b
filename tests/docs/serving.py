"""A service of the docs, served and asked as the docs say."""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.servers import free_port
from tests.support.wait import eventually

START_SECONDS = 120.0
STOP_SECONDS = 60.0
REQUEST_SECONDS = 30.0


@contextmanager
def served(command: Sequence[str], directory: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Run a server on a free port until it listens, and end it as Ctrl-C does.

    Args:
        command: that starts it, with uvicorn; the port is appended.
        directory: to start it in.
        env: its environment.
    """
    url = f"http://127.0.0.1:{free_port()}"
    log = directory / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--port", url.rpartition(":")[2]], cwd=directory, env=env, stdout=output, stderr=output
        )
        try:
            eventually(lambda: _listens(process, url), START_SECONDS, what=f"{' '.join(command)} listens")
            yield url
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe server said:\n{log.read_text()}") from None
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _listens(process: subprocess.Popen[bytes], url: str) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the server ended with status {process.returncode} instead of serving")
    return httpx.get(f"{url}/openapi.json", timeout=REQUEST_SECONDS).is_success


def asked_with(words: Sequence[str], url: str) -> httpx.Response:
    """Do what a `curl` command does, against another address.

    Raises:
        httpx.HTTPStatusError: The answer is an error.
    """
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("url")
    parser.add_argument("-s", "-i", "-si", "-is", action="store_true", dest="_")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data", "--json")
    found = parser.parse_args(words[1:])
    headers = dict(re.split(r":\s*", header, maxsplit=1) for header in found.header)
    if found.data is not None:
        headers.setdefault("content-type", "application/json")
    path = re.sub(r"^(https?://)?[^/]+", "", found.url)
    method = found.request or ("POST" if found.data is not None else "GET")
    response = httpx.request(method, url + path, headers=headers, content=found.data, timeout=REQUEST_SECONDS)
    return response.raise_for_status()
