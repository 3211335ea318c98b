"""Taking reviews and tying them to their case. Nothing here commits."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from cases.identity import person_of
from cases.masking import hide_person, tidy
from cases.models import Case
from cases.numbers import review_path, review_token, tidy_number
from cases.repository import CaseRepository
from cases.service import record_review
from cases.views import is_secret
from cases.vocabulary import Source
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, InvalidInput, NotFound
from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade, problems
from reviews.models import Review
from reviews.rectifying import linked
from reviews.repository import ReviewRepository

MAX_TEXT = 2000


@dataclass(frozen=True)
class Submitted:
    """A review as stored."""

    id: int
    grade: Grade
    grade_name: str
    case_number: str


@dataclass(frozen=True)
class ReviewView:
    """A review for staff: what was said, not by whom. ``tags`` are (code, Chinese text)."""

    id: int
    case_id: int
    round: int
    grade: Grade
    grade_name: str
    bad: bool
    tags: list[tuple[str, str]]
    text: str
    channel: str
    created_at: datetime
    named: bool


@dataclass(frozen=True)
class RatedThing:
    """What a rating link is about. ``title`` is empty for a secret case: links travel."""

    case_number: str
    title: str
    unit: str | None
    answered_at: datetime
    open_until: datetime


def review_link(case: Case) -> str:
    """Path of the rating page for the present closing of ``case``: ``/r/<number>-<token>``."""
    return review_path(case.number, case.id, case.round)


async def rated_thing(session: AsyncSession, number: str, token: str, now: datetime) -> RatedThing:
    """What the link's page shows; ``unit`` is a code. Raises as `submit` for a bad link."""
    case = await _case_of_link(session, number, token, lock=False)
    answered_at, open_until = await _check_open(session, case, now)
    lead = await CaseRepository(session, None).lead(case.id)
    return RatedThing(
        case.number,
        "" if is_secret(case) else case.title,
        lead.unit if lead else None,
        answered_at.astimezone(LOCAL),
        open_until.astimezone(LOCAL),
    )


async def submit(
    session: AsyncSession,
    number: str,
    token: str,
    grade: Grade,
    tags: list[str],
    text: str,
    channel: Source,
    now: datetime,
    *,
    named: bool = False,
) -> Submitted:
    """Take the review of a rating link; ``named``: the citizen lets the unit know who it is.

    Raises NotFound for a forged link, Gone for a late or used one, Conflict while the case is not
    closed, InvalidInput for tags of another grade or a bad grade without a reason.
    """
    case = await _case_of_link(session, number, token, lock=True)
    return await _store(session, case, grade, tags, text, channel, now, named)


async def submit_for_case(
    session: AsyncSession,
    case_id: int,
    grade: Grade,
    tags: list[str],
    text: str,
    channel: Source,
    now: datetime,
) -> Submitted:
    """The same for a caller known to be the citizen of the case. Raises as `submit`."""
    case = await CaseRepository(session, None).get(case_id, lock=True)
    return await _store(session, case, grade, tags, text, channel, now)


async def may_rate(session: AsyncSession, case_id: int, now: datetime) -> bool:
    """Whether the citizen of the case can rate it now."""
    try:
        await _check_open(session, await CaseRepository(session, None).get(case_id), now)
    except (Conflict, Gone):
        return False
    return True


async def reviews_of(
    session: AsyncSession, case_ids: Collection[int]
) -> dict[int, list[ReviewView]]:
    """Reviews by case id, oldest first; ask only for cases the reader may see."""
    found: dict[int, list[ReviewView]] = {}
    for review in await ReviewRepository(session).of_cases(case_ids):
        assert review.case_id is not None
        found.setdefault(review.case_id, []).append(_view(review, review.case_id))
    return found


async def _case_of_link(session: AsyncSession, number: str, token: str, *, lock: bool) -> Case:
    known = tidy_number(number)
    case = await CaseRepository(session, None).by_number(known, lock=lock) if known else None
    if case is not None:
        if _same(token, review_token(case.id, case.round)):
            return case
        if any(_same(token, review_token(case.id, r)) for r in range(1, case.round)):
            raise Gone("这张工单已重新办理，请用最近一次收到的评价链接", code="superseded")
    raise NotFound("评价链接不对，请检查是否复制完整")


def _same(token: str, expected: str) -> bool:
    return hmac.compare_digest(token.encode(), expected.encode())


async def _check_open(
    session: AsyncSession, case: Case, now: datetime
) -> tuple[datetime, datetime]:
    """When the answer was told and until when it can be rated. Raises Conflict or Gone."""
    if case.told_at is None:
        raise Conflict("这张工单还没有答复，答复后才能评价", code="not_closed")
    if case.rated_round == case.round:
        raise Gone("这次办理您已经评价过了，每次办结只评价一次", code="already_rated")
    until = review_window(await load_calendar(session), case.told_at)
    if now > until:
        raise Gone(
            f"评价时间到 {until.astimezone(LOCAL):%Y年%m月%d日} 为止，已经过了；"
            "如对办理结果仍有意见，可再次来电或在线反映",
            code="too_late",
        )
    return case.told_at, until


async def _store(
    session: AsyncSession,
    case: Case,
    grade: Grade,
    tags: Sequence[str],
    text: str,
    channel: Source,
    now: datetime,
    named: bool = False,
) -> Submitted:
    await _check_open(session, case, now)
    tags, text = list(tags), tidy(text)
    wrong = problems(grade, tags, text)
    if len(text) > MAX_TEXT:
        wrong["text"] = f"不超过 {MAX_TEXT} 字"
    if wrong:
        raise InvalidInput("评价还缺少内容或有误", fields=wrong)
    name, phone = await person_of(session, case.id)
    review = Review(
        case_id=case.id,
        round=case.round,
        grade=grade,
        tags=tags,
        # Who reviews is protected from the unit, whatever the case was like.
        text=hide_person(text, name, phone, secret=True),
        channel=channel,
        created_at=now,
        named=named and not is_secret(case) and not case.anonymous,
    )
    session.add(review)
    record_review(session, case, grade, now, named=review.named)
    await session.flush()
    await linked(session, review, now)
    return Submitted(review.id, grade, GRADE_NAMES[grade], case.number)


def _view(review: Review, case_id: int) -> ReviewView:
    grade = Grade(review.grade)
    return ReviewView(
        id=review.id,
        case_id=case_id,
        round=review.round,
        grade=grade,
        grade_name=GRADE_NAMES[grade],
        bad=grade in BAD,
        tags=[(code, TAGS[grade].get(code, code)) for code in review.tags],
        text=review.text,
        channel=review.channel,
        created_at=review.created_at,
        named=review.named,
    )
