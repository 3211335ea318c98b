"""Writing down what came by phone, letter, visit or from above (登记)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.responses import Response

from cases.likeness import Matter as Compared
from cases.repository import CaseRepository
from cases.service import phone_hash, query_code
from cases.similar import Same, find_same
from cases.vocabulary import SOURCE_NAMES, TYPE_NAMES, URGENCY_NAMES, CaseType, Source, Urgency
from console.case_advice import intake_of
from console.menu import REGISTRATION_ROLES
from console.render import render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, database_of, tree_of
from console.transcript import Said
from core.database import now
from core.errors import InvalidInput, NotFound
from core.privacy import new_token
from intake.by_staff import StaffEntry, emergency_of, matter_of, places_of, register_by_staff
from intake.emergencies import advice_text
from intake.facts import find_phone
from intake.form import Matter, Place, is_confidential, title
from routing.service import CategoryFacts

router = console_router()
# The web, WeChat and SMS register by themselves.
SOURCES = (Source.PHONE, Source.MAILBOX, Source.VISIT, Source.REFERRED)
_TOLD_WITHIN = timedelta(hours=1)
_WORDS = {
    "detail": "请写明情况，4 至 10000 字",
    "place": "不超过 300 字",
    "source": "请选择来源",
    "key": "页面已过期，请刷新",
}


@dataclass(frozen=True)
class Draft:
    """What the line makes of the form before it is filed."""

    matter: Matter
    title: str
    places: list[Place]
    same: Same | None
    emergency: str
    elsewhere: str


@router.get("/register")
async def register_page(request: Request, staff: CurrentStaff) -> Response:
    """An empty form."""
    staff.actor.require(*REGISTRATION_ROLES)
    empty = dict.fromkeys(StaffEntry.model_fields, "")
    return show(request, empty | {"key": new_token(), "source": Source.PHONE})


@router.post("/register")
async def register(request: Request, form: PostedForm) -> Response:
    """First shows what was understood, then files it: the button says which.

    Raises nothing for what was filled in wrongly: the form comes again with what was typed.
    """
    form.staff.actor.require(*REGISTRATION_ROLES)
    typed = typed_of(form)
    try:
        entry = parsed(typed)
        if form.text("step") == "file":
            async with database_of(request).unit_of_work() as session:
                done = await register_by_staff(
                    session, intake_of(request), entry, form.staff.actor, now()
                )
            return RedirectResponse(f"/console/register/{done.number}", 303)
        draft = await draft_of(request, entry)
    except InvalidInput as error:
        return show(request, typed, 422, problems=error.fields, message=error.message)
    return show(request, typed, draft=draft)


@router.get("/register/{number}")
async def receipt(request: Request, number: str, staff: CurrentStaff) -> Response:
    """Number and query code to read out, for whoever wrote the case down, within the hour.

    The code opens the case to whoever holds it: nobody else among the staff sees it. Raises
    NotFound.
    """
    staff.actor.require(*REGISTRATION_ROLES)
    at = now()
    async with database_of(request).unit_of_work() as session:
        repository = CaseRepository(session, staff.actor)
        case = await repository.by_number(number)
        events = await repository.events(case.id) if case else []
        lead = await repository.lead(case.id) if case else None
    mine = events and events[0].actor == staff.actor.login
    if case is None or not mine or at > case.created_at + _TOLD_WITHIN:
        raise NotFound("没有找到这张登记单；工单请在列表里查找。")
    return render(
        request,
        "registered.html",
        number=case.number,
        code=query_code(case.number),
        title=case.title,
        due_at=case.due_at,
        provisional=case.due_provisional,
        unit=tree_of(request).name(lead.unit) if lead else "",
    )


def typed_of(form: Posted) -> dict[str, Any]:
    """The form as it was typed, by the names of `StaffEntry`."""
    names = StaffEntry.model_fields
    flags = {"anonymous", "confidential"}
    return {n: form.text(n) == "yes" if n in flags else form.text(n) for n in names}


def parsed(typed: dict[str, Any]) -> StaffEntry:
    """Raises InvalidInput, by field."""
    given = {n: v or None if n in ("type", "category", "urgency") else v for n, v in typed.items()}
    try:
        return StaffEntry.model_validate(given)
    except ValidationError as error:
        fields = {str(e["loc"][0]): _WORDS.get(str(e["loc"][0]), "太长") for e in error.errors()}
        raise InvalidInput("登记内容不完整", fields=fields) from error


async def draft_of(request: Request, entry: StaffEntry) -> Draft:
    """What the line makes of the form, for the clerk to check."""
    intake = intake_of(request)
    matter = matter_of(intake, entry)
    places = places_of(intake, entry)
    phone = find_phone(entry.phone)
    same = None
    if phone and not entry.anonymous:
        place = matter.place or Place(text="")
        wanted = Compared(
            category=matter.category,
            text=matter.detail,
            place_text=place.text,
            place_code=place.code,
            street=place.street,
            district=place.district,
        )
        async with database_of(request).unit_of_work() as session:
            same = await find_same(
                session,
                wanted,
                now(),
                phone_hash=phone_hash(phone),
                secret=is_confidential(matter),
            )
    emergency = emergency_of(entry)
    other = intake.elsewhere(f"{entry.place} {entry.detail}")
    return Draft(
        matter,
        title(matter),
        places,
        same,
        advice_text(emergency) if emergency else "",
        f"这件事发生在{other.name}，请告诉来电人拨打 {other.hotline}，本市不立工单。"
        if other
        else "",
    )


def show(
    request: Request,
    typed: dict[str, Any],
    status: int = 200,
    *,
    draft: Draft | None = None,
    problems: dict[str, str] | None = None,
    message: str = "",
    address: str = "/console/register",
    sources: Sequence[Source] = SOURCES,
    talk: uuid.UUID | None = None,
    lines: Sequence[Said] = (),
    texts: bool = False,
) -> Response:
    """The form as ``typed``, with what was made of it; ``talk`` is the conversation it is told in,
    ``lines`` what was said there, ``texts`` whether text
    messages can be sent."""
    categories: dict[str, CategoryFacts] = request.app.state.city.router.categories
    return render(
        request,
        "register.html",
        status,
        typed=typed,
        draft=draft,
        problems=problems or {},
        message=message,
        address=address,
        talk=talk,
        lines=lines,
        texts=texts,
        sources=[(s.value, SOURCE_NAMES[s]) for s in sources],
        types=[(t.value, TYPE_NAMES[t]) for t in CaseType],
        urgencies=[(u.value, URGENCY_NAMES[u]) for u in Urgency],
        categories=category_choices(categories),
    )


def category_choices(categories: dict[str, CategoryFacts]) -> list[tuple[str, str]]:
    """Code and path of every category that a case may have, in order."""
    return sorted((c.code, c.path) for c in categories.values() if c.path.count("/") == 2)
