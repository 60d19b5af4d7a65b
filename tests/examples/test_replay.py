import asyncio
import io
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from examples.flights import data
from examples.flights.replay import Replay, requests
from tests.examples.servers import answering
from tests.support.servers import free_port
from tests.support.wait import eventually

ANSWER = {"late": False, "probability": 0.25}


def replay(flights: pd.DataFrame, url: str, **options: Any) -> tuple[Replay, list[dict[str, Any]]]:
    """Replay as fast as possible; returns the counts and the labels."""
    labels = io.StringIO()
    replaying = Replay(url, labels, **{"speedup": float("inf"), **options})
    anyio.run(replaying.run, flights)
    return replaying, [json.loads(line) for line in labels.getvalue().splitlines()]


def with_ids() -> Any:
    """An endpoint that gives the ids p0, p1 …, and answers a batch row by row."""
    numbers = itertools.count()

    async def answer(request: Request) -> Response:
        body = await request.json()
        answers = {"predictions": [ANSWER] * len(body["flights"])} if "flights" in body else ANSWER
        return JSONResponse(answers, headers={"ml-prediction-id": f"p{next(numbers)},second"})

    return answer


def test_the_real_service_gets_every_flight(service: str, april: pd.DataFrame) -> None:
    counts, labels = replay(april[:30], service)
    assert (counts.predictions, counts.failures) == (30, {})
    assert {label["flight"] for label in labels} == set(april["flight"][:30])
    assert counts.late == sum(label["response"]["late"] for label in labels)
    assert {label["prediction_id"] for label in labels} == {None}


def test_labels_tell_what_happened_and_when_that_was_known(flights: pd.DataFrame) -> None:
    new_year = data.between(flights, "2013-01-01", "2013-01-02")
    some = new_year[new_year["flight"].isin(["UA1545 EWR-IAH", "B6125 JFK-FLL"])]
    with answering(with_ids()) as url:
        _, labels = replay(some, url, concurrency=1)
    assert labels == [
        {
            "prediction_id": "p0",
            "response": ANSWER,
            "flight": "UA1545 EWR-IAH",
            "departs": "2013-01-01T10:15:00+00:00",
            "late": False,
            "known_at": "2013-01-01T14:30:00+00:00",
        },
        {
            "prediction_id": "p1",
            "response": ANSWER,
            "flight": "B6125 JFK-FLL",
            "departs": "2013-01-01T11:00:00+00:00",
            "late": None,
            "known_at": None,
        },
    ]


def test_rows_of_a_batch_have_ids_of_their_own(april: pd.DataFrame) -> None:
    with answering(with_ids()) as url:
        counts, labels = replay(april[:5], url, concurrency=1, batch=2)
    assert [label["prediction_id"] for label in labels] == ["p0-0", "p0-1", "p1-0", "p1-1", "p2"]
    assert [label["flight"] for label in labels] == april["flight"][:5].tolist()
    assert counts.predictions == 5


@pytest.mark.parametrize("batch", [1, 7, 400])
def test_no_flight_is_lost_or_reordered_where_pandas_blocks_meet(april: pd.DataFrame, batch: int) -> None:
    some = april[:2_500]
    sent = list(requests(some, batch))
    assert [label["flight"] for request in sent for label in request.labels] == some["flight"].tolist()
    assert {len(request.features) for request in sent[:-1]} == {batch}


@pytest.mark.parametrize("window", [60, 3_600, 86_400])
def test_a_request_may_have_the_flights_of_a_window(april: pd.DataFrame, window: int) -> None:
    some = april[:5_000]
    sent = list(requests(some, 1, window))
    assert [label["flight"] for request in sent for label in request.labels] == some["flight"].tolist()
    assert max(len(request.features) for request in sent) <= 1000
    for request in sent:
        departures = {pd.Timestamp(label["departs"]).floor(f"{window}s") for label in request.labels}
        assert departures == {request.departs.floor(f"{window}s")}


def test_the_service_is_told_when_flights_leave(april: pd.DataFrame) -> None:
    told: list[str] = []

    async def answer(request: Request) -> Response:
        told.append(request.headers["event-time"])
        return JSONResponse({"predictions": [ANSWER] * len((await request.json())["flights"])})

    with answering(answer) as url:
        counts, labels = replay(april[:50], url, window=3_600, concurrency=1)
    assert counts.predictions == len(labels) == 50
    assert told == sorted(told)
    assert set(told) <= {label["departs"] for label in labels}


def test_flights_leave_as_far_apart_as_the_speedup_says(april: pd.DataFrame) -> None:
    arrived: list[float] = []

    async def answer(request: Request) -> Response:
        arrived.append(time.monotonic())
        return JSONResponse(ANSWER)

    some = april.iloc[[0, 20, 40]]
    apart = (some["departs"].iloc[-1] - some["departs"].iloc[0]).total_seconds()

    def in_time() -> bool:
        arrived.clear()
        counts, _ = replay(some, url, speedup=apart / 0.5)
        assert arrived[-1] - arrived[0] == pytest.approx(0.5, abs=0.25)
        return counts.lag < 0.25

    with answering(answer) as url:
        eventually(in_time, what="a replay that no busy machine has held up")


def test_no_more_requests_are_under_way_than_allowed(april: pd.DataFrame) -> None:
    under_way: list[int] = [0]
    seen: list[int] = []
    are_three = asyncio.Event()

    async def answer(request: Request) -> Response:
        under_way[0] += 1
        seen.append(under_way[0])
        if under_way[0] == 3:
            are_three.set()
        await asyncio.wait_for(are_three.wait(), 60)  # the first ones come one by one
        await asyncio.sleep(0.02)
        under_way[0] -= 1
        return JSONResponse(ANSWER)

    with answering(answer) as url:
        replay(april[:30], url, concurrency=3)
    assert max(seen) == 3


def test_errors_of_the_server_are_counted_and_survived(april: pd.DataFrame) -> None:
    numbers = itertools.count()

    async def answer(request: Request) -> Response:
        return JSONResponse(ANSWER, 503 if next(numbers) % 3 == 0 else 200)

    progress: list[int] = []
    with answering(answer) as url:
        counts, labels = replay(april[:30], url, on_answer=progress.append)
    assert counts.failures == {"HTTP 503": 10}
    assert counts.predictions == len(labels) == 20
    assert sum(progress) == 30


def test_an_answer_that_is_no_prediction_is_counted(april: pd.DataFrame) -> None:
    async def answer(request: Request) -> Response:
        return Response("<html>", media_type="text/html")

    with answering(answer) as url:
        counts, labels = replay(april[:2], url)
    assert counts.failures == {"no prediction": 2}
    assert labels == []


def test_a_server_that_is_down_for_a_moment_is_waited_for(april: pd.DataFrame) -> None:
    with answering(with_ids(), after=1.0) as url:
        counts, _ = replay(april[:10], url)
    assert (counts.predictions, counts.failures) == (10, {})


def test_a_server_that_stays_down_ends_the_replay(april: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.flights.replay.CONNECT_RETRIES", 1)
    counts, labels = replay(april[:1_000], f"http://127.0.0.1:{free_port()}", concurrency=4)
    assert counts.failures == {"ConnectError": 4}
    assert labels == []


def test_the_command_reports_and_fails_when_answers_are_missing(service: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.flights.replay", "--limit", "20", "--speedup", "1e9", "--labels"]
    good = subprocess.run(
        [*command, tmp_path / "labels", "--url", service], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert "20 predictions in" in good.stdout
    assert len((tmp_path / "labels").read_text().splitlines()) == 20
    bad = subprocess.run(
        [*command, tmp_path / "none", "--url", f"{service}/elsewhere"], capture_output=True, text=True, check=False
    )
    assert bad.returncode == 1
    assert "20 flights without an answer: HTTP 404" in bad.stderr
