"""What the address of a list of reviews asks for: words or a number, unit, grade, period, overdue."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from fastapi import Request

from cases.measures import Span, codes_below
from console.render import link
from console.staff import Staff, tree_of
from console.unit_picker import UnitOption, find_unit, unit_options
from core.database import now
from core.errors import InvalidInput
from core.identity import UNIT_ROLES
from reviews.grades import BAD, Grade
from reviews.narrowing import ALL_TIME, Wanted
from units.tree import UnitTree

_BAD = "bad"


@dataclass(frozen=True)
class ReviewChoice:
    """The address as typed. ``grade`` is a grade's number, ``bad`` or empty for all; ``problems``
    say what was not understood and left out."""

    path: str
    q: str
    unit: str
    grade: str
    first: str
    last: str
    late: bool
    wanted: Wanted
    problems: list[str] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        return any((self.q, self.unit, self.first, self.last, self.late))

    @property
    def any_grade(self) -> Wanted:
        """What is wanted, whatever the grade."""
        return replace(self.wanted, grades=None)

    @property
    def late_at(self) -> datetime | None:
        """The moment at which what is shown has to be past due; None when that was not asked."""
        return now() if self.late else None

    def query(self, **changes: object) -> dict[str, object]:
        """The address's words for the same choice, with ``changes``."""
        return {
            "q": self.q,
            "unit": self.unit,
            "grade": self.grade,
            "from": self.first,
            "to": self.last,
            "late": "1" if self.late else "",
        } | changes

    def address(self, **changes: object) -> str:
        """Where the same choice with ``changes`` is shown."""
        return link(self.path, **self.query(**changes))


def read_choice(request: Request, staff: Staff) -> ReviewChoice:
    """Read the address; what is wrong in it is told and does not narrow."""
    asked = {
        name: request.query_params.get(name, "").replace("\x00", "").strip()[:100]
        for name in ("q", "unit", "grade", "from", "to", "late")
    }
    problems: list[str] = []
    grades = _grades(asked["grade"])
    wanted = Wanted(
        _span(asked["from"], asked["to"], problems),
        _units(asked["unit"], staff, tree_of(request), problems),
        grades,
        asked["q"],
    )
    return ReviewChoice(
        request.url.path,
        asked["q"],
        asked["unit"],
        asked["grade"] if grades is not None else "",
        asked["from"],
        asked["to"],
        asked["late"] == "1",
        wanted,
        problems,
    )


def units_to_choose(request: Request, staff: Staff) -> list[UnitOption]:
    """Units that ``staff`` may ask for."""
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    return unit_options(tree_of(request), among)


def _grades(typed: str) -> frozenset[int] | None:
    if typed == _BAD:
        return frozenset(int(grade) for grade in BAD)
    return frozenset(int(grade) for grade in Grade if str(int(grade)) == typed) or None


def _span(first: str, last: str, problems: list[str]) -> Span:
    try:
        span = Span(
            date.fromisoformat(first) if first else ALL_TIME.first,
            date.fromisoformat(last) if last else ALL_TIME.last,
        )
    except ValueError:
        problems.append("日期没有填完整，下面没有按日期筛选。")
        return ALL_TIME
    if span.days <= 0 or span.first < ALL_TIME.first or span.last > ALL_TIME.last:
        problems.append("结束日期不能早于开始日期，下面没有按日期筛选。")
        return ALL_TIME
    return span


def _units(typed: str, staff: Staff, tree: UnitTree, problems: list[str]) -> frozenset[str] | None:
    if not typed:
        return None
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    try:
        return frozenset(codes_below(find_unit(tree, typed, among, loose=True).code, tree))
    except InvalidInput as error:
        problems.append(f"单位“{typed}”：{error.fields['unit']}。下面没有按单位筛选。")
        return None
