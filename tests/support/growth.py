"""How time grows with the size of the input, on a machine that does other things, too."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.wait import PATIENCE

ROUNDS = 5


def assert_grows_less(factor: float, small: Callable[[], object], large: Callable[[], object]) -> None:
    """Compare the shortest times of two calls, which other processes can only lengthen.

    Where they do not keep to the factor they are called again, for a while: what takes long on its own account stays long.

    Args:
        factor: that the large one may take longer, with room for what does not grow.
        small: what to call.
        large: the same with a larger input.
    """
    deadline = time.monotonic() + PATIENCE
    best, rounds = dict.fromkeys((small, large), float("inf")), 0
    while True:
        for call in best:
            began = time.perf_counter()
            call()
            best[call] = min(best[call], time.perf_counter() - began)
        rounds += 1
        if rounds >= ROUNDS and best[large] < factor * best[small]:
            return
        assert time.monotonic() < deadline, f"{best[large]:.6f} s, and {best[small]:.6f} s for the small one"
