"""Finds the place where the workers of a machine meet for a model and baseline."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_ml.drift import layout
from otel_ml.monitoring.channel import Channel, Private, Shared
from otel_ml.monitoring.cleaning import Cleaner
from otel_ml.monitoring.folder import default_folder
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.settings import Settings

MIN_CAPACITY: Final = 256 * 1024
MAX_CAPACITY: Final = 16 * 1024 * 1024

RECORDS: Final = 64
"""Records that a log holds, if it can."""

MAX_ALONE: Final = 100
"""Monitors of this process alone that are known, so that the end of the last one can be said."""

_logger = logging.getLogger(__name__)


class Meeting:
    """Where the workers of one service meet.

    Args:
        service: tells this service's models from those of others on the machine.
        directory: that holds a folder for each model and baseline; None for one of the user's.
    """

    def __init__(self, service: str, directory: str | None) -> None:
        self._service = service
        self._directory = directory
        self._alone: set[str] = set()
        self._cleaner: Cleaner | None = None

    def open(
        self, attributes: Mapping[str, str], baseline: Baseline, settings: Settings
    ) -> tuple[Channel, Path | None]:
        """The way to the monitor that all workers of this machine share, and where it saves its state.

        Where that is not to be had, this process is on its own, and says so once; asked again, it says when that has ended.
        """
        shape = len(baseline.variables), layout.width(baseline.variables)
        # A state is of its settings: while two of them are rolled out, each has a monitor of its own, as each baseline has.
        told = (self._service, *attributes.items(), baseline.id, shape, *_values(settings))
        digest = hashlib.blake2s(repr(told).encode("utf-8", "replace"), digest_size=8).hexdigest()
        name = "".join(c if c.isascii() and c.isalnum() else "-" for c in attributes[names.ML_MODEL_NAME])[:40]
        try:
            root = Path(self._directory) if self._directory else default_folder()
            channel = Shared(root / f"{name}-{digest}", shape, _capacity(shape))
        except OSError as error:
            if not self._alone:
                _logger.warning(
                    "drift is watched in each process by itself, and begins anew with it: %s can not be used (%s), and is "
                    "tried again every few minutes; OTEL_ML_DRIFT_DIRECTORY names another directory",
                    self._directory or "the directory for temporary files",
                    error.strerror or type(error).__name__,
                )
            if len(self._alone) < MAX_ALONE:
                self._alone.add(digest)
            return Private(), None
        if digest in self._alone and len(self._alone) == 1:
            _logger.info("drift is watched by all processes of this machine together again")
        self._alone.discard(digest)
        if self._cleaner is None:
            self._cleaner = Cleaner(root, time.monotonic())
        return channel, channel.folder.state

    def clean(self, now: float) -> None:
        """Remove what former models, baselines and settings have left, when it is time; `now` on the monotonic clock."""
        if self._cleaner is not None:
            self._cleaner.beat(now, time.time())


def _values(settings: Settings) -> list[tuple[str, object]]:
    found = [(field.name, getattr(settings, field.name)) for field in fields(settings)]
    return [(name, sorted(value.items()) if isinstance(value, Mapping) else value) for name, value in found]


def _capacity(shape: tuple[int, int]) -> int:
    """Room for a minute of records, of two bytes a count and some examples."""
    variables, width = shape
    return min(max(MIN_CAPACITY, RECORDS * variables * (2 * width + 16)), MAX_CAPACITY)
