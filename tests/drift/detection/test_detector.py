"""The alarm as a whole: what raises it, what it says, what keeps it up, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.drift.stream import Window, alarms
from otel_ml.drift import layout
from otel_ml.drift.detection.alarm import Alarm
from otel_ml.drift.detection.detector import Detector
from otel_ml.drift.report import Moment
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Constraints, Variable

ROWS = 1000
SETTINGS = Settings(rows_per_step=ROWS)
AGE = Variable("age", rows=20_000, edges=tuple(map(float, range(19))), counts=(1000,) * 20)
CITY = Variable("city", kind="categorical", rows=20_000, categories=("a", "b", "c"), counts=(10_000, 6_000, 3_900, 100))


def quantile_bins(mean: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Shares of 20 bins of a normal variable that has moved."""
    edges = norm.ppf(np.linspace(0, 1, 21))
    return np.diff(norm.cdf((edges - mean) / scale))


def traffic(
    variable: Variable, law: Any, seed: int = 1, rows: int = ROWS, rare: Mapping[str, float] | None = None
) -> Iterator[np.ndarray]:
    """Steps of one variable; `law` is the shares of its bins, or a function of the step that gives them."""
    rng = np.random.default_rng(seed)
    chances = np.array([(rare or {}).get(name, 0.0) for name in layout.RARE])
    for step in range(10**9):
        counts = np.zeros((1, layout.width([variable])), dtype=np.int64)
        counts[0, : layout.FIRST] = rng.binomial(rows, chances)
        shares = law(step) if callable(law) else law
        counts[0, layout.FIRST :] = rng.multinomial(rows - counts[0, layout.NULL] - counts[0, layout.TYPE], shares)
        yield counts


def run(
    variable: Variable, steps: Iterator[np.ndarray], count: int, settings: Settings = SETTINGS
) -> list[tuple[int, Alarm]]:
    reference = layout.reference([variable])
    return alarms([Detector([variable], settings)], steps, count, reference, settings.reference)[0]


def usual(variable: Variable) -> np.ndarray:
    return np.array(variable.counts) / sum(variable.counts)


def then(before: np.ndarray, after: np.ndarray, at: int, back: int = 10**9) -> Any:
    return lambda step: after if at <= step < back else before


@pytest.mark.parametrize(("variable", "rows"), [(AGE, 100), (AGE, 10_000), (CITY, 100), (CITY, 10_000)])
def test_no_drift_no_alarm(variable: Variable, rows: int) -> None:
    assert run(variable, traffic(variable, usual(variable), rows=rows), 300, Settings(rows_per_step=rows)) == []


@pytest.mark.parametrize(
    ("mean", "scale", "direction", "latest"),
    [
        (0.3, 1.0, "up", 8),
        (-0.3, 1.0, "down", 8),
        (0.5, 1.0, "up", 2),
        (1.0, 1.0, "up", 1),
        (0.0, 1.4, "wider", 4),
        (0.0, 0.7, "narrower", 4),
    ],
)
def test_a_drift_is_found_in_time_with_its_direction_and_beginning(
    mean: float, scale: float, direction: str, latest: int
) -> None:
    begin = 80
    found = run(AGE, traffic(AGE, then(quantile_bins(), quantile_bins(mean, scale), begin)), begin + 20)
    step, alarm = found[0]
    assert alarm.detected
    assert begin <= step < begin + latest
    assert (alarm.cause, alarm.method, alarm.direction) == ("distribution", "e_detector", direction)
    assert abs(step - alarm.look_back + 1 - begin) <= latest
    assert alarm.rows == alarm.look_back * ROWS
    distance = 0.5 * np.abs(quantile_bins(mean, scale) - quantile_bins()).sum()
    assert 0 < alarm.effect < distance < alarm.score + 0.05


def test_a_shift_within_the_tolerance_stays_silent_however_long() -> None:
    assert run(AGE, traffic(AGE, quantile_bins(0.1), rows=10_000), 200, Settings(rows_per_step=10_000)) == []


def test_a_smaller_tolerance_lets_it_speak() -> None:
    settings = Settings(rows_per_step=10_000, tolerance=0.01)
    large = replace(AGE, rows=2_000_000, counts=(100_000,) * 20)
    assert run(large, traffic(large, quantile_bins(0.1), rows=10_000), 20, settings)


def test_what_moved_is_named_the_most_first() -> None:
    after = np.array([0.2, 0.3, 0.49, 0.01])
    _, alarm = run(CITY, traffic(CITY, after), 3)[0]
    assert set(alarm.moved) == {layout.FIRST, layout.FIRST + 2}
    assert alarm.direction == "mixed"


@pytest.mark.parametrize("sigma", [0.25, 0.5, 1.5])
def test_an_alarm_neither_flickers_nor_outstays_the_drift(sigma: float) -> None:
    begin, end = 40, 240
    found = run(AGE, traffic(AGE, then(quantile_bins(), quantile_bins(sigma), begin, end)), 400)
    (raised, first), (ended, last) = found
    assert (first.detected, last.detected) == (True, False)
    assert begin <= raised < begin + 12
    assert end <= ended < end + 12
    assert last.direction == first.direction == "up"


WEAK = [(100, 0.2, 1), (100, 0.2, 2), (20, 0.35, 1), (20, 0.35, 2)]


@pytest.mark.parametrize(("rows", "sigma", "seed"), WEAK)
def test_a_weak_drift_that_lasts_is_one_alarm(rows: int, sigma: float, seed: int) -> None:
    """So weak that 64 steps are hardly enough to find it: a good half of the time they would not do so again."""
    steps = traffic(AGE, quantile_bins(sigma), seed, rows)
    found = run(AGE, steps, 1_500, Settings(rows_per_step=rows))
    assert [alarm.detected for _, alarm in found] == [True]


def test_an_alarm_that_can_be_compared_with_nothing_any_more_ends_after_a_while() -> None:
    detector, reference = Detector([AGE], SETTINGS), layout.reference([AGE])
    steps, window = traffic(AGE, quantile_bins(1.0)), Window(reference.shape, 64)
    found = []
    for step in range(80):
        window.add(next(steps))
        compared = reference if step < 5 else np.zeros_like(reference)
        found += [(step, alarm.detected) for alarm in detector.step(window.sums(), compared, Moment(step, 0))]
    assert found == [(0, True), (68, False)]


@pytest.mark.parametrize("comparable", [True, False])
def test_steps_that_share_a_place_do_not_tire_an_alarm(comparable: bool) -> None:
    """Sums that start anew begin with the next place: until there is one, nothing is known of what is so now."""
    detector, training = Detector([AGE], Settings(window=60, look_back=4)), layout.reference([AGE])
    steps = traffic(AGE, quantile_bins(1.0))
    assert [alarm.detected for alarm in detector.step({1: next(steps)}, training, Moment(0, 0))] == [True]
    few = traffic(AGE, quantile_bins(1.0), rows=3)
    compared = training if comparable else np.zeros_like(training)
    for step in range(1, 60):
        assert detector.step({1: next(few)}, compared, Moment(step, 0), opened=False) == []


def test_a_standing_alarm_says_what_is_so_now() -> None:
    """A drift that grows and turns round stays one alarm, of the moment at which it was raised."""
    detector, reference = Detector([AGE], SETTINGS), layout.reference([AGE])
    window = Window(reference.shape, 64)
    steps = traffic(AGE, then(quantile_bins(0.3), quantile_bins(-1.2), 30))
    said, confirmed = list[Alarm](), list[Alarm]()
    for step in range(60):
        window.add(next(steps))
        said += detector.step(window.sums(), reference, Moment(step, 0))
        confirmed += detector.confirmed
    ((now, since),) = detector.standing
    (raised,) = said
    assert (raised.direction, now.direction) == ("up", "down")
    assert now.effect > raised.effect + 0.2
    assert since.step < 10
    assert confirmed[-1] == now


def test_look_backs_start_anew_after_an_alarm() -> None:
    """Right after the end, the last 64 steps are still full of what is over."""
    found = run(AGE, traffic(AGE, then(quantile_bins(), quantile_bins(1.0), 10, 60)), 200)
    assert [alarm.detected for _, alarm in found] == [True, False]


def test_a_drift_that_comes_back_is_a_new_alarm() -> None:
    def law(step: int) -> np.ndarray:
        return quantile_bins(0.6 if step // 50 in (1, 3) else 0.0)

    found = run(AGE, traffic(AGE, law), 250)
    assert [alarm.detected for _, alarm in found] == [True, False, True, False]


def test_steps_without_rows_change_nothing() -> None:
    busy = traffic(AGE, then(quantile_bins(), quantile_bins(1.0), 10))
    nothing = np.zeros((1, layout.width([AGE])), dtype=np.int64)
    found = run(AGE, (next(busy) if step < 20 else nothing for step in range(400)), 400)
    assert [alarm.detected for _, alarm in found] == [True]


RARE = [
    ("null", 0.001, 0.01, "more_null", 6),
    ("null", 0.0, 0.01, "more_null", 4),
    ("null", 0.01, 0.03, "more_null", 10),
    ("null", 0.1, 0.25, "more_null", 4),
    ("null", 0.3, 0.1, "less_null", 3),
    ("unseen", 0.0, 0.01, "up", 4),
]


@pytest.mark.parametrize(("cause", "before", "after", "direction", "latest"), RARE)
def test_a_rare_event_that_is_more_frequent_is_found(
    cause: str, before: float, after: float, direction: str, latest: int
) -> None:
    variable = replace(CITY, rows=round(20_000 / (1 - before)), nulls=round(20_000 / (1 - before)) - 20_000)
    assert run(variable, traffic(variable, usual(CITY), rare={cause: before}), 300) == []
    step, alarm = run(variable, traffic(variable, usual(CITY), rare={cause: after}), 30)[0]
    assert (alarm.cause, alarm.direction) == (cause, direction)
    assert step < latest
    assert alarm.moved == (layout.RARE[cause],)
    assert 0 < alarm.effect < abs(after - before) + 0.01
    assert alarm.score == pytest.approx(after, rel=0.5)


@pytest.mark.parametrize("cause", ["type", "range", "non_finite"])
def test_violations_of_a_number_are_found(cause: str) -> None:
    bounded = replace(AGE, constraints=Constraints(minimum=0.0))
    found = run(bounded, traffic(bounded, usual(AGE), rare={cause: 0.01}), 10)
    assert [(alarm.cause, alarm.direction) for _, alarm in found] == [(cause, "up")]


def test_a_column_that_is_gone_is_found_soon_even_if_its_values_hardly_change_from_row_to_row() -> None:
    alike = replace(AGE, overdispersion=50.0)
    step, alarm = run(alike, traffic(alike, usual(AGE), rows=10, rare={"null": 1.0}), 10, Settings(rows_per_step=10))[0]
    assert alarm.cause == "null"
    assert step < 4


def test_a_few_less_nulls_do_not_matter() -> None:
    variable = replace(CITY, rows=20_400, nulls=400)
    assert run(variable, traffic(variable, usual(CITY), rare={"null": 0.0}), 100) == []


def test_an_alarm_about_nulls_ends_with_them() -> None:
    rng = np.random.default_rng(2)
    law = traffic(AGE, quantile_bins())

    def steps() -> Iterator[np.ndarray]:
        for step in range(200):
            counts = next(law)
            counts[0, layout.NULL] = rng.binomial(ROWS, 0.05) if 20 <= step < 60 else 0
            yield counts

    found = run(AGE, steps(), 200)
    assert [(alarm.cause, alarm.detected) for _, alarm in found] == [("null", True), ("null", False)]
    assert 60 <= found[1][0] < 72


def test_new_categories_of_a_long_tail_are_expected() -> None:
    """Where 400 categories were seen once or twice in 20,000 rows, some 2% of live values are new."""
    tail = tuple(f"rare {place}" for place in range(400))
    variable = replace(CITY, known=tail)
    assert run(variable, traffic(variable, usual(CITY), rare={"unseen": 0.02}), 300) == []
    assert run(variable, traffic(variable, usual(CITY), rare={"unseen": 0.10}), 10)


def test_what_the_training_data_could_not_have_is_not_watched() -> None:
    everything = replace(CITY, known=None)
    assert run(everything, traffic(everything, usual(CITY), rare={"unseen": 0.5}), 5) == []
    assert Detector([everything], SETTINGS).streams == Detector([CITY], SETTINGS).streams - 1


def test_a_masked_variable_has_an_alarm_about_nulls_only() -> None:
    masked = Variable("iban", kind="masked", rows=20_000, nulls=0)
    variables = [AGE, masked]
    detector = Detector(variables, SETTINGS)
    counts = np.zeros((2, layout.width(variables)), dtype=np.int64)
    counts[0, layout.FIRST :] = 50
    counts[1, [layout.NULL, layout.FIRST]] = 100, 900
    reference = layout.reference(variables)
    found = detector.step({1: counts}, reference, Moment(0, 1000))
    assert [(alarm.variable, alarm.cause, alarm.rows) for alarm in found] == [(1, "null", 1000)]


@pytest.mark.parametrize(("rows", "silent"), [(1_990, True), (2_000, False)])
def test_a_small_reference_raises_no_alarm(rows: int, silent: bool) -> None:
    small = replace(AGE, rows=rows, counts=(rows // 20,) * 20)
    found = run(small, traffic(small, quantile_bins(2.0), rare={"null": 0.5}), 20)
    assert (found == []) is silent


def test_blocks_that_vary_make_it_tolerant() -> None:
    blocky = replace(AGE, block_distance=0.06)
    steps = then(quantile_bins(), quantile_bins(0.4), 5)
    assert run(AGE, traffic(AGE, steps), 20)
    assert run(blocky, traffic(blocky, steps), 60) == []
    assert run(blocky, traffic(blocky, then(quantile_bins(), quantile_bins(1.0), 5)), 20)


def test_rows_that_come_in_bursts_count_for_less() -> None:
    def bursts() -> Iterator[np.ndarray]:
        return (10 * one for one in traffic(AGE, quantile_bins(), rows=40))

    settings = Settings(rows_per_step=400)
    assert run(AGE, bursts(), 300, settings)
    assert run(replace(AGE, overdispersion=10.0), bursts(), 300, settings) == []


def test_compared_with_the_steps_before_a_jump_is_an_alarm_that_ends_when_it_is_usual() -> None:
    settings = Settings(rows_per_step=ROWS, reference="previous")
    found = run(AGE, traffic(AGE, then(quantile_bins(0.5), quantile_bins(1.2), 100)), 400, settings)
    assert [alarm.detected for _, alarm in found] == [True, False]
    assert 100 <= found[0][0] < 104
    assert found[1][0] < 250


def test_compared_with_last_week_what_happens_every_week_is_usual() -> None:
    settings = Settings(reference="last_week")

    def season(step: int) -> np.ndarray:
        return quantile_bins(np.sin(step / 168 * 2 * np.pi) + (1.0 if step >= 400 else 0.0))

    found = run(AGE, traffic(AGE, season), 420, settings)
    assert [(400 <= step < 404, alarm.detected) for step, alarm in found] == [(True, True)]


def test_there_is_no_tolerance_where_there_is_no_alarm_about_the_distribution() -> None:
    variables = [AGE, replace(AGE, name="date", advancing=True), replace(AGE, name="few", rows=200, counts=(10,) * 20)]
    found = Detector(variables, SETTINGS).tolerance(layout.reference(variables))
    assert np.isfinite(found).tolist() == [True, False, False]


def test_more_variables_ask_for_more_evidence_each() -> None:
    def delay(others: int) -> int:
        variables = [AGE] * (1 + others)
        steps = (np.repeat(one, 1 + others, axis=0) for one in traffic(AGE, quantile_bins(0.25)))
        detector = Detector(variables, SETTINGS)
        return alarms([detector], steps, 30, layout.reference(variables))[0][0][0]

    assert delay(0) < delay(300)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda array: array.tolist()))


@pytest.mark.parametrize("carried", [lambda state: state, through_json])
@pytest.mark.parametrize("settings", [SETTINGS, Settings(rows_per_step=ROWS, thresholds={"psi": 0.1})])
def test_a_state_goes_on_exactly_where_it_was(carried: Any, settings: Settings) -> None:
    """Saved and restored after every single step, in the calm, in alarm and after it."""
    reference = layout.reference([AGE])
    steps = traffic(AGE, then(quantile_bins(), quantile_bins(0.5), 30, 60), rare={"null": 0.001})
    window, whole, parts = Window(reference.shape, 64), Detector([AGE], settings), Detector([AGE], settings)
    seen = []
    for step in range(120):
        window.add(next(steps))
        expected = whole.step(window.sums(), reference, Moment(step, 0))
        other = Detector([AGE], settings)
        other.restore(carried(parts.state()))
        parts = other
        assert parts.step(window.sums(), reference, Moment(step, 0)) == expected
        assert parts.standing == whole.standing
        seen += expected
    assert [alarm.detected for alarm in seen] == [True, False]


def test_a_state_of_other_variables_is_refused() -> None:
    state = Detector([AGE, CITY], SETTINGS).state()
    with pytest.raises(ValueError, match="other variables"):
        Detector([AGE], SETTINGS).restore(state)
    with pytest.raises(ValueError, match="other variables"):
        Detector([AGE], Settings(thresholds={"psi": 0.1})).restore(state)


def test_standing_alarms_are_those_that_were_raised_and_have_not_ended() -> None:
    detector = Detector([AGE], SETTINGS)
    reference = layout.reference([AGE])
    steps = traffic(AGE, quantile_bins(1.0))
    (alarm,) = detector.step({1: next(steps)}, reference, Moment(7, 8000, "2026-01-01T00:07:00Z"))
    assert detector.standing == ((alarm, Moment(7, 8000, "2026-01-01T00:07:00Z")),)


def test_nothing_to_look_at_is_no_error() -> None:
    assert Detector([AGE], SETTINGS).step({}, layout.reference([AGE]), Moment(0, 0)) == []
    assert Detector([], SETTINGS).step({1: np.zeros((0, 5), dtype=np.int64)}, np.zeros((0, 5)), Moment(0, 0)) == []


def test_the_order_of_variables_does_not_matter() -> None:
    variables = [AGE, replace(AGE, name="b"), replace(AGE, name="c")]
    laws = [quantile_bins(), quantile_bins(0.5), quantile_bins(0.0, 1.6)]
    streams = [traffic(variable, law, seed) for seed, (variable, law) in enumerate(zip(variables, laws, strict=True))]
    window = np.concatenate([next(one) for one in streams])
    reference = layout.reference(variables)
    order = [2, 0, 1]
    straight = Detector(variables, SETTINGS).step({1: window}, reference, Moment(0, 0))
    other = Detector([variables[one] for one in order], SETTINGS).step(
        {1: window[order]}, reference[order], Moment(0, 0)
    )
    assert sorted((order[alarm.variable], alarm.score, alarm.effect) for alarm in other) == sorted(
        (alarm.variable, alarm.score, alarm.effect) for alarm in straight
    )
    assert straight
