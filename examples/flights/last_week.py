"""Let the engine see flights without a service: compared with the training data, and with the same hours a week before."""

from collections import defaultdict

import pandas as pd

from examples.flights import data
from otel_ml import Baseline
from otel_ml.drift import Monitor, Settings
from otel_ml.drift.settings import Reference
from otel_ml.drift.tables import columns_of

HOUR = 3_600.0


def alarm_days(flights: pd.DataFrame, baseline: Baseline, reference: Reference) -> dict[str, list[float]]:
    """How many days each alarm of a feature lasted, looked at every hour.

    Args:
        flights: As from `data.load`.
        baseline: Of the model.
        reference: What hours are compared with.
    """
    monitor = Monitor(baseline, Settings(window=HOUR, lateness=0, reference=reference), wall=lambda: 0.0)
    times = (flights["departs"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    features, rows = columns_of(flights[data.FEATURES])
    monitor.observe(features, rows=rows, times=times)
    raised: dict[tuple[str, str], pd.Timestamp] = {}
    found: defaultdict[str, list[float]] = defaultdict(list)
    for change in monitor.flush():
        now = pd.Timestamp(str(change.moment.time))
        if change.detected:
            raised[change.name, change.cause] = now
        elif (change.name, change.cause) in raised:
            found[change.name].append((now - raised.pop((change.name, change.cause))) / pd.Timedelta(days=1))
    for (name, _), since in raised.items():
        found[name].append((flights["departs"].iloc[-1] - since) / pd.Timedelta(days=1))
    return dict(found)
