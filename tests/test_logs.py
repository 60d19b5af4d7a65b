"""Log lines lead to the prediction that they were written for, and to no other."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

import otel_ml
from tests.docs.pages import ROOT, Block, Page
from tests.services.serving import serving
from tests.services.traces import model_spans, server_spans
from tests.support.otlp import OtlpSink
from tests.support.telemetry import Telemetry
from tests.support.wait import PATIENCE

Instrument = Callable[..., None]
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
GUIDE = Page(ROOT / "docs" / "guides" / "logging.md")
logger = logging.getLogger("app")


def predict(line: str = "") -> str | None:
    with otel_ml.inference("churn", version="3") as call:
        if line:
            logger.warning(line)
        call.output("stays")
    return call.id


def lines(telemetry: Telemetry) -> dict[Any, dict[str, Any]]:
    """Exported lines of the application, with their attributes and where they belong."""
    return {
        record.body: {**(record.attributes or {}), "trace": record.trace_id, "span": record.span_id}
        for record in telemetry.logs()
        if not record.event_name
    }


def test_lines_of_a_request_name_the_prediction_from_when_it_is_made(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    app = FastAPI()

    @app.get("/")
    def endpoint() -> str | None:
        logger.warning("before")
        prediction_id = predict("during")
        logger.warning("after")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(logger.warning, "in a thread").result()
        return prediction_id

    instrument()
    with serving(app) as client:
        prediction_id = client.get("/").json()
        (server,) = server_spans(telemetry)
    logger.warning("outside")
    (span,) = model_spans(telemetry)
    found = lines(telemetry)
    assert {line for line in found if found[line].get("ml.prediction.id") == prediction_id} == {
        "during",
        "after",
        "in a thread",
    }
    assert all(found[line]["ml.model.name"] == "churn" for line in ("during", "after", "in a thread"))
    assert "ml.prediction.id" not in found["before"]
    assert "ml.prediction.id" not in found["outside"]
    assert found["during"]["span"] == span.context.span_id
    assert found["before"]["span"] == found["after"]["span"] == found["in a thread"]["span"] == server.context.span_id


def test_lines_of_a_script_name_a_prediction_only_during_it(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    first, second = predict("first"), predict("second")
    logger.warning("later")
    found = lines(telemetry)
    assert [found[line].get("ml.prediction.id") for line in ("first", "second", "later")] == [first, second, None]


def test_a_format_can_name_the_ids(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    text = "%(message)s %(ml.model.name)s %(ml.prediction.id)s"
    handler.setFormatter(logging.Formatter(text, defaults={"ml.model.name": "-", "ml.prediction.id": "-"}))
    logger.addHandler(handler)
    try:
        prediction_id = predict("during")
        logger.warning("later")
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue().splitlines() == [f"during churn {prediction_id}", "later - -"]


def test_the_record_factory_is_put_back(telemetry: Telemetry, instrument: Instrument) -> None:
    before = logging.getLogRecordFactory()
    for _ in range(2):
        instrument()
        instrument()
        assert logging.getLogRecordFactory() is not before
        otel_ml.uninstrument()
        assert logging.getLogRecordFactory() is before


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_record_factory_of_the_users_keeps_working(when: str, telemetry: Telemetry, instrument: Instrument) -> None:
    before = logging.getLogRecordFactory()
    if when == "after":
        instrument()
    inner = logging.getLogRecordFactory()

    def custom(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = inner(*args, **kwargs)
        record.team = "fraud"
        return record

    logging.setLogRecordFactory(custom)
    try:
        if when == "before":
            instrument()
        prediction_id = predict("during")
        otel_ml.uninstrument()
        assert logging.getLogRecordFactory() is custom
    finally:
        logging.setLogRecordFactory(before)
    found = lines(telemetry)["during"]
    assert (found["team"], found["ml.prediction.id"]) == ("fraud", prediction_id)


@pytest.mark.parametrize("block", [block for block in GUIDE.blocks if block.run], ids=lambda block: block.file)
def test_the_recipes_of_the_guide_export_what_they_promise(block: Block, tmp_path: Path, otlp_sink: OtlpSink) -> None:
    (tmp_path / str(block.file)).write_text(block.text, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, str(block.file)],
        cwd=tmp_path,
        env={**clean, **otlp_sink.env("http/protobuf")},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=True,
    )
    (span,) = otlp_sink.spans()
    prediction_id = span.attributes["ml.prediction.id"]
    printed = UUID.findall(done.stdout + done.stderr)
    assert set(printed) <= {prediction_id}, "a line names another prediction"
    if block.file not in ("plain.py", "structlog_exported.py"):
        assert len(printed) == 2, "once in the line written during the prediction, and once by the program itself"
    assert "Traceback" not in done.stderr
    exported = [log for log in otlp_sink.logs() if log.body == "looking at a new customer"]
    if block.file != "structlog_printed.py":
        (log,) = exported
        assert (log.attributes["ml.prediction.id"], log.attributes["ml.model.name"]) == (prediction_id, "churn")
        assert (log.trace_id, log.span_id) == (span.trace_id, span.span_id)
