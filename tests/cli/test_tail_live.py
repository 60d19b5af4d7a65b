"""`otel-ml tail` on a terminal, read from its screen."""

from __future__ import annotations

import signal
from contextlib import closing

from otel_ml.semconv import attributes as names
from tests.cli.process import Terminal, grpc_endpoint
from tests.support.traffic import Traffic

FEATURES = {"age": 42, "carrier": "UA", "gust": None}
OUTPUT = {names.ML_OUTPUT_LABEL: "late", names.ML_OUTPUT_SCORE: 0.75}


def test_shows_the_trace_as_a_tree_beside_the_event_above_the_figures() -> None:
    with Terminal() as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with closing(Traffic(endpoint)) as traffic:
            identifier = traffic.predict(FEATURES, OUTPUT)
        screen = terminal.wait_for(lambda screen: "1 prediction in 1 call" in screen and "gust  " in screen)
        terminal.press(b"\x03")
        assert terminal.end() == 0
    lines = screen.splitlines()
    top = next(index for index, line in enumerate(lines) if identifier in line)
    assert lines[top + 1].startswith("POST /predict 200")
    assert "late 0.750  age=42  carrier=UA  null: gust" in lines[top + 1]
    assert lines[top + 2].startswith("└── predict late-flights 3")
    panel = next(index for index, line in enumerate(lines) if line.startswith("╭─ otel-ml tail"))
    assert panel > top
    assert "100.0%" in screen[screen.index("null rate") :]
    end = terminal.screen()
    assert end.count("╭") == end.count("╰") == 1, f"the panel is drawn twice:\n{end}"


def test_narrow_terminals_and_sigterm() -> None:
    with Terminal(columns=60, rows=24) as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with closing(Traffic(endpoint)) as traffic:
            for _ in range(3):
                traffic.predict(FEATURES, OUTPUT)
        terminal.wait_for(lambda screen: "3 predictions in 3 calls" in screen and "null rate" in screen)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 0
        screen = terminal.screen()
    assert "╭" in screen
    assert "╰" in screen


def test_values_neither_steer_the_terminal_nor_are_markup() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\r\n\u202e"
    with Terminal("--limit", "1") as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with closing(Traffic(endpoint)) as traffic:
            traffic.predict(
                {f"na{evil}me": evil, "[red]f[/red]": ":smile: [bold]x"},
                {names.ML_OUTPUT_LABEL: evil},
                model=f"m{evil}",
            )
        assert terminal.end() == 0
        screen = terminal.screen()
    assert b"\x1b[2J" not in terminal.raw
    assert b"owned\x07" not in terminal.raw
    assert "\u202e" not in terminal.raw.decode()
    assert "\\x1b[2J" in screen
    assert "[red]f[/red]=:smile: [bold]x" in screen


def test_shows_some_of_many_and_counts_all() -> None:
    with Terminal("--rate", "2", "--limit", "50") as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with closing(Traffic(endpoint)) as traffic:
            for _ in range(50):
                traffic.predict(FEATURES, OUTPUT)
        assert terminal.end() == 0
        screen = terminal.screen()
    assert "50 predictions" in screen
    assert "calls not shown: at most 2 a second" in screen


def test_a_terminal_without_unicode() -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    with Terminal("--limit", "1", env=env) as terminal:
        endpoint = grpc_endpoint(terminal.wait_for(lambda screen: "no predictions yet" in screen))
        with closing(Traffic(endpoint)) as traffic:
            traffic.predict({"city": "東京"}, OUTPUT)
        assert terminal.end() == 0
        screen = terminal.screen()
    assert terminal.raw.isascii()
    assert "city=??" in screen
    assert "1 prediction" in screen
    assert screen.count("+- otel-ml tail") == 1, screen
