"""What `otel_ml.instrument` takes for an application, and what it says of anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware

import otel_ml
from otel_ml import runtime


@pytest.mark.parametrize(
    ("app", "what"), [("app:app", "a str"), (42, "a int"), (FastAPI, "the class FastAPI"), ("", "a str")]
)
def test_what_is_no_application_is_refused_before_anything_is_switched_on(app: Any, what: str) -> None:
    with pytest.raises(TypeError, match=rf"the application itself, .*instrument\(app\), not {what};"):
        otel_ml.instrument(app)
    assert runtime.current is None


@pytest.mark.parametrize("app", [None, FastAPI(), Starlette(), GZipMiddleware(FastAPI())])
def test_an_application_of_any_kind_is_taken(
    app: Any, instrument: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_ml.guard.RERAISE", False)
    instrument(app=app)
    assert runtime.current is not None
