"""Send flights to the service over HTTP in the order they left, and keep the labels for later.

python -m examples.flights.replay --start 2013-04-01 --end 2013-04-08 --speedup 3600
"""

import json
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import anyio
import click
import httpx
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from examples.flights import data
from examples.flights.train import cache_directory

ID_HEADER = "ml-prediction-id"
TIME_HEADER = "event-time"
"""Tells when a flight is due to leave; a service may be told to take that for the time of the prediction."""
CONNECT_RETRIES = 6
"""With pauses that double from half a second on, a server may be away for about 15 seconds."""
TIMEOUT_SECONDS = 120.0
KEEPALIVE_SECONDS = 2.0
"""Less than the five after which uvicorn closes an idle connection: a request that meets the end of it gets no answer."""
BLOCK_ROWS = 1000
MAX_BATCH = 1000
"""As many flights as the service takes at once."""

Records = list[dict[str, Any]]


@dataclass
class Replay:
    """Sends flights and counts what comes back.

    Args:
        url: The service, such as `http://127.0.0.1:8000`.
        labels: Gets a JSON line for each prediction: see the README.
        speedup: Seconds of 2013 a second; infinity sends as fast as the server answers.
        concurrency: Requests under way at most; a server that is slower than the flights is waited for.
        batch: Flights a request; more than one go to `/predict/batch`.
        window: Instead, one request for the flights that leave within so many seconds.
        on_answer: Called with the number of flights after each answer, right or wrong.
    """

    url: str
    labels: TextIO
    speedup: float = 3600.0
    concurrency: int = 16
    batch: int = 1
    window: float | None = None
    on_answer: Callable[[int], None] = lambda flights: None
    predictions: int = 0
    late: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Flights without an answer, by status or exception."""
    unreachable: bool = False
    """Whether the service could not be reached in spite of all retries, which ends the replay."""
    seconds: float = 0.0
    lag: float = 0.0
    """The most seconds that a request left later than the speed-up asks for."""

    async def run(self, flights: pd.DataFrame) -> None:
        """Send all flights and wait for every answer.

        Args:
            flights: As from `data.load`.
        """
        started = time.monotonic()
        slots = anyio.Semaphore(self.concurrency)
        limits = httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
        transport = httpx.AsyncHTTPTransport(retries=CONNECT_RETRIES, limits=limits)
        async with (
            httpx.AsyncClient(transport=transport, base_url=self.url, timeout=TIMEOUT_SECONDS) as client,
            anyio.create_task_group() as tasks,
        ):
            for request in requests(flights, self.batch, self.window):
                due = started + (request.departs - flights["departs"].iloc[0]).total_seconds() / self.speedup
                await anyio.sleep(max(0.0, due - time.monotonic()))
                await slots.acquire()
                if self.unreachable:
                    break
                self.lag = max(self.lag, time.monotonic() - due)
                tasks.start_soon(self._send, client, slots, request)
        self.seconds = time.monotonic() - started

    async def _send(self, client: httpx.AsyncClient, slots: anyio.Semaphore, request: "Request") -> None:
        headers = {TIME_HEADER: request.departs.isoformat()}
        try:
            if self.batch == 1 and self.window is None:
                response = await client.post("/predict", json=request.features[0], headers=headers)
                answers = [response.raise_for_status().json()]
            else:
                response = await client.post("/predict/batch", json={"flights": request.features}, headers=headers)
                answers = response.raise_for_status().json()["predictions"]
            self._keep(request.labels, answers, response.headers.get(ID_HEADER))
        except (ValueError, TypeError, KeyError):
            self.failures["no prediction"] += len(request.labels)
        except httpx.HTTPStatusError as error:
            self.failures[f"HTTP {error.response.status_code}"] += len(request.labels)
        except httpx.TransportError as error:
            self.unreachable |= isinstance(error, httpx.ConnectError)
            self.failures[type(error).__name__] += len(request.labels)
        finally:
            slots.release()
            self.on_answer(len(request.labels))

    def _keep(self, labels: Records, answers: Records, header: str | None) -> None:
        base = header.split(",")[0].strip() if header else None
        for row, (label, answer) in enumerate(zip(labels, answers, strict=True)):
            prediction_id = f"{base}-{row}" if base and len(answers) > 1 else base
            self.labels.write(json.dumps({"prediction_id": prediction_id, "response": answer, **label}) + "\n")
            self.predictions += 1
            self.late += answer["late"]


@dataclass(frozen=True)
class Request:
    """The flights of one request: what is known when the last of them is to leave, and what became of each."""

    departs: pd.Timestamp
    features: Records
    labels: Records


def requests(flights: pd.DataFrame, batch: int, window: float | None = None) -> Iterator[Request]:
    """Cut the flights into requests; pandas handles many at once, since it is slow by the row.

    Args:
        flights: As from `data.load`.
        batch: Flights a request.
        window: Instead, seconds: a request has the flights that leave within them.
    """
    ends = list(range(batch, len(flights), batch)) if window is None else _ends(flights["departs"], window)
    ends.append(len(flights))
    first = 0
    while first < len(flights):
        # As many whole requests as a block holds, and one at least.
        last = max(bisect_right(ends, first + BLOCK_ROWS) - 1, bisect_right(ends, first))
        rows = flights.iloc[first : ends[last]]
        departs = rows["departs"].tolist()
        features = _records(rows[data.FEATURES])
        labels = _records(_labels(rows))
        start = 0
        for end in ends[bisect_right(ends, first) : last + 1]:
            part = slice(start, end - first)
            yield Request(departs[part][-1], features[part], labels[part])
            start = end - first
        first = ends[last]


def _ends(departs: pd.Series, window: float) -> list[int]:
    """Where a request ends that has the flights of a window of time, and no more than the service takes."""
    windows = departs.dt.floor(pd.Timedelta(seconds=window))
    place = windows.groupby(windows).cumcount()
    begins = (place % MAX_BATCH == 0).to_numpy().nonzero()[0]
    return [int(index) for index in begins[1:]]


def _labels(flights: pd.DataFrame) -> pd.DataFrame:
    columns: pd.DataFrame = flights[["flight", "departs", "late"]].assign(known_at=flights["landed"])
    for time_column in ("departs", "known_at"):
        columns[time_column] = columns[time_column].map(pd.Timestamp.isoformat, na_action="ignore")
    return columns


def _records(columns: pd.DataFrame) -> Records:
    """Rows of what JSON can carry: plain numbers, strings, and None for null."""
    objects = columns.astype(object)
    rows = objects.where(objects.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def progress_bar(**options: Any) -> Progress:
    """A bar with counts and the time that remains."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), **options
    )


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--start", default="2013-04-01", show_default=True, help="first date, UTC")
@click.option("--end", default="2014-01-01", show_default=True, help="date to stop before, UTC")
@click.option("--limit", type=click.IntRange(1), help="flights at most")
@click.option("--speedup", type=click.FloatRange(0, min_open=True), default=3600, show_default=True)
@click.option("--concurrency", type=click.IntRange(1), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(1, 1000), default=1, show_default=True, help="flights a request")
@click.option("--window", type=click.FloatRange(1), help="seconds: one request for the flights of each, instead")
@click.option("--labels", type=click.Path(path_type=Path, dir_okay=False), help="file for ids and labels")
def main(
    url: str,
    start: str,
    end: str,
    limit: int | None,
    speedup: float,
    concurrency: int,
    batch: int,
    window: float | None,
    labels: Path | None,
) -> None:
    flights = data.between(data.load(), start, end)[:limit]
    path = labels or cache_directory() / "labels.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file, progress_bar() as bar:
        task = bar.add_task("replay", total=len(flights))
        replay = Replay(url, file, speedup, concurrency, batch, window, on_answer=lambda n: bar.advance(task, n))
        anyio.run(replay.run, flights)
    click.echo(
        f"{replay.predictions:,} predictions in {replay.seconds:.1f} s, {replay.late:,} announced late, "
        f"at most {replay.lag:.1f} s behind; labels in {path}"
    )
    for reason, count in replay.failures.most_common():
        click.echo(f"{count:,} flights without an answer: {reason}", err=True)
    raise SystemExit(1 if replay.failures else 0)


if __name__ == "__main__":
    main()
