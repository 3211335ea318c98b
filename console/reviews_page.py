"""All reviews that somebody may read, of cases and of services, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from console.list_tabs import ListTab
from console.menu import REVIEW_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.review_filters import ReviewChoice, read_choice, units_to_choose
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from reviews.figures_repository import Behind, FigureRepository
from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade
from units.tree import UnitTree

router = console_router()


@router.get("/reviews")
async def reviews_page(request: Request, staff: CurrentStaff, page: int = 1) -> Response:
    """Reviews as the address asks for them. Raises NotAllowed."""
    staff.actor.require(*REVIEW_ROLES)
    choice, tree = read_choice(request, staff), tree_of(request)
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        counts = await repository.grade_counts(choice.any_grade)
        grades = choice.wanted.grades
        total = sum(n for grade, n in counts.items() if grades is None or grade in grades)
        paging = Paging(page, total)
        found = await repository.listed(choice.wanted, limit=PAGE_SIZE, offset=paging.offset)
    return render(
        request,
        "reviews.html",
        choice=choice,
        units=units_to_choose(request, staff),
        tabs=_tabs(choice, counts),
        lines=review_lines(found, tree),
        paging=paging,
        page_address=lambda page: choice.address(page=page),
    )


def review_lines(
    found: Sequence[Behind], tree: UnitTree
) -> list[tuple[Behind, str, str, list[str]]]:
    """Reviews with the words for grade, unit (empty for none) and tags."""
    return [
        (
            one,
            GRADE_NAMES[Grade(one.grade)],
            tree.name(one.unit) if one.unit else "",
            [TAGS[Grade(one.grade)].get(code, code) for code in one.tags],
        )
        for one in found
    ]


def _tabs(choice: ReviewChoice, counts: dict[int, int]) -> list[ListTab]:
    bad = sum(n for grade, n in counts.items() if grade in BAD)
    tabs = [("", "全部", sum(counts.values())), ("bad", "差评", bad)]
    tabs += [
        (str(int(grade)), GRADE_NAMES[grade], counts.get(grade, 0))
        for grade in sorted(Grade, reverse=True)
    ]
    return [
        ListTab(name, count, choice.address(grade=key), key == choice.grade)
        for key, name, count in tabs
    ]
