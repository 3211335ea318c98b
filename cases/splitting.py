"""One case that holds several matters becomes several cases (拆单), each with its own units and
clocks and the same citizen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import STALE, begin, end_open_parts, need, note
from cases.desk import wait_for_dispatch
from cases.history import record
from cases.identity import person_of
from cases.masking import hide_person, tidy
from cases.models import Case, CaseIdentity, CaseLink
from cases.numbers import query_code
from cases.repository import CaseRepository
from cases.search import index_text
from cases.states import TRANSITIONS, UNANSWERED, Action, MainState, SubState
from cases.telling import tell_only
from cases.timing import Timing
from cases.views import is_secret
from cases.vocabulary import Audience, ClockKind, LinkKind
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor
from core.privacy import encrypt

MOST_MATTERS = 6
_CHANGED = ("title", "detail", "category", "place_text", "place_code", "street", "district")


@dataclass(frozen=True)
class Piece:
    """One matter of a case: title and detail as the clerk words them, and where it is.

    ``place_text`` None: the place of the case as it stands.
    """

    title: str
    detail: str
    category: str | None = None
    place_text: str | None = None
    place_code: str | None = None
    street: str | None = None
    district: str | None = None


async def split(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    pieces: Sequence[Piece],
    reason: str,
    now: datetime,
) -> list[Case]:
    """Leave the first of 2 to `MOST_MATTERS` matters with the case, make a new case of each other.

    Returns the new cases; they wait to be dispatched, and the citizen is told their numbers.
    """
    case, _ = await begin(session, actor, case_id, version, Action.SPLIT)
    need(Action.SPLIT, matters="".join(piece.title for piece in pieces))
    _check(case, pieces)
    identity = await session.get(CaseIdentity, case.id)
    before = {name: getattr(case, name) for name in _CHANGED}
    await _reword(session, case, pieces[0])
    made = [await _new_case(session, actor, case, identity, piece, now) for piece in pieces[1:]]
    note(
        session,
        actor,
        case,
        None,
        Action.SPLIT,
        now,
        reason=reason,
        data={"numbers": [one.number for one in made]},
        audience=Audience.CITIZEN,
    )
    for one in made:
        session.add(
            CaseLink(
                kind=LinkKind.SPLIT,
                from_case_id=one.id,
                to_case_id=case.id,
                at=now,
                by=actor.login,
                reason=tidy(reason),
                before=before | {"version": one.version, "kept": case.version},
            )
        )
    told = "、".join(f"{one.number}（查询码 {query_code(one.number)}）" for one in made)
    # Not to those merged into it: numbers and query codes are this citizen's.
    await tell_only(
        session,
        case,
        f"split:{case.version}",
        f"您反映的是几件事，已分开办理：原工单 {case.number} 继续，另立 {told}。",
    )
    await session.flush()
    return made


async def unsplit(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    reason: str,
    now: datetime,
) -> Case:
    """Undo the last split of a case: its words are as before, the cases made of it end.

    Only while nobody has done anything to the new cases (Conflict otherwise).
    """
    if actor.role not in TRANSITIONS[Action.SPLIT].parties:
        raise NotAllowed(f"{ROLE_NAMES[actor.role]}不能撤销拆单")
    case = await CaseRepository(session, actor).get(case_id, lock=True)
    if case.version != version:
        raise Conflict(STALE, code="stale")
    if not tidy(reason):
        raise InvalidInput("撤销拆单还缺少必填内容", fields={"reason": "必须填写"})
    links = await split_links(session, case.id)
    if not links or case.state not in UNANSWERED:
        raise Conflict("这张工单没有可以撤销的拆单")
    repository = CaseRepository(session, None)
    for link in links:
        one = await repository.get(link.from_case_id, lock=True)
        if one.version != link.before["version"] or one.state != MainState.PENDING_DISPATCH:
            raise Conflict(f"拆出的工单 {one.number} 已经开始办理，不能撤销拆单")
        await _end(session, actor, one, case, reason, now)
        link.undone_at, link.undone_by = now, actor.login
    for name in _CHANGED:
        setattr(case, name, links[0].before[name])
    case.search = index_text(case.number, case.title, case.detail, case.place_text)
    data = {"undone": True}
    note(session, actor, case, None, Action.SPLIT, now, reason=reason, data=data)
    await session.flush()
    return case


async def split_links(session: AsyncSession, case_id: int) -> Sequence[CaseLink]:
    """The links of the last split of a case that was not undone; empty when there is none."""
    links = (
        await session.scalars(
            select(CaseLink)
            .where(
                CaseLink.to_case_id == case_id,
                CaseLink.kind == LinkKind.SPLIT,
                CaseLink.undone_at.is_(None),
            )
            .order_by(CaseLink.id.desc())
        )
    ).all()
    return [link for link in links if link.before["kept"] == links[0].before["kept"]]


def _check(case: Case, pieces: Sequence[Piece]) -> None:
    if case.is_group:
        raise InvalidInput("同类诉求的主单不能拆单，请撤销成组", fields={"matters": "不能拆单"})
    if not 2 <= len(pieces) <= MOST_MATTERS:
        raise InvalidInput(
            f"一张工单可以拆成 2 至 {MOST_MATTERS} 件", fields={"matters": "件数不对"}
        )
    problems = {}
    for number, piece in enumerate(pieces, 1):
        if not tidy(piece.title):
            problems[f"title{number}"] = f"第 {number} 件请写标题"
        if not tidy(piece.detail):
            problems[f"detail{number}"] = f"第 {number} 件请写内容"
    if problems:
        raise InvalidInput("拆单内容不完整", fields=problems)


async def _reword(session: AsyncSession, case: Case, piece: Piece) -> None:
    """Title, detail, category and place of ``piece``, without who speaks in them."""
    name, phone = await person_of(session, case.id)
    secret = is_secret(case) or case.anonymous

    def clean(text: str, limit: int | None = None) -> str:
        return tidy(hide_person(text, name, phone, secret=secret), limit)

    case.title, case.detail = clean(piece.title, 200), clean(piece.detail)
    case.category = piece.category or case.category
    if piece.place_text is not None:
        case.place_text = clean(piece.place_text, 300)
        case.place_code, case.street = piece.place_code, piece.street
        case.district = piece.district
    case.search = index_text(case.number, case.title, case.detail, case.place_text)


async def _new_case(
    session: AsyncSession,
    actor: Actor,
    original: Case,
    identity: CaseIdentity | None,
    piece: Piece,
    now: datetime,
) -> Case:
    number = await CaseRepository(session, None).next_number(now)
    same: dict[str, Any] = {
        name: getattr(original, name)
        for name in (
            "contact_id",
            "type",
            "category",
            "place_text",
            "place_code",
            "street",
            "district",
            "since_text",
            "urgency",
            "priority",
            "around_the_clock",
            "complex",
            "anonymous",
            "confidential",
            "subject_of_complaint",
            "about_unit",
            "attachments",
            "source",
        )
    }
    case = Case(
        **same,
        number=number,
        key=f"split:{number}",
        title="",
        detail="",
        state=MainState.PENDING_DISPATCH,
        created_at=now,
        version=1,
        routing={},
    )
    times = await Timing.load(session)
    due = times.due(ClockKind.HANDLE, case, now)
    case.due_at, case.due_provisional = due.at, due.provisional
    session.add(case)
    await session.flush()
    if identity is not None:
        session.add(
            CaseIdentity(
                case_id=case.id,
                name_encrypted=identity.name_encrypted,
                phone_encrypted=identity.phone_encrypted,
                phone_hash=identity.phone_hash,
                on_behalf_of_encrypted=identity.on_behalf_of_encrypted,
                detail_encrypted=encrypt(tidy(piece.detail)),
            )
        )
        await session.flush()
    await _reword(session, case, piece)
    await timing.start_statutory(session, times, case, now)
    await wait_for_dispatch(session, case, now)
    record(
        session,
        case,
        Action.REGISTER,
        now,
        actor,
        reason=f"由工单 {original.number} 拆出",
        audience=Audience.CITIZEN,
        data={"number": original.number},
    )
    return case


async def _end(
    session: AsyncSession, actor: Actor, case: Case, original: Case, reason: str, now: datetime
) -> None:
    parts = await CaseRepository(session, None).parts(case.id)
    end_open_parts(session, case, parts, Action.SPLIT, SubState.WITHDRAWN, now)
    await timing.stop(session, case.id, now, cancel=True)
    before, case.state = case.state, MainState.WITHDRAWN
    case.version += 1
    record(
        session,
        case,
        Action.SPLIT,
        now,
        actor,
        before=before,
        reason=tidy(reason),
        data={"number": original.number, "undone": True},
    )
