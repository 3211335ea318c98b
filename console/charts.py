"""Where lines and bars of a chart go. Pure: the templates only write down what stands here.

Charts are inline SVG: the pages' policy allows neither inline style nor script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 10, 24
# More than this below an axis run into each other.
_MOST_MARKS = 10


@dataclass(frozen=True)
class Dot:
    """One value; ``text`` says it to whoever points at it or does not see it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A name below the axis (at ``x``) or beside it (at ``y``)."""

    at: float
    name: str


@dataclass(frozen=True)
class LineChart:
    """``lines`` are values of ``points``, broken where a value is missing."""

    lines: list[str]
    dots: list[Dot]
    below: list[Mark]
    beside: list[Mark]


@dataclass(frozen=True)
class ColumnChart:
    columns: list[Column]
    below: list[Mark]
    beside: list[Mark]


def line_chart(
    values: Sequence[float | None], names: Sequence[str], marks: Sequence[str]
) -> LineChart:
    """Shares (0..1) over time; None leaves a gap, because too few were counted.

    ``names`` are said in full, ``marks`` stand below the axis.
    """
    places = [_middle(n, len(values)) for n in range(len(values))]
    lines: list[list[str]] = [[]]
    dots = []
    for place, value, name in zip(places, values, names, strict=True):
        if value is None:
            lines.append([])
            continue
        y = _height(value)
        lines[-1].append(f"{place:g},{y:g}")
        dots.append(Dot(place, y, f"{name} {value:.1%}"))
    beside = [Mark(_height(share), f"{share:.0%}") for share in (0.0, 0.5, 1.0)]
    drawn = [" ".join(line) for line in lines if len(line) > 1]
    return LineChart(drawn, dots, _marks(places, marks), beside)


def column_chart(
    values: Sequence[int], names: Sequence[str], marks: Sequence[str], counted: str = "件"
) -> ColumnChart:
    """How many over time, in the measure word ``counted``; the axis ends at the largest."""
    places = [_middle(n, len(values)) for n in range(len(values))]
    most = max(values, default=0) or 1
    width = round(min((WIDTH - _LEFT - _RIGHT) / max(len(values), 1) * 0.7, 48), 1)
    columns = []
    for place, value, name in zip(places, values, names, strict=True):
        y = _height(value / most)
        height = round(_height(0) - y, 1)
        columns.append(
            Column(round(place - width / 2, 1), y, width, height, f"{name} {value} {counted}")
        )
    beside = [Mark(_height(0), "0"), Mark(_height(1), str(most))]
    return ColumnChart(columns, _marks(places, marks), beside)


def _middle(number: int, of: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (number + 0.5) / of, 1)


def _height(share: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * share, 1)


def _marks(places: Sequence[float], marks: Sequence[str]) -> list[Mark]:
    every = -(-len(marks) // _MOST_MARKS) if marks else 1
    return [Mark(places[n], marks[n]) for n in range(0, len(marks), every)]
