"""`make demo` as a user runs it: a process whose exit status tells whether all telemetry was found."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from examples.flights.faults import FAULTS
from tests.support.livecheck import LiveCheck
from tests.support.otlp import OtlpSink

COMMAND = [sys.executable, "-m", "examples.flights.demo", "--flights", "60", "--seconds", "2"]
SECONDS = 600

pytestmark = pytest.mark.timeout(SECONDS + 60)


@pytest.fixture(scope="module")
def sink() -> Iterator[OtlpSink]:
    """What all services of these demos send, besides."""
    sink = OtlpSink()
    with sink.receiver:
        yield sink


@pytest.fixture(autouse=True)
def forwarded(sink: OtlpSink, live_check: LiveCheck) -> Iterator[None]:
    """All of it goes through the live check."""
    yield
    for message in sink.take():
        live_check.check(message)


def demo(sink: OtlpSink, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--forward", str(sink.receiver.http_endpoint), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(model_path: Path, sink: OtlpSink) -> subprocess.CompletedProcess[str]:
    """A run with nothing in its way, into the poorest of log files."""
    return demo(sink, "--workers", "2", PYTHONIOENCODING="ascii")


def test_it_ends_well_when_everything_was_found(whole: subprocess.CompletedProcess[str]) -> None:
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert whole.stderr == ""
    assert "all 21 checks hold" in whole.stdout
    assert "FAILED" not in whole.stdout
    assert "\x1b" not in whole.stdout, "escape sequences in a log file"


def test_it_shows_the_same_ids_from_the_header_to_the_exemplar(whole: subprocess.CompletedProcess[str]) -> None:
    story = whole.stdout.partition("One prediction")[2]
    identifier = re.search(r"ml-prediction-id: ([0-9a-f-]{36})", story)
    trace = re.search(r"trace ([0-9a-f]{32})", story)
    assert identifier is not None, whole.stdout
    assert trace is not None
    assert story.count(identifier[1]) == 3, "in the header, on the span and on the event"
    assert story.count(trace[1]) == 3, "of the span, the event and the exemplar"


def test_it_tells_the_story_of_the_season(whole: subprocess.CompletedProcess[str]) -> None:
    found = whole.stdout.partition("8  what was found")[2]
    faults, _, season = found.partition("Drift from day to day")
    for fault in FAULTS:
        assert re.search(rf"{re.escape(fault.what)}.*\n  named after \d+ min: {fault.feature} {fault.event}\n", faults)
    assert re.search(r"\ntemp +\d+ and still .* [0-9a-f-]{36}-\d+ *\n", season)
    assert season.index("\ntemp ") < season.index("\ndest ")


def test_a_terminal_shows_the_live_view(model_path: Path) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*COMMAND, "--no-drift"], stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as run:
        os.close(theirs)
        screen = bytearray()

        def read() -> None:
            try:
                while chunk := os.read(ours, 65_536):
                    screen.extend(chunk)
            except OSError:  # Linux says so when the other end is closed
                pass

        reader = threading.Thread(target=read)
        reader.start()
        status = run.wait(SECONDS)
        reader.join()
    os.close(ours)
    shown = screen.decode()
    assert status == 0, shown
    assert "otel-ml tail" in shown
    assert "all 13 checks hold" in shown


@pytest.mark.parametrize(
    ("setting", "value", "claim"),
    [
        ("OTEL_ML_EVENTS", "off", "every prediction left one event"),
        ("OTEL_ML_CAPTURE", "off", "events name the nulls that were sent"),
        ("OTEL_ML_ENABLED", "false", "every answer has a prediction id of its own in its header"),
    ],
)
def test_it_fails_and_says_why_when_telemetry_is_missing(
    model_path: Path, sink: OtlpSink, setting: str, value: str, claim: str
) -> None:
    ended = demo(sink, "--workers", "1", "--no-drift", **{setting: value})
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"FAILED  {claim}" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_service_that_does_not_start_is_shown_and_ends_it(model_path: Path, sink: OtlpSink) -> None:
    ended = demo(sink, "--workers", "1", UVICORN_HTTP="no such protocol")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "the service did not start:" in ended.stderr
    assert "no such protocol" in ended.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_process_behind(model_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen([*COMMAND, "--seconds", "60"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        parent = psutil.Process(run.pid)
        # The service, its two workers and the resource tracker of multiprocessing.
        assert run.stdout is not None
        assert any(b"waiting for OTLP" in line for line in run.stdout)
        children = parent.children(recursive=True)
        assert len(children) >= 3
        run.send_signal(how)
        assert run.wait(120) == 1
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []
