"""Contacts, and the registration of a case from one. Nothing here commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases import clocks
from cases.history import record
from cases.masking import hide_person, tidy
from cases.models import Case, Contact, SubCase
from cases.numbers import query_code
from cases.repository import CaseRepository
from cases.states import Action, MainState, SubState
from cases.vocabulary import ActorKind, Audience, CaseType, Outcome, Part, Source, Urgency
from core.calendar import Due, WorkCalendar
from core.errors import InvalidInput, NotFound
from core.privacy import encrypt, keyed_hash, mask_text

MAX_DETAIL = 20_000


@dataclass(frozen=True)
class Registration:
    """Everything a door knows about a matter when it is confirmed.

    ``key`` names the confirmation (at most 100 characters): the same key again gives the same
    case. ``around_the_clock`` marks water, power, gas and heat. ``lead`` and ``assists`` are unit
    codes; without ``lead`` the dispatcher decides. ``routing`` says why: ``entry`` (code in the
    catalogue), ``score`` (0-1), ``reasons`` (Chinese sentences).
    """

    key: str
    source: Source
    type: CaseType
    title: str
    detail: str
    conversation_id: uuid.UUID | None = None
    category: str | None = None
    place_text: str = ""
    place_code: str | None = None
    street: str | None = None
    district: str | None = None
    since_text: str = ""
    urgency: Urgency = Urgency.NORMAL
    around_the_clock: bool = False
    name: str | None = None
    phone: str | None = None
    anonymous: bool = False
    confidential: bool = False
    on_behalf_of: str | None = None
    subject_of_complaint: str | None = None
    attachments: list[uuid.UUID] = field(default_factory=list)
    lead: str | None = None
    assists: list[str] = field(default_factory=list)
    routing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """What the citizen is told. ``repeated``: the key was known, nothing new was made."""

    case_id: int
    number: str
    query_code: str
    due: Due
    lead_unit: str | None
    repeated: bool


def phone_hash(phone: str) -> str:
    """What a phone number is found by; only digits count."""
    return keyed_hash("phone", "".join(filter(str.isdecimal, phone)))


async def open_contact(
    session: AsyncSession, source: Source, conversation_id: uuid.UUID | None, now: datetime
) -> int:
    """Id of the conversation's open contact, made if there is none; without a conversation
    always a new one.
    """
    made: int | None = await session.scalar(
        insert(Contact)
        .values(conversation_id=conversation_id, source=source, subject="", started_at=now)
        .on_conflict_do_nothing()
        .returning(Contact.id)
    )
    if made is not None:
        return made
    assert conversation_id is not None
    known = await CaseRepository(session, None).open_contact(conversation_id)
    # Closed between the two statements by another turn: then a new one can be made.
    return known.id if known else await open_contact(session, source, conversation_id, now)


async def close_contact(
    session: AsyncSession,
    contact_id: int,
    outcome: Outcome,
    now: datetime,
    *,
    type: CaseType | None = None,
    category: str | None = None,
    subject: str = "",
    case_id: int | None = None,
) -> None:
    """Say how a contact ended. A contact that has ended keeps its first outcome.

    Raises NotFound for an unknown contact.
    """
    contact = await session.get(Contact, contact_id, with_for_update=True, populate_existing=True)
    if contact is None:
        raise NotFound("没有找到这次来访记录")
    if contact.outcome is not None:
        return
    contact.outcome = outcome
    contact.type, contact.category = type, category
    contact.subject = tidy(mask_text(subject), 200)
    contact.ended_at = now
    contact.case_id = case_id


async def register(
    session: AsyncSession, wanted: Registration, calendar: WorkCalendar, now: datetime
) -> Registered:
    """Make a case out of ``wanted``, with a part for the leading unit and each assisting one.

    A lead that is not an active unit is ignored: the case goes to the dispatcher. Raises
    InvalidInput when title, detail or key is missing or too long.
    """
    _check(wanted)
    repository = CaseRepository(session, None)
    await repository.lock_key(wanted.key)
    known = await repository.by_key(wanted.key)
    if known is not None:
        return await _known(repository, known)
    contact_id = await open_contact(session, wanted.source, wanted.conversation_id, now)
    due = clocks.due(
        calendar, now, wanted.type, wanted.urgency, around_the_clock=wanted.around_the_clock
    )
    case = _new_case(wanted, due, now)
    case.contact_id = contact_id
    case.number = await repository.next_number(now)
    session.add(case)
    await session.flush()
    await close_contact(
        session,
        contact_id,
        Outcome.TRANSFERRED,
        now,
        type=wanted.type,
        category=wanted.category,
        subject=case.title,
        case_id=case.id,
    )
    kind = ActorKind.CITIZEN if wanted.conversation_id else ActorKind.SYSTEM
    record(session, case, Action.REGISTER, now, kind, audience=Audience.CITIZEN)
    lead = await _dispatch_by_catalogue(session, repository, case, wanted, now)
    await session.flush()
    return Registered(case.id, case.number, query_code(case.number), due, lead, False)


def _check(wanted: Registration) -> None:
    problems = {}
    if not 0 < len(wanted.key) <= 100:
        problems["key"] = "须为 1 至 100 个字符"
    if not tidy(wanted.title):
        problems["title"] = "请写明标题"
    if not 0 < len(tidy(wanted.detail)) <= MAX_DETAIL:
        problems["detail"] = f"请写明情况，不超过 {MAX_DETAIL} 字"
    if problems:
        raise InvalidInput("登记内容不完整", fields=problems)


def _new_case(wanted: Registration, due: Due, now: datetime) -> Case:
    # An anonymous citizen's name and phone are not kept at all.
    name = None if wanted.anonymous else tidy(wanted.name or "") or None
    phone = None if wanted.anonymous else tidy(wanted.phone or "") or None
    behalf = None if wanted.anonymous else tidy(wanted.on_behalf_of or "") or None
    secret = wanted.anonymous or wanted.confidential or wanted.type is CaseType.REPORT

    def clean(text: str, limit: int | None = None) -> str:
        return tidy(hide_person(text, wanted.name, wanted.phone, secret=secret), limit)

    return Case(
        key=wanted.key,
        type=wanted.type,
        category=wanted.category,
        title=clean(wanted.title, 200),
        detail=clean(wanted.detail),
        detail_original=encrypt(tidy(wanted.detail)),
        place_text=clean(wanted.place_text, 300),
        place_code=wanted.place_code,
        street=wanted.street,
        district=wanted.district,
        since_text=clean(wanted.since_text, 100),
        urgency=wanted.urgency,
        around_the_clock=wanted.around_the_clock,
        name_encrypted=encrypt(name) if name else None,
        phone_encrypted=encrypt(phone) if phone else None,
        phone_hash=phone_hash(phone) if phone else None,
        anonymous=wanted.anonymous,
        confidential=wanted.confidential,
        on_behalf_of_encrypted=encrypt(behalf) if behalf else None,
        subject_of_complaint=clean(wanted.subject_of_complaint or "", 200) or None,
        attachments=[str(a) for a in wanted.attachments],
        state=MainState.PENDING_DISPATCH,
        source=wanted.source,
        due_at=due.at,
        due_provisional=due.provisional,
        created_at=now,
        routing=wanted.routing,
    )


async def _dispatch_by_catalogue(
    session: AsyncSession,
    repository: CaseRepository,
    case: Case,
    wanted: Registration,
    now: datetime,
) -> str | None:
    """Give each unit its part; the leading unit's code, or None when the dispatcher must decide."""
    if wanted.lead is None or not await repository.unit_is_active(wanted.lead):
        return None
    case.state = MainState.DISPATCHED
    record(
        session,
        case,
        Action.DISPATCH,
        now,
        ActorKind.SYSTEM,
        before=MainState.PENDING_DISPATCH,
        audience=Audience.CITIZEN,
        reason="；".join(wanted.routing.get("reasons", [])),
        data={"unit": wanted.lead},
    )
    units = [wanted.lead]
    for unit in wanted.assists:
        if unit not in units and await repository.unit_is_active(unit):
            units.append(unit)
    session.add_all(
        new_part(case, unit, Part.ASSIST if position else Part.LEAD, now)
        for position, unit in enumerate(units)
    )
    return wanted.lead


def new_part(case: Case, unit: str, part: Part, now: datetime) -> SubCase:
    """A unit's part in ``case``, waiting to be accepted, under the case's own clock."""
    return SubCase(
        case_id=case.id,
        unit=unit,
        role=part,
        state=SubState.PENDING_ACCEPTANCE,
        due_at=case.due_at,
        created_at=now,
    )


async def _known(repository: CaseRepository, case: Case) -> Registered:
    lead = await repository.lead(case.id)
    return Registered(
        case.id,
        case.number,
        query_code(case.number),
        Due(case.due_at, case.due_provisional),
        lead.unit if lead else None,
        True,
    )
