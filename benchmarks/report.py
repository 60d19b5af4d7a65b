"""What a comparison found: tables, and aims beside results. Plain data, so that it passes through JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures.

    Attributes:
        title: what is compared.
        columns: their headings, units included.
        rows: cells, a text first.
        note: what to know when reading it.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Aim:
    """What was hoped for, at most (or at least), beside what came out."""

    what: str
    limit: float
    result: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the result is no worse than the limit."""
        return self.result >= self.limit if self.at_least else self.result <= self.limit

    @property
    def verdict(self) -> str:
        """Met, or missed and by how much."""
        return "met" if self.met else f"missed by {abs(self.result / self.limit - 1):.0%}"


@dataclass(slots=True)
class Report:
    """All that one comparison found."""

    name: str
    title: str
    tables: list[Table] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """The opposite of `to_json`."""
        tables = [
            Table(table["title"], tuple(table["columns"]), [tuple(row) for row in table["rows"]], table["note"])
            for table in data["tables"]
        ]
        return cls(data["name"], data["title"], tables, [Aim(**aim) for aim in data["aims"]], data["skipped"])
