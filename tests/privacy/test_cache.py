"""The bounded cache of feature plans."""

from __future__ import annotations

from otel_ml.privacy.cache import TwoGenerationCache


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    cache: TwoGenerationCache[int, str] = TwoGenerationCache(budget=10)
    cache.put(0, "used", 1)
    for number in range(1, 100):
        cache.put(number, "unused", 1)
        assert cache.get(0) == "used"
    assert sum(cache.get(number) is not None for number in range(100)) <= 20


def test_what_costs_more_than_the_budget_is_not_kept() -> None:
    cache: TwoGenerationCache[str, int] = TwoGenerationCache(budget=10)
    cache.put("small", 1, 5)
    cache.put("huge", 2, 11)
    assert (cache.get("small"), cache.get("huge"), cache.get("never")) == (1, None, None)
