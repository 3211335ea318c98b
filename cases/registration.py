"""Contacts, and the registration of a case from one. Nothing here commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.desk import give_lead, is_about, start_part, wait_for_dispatch
from cases.grouping import look_around
from cases.history import record
from cases.masking import hide_person, tidy
from cases.models import Case, CaseIdentity, CaseLink, Contact
from cases.numbers import query_code
from cases.repository import CaseRepository
from cases.search import index_text
from cases.states import Action, MainState
from cases.telling import tell_filed
from cases.timing import Timing
from cases.vocabulary import (
    PRIORITY,
    ActorKind,
    Audience,
    CaseType,
    ClockKind,
    LinkKind,
    Outcome,
    Part,
    Source,
    Urgency,
)
from core.calendar import Due
from core.errors import InvalidInput, NotFound
from core.identity import UNIT_ROLES, Actor
from core.privacy import encrypt, keyed_hash, mask_text
from units.tree import UnitTree

MAX_DETAIL = 20_000
# Doors that show number and query code themselves.
_SHOW_RECEIPTS = frozenset({Source.WEB, Source.WECHAT, Source.SMS})


@dataclass(frozen=True)
class Registration:
    """Everything a door knows about a matter when it is confirmed.

    ``key`` names the confirmation (at most 100 characters): the same key again gives the same
    case. ``around_the_clock`` marks water, power, gas and heat. ``lead`` and ``assists`` are unit
    codes; without ``lead`` the dispatcher decides. ``routing`` says why: ``entry`` (code in the
    catalogue), ``score`` (0-1), ``reasons`` (Chinese sentences). ``about_unit`` is the code of the
    unit complained about, ``follows`` the number of an earlier case that can no longer be reopened.
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
    about_unit: str | None = None
    complex: bool = False
    follows: str | None = None
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
    session: AsyncSession, wanted: Registration, now: datetime, *, by: Actor | None = None
) -> Registered:
    """Make a case out of ``wanted``, with a part for the leading unit and each assisting one.

    A case that certainly belongs to an open group joins it instead of being dispatched; of what
    may be the same the dispatch desk is told (`cases.grouping.look_around`).

    ``by`` is the member of staff who wrote it down. A lead that is not an active unit, or is the
    unit complained about, is ignored: the case goes to the dispatcher. Raises InvalidInput when
    title, detail or key is missing or too long, or `follows` names no case.
    """
    _check(wanted)
    repository = CaseRepository(session, None)
    await repository.lock_key(wanted.key)
    known = await repository.by_key(wanted.key)
    if known is not None:
        return await _known(repository, known)
    earlier = await _earlier(repository, wanted)
    contact_id = await open_contact(session, wanted.source, wanted.conversation_id, now)
    times = await Timing.load(session)
    case = _new_case(wanted, times, now)
    case.contact_id = contact_id
    case.number = await repository.next_number(now)
    case.search = index_text(case.number, case.title, case.detail, case.place_text)
    session.add(case)
    await session.flush()
    session.add(_identity(wanted, case.id))
    await timing.start_statutory(session, times, case, now)
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
    # Of a clerk of a unit who passes something on the citizen learns nothing.
    passed_on = by is not None and by.role in UNIT_ROLES
    audience = Audience.STAFF if passed_on else Audience.CITIZEN
    record(session, case, Action.REGISTER, now, by or kind, audience=audience)
    if earlier is not None:
        _follow(session, case, earlier, now)
    if wanted.phone and wanted.source not in _SHOW_RECEIPTS:
        await tell_filed(session, case)
    if await look_around(session, case, now) is None:
        await _dispatch_by_catalogue(session, case, wanted, now)
    lead = await repository.lead(case.merged_into or case.id)
    await session.flush()
    due = Due(case.due_at, case.due_provisional)
    unit = lead.unit if lead else None
    return Registered(case.id, case.number, query_code(case.number), due, unit, False)


async def _earlier(repository: CaseRepository, wanted: Registration) -> Case | None:
    if wanted.follows is None:
        return None
    earlier = await repository.by_number(wanted.follows)
    if earlier is None:
        raise InvalidInput("没有找到原工单", fields={"follows": "请核对原工单编号"})
    return earlier


def _follow(session: AsyncSession, case: Case, earlier: Case, now: datetime) -> None:
    session.add(
        CaseLink(kind=LinkKind.FOLLOW_UP, from_case_id=case.id, to_case_id=earlier.id, at=now)
    )


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


def _new_case(wanted: Registration, times: Timing, now: datetime) -> Case:
    secret = wanted.anonymous or wanted.confidential or wanted.type is CaseType.REPORT

    def clean(text: str, limit: int | None = None) -> str:
        return tidy(hide_person(text, wanted.name, wanted.phone, secret=secret), limit)

    case = Case(
        key=wanted.key,
        type=wanted.type,
        category=wanted.category,
        title=tidy(hide_person(wanted.title, wanted.name, wanted.phone, secret=True), 200),
        detail=clean(wanted.detail),
        place_text=clean(wanted.place_text, 300),
        place_code=wanted.place_code,
        street=wanted.street,
        district=wanted.district,
        since_text=clean(wanted.since_text, 100),
        urgency=wanted.urgency,
        priority=PRIORITY[wanted.urgency],
        around_the_clock=wanted.around_the_clock,
        complex=wanted.complex,
        anonymous=wanted.anonymous,
        confidential=wanted.confidential,
        subject_of_complaint=clean(wanted.subject_of_complaint or "", 200) or None,
        about_unit=wanted.about_unit,
        attachments=[str(a) for a in wanted.attachments],
        state=MainState.PENDING_DISPATCH,
        source=wanted.source,
        created_at=now,
        routing=wanted.routing,
    )
    due = times.due(ClockKind.HANDLE, case, now)
    case.due_at, case.due_provisional = due.at, due.provisional
    return case


def _identity(wanted: Registration, case_id: int) -> CaseIdentity:
    # An anonymous citizen's name and phone are not kept at all.
    name = None if wanted.anonymous else tidy(wanted.name or "") or None
    phone = None if wanted.anonymous else tidy(wanted.phone or "") or None
    behalf = None if wanted.anonymous else tidy(wanted.on_behalf_of or "") or None
    return CaseIdentity(
        case_id=case_id,
        name_encrypted=encrypt(name) if name else None,
        phone_encrypted=encrypt(phone) if phone else None,
        phone_hash=phone_hash(phone) if phone else None,
        on_behalf_of_encrypted=encrypt(behalf) if behalf else None,
        detail_encrypted=encrypt(tidy(wanted.detail)),
    )


async def _dispatch_by_catalogue(
    session: AsyncSession, case: Case, wanted: Registration, now: datetime
) -> str | None:
    """Give each unit its part; the leading unit's code, or None when the dispatcher must decide."""
    tree = await UnitTree.load(session)

    def may_have(code: str) -> bool:
        unit = tree.get(code)
        return unit is not None and unit.active and not is_about(case, code, tree)

    if wanted.lead is None or not may_have(wanted.lead):
        await wait_for_dispatch(session, case, now)
        return None
    reasons = "；".join(wanted.routing.get("reasons", []))
    case.automatic = True
    await give_lead(session, ActorKind.SYSTEM, case, [], Action.DISPATCH, wanted.lead, reasons, now)
    times = await Timing.load(session)
    for unit in dict.fromkeys(wanted.assists):
        if unit != wanted.lead and may_have(unit):
            await start_part(session, times, case, unit, Part.ASSIST, now)
    # Nobody has seen the case before it was dispatched.
    case.version = 1
    return wanted.lead


async def _known(repository: CaseRepository, case: Case) -> Registered:
    lead = await repository.lead(case.merged_into or case.id)
    return Registered(
        case.id,
        case.number,
        query_code(case.number),
        Due(case.due_at, case.due_provisional),
        lead.unit if lead else None,
        True,
    )
