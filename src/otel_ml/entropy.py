"""Random bytes from the operating system, drawn by the page: one system call an id costs more than the rest of it."""

from __future__ import annotations

import os
from collections import deque

SIZE = 16
PAGE = 1024

_pool: deque[bytes] = deque()  # append and pop are atomic


def random_bytes() -> bytes:
    """16 bytes that nobody else gets, in this process or a forked one."""
    try:
        return _pool.pop()
    except IndexError:
        page = os.urandom(PAGE)
        _pool.extend(page[start : start + SIZE] for start in range(SIZE, PAGE, SIZE))
        return page[:SIZE]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.clear)
