"""Prediction ids and the id generator."""

from __future__ import annotations

import random
import re
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from otel_ml.id_generator import OsEntropyIdGenerator
from otel_ml.ids import new_prediction_id, valid_prediction_id


def test_a_prediction_id_is_a_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    found = uuid.UUID(new_prediction_id())
    after = time.time_ns() // 1_000_000
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert before <= found.int >> 80 <= after


def test_seeding_random_does_not_repeat_ids() -> None:
    def draw() -> list[object]:
        random.seed(42)
        generator = OsEntropyIdGenerator()
        return [new_prediction_id(), generator.generate_trace_id(), generator.generate_span_id()]

    assert not set(draw()) & set(draw())


def test_generated_ids_fit_their_fields() -> None:
    generator = OsEntropyIdGenerator()
    for _ in range(1000):
        assert 0 < generator.generate_span_id() < 2**64
        assert 0 < generator.generate_trace_id() < 2**128
    assert generator.is_trace_id_random()


def test_ids_do_not_collide_and_sort_by_time() -> None:
    ids = [new_prediction_id() for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    first, later = ids[0], ids[-1]
    assert first[:13] <= later[:13]


@given(st.one_of(st.text(max_size=200), st.integers(), st.none(), st.binary(max_size=20)))
def test_a_callers_id_is_taken_whole_or_not_at_all(value: object) -> None:
    found = valid_prediction_id(value)
    if found is not None:
        assert found is value
        assert re.fullmatch(r"[\x21-\x7e]{1,128}", found)
        assert not set(found) & set(",;\"'<>\\ ")


def test_what_a_callers_id_may_be() -> None:
    assert valid_prediction_id("order:17/row-3") == "order:17/row-3"
    for bad in ("", " ", "a b", "a,b", "a\n", "-x", "é", "x" * 129, None, 7):
        assert valid_prediction_id(bad) is None
    assert valid_prediction_id("x" * 128) == "x" * 128
