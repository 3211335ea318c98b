"""Paper reviews: typed in by staff, tied by the rules or on the linking desk, taken back if wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.case_page import new_key
from console.links_page import state_of
from console.menu import LINK_ROLES
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of, tree_of
from console.unit_picker import find_unit, unit_options
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from core.identity import UNIT_ROLES
from intake.facts import find_phone
from reviews.codes import Channel
from reviews.collecting import entered, from_paper, take_back
from reviews.grades import BAD, CHOICES, GRADE_NAMES, TAGS, Grade
from reviews.models import Review
from reviews.said import Given
from units.tree import UnitTree

router = console_router()
PATH = "/console/paper"
_SAID = ("number", "unit", "item", "window", "place")
_TYPED = (*_SAID, "key", "grade", "text", "given_on", "name", "phone", "named")
_DONE = {"entered": "已录入，系统会按内容关联办件。", "void": "已撤回。"}
_OPEN = ("none", "desk")


@router.get("/paper")
async def paper_form(request: Request, staff: CurrentStaff, done: str = "") -> Response:
    """An empty form, and what the reader typed in before. Raises NotAllowed."""
    return await _show(request, staff, done=_DONE.get(done, ""))


@router.post("/paper")
async def enter_paper(request: Request, form: PostedForm) -> Response:
    """Store a form once; a desk of the line goes on to what it may be about."""
    staff = form.staff
    try:
        given, given_on = _read(form)
        async with database_of(request).unit_of_work() as session:
            review = await from_paper(session, staff.actor, given, given_on, now())
    except InvalidInput as error:
        typed: dict[str, Any] = {name: form.text(name) for name in _TYPED}
        return await _show(request, staff, typed=typed | {"tags": _tags(form)}, problem=error)
    if staff.actor.role in LINK_ROLES:
        return RedirectResponse(f"/console/links/{review.id}", 303)
    return RedirectResponse(link(PATH, done="entered"), 303)


@router.post("/paper/{review_id}/void")
async def void(request: Request, review_id: int, form: PostedForm) -> Response:
    """Take a review back that was typed in by mistake. Raises NotFound, Conflict when it is tied."""
    async with database_of(request).unit_of_work() as session:
        await take_back(session, form.staff.actor, review_id, now())
    return RedirectResponse(link(PATH, done="void"), 303)


def _read(form: Posted) -> tuple[Given, date]:
    grade, phone = form.text("grade"), form.text("phone")
    wrong = {}
    if grade not in {str(int(one)) for one in Grade}:
        wrong["grade"] = "请选择满意程度"
    if phone and find_phone(phone) is None:
        wrong["phone"] = "请填写手机号，或带区号的固定电话"
    if not any(form.text(name) for name in (*_SAID, "phone", "name")):
        wrong["number"] = "编号、事项、窗口、电话至少填一项，否则找不到是哪件事"
    try:
        given_on = date.fromisoformat(form.text("given_on"))
    except ValueError:
        wrong["given_on"] = "请选择日期"
    if wrong:
        raise InvalidInput("还缺少内容或有误", fields=wrong)
    chosen = Grade(int(grade))
    said = {name: form.text(name) for name in _SAID} | {"time": given_on.isoformat()}
    given = Given(
        key=form.text("key")[:64],
        grade=chosen,
        channel=Channel.HALL.word,
        # Tags of another grade were ticked before the grade was changed: the form hides them.
        tags=[tag for tag in dict.fromkeys(_tags(form)) if tag in TAGS[chosen]],
        text=form.text("text"),
        said=said,
        name=form.text("name"),
        phone=find_phone(phone) or "",
        named=bool(form.text("named")),
    )
    return given, given_on


def _about(review: Review, tree: UnitTree) -> str:
    """What a form says it is about; of a unit that is none of the register, that it is only said."""
    said = {name: review.said[name] for name in _SAID if name in review.said}
    if "unit" in said and not _is_known(tree, said["unit"]):
        said["unit"] += "（名录里没有，按原样记下）"
    return "，".join(said.values())


def _is_known(tree: UnitTree, name: str) -> bool:
    try:
        find_unit(tree, name, loose=True)
    except InvalidInput as error:
        # Several of the name are known as well.
        return "几个单位" in error.fields["unit"]
    return True


def _tags(form: Posted) -> list[str]:
    return [tag for tag in form.form.getlist("tags") if isinstance(tag, str)]


async def _show(
    request: Request,
    staff: Staff,
    *,
    done: str = "",
    typed: dict[str, Any] | None = None,
    problem: InvalidInput | None = None,
) -> Response:
    tree = tree_of(request)
    async with database_of(request).unit_of_work() as session:
        before = await entered(session, staff.actor)
    empty: dict[str, Any] = dict.fromkeys(_TYPED, "") | {"tags": []}
    empty |= {"key": new_key(), "given_on": now().astimezone(LOCAL).date().isoformat()}
    if staff.actor.role in UNIT_ROLES:
        empty["unit"] = tree.name(staff.actor.unit)
    return render(
        request,
        "paper.html",
        problem.status if problem else 200,
        choices=CHOICES,
        typed=typed or empty,
        units=unit_options(tree),
        lines=[
            (
                review,
                GRADE_NAMES[Grade(review.grade)],
                Grade(review.grade) in BAD,
                _about(review, tree),
                state_of(review),
                review.link in _OPEN,
            )
            for review in before
        ],
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        done=done,
    )
