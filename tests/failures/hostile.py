"""Objects that no code should touch, and some that are merely odd."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


class Raising:
    """Whatever one asks of it raises, and not even an `Exception`."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise BaseException("code of the caller's was run")

    __getattr__ = __len__ = __iter__ = __array__ = __eq__ = __ne__ = __bool__ = __repr__ = __str__ = __hash__ = _refuse
    __float__ = __int__ = __index__ = __getitem__ = __contains__ = __format__ = __reduce_ex__ = __call__ = _refuse


SLOW_SECONDS = 60.0
QUICK_SECONDS = SLOW_SECONDS / 2
"""Whatever takes longer has waited for something slow; less may be a busy machine."""


class Slow:
    """Whatever one asks of it takes a minute."""

    def _wait(self, *_: Any, **__: Any) -> Any:
        time.sleep(SLOW_SECONDS)
        raise TypeError

    __len__ = __iter__ = __array__ = __eq__ = __bool__ = __repr__ = __str__ = __hash__ = __float__ = __getitem__ = _wait


def numbers() -> Iterator[int]:
    yield from range(3)


def closed_file() -> Any:
    file = io.StringIO("text")
    file.close()
    return file


def deep_list() -> Any:
    found: list[Any] = []
    for _ in range(10_000):
        found = [found]
    return found


def deep_dict() -> Any:
    found: dict[str, Any] = {"x": 1.0}
    for _ in range(10_000):
        found = {"inner": found}
    return found


def list_in_itself() -> Any:
    found: list[Any] = [1.0]
    found.append(found)
    return found


def dict_in_itself() -> Any:
    found: dict[str, Any] = {"x": 1.0}
    found["self"] = found
    return found


def broken_array() -> Any:
    """An array whose subclass refuses everything."""
    import numpy as np

    class Broken(np.ndarray):
        def _refuse(self, *_: Any, **__: Any) -> Any:
            raise ValueError("code of the caller's was run")

        __getitem__ = __iter__ = __len__ = __eq__ = __repr__ = __bool__ = tolist = copy = astype = _refuse

    return np.arange(3.0).view(Broken)


NONSENSE: dict[str, Callable[[], Any]] = {
    "raises": Raising,
    "takes a minute": Slow,
    "a class": lambda: Raising,
    "a function": lambda: numbers,
    "a generator": numbers,
    "a closed file": closed_file,
    "a huge int": lambda: 1 << 100_000,
    "a list in itself": list_in_itself,
    "a dict in itself": dict_in_itself,
    "10,000 levels of lists": deep_list,
    "10,000 levels of dicts": deep_dict,
    "rows of different lengths": lambda: [[1.0], [1.0, 2.0], [], "x", None],
    "rows that raise": lambda: [Raising(), Raising()],
    "rows that take a minute": lambda: [Slow()] * 3,
    "named values that raise": lambda: {"x": Raising(), "y": Slow()},
    "an array that refuses": broken_array,
    "not a number": lambda: float("nan"),
    "complex": lambda: 1j,
    "bytes": lambda: b"\x00\xff" * 1_000_000,
    "a module": lambda: sys,
    "an exception": lambda: ValueError("x"),
    "not implemented": lambda: NotImplemented,
    "lone surrogates": lambda: "\ud800 and \udfff",
    "NUL": lambda: "a\x00b",
    "infinite": lambda: [float("inf"), float("-inf")],
    "an empty list": list,
    "an empty dict": dict,
}
"""What models get and give that is no prediction, by a short name."""
