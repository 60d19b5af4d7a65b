from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.drift.text import MAX_TOKENS, Vocabulary, non_letters, token_hash, tokens, unseen_tokens
from tests.support.wait import PATIENCE


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def shares(values: np.ndarray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cat, the HAT.", ["the", "cat", "the", "hat"]),
        ("ÉCOLE straße", ["école", "straße"]),
        ("Привет, мир", ["привет", "мир"]),
        ("東京へ行く", ["東", "京", "へ", "行", "く"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("ab東c", ["ab", "東", "c"]),
        ("order 4711 of 2024-05-06", ["order", "0", "of", "0", "0", "0"]),
        ("a1b22", ["a0b0"]),
        (" \n!? ", []),
        ("", []),
    ],
)
def test_tokens_of_any_language(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_a_token_has_the_same_hash_in_every_process() -> None:
    program = "from otel_ml.drift.text import token_hash; print(token_hash('größe'))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=2 * PATIENCE, check=True
    )
    assert int(done.stdout) == token_hash("größe") == 1540598153
    assert token_hash("\ud800") < 2**32  # half a character


def test_new_words_raise_the_share_of_unseen_tokens() -> None:
    vocabulary = Vocabulary()
    vocabulary.update(["The cat sat on the mat", None, 5, "A dog"])
    texts = objects("the dog sat", "le chien sat", "Der Hund", "", None, 7, "<text 5000 chars>")
    assert shares(unseen_tokens(texts, vocabulary.hashes())) == [0, 2 / 3, 1, None, None, None, None]
    assert shares(unseen_tokens(np.array(["cat", "chat"]), vocabulary.hashes())) == [0, 1]
    assert shares(unseen_tokens(np.array([b"cat", b"chat"]), vocabulary.hashes())) == [0, 1]
    assert shares(unseen_tokens(np.array([]), ())) == []


def test_signs_and_digits_raise_the_share_of_non_letters() -> None:
    texts = objects("Größe", "abc 123", "42 %", "привет!", "東京", "  ", "", None, 3.5, "<text 5000 chars>")
    assert shares(non_letters(texts)) == [0, 0.5, 1, pytest.approx(1 / 7), 0, None, None, None, None, None]


@given(st.lists(st.one_of(st.text(), st.none())), st.sets(st.integers(0, 2**32 - 1)))
def test_shares_are_shares(texts: list[str | None], vocabulary: set[int]) -> None:
    for found in (unseen_tokens(objects(*texts), tuple(vocabulary)), non_letters(objects(*texts))):
        assert found.shape == (len(texts),)
        assert all(value != value or 0 <= value <= 1 for value in found.tolist())


def test_a_vocabulary_is_bounded_and_keeps_what_is_frequent() -> None:
    vocabulary = Vocabulary()
    frequent = [f"word{chr(97 + index)}" for index in range(20)]
    for start in range(0, 200_000, 1_000):
        unique = " ".join(_letters(number) for number in range(start, start + 1_000))
        vocabulary.update([unique, " ".join(frequent)])
    hashes = vocabulary.hashes()
    assert len(hashes) == MAX_TOKENS
    assert list(hashes) == sorted(set(hashes))
    assert set(map(token_hash, frequent)) <= set(hashes)
    assert len(pickle.dumps(vocabulary)) < 2_000_000


def test_parts_merged_are_the_whole_in_any_order() -> None:
    texts = [" ".join(_letters(number % 97) for number in range(row, row + 9)) for row in range(300)]
    whole, left, right = Vocabulary(), Vocabulary(), Vocabulary()
    whole.update(texts)
    left.update(texts[150:])
    right.update(texts[:150])
    left.merge(pickle.loads(pickle.dumps(right)))
    assert left.hashes() == whole.hashes()


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    text = "a " * 5_000 + "1 " * 1_000_000
    assert set(tokens(text)) == {"a"}
    assert shares(non_letters(objects(text))) == [0]


def _letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number)) + "z"
