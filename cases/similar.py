"""Finding the same and the similar among stored cases; how alike they are says `cases.likeness`.

Reports (举报) and confidential cases are never offered to anybody but the citizen in the very
conversation they were filed in: that they exist may already tell who spoke.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import reopen_window
from cases.likeness import Likeness, Matter, compare
from cases.models import Case, CaseIdentity, Contact, SubCase
from cases.repository import CaseRepository
from cases.search import matches
from cases.states import GONE, OPEN, UNANSWERED, MainState
from cases.views import is_secret
from cases.vocabulary import CaseType, Part, Result
from core.calendar_store import load_calendar
from core.identity import Actor
from core.privacy import mask_text

# [D] domain 2.2, point 9: the same place and topic, three people within 24 hours.
GROUP_SIZE = 3
GROUP_HOURS = 24
# What a question or thanks is about needs no common handling.
GROUPED = frozenset({CaseType.HELP, CaseType.COMPLAINT, CaseType.SUGGESTION, CaseType.OTHER})
_MOST_COMPARED = 100
_EXCERPT = 80
_NOT_SECRET: tuple[ColumnElement[bool], ...] = (
    Case.confidential.is_(False),
    Case.type != CaseType.REPORT,
)


@dataclass(frozen=True)
class Same:
    """An earlier case of the same person that is about the same matter; ``reasons`` for clerks.

    ``anonymous``: nobody knows whose it is but the citizen.
    """

    case_id: int
    number: str
    title: str
    state: MainState
    certain: bool
    score: float
    reasons: list[str]
    anonymous: bool


@dataclass(frozen=True)
class GroupCandidate:
    """Cases of several people about one matter. ``parent`` is the open group that they belong to,
    None when there is none yet. ``case_ids`` are those not in it, the asking one first.
    ``certain`` is about the asking case: it may be joined without being asked.
    """

    parent: int | None
    parent_number: str | None
    case_ids: list[int]
    people: int
    certain: bool
    reasons: list[str]


@dataclass(frozen=True)
class SimilarCase:
    """A similar case for the case page; ``unit`` is the code of the leading unit."""

    case_id: int
    number: str
    title: str
    state: MainState
    unit: str | None
    result: Result | None
    answer: str
    created_at: datetime
    score: float
    reasons: list[str]


def matter_of(case: Case) -> Matter:
    """What a stored case is compared by."""
    return Matter(
        category=case.category,
        text=f"{case.title}。{case.detail}",
        place_text=case.place_text,
        place_code=case.place_code,
        street=case.street,
        district=case.district,
    )


async def find_same(
    session: AsyncSession,
    wanted: Matter,
    now: datetime,
    *,
    conversation_id: uuid.UUID | None = None,
    phone_hash: str | None = None,
    proved: Collection[int] = (),
    secret: bool = False,
    exclude: Collection[int] = (),
) -> Same | None:
    """The case of the same person that is most like ``wanted``: open, merged, or answered so
    lately that it can still be reopened.

    By ``conversation_id``, or among ``proved`` cases (number and query code were given), it may be
    shown to the citizen; by ``phone_hash`` only to the line's desks, since anybody can name a
    number. ``secret``: the matter asked for is a secret one; it is not looked for by phone, and
    only secret cases are the same, since the others are read by more people.
    """
    found = await _of_person(session, conversation_id, None if secret else phone_hash)
    found |= dict.fromkeys(proved, True)
    ids = set(found) - set(exclude)
    if not ids:
        return None
    rows = await session.scalars(
        select(Case)
        .where(Case.id.in_(ids), Case.is_group.is_(False), Case.state != MainState.WITHDRAWN)
        .order_by(Case.id.desc())
        .limit(_MOST_COMPARED)
    )
    calendar = await load_calendar(session)
    best: Same | None = None
    for case in rows:
        if is_secret(case) != secret and (secret or not found[case.id]):
            continue
        ended = case.state not in OPEN | {MainState.MERGED}
        if ended and now > reopen_window(calendar, case.told_at or case.created_at):
            continue
        likeness = compare(wanted, matter_of(case))
        if likeness.likely and (best is None or likeness.score > best.score):
            best = _same(case, likeness)
    return best


async def find_same_of(session: AsyncSession, case: Case, now: datetime) -> Same | None:
    """The same for a registered case: for the desk, which may merge the two.

    By the number alone: the conversation would tell who an anonymous citizen is.
    """
    identity = await session.get(CaseIdentity, case.id)
    return await find_same(
        session,
        matter_of(case),
        now,
        phone_hash=identity.phone_hash if identity else None,
        secret=is_secret(case),
        exclude=[case.id, *([case.merged_into] if case.merged_into else [])],
    )


async def find_group(session: AsyncSession, case: Case) -> GroupCandidate | None:
    """Cases of other people about the same matter, registered within `GROUP_HOURS` of this one
    (domain 2.2, point 9), or the open group that ``case`` belongs to.

    None without street or category (the index is by them), for secret cases, and when there are
    fewer than `GROUP_SIZE` people and no group yet.
    """
    if not _may_be_grouped(case) or case.street is None or case.category is None:
        return None
    near = _near(case).where(Case.state.in_(UNANSWERED))
    group = await _open_group(session, case, near)
    day = timedelta(hours=GROUP_HOURS)
    rows = await session.scalars(
        near.where(
            Case.created_at.between(case.created_at - day, case.created_at + day),
            Case.is_group.is_(False),
            Case.merged_into.is_(None),
            Case.type.in_(GROUPED),
            Case.id != case.id,
            Case.about_unit.is_not_distinct_from(case.about_unit),
        )
        .order_by(Case.created_at.desc())
        .limit(_MOST_COMPARED)
    )
    wanted = matter_of(case)
    alike = [
        (one, likeness) for one in rows if (likeness := compare(wanted, matter_of(one))).likely
    ]
    people = len(await _people(session, [case, *(one for one, _ in alike)]))
    ids = [case.id, *(one.id for one, _ in alike)]
    if group is not None:
        parent, likeness = group
        return GroupCandidate(
            parent.id, parent.number, ids, people, likeness.certain, likeness.reasons
        )
    if people < GROUP_SIZE:
        return None
    reasons = [f"{GROUP_HOURS} 小时内 {people} 人反映", *alike[0][1].reasons]
    certain = all(likeness.certain for _, likeness in alike)
    return GroupCandidate(None, None, ids, people, certain, reasons)


async def similar_cases(
    session: AsyncSession, actor: Actor | None, case: Case, *, limit: int = 5
) -> list[SimilarCase]:
    """Other cases of the same category that ``actor`` may read, the most alike first.

    Never a secret one, nor one that went into another. Nothing for a case without category.
    """
    if case.category is None:
        return []
    readable = CaseRepository(session, actor).readable()
    nearby = await _alike(session, readable, case, Case.street == case.street, limit)
    if len(nearby) < limit:
        nearby |= await _alike(session, readable, case, Case.id.not_in(nearby), limit)
    best = sorted(nearby.values(), key=lambda pair: pair[1].score, reverse=True)[:limit]
    units = await _leads(session, [one.id for one, _ in best])
    return [_similar(one, likeness, units.get(one.id)) for one, likeness in best]


async def same_person(session: AsyncSession, one: Case, other: Case) -> bool:
    """Whether two cases came from one phone number or one conversation.

    Never an anonymous one and one with a name: that they belong together would name the citizen.
    """
    return one.anonymous == other.anonymous and len(await _people(session, [one, other])) == 1


async def _of_person(
    session: AsyncSession, conversation_id: uuid.UUID | None, phone_hash: str | None
) -> dict[int, bool]:
    """Case ids of a person → whether the citizen may hear of them. Each by its own index."""
    found: dict[int, bool] = {}
    if phone_hash is not None:
        by_phone = select(CaseIdentity.case_id).where(CaseIdentity.phone_hash == phone_hash)
        newest = by_phone.order_by(CaseIdentity.case_id.desc()).limit(_MOST_COMPARED)
        found = dict.fromkeys(await session.scalars(newest), False)
    if conversation_id is not None:
        in_it = (
            select(Case.id)
            .join(Contact, Contact.id == Case.contact_id)
            .where(Contact.conversation_id == conversation_id)
        )
        found |= dict.fromkeys(await session.scalars(in_it), True)
    return found


def _same(case: Case, likeness: Likeness) -> Same:
    return Same(
        case.id,
        case.number,
        case.title,
        MainState(case.state),
        likeness.certain,
        likeness.score,
        ["同一诉求人", *likeness.reasons],
        case.anonymous,
    )


def _may_be_grouped(case: Case) -> bool:
    return not is_secret(case) and case.type in GROUPED and not case.is_group


def _near(case: Case) -> Select[Case]:
    return select(Case).where(
        Case.category == case.category, Case.street == case.street, *_NOT_SECRET
    )


async def _open_group(
    session: AsyncSession, case: Case, near: Select[Case]
) -> tuple[Case, Likeness] | None:
    """The open group whose members are most like ``case``."""
    parents = await session.scalars(
        near.where(
            Case.is_group.is_(True), Case.about_unit.is_not_distinct_from(case.about_unit)
        ).limit(20)
    )
    wanted = matter_of(case)
    best: tuple[Case, Likeness] | None = None
    for parent in parents:
        if parent.id == case.merged_into:
            continue
        members = await session.scalars(
            select(Case).where(Case.merged_into == parent.id).order_by(Case.id.desc()).limit(20)
        )
        for member in members:
            likeness = compare(wanted, matter_of(member))
            if likeness.likely and (best is None or likeness.score > best[1].score):
                best = parent, likeness
    return best


async def _people(session: AsyncSession, cases: Sequence[Case]) -> set[str]:
    """One entry a person: by phone, else by conversation, else the case stands for itself."""
    rows = await session.execute(
        select(Case.id, CaseIdentity.phone_hash, Contact.conversation_id)
        .outerjoin(CaseIdentity, CaseIdentity.case_id == Case.id)
        .outerjoin(Contact, Contact.id == Case.contact_id)
        .where(Case.id.in_([case.id for case in cases]))
    )
    found = rows.tuples().all()
    # Who gave a number in one case and none in another of the same conversation is one person.
    phone_in = {talk: phone for _, phone, talk in found if phone and talk}
    return {
        phone or (phone_in.get(talk) if talk else None) or str(talk or case)
        for case, phone, talk in found
    }


async def _alike(
    session: AsyncSession,
    readable: Select[Case],
    case: Case,
    where: ColumnElement[bool],
    limit: int,
) -> dict[int, tuple[Case, Likeness]]:
    rows = await session.scalars(
        readable.where(
            Case.category == case.category,
            Case.id != case.id,
            Case.merged_into.is_(None),
            *_NOT_SECRET,
            where,
        )
        .order_by(Case.created_at.desc())
        .limit(_MOST_COMPARED)
    )
    wanted = matter_of(case)
    # Elsewhere the same kind of trouble is handled alike: likely or not is not asked.
    scored = [(one, compare(wanted, matter_of(one))) for one in rows]
    scored.sort(key=lambda pair: pair[1].score, reverse=True)
    return {one.id: (one, likeness) for one, likeness in scored[:limit]}


async def _leads(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    rows = await session.execute(
        select(SubCase.case_id, SubCase.unit).where(
            SubCase.case_id.in_(ids), SubCase.role == Part.LEAD, SubCase.state.not_in(GONE)
        )
    )
    return dict(rows.tuples().all())


def _similar(case: Case, likeness: Likeness, unit: str | None) -> SimilarCase:
    answer = mask_text(case.public_answer or case.citizen_answer or "")
    return SimilarCase(
        case_id=case.id,
        number=case.number,
        title=case.title,
        state=MainState(case.state),
        unit=unit,
        result=Result(case.result) if case.result else None,
        answer=answer if len(answer) <= _EXCERPT else answer[: _EXCERPT - 1] + "…",
        created_at=case.created_at,
        score=likeness.score,
        reasons=likeness.reasons,
    )


@dataclass(frozen=True)
class Neighbour:
    """An open case that may be about the same matter; ``own``: it came from the same person."""

    case: Case
    likeness: Likeness
    own: bool


async def neighbours(
    session: AsyncSession, actor: Actor, case: Case, *, limit: int = 12
) -> list[Neighbour]:
    """Open cases that a clerk may put together with ``case``: of the same person, and of others in
    the same street about the same; the most alike first. Of a secret case only the person's own.
    Whose an anonymous case is shows only beside another anonymous one.
    """
    identity = await session.get(CaseIdentity, case.id)
    conversation = await CaseRepository(session, None).conversation_of(case)
    own = await _of_person(session, conversation, identity.phone_hash if identity else None)
    readable = CaseRepository(session, actor).readable()
    still_open = readable.where(
        Case.state.in_(UNANSWERED),
        Case.id != case.id,
        Case.about_unit.is_not_distinct_from(case.about_unit),
    )
    alike_in_name = Case.anonymous.is_(case.anonymous)
    rows = list(await session.scalars(still_open.where(Case.id.in_(own), alike_in_name)))
    mine = {one.id for one in rows}
    if not is_secret(case) and case.category and case.street:
        near = still_open.where(
            Case.category == case.category, Case.street == case.street, *_NOT_SECRET
        )
        newest = near.order_by(Case.created_at.desc()).limit(_MOST_COMPARED)
        rows += [one for one in await session.scalars(newest) if one.id not in mine]
    wanted = matter_of(case)
    # A group that the person is in already is the person's own matter too.
    joined = select(Case.merged_into).where(
        Case.id.in_(own), Case.merged_into.is_not(None), alike_in_name
    )
    mine |= set(await session.scalars(joined))
    found = [Neighbour(one, compare(wanted, matter_of(one)), one.id in mine) for one in rows]
    fitting = [
        one
        for one in found
        if is_secret(one.case) == is_secret(case) and (one.own or one.likeness.likely)
    ]
    fitting.sort(key=lambda one: (one.likeness.likely, one.likeness.score), reverse=True)
    return fitting[:limit]


async def search_open(
    session: AsyncSession, actor: Actor, text: str, exclude: Collection[int], *, limit: int = 10
) -> Sequence[Case]:
    """Open readable cases that contain ``text`` in number, title, detail or place, newest first."""
    readable = CaseRepository(session, actor).readable()
    return (
        await session.scalars(
            readable.where(matches(text), Case.state.in_(UNANSWERED), Case.id.not_in(list(exclude)))
            .order_by(Case.created_at.desc())
            .limit(limit)
        )
    ).all()
