"""Fixtures of the whole suite; each lives in a module of `tests.support`."""

pytest_plugins = [
    "tests.support.telemetry",
    "tests.support.tap",
    "tests.support.instrumented",
    "tests.support.otlp",
    "tests.support.strict",
    "pytester",
]
