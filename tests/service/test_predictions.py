"""Joining spans and events, in whatever order and however incomplete they come."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from otel_ml.semconv import attributes as names
from otel_ml.service.predictions import Prediction, PredictionJoin
from otel_ml.service.records import Log, Span
from tests.service.build import TRACE, event, span

SETTLE = 7.0
SERVER = span("server", parent="remote", kind="server")
MIDDLE = span("middle", parent="server")
CALL = span("call", parent="middle", prediction="p")
EVENT = event("p", "call", ml__feature__value__age=3, ml__output__label="yes")


def feed(join: PredictionJoin, records: Iterable[Span | Log], now: float = 0.0) -> list[Prediction]:
    found: list[Prediction] = []
    for record in records:
        found += join.add_span(record, now) if isinstance(record, Span) else join.add_event(record, now)
    return found


def test_tells_a_prediction_once_all_parts_are_there_in_any_order() -> None:
    parts: list[Span | Log] = [SERVER, MIDDLE, CALL, EVENT]
    for order in permutations(parts):
        join = PredictionJoin(SETTLE)
        assert feed(join, order[:3]) == []
        [prediction] = feed(join, order[3:])
        assert (prediction.event, prediction.call, prediction.path) == (EVENT, CALL, (SERVER, MIDDLE))
        assert prediction.server is SERVER
        assert prediction.attributes["ml.output.label"] == "yes"
        assert list(join.settled(1e9)) == list(join.rest()) == []


def test_a_call_without_a_request_above_it_needs_no_more_than_its_span() -> None:
    root = span("call", prediction="p")
    [prediction] = feed(PredictionJoin(SETTLE), [EVENT, root])
    assert (prediction.path, prediction.server, prediction.trace_id) == ((), None, TRACE)


def test_calls_on_one_row_are_one_prediction() -> None:
    second = span("again", parent="middle", prediction="p", start=1_500)
    [prediction] = feed(PredictionJoin(SETTLE), [CALL, second, EVENT, MIDDLE, SERVER])
    assert prediction.call is CALL
    assert prediction.calls == (CALL, second)


def test_a_batch_is_a_prediction_a_row() -> None:
    rows = [event(f"p-{row}", "call") for row in range(5)]
    join = PredictionJoin(SETTLE)
    found = feed(join, [CALL, *rows[:3], MIDDLE, SERVER, *rows[3:]])
    assert [row.event for row in found] == rows
    assert all(row.call is CALL for row in found)
    assert list(join.rest()) == []


def test_an_event_whose_spans_are_not_sampled_is_told_at_once() -> None:
    unsampled = event("p", "call", sampled=False)
    [prediction] = feed(PredictionJoin(SETTLE), [unsampled])
    assert (prediction.event, prediction.call) == (unsampled, None)


def test_incomplete_predictions_are_told_when_they_have_waited_for_long_enough() -> None:
    cases: list[list[Span | Log]] = [[EVENT], [CALL], [CALL, EVENT], [EVENT, MIDDLE, CALL]]
    for records in cases:
        join = PredictionJoin(SETTLE)
        assert feed(join, records, now=100.0) == []
        assert list(join.settled(100.0 + SETTLE - 0.1)) == []
        [prediction] = join.settled(100.0 + SETTLE)
        assert prediction.event is (EVENT if EVENT in records else None)
        assert prediction.call is (CALL if CALL in records else None)
        assert prediction.time > 0


def test_a_row_is_not_told_twice_when_its_event_is_late() -> None:
    join = PredictionJoin(SETTLE)
    feed(join, [CALL])
    assert len(list(join.settled(SETTLE))) == 1
    assert feed(join, [EVENT, MIDDLE, SERVER]) == []
    assert join.late == 1


def test_an_event_from_another_context_is_found_by_its_id() -> None:
    stray = event("p", "elsewhere")
    [prediction] = feed(PredictionJoin(SETTLE), [CALL, MIDDLE, SERVER, stray])
    assert prediction.call is CALL


def test_other_spans_and_events_are_no_predictions() -> None:
    join = PredictionJoin(SETTLE)
    other = event("p", "call")
    assert feed(join, [SERVER, MIDDLE]) == []
    assert list(join.rest()) == []
    assert other.attributes[names.ML_PREDICTION_ID] == "p"


def test_spans_in_a_circle_end() -> None:
    first = span("a", parent="b", prediction="p")
    second = span("b", parent="a")
    join = PredictionJoin(SETTLE)
    assert feed(join, [first, second, event("p", "a")]) == []
    [prediction] = join.rest()
    assert prediction.call is first


def test_memory_is_bounded_and_what_leaves_it_is_told() -> None:
    join = PredictionJoin(SETTLE, max_traces=10)
    found = feed(join, (event("p", "call", trace=f"{number:032x}") for number in range(1_000)))
    assert len(found) == 990
    assert len(list(join.rest())) == 10


def test_records_are_bounded_over_all_traces() -> None:
    join = PredictionJoin(SETTLE, max_records=100)
    found = feed(join, (event("p", "call", trace=f"{number % 3:032x}") for number in range(1_000)))
    assert len(found) >= 900
    assert len(found) + len(list(join.rest())) == 1_000


def test_a_job_that_runs_for_long_in_one_trace_loses_nothing() -> None:
    join = PredictionJoin(SETTLE)
    records: list[Span | Log] = []
    for number in range(3_000):
        records += [span(f"s{number}", parent="job", prediction=f"p{number}"), event(f"p{number}", f"s{number}")]
    found = [*feed(join, records), *join.rest()]
    assert sorted(row.attributes[names.ML_PREDICTION_ID] for row in found) == sorted(f"p{n}" for n in range(3_000))


@given(st.data())
def test_each_row_is_told_exactly_once_whatever_comes_when(data: st.DataObject) -> None:
    traces = data.draw(st.integers(1, 4))
    records: list[Span | Log] = []
    wanted = set()
    for trace in range(traces):
        identifier = f"{trace:032x}"
        records.append(span(f"server{trace}", trace=identifier, kind="server"))
        for call in range(data.draw(st.integers(1, 3))):
            key = f"{trace}.{call}"
            records.append(span(key, parent=f"server{trace}", trace=identifier, prediction=key))
            for row in range(data.draw(st.integers(1, 3))):
                records.append(event(f"{key}-{row}", key, trace=identifier))
                wanted.add(f"{key}-{row}")
    shuffled = data.draw(st.permutations(records))
    kept = [record for record in shuffled if isinstance(record, Log) or data.draw(st.booleans())]
    join = PredictionJoin(SETTLE, max_traces=data.draw(st.integers(1, 5)))
    told = [*feed(join, kept), *join.rest()]
    rows = [row.event.attributes[names.ML_PREDICTION_ID] for row in told if row.event]
    assert len(rows) == len(set(rows))
    assert len(rows) + join.late == len(wanted)
