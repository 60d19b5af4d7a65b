"""Where the workers of one service meet, and what is said where they can not."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from otel_ml.drift import Settings
from otel_ml.monitoring.channel import Private, Shared
from otel_ml.monitoring.meeting import Meeting
from tests.monitoring import examples

MODEL = {"ml.model.name": "churn"}


def test_a_directory_that_can_be_used_again_is_used_and_both_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="otel_ml")
    (tmp_path / "drift").touch()  # which no directory can take the place of
    meeting = Meeting("service", str(tmp_path / "drift"))
    baselines = [examples.baseline(digit * 12) for digit in "ab"]
    for baseline in 2 * baselines:
        channel, path = meeting.open(MODEL, baseline, Settings())
        assert isinstance(channel, Private)
        assert path is None
    (tmp_path / "drift").unlink()
    for baseline in baselines:
        assert len(caplog.records) == 1, "the last one says that all are there"
        channel, path = meeting.open(MODEL, baseline, Settings())
        assert isinstance(channel, Shared)
        assert path == channel.folder.state
        channel.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
