"""Histograms as SVG pictures: the baseline behind, what is there now in front."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from otel_ml.cli.check.words import NULL, label, shift
from otel_ml.cli.printable import printable
from otel_ml.drift.report import Bin, VariableReport

_WIDTH: Final = 640.0
_HEIGHT: Final = 150.0
_SMALL: Final = (160.0, 28.0)
_GAP: Final = 0.12  # of a bin's width, on either side
_INSET: Final = 0.28  # of what is there now, so that the baseline shows behind it


def histogram(variable: VariableReport) -> str:
    """A picture with a bar a bin, nulls apart on the right; the bins that moved most stand out."""
    bins = [found for found in variable.bins if found.index != NULL]
    nulls = [found for found in variable.bins if found.index == NULL and (found.baseline or found.current)]
    if not bins and not nulls:
        return ""
    columns: list[Bin | None] = [*bins, *([None, *nulls] if nulls else [])]
    highest = _highest([*bins, *nulls])
    step = _WIDTH / len(columns)
    shapes = "".join(
        _column(found, index * step, step, highest, found.index in variable.moved)
        for index, found in enumerate(columns)
        if found is not None
    )
    title = escape(f"Histogram of {printable(variable.name, 60)}: baseline behind, now in front")
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH:g} {_HEIGHT + 1:g}" role="img" aria-label="{title}">'
        f'{shapes}<line class="axis" x1="0" x2="{_WIDTH:g}" y1="{_HEIGHT:g}" y2="{_HEIGHT:g}"/></svg>'
        f"{_axis(bins, bool(nulls))}"
    )


def small_histogram(variable: VariableReport) -> str:
    """The same in a line's height."""
    bins = [found for found in variable.bins if found.index != NULL]
    if not bins:
        return ""
    width, height = _SMALL
    step, highest = width / len(bins), _highest(bins)
    shapes = "".join(
        _bar("then", index * step, step, found.baseline / highest, height, _GAP)
        + _bar("now", index * step, step, found.current / highest, height, _INSET)
        for index, found in enumerate(bins)
    )
    return f'<svg class="small" viewBox="0 0 {width:g} {height:g}" aria-hidden="true">{shapes}</svg>'


def meter(share: float | None) -> str:
    """A bar from 0 to 1."""
    length = 100 * min(max(share or 0.0, 0.0), 1.0)
    return (
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="100" height="8"/><rect class="now" width="{length:.1f}" height="8"/></svg>'
    )


def _column(found: Bin, left: float, step: float, highest: float, moved: bool) -> str:
    return (
        f"<g><title>{escape(shift(found))}</title>"
        f'<rect class="hover" x="{left:.1f}" width="{step:.1f}" height="{_HEIGHT:g}"/>'
        + _bar("then", left, step, found.baseline / highest, _HEIGHT, _GAP)
        + _bar("now moved" if moved else "now", left, step, found.current / highest, _HEIGHT, _INSET)
        + "</g>"
    )


def _bar(kind: str, left: float, step: float, share: float, height: float, inset: float) -> str:
    tall = share * height
    return (
        f'<rect class="{kind}" x="{left + inset * step:.1f}" y="{height - tall:.1f}" '
        f'width="{step * (1 - 2 * inset):.1f}" height="{tall:.1f}"/>'
    )


def _axis(bins: Sequence[Bin], nulls: bool) -> str:
    ends = [bins[0], bins[-1]] if len(bins) > 1 else bins
    texts = [label(end, 30) for end in ends] + (["null"] if nulls else [])
    return '<div class="axis">' + "".join(f"<span>{escape(text)}</span>" for text in texts) + "</div>"


def _highest(bins: Sequence[Bin]) -> float:
    return max((max(found.baseline, found.current) for found in bins), default=0.0) or 1.0
