"""A monitor's state in a file, so that a restart goes on where it was."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.monitor import Monitor
from otel_ml.drift.settings import Settings

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline

VERSION: Final = 2

_PLAIN: Final = "plain"
_ARRAY: Final = "\x00array"


class StateWarning(UserWarning):
    """A state file can not be used, and was set aside."""


def save(monitor: Monitor, path: str | os.PathLike[str], beside: Mapping[str, Any] | None = None) -> None:
    """Writes the state of a monitor. A reader sees the old file or the new one, whole, whatever happens meanwhile.

    Args:
        monitor: what to save; it may be in use.
        path: of the file; its directory has to exist.
        beside: what else has to be saved at the same moment, as JSON can hold it.

    Raises:
        OSError: the file can not be written.
    """
    arrays: dict[str, np.ndarray] = {}
    plain = json.dumps({"version": VERSION, "state": _apart(monitor.state(), arrays), "beside": dict(beside or {})})
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file, {_PLAIN: np.frombuffer(plain.encode(), dtype=np.uint8), **arrays})
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def load(
    path: str | os.PathLike[str],
    baseline: Baseline,
    settings: Settings | None = None,
    *,
    wall: Callable[[], float] = time.time,
    beside: dict[str, Any] | None = None,
    set_aside: bool = True,
) -> Monitor:
    """Makes a monitor that goes on where the saved one was, or a new one if there is none to go on from.

    A file that is damaged, or of another version, baseline or settings, is set aside beside the old path, as
    ``<name>.damaged`` or ``<name>.foreign``, and a `StateWarning` says so. Nothing of it is used.

    Args:
        path: of the file.
        baseline: as for `Monitor`.
        settings: as for `Monitor`.
        wall: as for `Monitor`.
        beside: filled with what was saved beside the state, where that is used.
        set_aside: False to leave a file that can not be used where it is, in silence: it is another program's.

    Raises:
        OSError: the file can not be read now, which says nothing about what is in it: descriptors may have run out.
        MemoryError: there is no room for it.
    """
    path = Path(path)
    try:
        state, more = _read(path)
        try:
            monitor = Monitor.restore(baseline, settings, state, wall=wall)
        except ValueError as error:
            why, what = "foreign", str(error)
        else:
            if beside is not None:
                beside.update(more)
            return monitor
    except FileNotFoundError:
        return Monitor(baseline, settings, wall=wall)
    except (MemoryError, OSError) as error:
        if not isinstance(error, IsADirectoryError):
            raise
        why, what = "damaged", "it is a directory"
    except Exception as error:  # a damaged archive raises all kinds
        why, what = "damaged", f"{type(error).__name__}: {error}"
    if set_aside:
        _set_aside(path, why, what)
    return Monitor(baseline, settings, wall=wall)


def _write(file: IO[bytes], arrays: dict[str, np.ndarray]) -> None:
    """The format of `numpy.savez`."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def remove_leftovers(path: Path) -> None:
    """Removes what `save` leaves beside a path where its process is killed. For whoever is the only one to save there."""
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(f".{path.name}."):
                path.with_name(name).unlink(missing_ok=True)


def _read(path: Path) -> tuple[Any, dict[str, Any]]:
    data = io.BytesIO(path.read_bytes())  # what goes wrong from here on is wrong with what is in it, not with the disk
    with zipfile.ZipFile(data) as archive:
        if damaged := archive.testzip():  # before an array is made as large as damage says it is
            raise zipfile.BadZipFile(f"{damaged} has another checksum")
    data.seek(0)
    with np.load(data, allow_pickle=False) as file:
        plain = json.loads(bytes(file[_PLAIN]).decode())
        if plain["version"] != VERSION:
            raise ValueError(f"it is of version {plain['version']!r}, and this program reads version {VERSION}")
        return _together(plain["state"], file), dict(plain["beside"])


def _apart(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Puts arrays aside, and names in their places."""
    if isinstance(value, np.ndarray):
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, Mapping):
        return {key: _apart(inner, arrays) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_apart(inner, arrays) for inner in value]
    return value.item() if isinstance(value, np.generic) else value


def _together(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if _ARRAY in value:
            return arrays[value[_ARRAY]]
        return {key: _together(inner, arrays) for key, inner in value.items()}
    if isinstance(value, list):
        return [_together(inner, arrays) for inner in value]
    return value


def _set_aside(path: Path, why: str, what: str) -> None:
    aside = path.with_name(f"{path.name}.{why}")
    try:
        os.replace(path, aside)
        where = f"it was set aside as {aside.name}"
    except OSError as error:
        where = f"it could not be set aside ({error.strerror}) and will be overwritten"
    warnings.warn(f"the drift state {path.name} is {why}: {what}; {where}, and monitoring begins anew", StateWarning, 3)
