"""A disk that is full, or a folder that somebody removes: predictions go on, and nothing that was counted is lost."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.replaying import HEADER, Replay, in_alarm, replayed
from tests.services.serving import REQUEST_SECONDS
from tests.support.otlp import OtlpSink
from tests.support.wait import eventually

ENV = {"OTEL_ML_EVENT_TIME": f"header:{HEADER}"}
NO_LIMIT = -1


def limit_files(traffic: Replay, size: int) -> None:
    """Let no file of the service grow beyond a size: writing fails as it does on a disk that is full."""
    process: Any = psutil.Process(traffic.service.pid)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, NO_LIMIT))


def failures(sink: OtlpSink) -> set[object]:
    """Sites of errors, as the metric has them."""
    return {point.attributes["ml.error.site"] for point in sink.metric_points("ml.telemetry.errors") if point.value}


def saved(folder: Path) -> bytes | None:
    """The state, if there is one."""
    path = folder / "state"
    return path.read_bytes() if path.exists() else None


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
@pytest.mark.parametrize(
    ("size", "site"), [(4_096, "drift.log"), (30_000, "drift.state")], ids=["no-record", "no-state"]
)
def test_a_full_disk_delays_what_is_saved_and_loses_none_of_it(
    otlp_sink: OtlpSink, tmp_path: Path, size: int, site: str
) -> None:
    with replayed(otlp_sink, tmp_path, ENV) as traffic:
        traffic.replay(range(4), 40)
        traffic.wait_for_rows()
        limit_files(traffic, size)
        (folder,) = (tmp_path / "drift").iterdir()
        before = saved(folder)  # nothing yet, unless the service had time for it
        traffic.replay(range(4, 10), 40, age=80.0)
        otlp_sink.wait_for(lambda sink: site in failures(sink))
        assert saved(folder) == before
        limit_files(traffic, NO_LIMIT)
        traffic.replay(range(10, 20), 40, age=80.0, plan="gold")  # an alarm is saved at once
        report = traffic.wait_for_rows()
        assert (report["late"], in_alarm(report)) == (0, {"age", "plan"})
        traffic.service.end()
    assert (folder / "state").stat().st_size > size
    assert not [path for path in folder.iterdir() if path.name.startswith(".")], "what could not be written is removed"
    detected = [event.attributes["ml.feature.name"] for event in otlp_sink.events("ml.drift.detected")]
    assert (detected.count("age"), set(detected)) == (1, {"age", "plan"})
    # A state comes to be saved only after some seconds, and has no room either where a record has none.
    assert {site} <= failures(otlp_sink) <= {site, "drift.state"}
    assert any(f"otel-ml failed in {site}" in str(log.body) for log in otlp_sink.logs())


def test_a_folder_that_is_removed_is_made_anew(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    with replayed(otlp_sink, tmp_path, ENV) as traffic:
        traffic.replay(range(20), 40, age=80.0)
        traffic.wait_for_rows()
        shutil.rmtree(tmp_path / "drift")
        traffic.replay(range(20, 40), 40, age=80.0, plan="gold")
        report = traffic.wait_for_rows()
        eventually(lambda: [*(tmp_path / "drift").glob("*/evaluator")], REQUEST_SECONDS)
        traffic.service.end()
    assert (report["late"], in_alarm(report)) == (0, {"age", "plan"})
    assert [*(tmp_path / "drift").glob("*/state")]
    assert [event.attributes["ml.feature.name"] for event in otlp_sink.events("ml.drift.detected")].count("age") == 1
    assert failures(otlp_sink) == set()
