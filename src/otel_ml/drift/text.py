"""What can be told of a text in any language: how much of it was never seen in training, and how much is not words.

Both are shares from 0 to 1, so that they are binned as any number; a text's length is `counts.columns`' to tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeGuard
from zlib import crc32

import numpy as np

MAX_TOKENS: Final = 4_096
"""Tokens that a vocabulary keeps: the most frequent ones, which make up most of any running text."""

MAX_CHARACTERS: Final = 10_000
"""Characters of a text that are looked at: the rest only adds to its length."""

_HELD: Final = 16 * MAX_TOKENS
_REMEMBERED: Final = 65_536
# Scripts that put no space between words: each character is a token. Thai to Myanmar, kana, Han, Hangul needs none.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_DIGITS: Final = re.compile(r"\d+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LONG_TEXT: Final = re.compile(r"<text \d+ chars>")


def tokens(text: str) -> list[str]:
    """Splits a text into lower-case words; a run of digits is ``0``, since numbers would be unseen for ever.

    >>> tokens("Größe 42, re-ordered!")
    ['größe', '0', 're', 'ordered']
    """
    return _TOKEN.findall(_DIGITS.sub("0", text[:MAX_CHARACTERS].lower()))


def token_hash(token: str) -> int:
    """Returns the 32 bits that stand for a token in a baseline, the same in every process.

    A vocabulary of `MAX_TOKENS` takes an unknown token for a known one once in a million times.
    """
    return crc32(token.encode("utf-8", "surrogatepass"))


class Vocabulary:
    """Counts the tokens of training texts in bounded memory; can be pickled and merged.

    When too many different ones are held, the rare half is forgotten: what is frequent in the whole is kept.
    """

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def update(self, texts: Iterable[object]) -> None:
        """Takes in texts; anything that is not text is passed over."""
        for text in texts:
            if _is_text(text):
                self._counts.update(map(token_hash, tokens(text)))
                self._bound()

    def merge(self, other: Vocabulary) -> None:
        """Takes in what another one has counted."""
        self._counts.update(other._counts)
        self._bound()

    def hashes(self) -> tuple[int, ...]:
        """Returns the hashes of the `MAX_TOKENS` most frequent tokens, ascending."""
        return tuple(sorted(_most_frequent(self._counts, MAX_TOKENS)))

    def _bound(self) -> None:
        if len(self._counts) > _HELD:
            self._counts = Counter(_most_frequent(self._counts, _HELD // 2))


def unseen_tokens(texts: np.ndarray, vocabulary: Sequence[int]) -> np.ndarray:
    """Returns the share of each text's tokens that the vocabulary does not have.

    Args:
        texts: of shape (rows,), of any dtype.
        vocabulary: hashes of the tokens of the training data.

    Returns:
        float64 of shape (rows,), 0 to 1; NaN for what is not text, or has no token.

    >>> unseen_tokens(np.array(["the cat", "le chat", ""]), (token_hash("the"), token_hash("cat")))
    array([ 0.,  1., nan])
    """
    known = frozenset(vocabulary)
    unseen: dict[str, bool] = {}  # of tokens met before: looking one up is faster than hashing it

    def share(text: str) -> float:
        found = tokens(text)
        if not found:
            return np.nan
        if len(unseen) > _REMEMBERED:
            unseen.clear()
        count = 0
        for token in found:
            new = unseen.get(token)
            if new is None:
                new = unseen[token] = token_hash(token) not in known
            count += new
        return count / len(found)

    return np.array([share(text) if _is_text(text) else np.nan for text in _values(texts)], dtype=np.float64)


def non_letters(texts: np.ndarray) -> np.ndarray:
    """Returns the share of each text's characters, white space left out, that are no letters of any script.

    Args:
        texts: of shape (rows,), of any dtype.

    Returns:
        float64 of shape (rows,), 0 to 1; NaN for what is not text, or is blank.

    >>> non_letters(np.array(["Größe", "a 1", "42 %", " "]))
    array([0. , 0.5, 1. , nan])
    """

    def share(text: str) -> float:
        text = text[:MAX_CHARACTERS]
        visible = sum(map(len, text.split()))
        return 1.0 - sum(map(len, _LETTERS.findall(text))) / visible if visible else np.nan

    return np.array([share(text) if _is_text(text) else np.nan for text in _values(texts)], dtype=np.float64)


def _values(texts: np.ndarray) -> list[Any]:
    values = texts.tolist()
    return [value.decode("utf-8", "replace") for value in values] if texts.dtype.kind == "S" else values


def _is_text(value: object) -> TypeGuard[str]:
    # A text that was too long to keep is described by its length, which says nothing of its words.
    return isinstance(value, str) and not (value.startswith("<text ") and _LONG_TEXT.fullmatch(value))


def _most_frequent(counts: Counter[int], limit: int) -> dict[int, int]:
    """The same ones in any order of counting: among equally frequent tokens the smaller hash wins."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])
