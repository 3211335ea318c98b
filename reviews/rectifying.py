"""Putting bad reviews right: opened with the review, acted on by staff, ended by the citizen.

Nothing here commits. Every change appends to the history in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.closing import put_under_supervision
from cases.masking import tidy
from cases.repository import CaseRepository
from cases.telling import tell_only
from core.attachments import store_picture
from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Actor, Role
from core.outbox import publish
from core.privacy import mask_text
from reviews.grades import BAD, Grade
from reviews.models import Rectification, Review, ServiceRecord
from reviews.rectification import (
    DOES,
    ENDED,
    MOST_EXTENSION_DAYS,
    TRANSITIONS,
    WITH_SUPERVISOR,
    Action,
    Facts,
    State,
    refusal,
    second,
)
from reviews.rectification_clocks import restart, set_due, set_step
from reviews.rectification_history import CITIZEN, LINE, record, tell
from reviews.rectification_repository import RectificationRepository, Row
from reviews.reviewer import words_for

# Topic of the outbox: the calling back has ended well or in vain, and the citizen may give a second
# review; payload {rectification_id}.
CALLED_BACK = "rectification_called_back"
MAX_NOTE = 2000
MOST_PICTURES = 6
# The invitation to rate it comes when the calling back has ended.
FINISHED = "您的评价已经办理整改，我们会回访您。"
_LINKED = ("exact", "auto", "manual")


@dataclass(frozen=True)
class Given:
    """What a form brings: words for every action, of some a date, days or pictures."""

    note: str
    planned_on: date | None = None
    days: int | None = None
    pictures: Sequence[tuple[str, bytes]] = ()


async def linked(session: AsyncSession, review: Review, now: datetime) -> Rectification | None:
    """Open the rectification of a bad review that is tied to a unit; again is no harm.

    None for a good review, one that nobody gave (``is_default``) or one that no unit has.
    """
    if review.grade not in BAD or review.is_default or review.link not in _LINKED:
        return None
    unit = await _unit_of(session, review)
    if unit is None:
        return None
    one = await RectificationRepository(session, None).of_review(review.id)
    if one is None:
        one = Rectification(review_id=review.id, unit=unit, state=State.PENDING, opened_at=now)
        await restart(session, one, now)
        session.add(one)
        await session.flush()
        record(session, one, None, Action.OPEN, LINE, None, now)
    elif one.state == State.WITHDRAWN:
        one.unit, one.opened_at, one.closed_at = unit, now, None
        one.verified_at = one.planned_on = None
        await restart(session, one, now)
        _move(session, one, Action.REOPEN, LINE, None, now)
    else:
        return one
    await set_step(session, one, now)
    await tell(session, one, review, "rectify", now)
    await session.flush()
    return one


async def unlinked(session: AsyncSession, review: Review, now: datetime, by: str) -> None:
    """The tie was a mistake (undone by login ``by``): the rectification ends, its history stays."""
    one = await RectificationRepository(session, None).of_review(review.id)
    if one is not None and State(one.state) not in ENDED:
        _move(session, one, Action.WITHDRAW, by, None, now)
        one.step_due_at = None


async def act(
    session: AsyncSession,
    actor: Actor,
    rectification_id: int,
    version: int,
    action: Action,
    given: Given,
    now: datetime,
) -> Rectification:
    """Do ``action``. Raises NotFound for what the actor may not see, NotAllowed for another's
    action, Conflict when it changed meanwhile or the state forbids it, InvalidInput."""
    row = await RectificationRepository(session, actor).get(rectification_id, lock=True)
    one = row.rectification
    if actor.role not in DOES.get(action, ()):
        raise NotAllowed("您没有这项权限")
    if one.version != version:
        raise Conflict("这条整改刚刚有了新的进展，请看过再操作", code="changed")
    check(one, action, now)
    note = tidy(given.note)
    _need(one, action, given, note, now)
    data = await _keep(session, one, given)
    _apply(one, action, given, note, now)
    _move(session, one, action, actor.login, actor.unit, now, note, data)
    if action is Action.GRANT_EXTENSION:
        assert one.extension_days is not None
        await set_due(session, one, one.opened_at, one.extension_days)
    if action in (Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION):
        one.extension_days = None
    await _after(session, row, action, note, now)
    return one


async def second_review(
    session: AsyncSession, rectification_id: int, grade: Grade, text: str, now: datetime
) -> Rectification:
    """The citizen's review of the rectification (二评), once. Raises NotFound or Conflict."""
    row = await RectificationRepository(session, None).get(rectification_id, lock=True)
    one, action = row.rectification, second(grade)
    check(one, action, now)
    one.second_grade, one.second_at = grade, now
    _move(session, one, action, CITIZEN, None, now, tidy(text)[:MAX_NOTE], {"grade": int(grade)})
    await _after(session, row, action, "市民二次评价仍不满意", now)
    return one


def check(one: Rectification, action: Action, now: datetime) -> None:
    """Raises Conflict with the reason when ``action`` is not possible now."""
    why = refusal(action, State(one.state), facts(one, now))
    if why is not None:
        raise Conflict(why, code="not_now")


def facts(one: Rectification, now: datetime) -> Facts:
    """What the rules look at in a stored rectification."""
    return Facts(
        extended=one.extended,
        extension_asked=one.extension_days is not None,
        claimed=one.claimed,
        tries=one.tries,
        second_given=one.second_grade is not None,
        late=now > one.due_at,
    )


def _need(one: Rectification, action: Action, given: Given, note: str, now: datetime) -> None:
    wrong = {}
    if not 0 < len(note) <= MAX_NOTE:
        wrong["note"] = f"必须填写，不超过 {MAX_NOTE} 字"
    if len(given.pictures) > MOST_PICTURES:
        wrong["pictures"] = f"最多 {MOST_PICTURES} 张图片"
    elif action is Action.APPEAL and not given.pictures:
        wrong["pictures"] = "申诉须附证据图片"
    if action is Action.PLAN:
        first, last = now.astimezone(LOCAL).date(), one.due_at.astimezone(LOCAL).date()
        if given.planned_on is None or not first <= given.planned_on <= max(first, last):
            wrong["planned_on"] = f"请填今天到整改期限（{last:%Y-%m-%d}）之间的日期"
    if action is Action.ASK_EXTENSION and not 1 <= (given.days or 0) <= MOST_EXTENSION_DAYS:
        wrong["days"] = f"请填 1 到 {MOST_EXTENSION_DAYS} 个工作日"
    if wrong:
        raise InvalidInput("还缺少内容或有误", fields=wrong)


def _apply(one: Rectification, action: Action, given: Given, note: str, now: datetime) -> None:
    match action:
        case Action.VERIFY:
            one.verified_at = now
        case Action.PLAN:
            one.planned_on = given.planned_on
        case Action.FINISH:
            # The citizen reads it, and on the public page everybody.
            one.done, one.finished_at = mask_text(note), now
            one.late = one.late or now > one.due_at
        case Action.CLAIM_IMPOSSIBLE:
            one.claimed = True
        case Action.ASK_EXTENSION:
            one.extension_days = given.days
        case Action.GRANT_EXTENSION:
            one.extended = True
        case Action.NOT_REACHED:
            one.tries += 1
        case Action.UNREACHABLE:
            one.tries, one.reached = one.tries + 1, False
        case Action.SOLVED | Action.UNSOLVED:
            one.reached = True


async def _after(session: AsyncSession, row: Row, action: Action, note: str, now: datetime) -> None:
    """Clocks and notices that follow from a new state."""
    one, state = row.rectification, State(row.rectification.state)
    if action in (Action.UNSOLVED, Action.SECOND_BAD):
        one.finished_at = None
        await restart(session, one, now)
        if row.case is not None:
            case = await CaseRepository(session, None).get(row.case.id, lock=True)
            # The unit reads it in the case, which must not tell whose review it was.
            why = f"差评整改未获认可：{note}" if row.review.named else "市民反映仍未解决"
            await put_under_supervision(session, None, case, why, now)
    if action in (Action.UNSOLVED, Action.SECOND_BAD, Action.GIVE_UP) and one.case_id is not None:
        opened = await CaseRepository(session, None).get(one.case_id, lock=True)
        if not opened.supervised and opened.closed_at is None:
            await put_under_supervision(session, None, opened, "转来工单的差评整改未解决", now)
    if action is Action.FINISH and row.case is not None:
        await tell_only(session, row.case, f"rectified:{one.id}:{one.version}", FINISHED)
    if action in (Action.SOLVED, Action.UNREACHABLE) and one.second_grade is None:
        key = f"{CALLED_BACK}:{one.id}:{one.version}"
        await publish(session, CALLED_BACK, key, {"rectification_id": one.id})
    await set_step(session, one, now)
    if state in WITH_SUPERVISOR or action is Action.ASK_EXTENSION:
        await tell(session, one, row.review, "rectify_decision", now, Role.SUPERVISOR)
    elif state is State.CALLBACK and action is Action.FINISH:
        await tell(session, one, row.review, "rectify_callback", now, Role.SUPERVISOR)
    elif Role.SUPERVISOR in DOES.get(action, ()) and action not in _CALLING:
        hide = await words_for(session, None, row.review)
        await tell(session, one, row.review, "rectify_decided", now, text=hide(note))


_CALLING = frozenset(
    {Action.VERIFY, Action.SOLVED, Action.UNSOLVED, Action.NOT_REACHED, Action.UNREACHABLE}
)


async def _keep(session: AsyncSession, one: Rectification, given: Given) -> dict[str, object]:
    kept: list[uuid.UUID] = []
    for name, raw in given.pictures:
        kept.append(await store_picture(session, owner_of(one.id), raw, name))
    data: dict[str, object] = {"pictures": [str(each) for each in kept]} if kept else {}
    if given.planned_on is not None:
        data["planned_on"] = given.planned_on.isoformat()
    if given.days is not None:
        data["days"] = given.days
    return data


def owner_of(rectification_id: int) -> str:
    """Under which owner the pictures of a rectification are kept."""
    return f"rectification:{rectification_id}"


def _move(
    session: AsyncSession,
    one: Rectification,
    action: Action,
    by: str,
    unit: str | None,
    now: datetime,
    note: str = "",
    data: dict[str, object] | None = None,
) -> None:
    before = one.state
    one.state = TRANSITIONS[action, State(before)]
    one.version += 1
    one.closed_at = now if State(one.state) in ENDED else None
    record(session, one, before, action, by, unit, now, note, data)


async def _unit_of(session: AsyncSession, review: Review) -> str | None:
    if review.case_id is not None:
        lead = await CaseRepository(session, None).lead(review.case_id)
        return lead.unit if lead else None
    record = await session.get(ServiceRecord, review.service_record_id)
    return record.unit if record else None
