"""A restart at any moment, in a silence too, is as if it had not been: rows of all kinds, times and gaps."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from otel_ml.drift import Change, Monitor, Settings, layout, load, save
from otel_ml.drift.settings import Reference
from tests.drift.made import Wall, baseline, categorical, numeric

BASELINE = baseline(numeric("a"), categorical("city", "Oslo", "Rome"))

OFFSETS = (0.0, -3.0, -60.0, 1e6, np.nan)
"""Steps by which rows are behind the clock or ahead of it: most are not."""


class Traffic:
    """Batches that come at random: few rows and many, late ones, ones from clocks that are wrong, and none for long."""

    def __init__(self, seed: int, step: float) -> None:
        self.random, self.rng, self.step = random.Random(seed), np.random.default_rng(seed), step
        self.wall = Wall(1.7e9)

    def send(self, batch: int, *monitors: Monitor) -> None:
        """Let time pass, and the same rows come to each of the monitors."""
        gaps = self.random.choices([0.3, 1.0, 3.0, 30.0], [20, 70, 7, 3])
        self.wall.now += gaps[0] * self.step
        rows = self.random.choice([0, 0, 1, 5, 60, 200])
        times = self.wall.now + self.step * self.random.choices(OFFSETS, [94, 3, 1, 1, 1])[0]
        if rows and self.random.random() < 0.3:
            self._merge(rows, times, *monitors)
            return
        features = {
            "a": self.rng.uniform(size=rows) * (0.4 if 100 < batch < 180 else 1.0),
            "city": self.rng.choice(["Oslo", "Rome", "Rome"], rows).astype(object),
        }
        if self.random.random() < 0.1:
            features["city"][:] = self.random.choice([None, "Paris"])
        ids = [f"{batch}-{row}" for row in range(rows)]
        spread = self.rng.uniform(size=rows) * self.step
        for one in monitors:
            one.observe(features, rows=rows, times=times + spread, ids=ids)

    def _merge(self, rows: int, time: float, *monitors: Monitor) -> None:
        """As another worker's counts."""
        counts = np.zeros(monitors[0].shape, dtype=np.int64)
        counts[:, layout.FIRST] = rows
        for one in monitors:
            one.add(int((self.wall.now if np.isnan(time) else time) // self.step), counts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", [{}, {"thresholds": {"psi": 0.2}}, {"window": 3_600.0}], ids=str)
@pytest.mark.parametrize("reference", ["baseline", "previous", "last_week"])
def test_restarts_are_as_if_they_had_not_been(
    tmp_path: Path, reference: Reference, options: dict[str, object], seed: int
) -> None:
    own = Settings(reference=reference, look_back=(4, 64, 16)[seed], **options)  # type: ignore[arg-type]  # of any setting
    traffic = Traffic(seed, own.step)
    whole, cut = (Monitor(BASELINE, own, wall=traffic.wall) for _ in range(2))
    expected, found = list[Change](), list[Change]()
    for batch in range(260):
        traffic.send(batch, whole, cut)
        if traffic.random.random() < 0.2:
            save(cut, tmp_path / "state")
            cut = load(tmp_path / "state", BASELINE, own, wall=traffic.wall)
        if traffic.random.random() < 0.4:
            expected += whole.advance()
            found += cut.advance()
        if traffic.random.random() < 0.1:
            assert cut.report() == whole.report()
    assert found + cut.flush() == expected + whole.flush()
    assert cut.report() == whole.report()
    assert whole.report().rows > 1_000


def test_a_silence_of_many_restarts_is_a_silence(tmp_path: Path) -> None:
    own, wall = Settings(reference="last_week"), Wall()
    whole, cut = (Monitor(BASELINE, own, wall=wall) for _ in range(2))
    for one in (whole, cut):
        one.observe({"a": np.full(100, 0.5)}, rows=100, times=wall.now)
    for _ in range(30):
        wall.now += 3_000
        save(cut, tmp_path / "state")
        cut = load(tmp_path / "state", BASELINE, own, wall=wall)
        assert cut.advance() == whole.advance()
        assert cut.steps == whole.steps
    assert whole.steps == 24
    assert cut.report() == whole.report()
