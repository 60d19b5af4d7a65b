"""Texts that look like something personal or secret."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.privacy.values import _SUSPICIOUS, PATTERNS, find, is_card, is_iban, luhn
from tests.support.growth import assert_grows_less

EXAMPLES = {
    "email": [
        "ann@example.com",
        "Ann <ann.lee+x@mail.example.co.uk>",
        "mailto:a@b.de",
        "write to ann%40example.com now",
        "jürgen@müller.example",
        "x" * 60 + "@example.org",
    ],
    "card": [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "order 12 4111 1111 1111 1111, 3 items",
        "378282246310005",
        "3782 822463 10005",
        "5555555555554444",
        "2223003122003222",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
        "4222222222222",
        "4111\u20111111\u20111111\u20111111",
    ],
    "iban": [
        "GB82WEST12345698765432",
        "GB82 WEST 1234 5698 7654 32",
        "de89 3704 0044 0532 0130 00",
        "pay to NO93 8601 1117 947 today",
        "IBAN:FR1420041010050500013M02606",
    ],
    "ssn": ["078-05-1120", "ssn 219 09 9999."],
    "token": [
        "AKIAIOSFODNN7EXAMPLE",
        "key sk-abcdefghijklmnopqrst",
        "sk_live_abcdefghij",
        "ghp_" + "aB3" * 12,
        "github_pat_" + "aB3_" * 10,
        "glpat-abcdefghij0123456789",
        "xoxb-123456-abcdef",
        "AIza" + "aB3-" * 9,
        "hf_" + "aB" * 15,
    ],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"],
    "pem": ["-----BEGIN RSA PRIVATE KEY-----\nMIIE", "x -----BEGIN PRIVATE KEY-----"],
    "authorization": ["Bearer abcdefgh12345", "authorization: basic dXNlcjpwYXNz"],
    "assigned": [
        "password=hunter2",
        "{'secret': 'swordfish'}",
        '{"api_key": "abcd"}',
        "Server=db;Pwd=hunter2;",
        "AccountKey=abcd1234==",
    ],
    "url_login": ["postgres://user:p4ss@db/x", "redis://:p4ss@cache:6379"],
    "key": [
        "5d41402abc4b2a76b9719d911017c592",
        "0x" + "deadbeef12" * 6,
        hashlib.sha256(b"x").hexdigest(),
        "id " + base64.b64encode(hashlib.sha256(b"y").digest()).decode(),
    ],
}
HARMLESS = [
    *("", "UA", "JFK", "gmail", "male", "a@b", "@handle", "3@2.5", "react@18.2.0", "user@", "50% off"),
    *("2024-01-15", "2024-01-15 10:30:00", "2024-01-15T10:30:00.123456+00:00", "20240115103000", "1700000000000"),
    *("550e8400-e29b-41d4-a716-446655440000", "4111111111111112", "12345678901234567890123", "3.141592653589793"),
    *("000-12-3456", "123-45-678", "078-05-11200", "GB82WEST12345698765433", "DE", "AB12", "1234 5678 9012"),
    *("https://example.com/a/b?x=1", "http://localhost:4318/v1/traces", "<image uint8 224x224x3>"),
    *("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "monkey business", "basic plan", "token economy"),
    *("MeanDecreaseAccuracyOfTheRandomForestFeature2", "the_quick_brown_fox_jumps_over_the_lazy_dog_7"),
    *("a" * 200, "1" * 200, "A1" * 5, "secret = x", "sk-short", "eyJ", "Bearer of news", "turkey", "lorem ipsum " * 20),
]


@pytest.mark.parametrize(("pattern", "text"), [(name, text) for name, texts in EXAMPLES.items() for text in texts])
def test_found(pattern: str, text: str) -> None:
    assert PATTERNS[pattern][1](text)
    assert find(text)


def test_every_pattern_has_an_example() -> None:
    assert EXAMPLES.keys() == PATTERNS.keys()


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless(text: str) -> None:
    assert find(text) is None


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([text for texts in EXAMPLES.values() for text in texts]),
            st.text(max_size=10),
            st.from_regex(r"[0-9A-Za-z @.:=/-]{0,40}"),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_quick_look_lets_nothing_pass_that_a_pattern_finds(pieces: list[str]) -> None:
    text = "".join(pieces)
    if any(holds(text) for _, holds in PATTERNS.values()):
        assert _SUSPICIOUS.search(text)


def test_check_digits() -> None:
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert not is_card("1" * 16)
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("GB82WEST12345698765431")


@settings(deadline=None)
@given(st.integers(0, 10**14 - 1))
def test_exactly_one_last_digit_completes_a_card(start: int) -> None:
    body = f"4{start:014d}"
    assert sum(is_card(f"{body}{last}") for last in range(10)) == 1


def test_random_keys_are_found_and_words_are_not() -> None:
    source = random.Random(7)
    keys = [base64.urlsafe_b64encode(source.randbytes(30)).decode() for _ in range(500)]
    assert sum(find(key) is None for key in keys) <= 5
    names = ["count", "Mean", "rate", "customer", "Flights", "last", "Year", "delay", "Days", "Weather", "XL", "Hour"]
    titles = ["_".join([*source.choices(names, k=9), str(number)]) for number in range(500)]
    titles += ["".join([*source.choices(names, k=8), str(number)]) for number in range(500)]
    assert sum(find(title) is not None for title in titles) <= 5


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "1",
            "@",
            "a@",
            "a@b.",
            "@a.a",
            "1 ",
            "1-",
            "4",
            ":",
            "://",
            "://a:",
            "%40",
            "eyJ",
            "eyJa.",
            "sk-",
            "a.",
        ),
        *(
            "GB82",
            "GB82 ",
            "password",
            "password ",
            "token=",
            "Bearer ",
            "-----BEGIN ",
            "f0",
            "aB3",
            "-",
            "=",
            "\u00e9",
        ),
        *("@a.1", "@a.b1.", "key'  ", "xoxb-", "123-45-", "gh", "0x", " "),
    ],
)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def look(text: str) -> None:
        find(text)
        for _, holds in PATTERNS.values():
            holds(text)

    short, long = ((piece * length)[:length] for length in (4_000, 40_000))
    assert_grows_less(40, lambda: look(short), lambda: look(long))  # 10 if linear, 100 if quadratic
