"""What else the aggregator's thread does, as seen from there."""

from __future__ import annotations

from typing import Protocol

IDLE = 3600.0
"""Seconds until one is due, where none is."""


class Chores(Protocol):
    """What else is done on this thread, from time to time."""

    @property
    def pause(self) -> float:
        """Seconds until `beat` wants to be called again."""

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Do what is due, or all there is."""

    def tidy(self) -> None:
        """End what is over."""

    def settle(self) -> None:
        """Prepare for a reader that collects."""

    def close(self) -> None:
        """Do it for the last time."""


class NoChores:
    """None."""

    pause = IDLE

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Nothing is due."""

    def tidy(self) -> None:
        """Nothing is over."""

    def settle(self) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """There is nothing to end."""


NO_CHORES = NoChores()
