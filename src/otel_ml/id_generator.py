"""Trace and span ids that a seeded program does not repeat. An entry point of the SDK, so it has a module of its own."""

from __future__ import annotations

from opentelemetry.sdk.trace.id_generator import IdGenerator

from otel_ml.entropy import random_bytes


class OsEntropyIdGenerator(IdGenerator):
    """Trace and span ids from the operating system's entropy.

    The SDK's default draws them from `random`. A program that calls ``random.seed(42)`` then repeats its trace ids after
    every restart, and in each of its workers. Choose this one with ``OTEL_PYTHON_ID_GENERATOR=otel_ml``.
    """

    def generate_span_id(self) -> int:
        """A random, non-zero 64-bit id."""
        return int.from_bytes(random_bytes()[:8], "big") or self.generate_span_id()

    def generate_trace_id(self) -> int:
        """A random, non-zero 128-bit id."""
        return int.from_bytes(random_bytes(), "big") or self.generate_trace_id()

    def is_trace_id_random(self) -> bool:
        """All bits are random, so the W3C random flag may be set."""
        return True
