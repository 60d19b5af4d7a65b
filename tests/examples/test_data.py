import pandas as pd
import pytest

from examples.flights import data


def test_all_flights_are_there_in_order_of_departure(flights: pd.DataFrame) -> None:
    assert len(flights) == 336_776
    assert flights["departs"].is_monotonic_increasing


def test_nothing_that_is_known_only_after_departure_is_a_feature() -> None:
    after = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "late", "landed"}
    assert not after & set(data.FEATURES)


def test_nulls_and_categories_are_the_real_ones(flights: pd.DataFrame) -> None:
    nulls = flights[data.FEATURES].isna().mean()
    assert nulls["wind_gust"] == pytest.approx(0.76, abs=0.01)
    assert nulls["plane_year"] == pytest.approx(0.17, abs=0.01)
    assert nulls["carrier"] == 0
    assert flights["dest"].nunique() == 105


def test_a_flight_that_never_arrived_has_no_label(flights: pd.DataFrame) -> None:
    assert flights["late"].isna().sum() == 9_430
    assert (flights["late"].isna() == flights["landed"].isna()).all()


def test_a_label_is_known_after_departure_and_within_a_day(flights: pd.DataFrame) -> None:
    waiting = (flights["landed"] - flights["departs"]).dropna()
    # A few leave before they are due, and one left 21 hours late.
    assert waiting.min() > pd.Timedelta(minutes=10)
    assert waiting.max() < pd.Timedelta(days=1, hours=12)


@pytest.mark.parametrize(
    ("flight", "departs", "late", "landed"),
    [
        # The clock at the destination, turned to UTC by hand: Houston in winter; Phoenix in summer and winter, where
        # clocks stay; San Juan; Honolulu and Los Angeles over midnight.
        ("UA1545 EWR-IAH", "2013-01-01 10:15", False, "2013-01-01 14:30"),
        ("US604 EWR-PHX", "2013-07-01 14:25", False, "2013-07-01 19:28"),
        ("US196 JFK-PHX", "2013-01-01 14:59", True, "2013-01-01 21:08"),
        ("B63 JFK-SJU", "2013-07-01 11:05", False, "2013-07-01 14:48"),
        ("HA51 JFK-HNL", "2013-07-03 14:00", False, "2013-07-04 00:10"),
        ("B6677 JFK-LAX", "2013-06-03 00:30", True, "2013-06-03 07:54"),
    ],
)
def test_labels_are_known_when_the_flight_landed(
    flights: pd.DataFrame, flight: str, departs: str, late: bool, landed: str
) -> None:
    found = flights[(flights["flight"] == flight) & (flights["departs"] == pd.Timestamp(departs, tz="UTC"))]
    assert found[["late", "landed"]].to_numpy().tolist() == [[late, pd.Timestamp(landed, tz="UTC")]]
