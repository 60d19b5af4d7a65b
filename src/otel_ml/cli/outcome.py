"""How a command that is a gate ends: 0 and 1 say what was found, 2 that nothing could be found out."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import click

from otel_ml.cli.files.errors import FileError

FOUND: Final = 1
TROUBLE: Final = 2
INTERRUPTED: Final = 130
"""What a shell gives a program that Ctrl-C ended."""


@contextmanager
def gate() -> Iterator[None]:
    """Ends the program with status 2 whatever goes wrong inside: 1 would say that something was found."""
    from otel_ml.config import ConfigError
    from otel_ml.drift import BaselineError, CheckError

    try:
        yield
    except (click.ClickException, click.exceptions.Exit):
        raise  # bad usage: click says how it is meant, and ends with 2
    except (FileError, BaselineError, CheckError, ConfigError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED)
    except OSError as error:
        if error.errno == errno.EPIPE:  # nobody reads what went wrong
            quiet()
            sys.exit(TROUBLE)
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        fail("not enough memory")
    except Exception:
        traceback.print_exc()
        fail("this is a mistake in otel-ml; please report it")


def fail(message: str, status: int = TROUBLE) -> NoReturn:
    """Says in one line on standard error why there is no result, and ends the program."""
    try:
        click.echo(f"otel-ml: {message}", err=True)
    finally:
        sys.exit(status)


def write(text: str) -> None:
    """Writes a result. A reader that has seen enough, such as `head`, changes nothing of the exit status.

    Raises:
        FileError: It cannot be written.
    """
    if sys.stdout is None:  # closed from the start: the exit status is all that is wanted
        return
    with readers_gone():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def readers_gone() -> Iterator[None]:
    """Lets standard output be closed by whoever reads it.

    Raises:
        FileError: It cannot be written for another reason, such as a full disk.
    """
    try:
        yield
    except BrokenPipeError:
        quiet()
    except OSError as error:
        quiet()
        raise FileError(f"standard output cannot be written: {error.strerror}") from None


def quiet() -> None:
    """Sends to nowhere what is left to be written: Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
