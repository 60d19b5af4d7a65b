import pandas as pd
import pytest

from examples.flights import data
from examples.flights.differences import is_so, odd, steady, total_variation
from examples.flights.faults import FAULTS, NEW_CARRIER, Fault, inject, touched


@pytest.fixture(scope="module")
def trained(flights: pd.DataFrame) -> pd.DataFrame:
    return data.between(flights, "2013-01-01", "2013-04-01")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.feature)
def test_a_fault_happens_to_its_feature_in_its_time_only(april: pd.DataFrame, fault: Fault) -> None:
    wrong = inject(april, (fault,))
    others = [name for name in april.columns if name != fault.feature]
    pd.testing.assert_frame_equal(wrong[others], april[others])
    departs = april.loc[touched(april, wrong, fault), "departs"]
    assert departs.min() >= fault.start
    assert departs.max() < fault.end


def test_what_the_faults_do(april: pd.DataFrame) -> None:
    wrong = inject(april)
    null, unit, carrier = (wrong.loc[touched(april, wrong, fault)] for fault in FAULTS)
    assert null["plane_year"].isna().all()
    assert unit["temp"].max() < 20
    assert set(carrier["carrier"]) == {NEW_CARRIER}
    during = april["departs"].between(FAULTS[2].start, FAULTS[2].end, inclusive="left")
    assert len(carrier) / during.sum() == pytest.approx(0.01, abs=0.001)


def test_total_variation() -> None:
    numbers = pd.Series(range(1_000), name="temp", dtype=float)
    assert total_variation(numbers, numbers) == 0
    assert total_variation(numbers, numbers + 2_000) == pytest.approx(0.95)
    carriers = pd.Series(["AA", "UA"], name="carrier")
    assert total_variation(carriers, pd.Series(["AA", "ZZ"], name="carrier")) == pytest.approx(0.5)


def test_odd_values() -> None:
    trained = pd.Series([1.0, 5.0])
    now = pd.Series([0.0, None, 3.0])
    assert odd(trained, now, "null").tolist() == [False, True, False]
    assert odd(trained, now, "range").tolist() == [True, False, False]
    assert odd(pd.Series(["a"]), pd.Series(["b", None, "a"]), "unseen").tolist() == [True, False, False]


def test_summer_is_warmer_and_airlines_stay(trained: pd.DataFrame, flights: pd.DataFrame) -> None:
    july = data.between(flights, "2013-07-01", "2013-08-01")
    assert is_so(trained["temp"], july["temp"], "range", 0.05)
    assert is_so(trained["temp"], july["temp"], "distribution", 0.05)
    assert not is_so(trained["carrier"], july["carrier"], "unseen", 0.05)
    same = steady(trained, july, data.FEATURES, 0.05)
    assert "carrier" in same
    assert not {"temp", "dewp", "wind_gust"} & set(same)
