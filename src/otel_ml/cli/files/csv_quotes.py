"""Whether the quotation marks of a CSV file add up: one that is left open turns all that follows into a single value.

The parser sees nothing wrong there, so its bytes are looked at a second time. In a file as it should be that takes a few
vector operations a block; marks are followed one by one only in blocks where something is odd.
"""

from __future__ import annotations

from typing import Final

import numpy as np

_QUOTE: Final = ord('"')
_FEED, _RETURN = b"\n\r"


class Quotes:
    """Looks at a file piece by piece.

    Args:
        delimiter: between two fields.
        line: number of the first line that is looked at.

    Attributes:
        broken: line of a mark that opens a field which does not end as one does: known once the field has ended.

    >>> quotes = Quotes(",")
    >>> quotes.look(b'a,b\\n1,"x\\n2,y\\n')
    >>> quotes.open_line
    2
    """

    def __init__(self, delimiter: str, line: int = 1) -> None:
        self.broken: int | None = None
        self._ends = np.zeros(256, dtype=bool)  # what stands before a field and behind it
        self._ends[[ord(delimiter), _FEED, _RETURN]] = True
        self._line = line  # of the next byte
        self._last = _FEED
        self._opened: int | None = None
        self._spans = False  # whether the open field goes over more than a line
        self._held = b""

    @property
    def open_line(self) -> int | None:
        """Line of the mark that opens the field in which the file stands; None between fields and in plain ones."""
        return self._opened

    def look(self, piece: bytes) -> None:
        """The next bytes. Marks at their end wait for what comes behind them."""
        piece = self._held + piece
        whole = piece.rstrip(b'"')
        marks = len(piece) - len(whole)
        self._held = b'"' * (2 - marks % 2 if marks else 0)  # two more of them change nothing, however many there are
        self._look(whole)

    def end(self) -> None:
        """There are no more bytes."""
        self._look(self._held)
        self._held = b""
        if self.broken is None:
            self.broken = self._opened

    def _look(self, piece: bytes) -> None:
        if self.broken is not None or not piece:
            return
        if b'"' in piece:
            marks = np.frombuffer(piece, dtype=np.uint8)
            at = np.flatnonzero(marks == _QUOTE)
            before = np.where(at > 0, marks[at - 1], self._last)
            after = marks[np.minimum(at + 1, len(marks) - 1)]
            ends_after = self._ends[after] | (at == len(marks) - 1)  # a piece ends with a mark only where the file does
            if not self._are_paired(piece, at, self._ends[before], ends_after):
                self._follow(piece, at.tolist(), self._ends[before].tolist(), ends_after.tolist())
        elif self._opened is not None:
            self._spans |= _has_break(piece)
        self._line += breaks(piece, self._last)
        self._last = piece[-1]

    def _are_paired(self, piece: bytes, at: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> bool:
        """Takes the piece in if each mark opens or closes a field, or is one of two that stand for one."""
        closes = (np.arange(len(at)) + (self._opened is None)) % 2 == 0
        twins = np.diff(at) == 1
        begins, ends = begins.copy(), ends.copy()
        begins[1:] |= twins
        ends[:-1] |= twins
        if not np.where(closes, ends, begins).all():
            return False
        if closes[-1]:
            self._opened, self._spans = None, False
            return True
        begins[1:] &= ~twins
        opening = np.flatnonzero(~closes & begins)
        if len(opening):
            place = int(at[opening[-1]])
            self._open(self._line + breaks(piece[:place], self._last))
        self._spans |= _has_break(piece[int(at[opening[-1]]) if len(opening) else 0 :])
        return True

    def _follow(self, piece: bytes, at: list[int], begins: list[bool], ends: list[bool]) -> None:
        """The same as the parser does it, mark by mark: one opens a field only at its beginning, and else is a character."""
        start, index, line = 0, 0, self._line
        while index < len(at):
            place = at[index]
            if self._opened is None:
                if begins[index]:
                    line += breaks(
                        piece[start:place], self._last
                    )  # of one that begins with a mark, the byte before is no matter
                    self._open(line)
                    start = place
            elif index + 1 < len(at) and at[index + 1] == place + 1:
                index += 1
            elif not ends[index] and (self._spans or _has_break(piece[start:place])):
                self.broken = self._opened
                return
            else:
                self._opened = None
            index += 1
        if self._opened is not None:
            self._spans |= _has_break(piece[start:])

    def _open(self, line: int) -> None:
        self._opened, self._spans = line, False


def breaks(piece: bytes, last: int = 0) -> int:
    """Counts line breaks of all kinds, also of several in one file; `last` is the byte before."""
    found = piece.count(b"\n")
    if returns := piece.count(b"\r"):
        found += returns - piece.count(b"\r\n")
    return found - (last == _RETURN and piece.startswith(b"\n"))


def _has_break(piece: bytes) -> bool:
    return b"\n" in piece or b"\r" in piece
