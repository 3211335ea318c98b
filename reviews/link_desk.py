"""The linking desk: people tie what the rules left open, and take wrong links off.

Nothing here commits. Every step stays in the history of links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import tidy
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor, Role
from reviews.candidate_repository import CandidateRepository, CaseRow
from reviews.link_service import Linker
from reviews.linking import About, Scored
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted
from reviews.tying import note_step, take_off, tie_by_hand

# Who sees reviews that belong to no unit yet.
DESK_ROLES = (Role.DISPATCHER, Role.CALLBACK_CLERK, Role.SUPERVISOR)
MAX_NOTE = 500


@dataclass(frozen=True)
class Open:
    """One review at the desk with the history of its links, oldest first.

    ``best`` are the candidates as they are now, none when it is tied; ``records`` and ``cases`` by
    id are all that it is, was or may be about.
    """

    review: Review
    best: tuple[Scored, ...]
    history: Sequence[ReviewLink]
    records: dict[int, ServiceRecord]
    cases: dict[int, CaseRow]


async def counts(session: AsyncSession, actor: Actor, wanted: Wanted) -> dict[str, int]:
    """How many reviews there are by link. Raises NotAllowed for other roles."""
    actor.require(*DESK_ROLES)
    return await CandidateRepository(session).counts(wanted)


async def listed(
    session: AsyncSession, actor: Actor, link: str, wanted: Wanted, limit: int, offset: int = 0
) -> Sequence[Review]:
    """Reviews with this link that were not given to their case, oldest first. Raises NotAllowed."""
    actor.require(*DESK_ROLES)
    return await CandidateRepository(session).listed(link, wanted, limit, offset)


async def look(session: AsyncSession, actor: Actor, review_id: int) -> Open:
    """A review with what it may be about. Raises NotAllowed, and NotFound also for one that was
    given to its case in person."""
    actor.require(*DESK_ROLES)
    review = await session.get(Review, review_id)
    if review is None or (review.case_id is not None and review.link == "exact"):
        raise NotFound("没有这条评价")
    best: tuple[Scored, ...] = ()
    if review.service_record_id is None and review.case_id is None:
        [outcome] = await (await Linker.load(session)).outcomes([review], _silent)
        best = outcome.best
    repository = CandidateRepository(session)
    steps = await repository.history(review_id)
    records = {review.service_record_id, *(step.service_record_id for step in steps)}
    records |= {one.candidate.about.id for one in best if not one.candidate.about.is_case}
    cases = {review.case_id, *(step.case_id for step in steps)}
    cases |= {one.candidate.about.id for one in best if one.candidate.about.is_case}
    found = await repository.cases({id for id in cases if id is not None})
    return Open(
        review,
        best,
        steps,
        await repository.full({id for id in records if id is not None}),
        {row.case.id: row for row in found},
    )


async def _silent(rows: int) -> None:
    del rows


async def tie(
    session: AsyncSession, actor: Actor, review_id: int, about: About, now: datetime
) -> Review:
    """Tie a review to a service or a case by hand; a bad one is to be put right.

    Raises Conflict when it is tied already or that was rated in this round, NotFound for what is
    not there.
    """
    review = await _locked(session, actor, review_id)
    if review.link == "void":
        raise Conflict("这条评价已经撤回。")
    if review.case_id is not None or review.service_record_id is not None:
        raise Conflict("这条评价已经关联，请先解除原来的关联。")
    await tie_by_hand(session, review, about, actor.login, now)
    return review


async def leave(
    session: AsyncSession, actor: Actor, review_id: int, note: str, now: datetime
) -> Review:
    """Say that a review belongs to nothing that is known. Raises Conflict when it is tied."""
    review = await _locked(session, actor, review_id)
    if review.link != "desk":
        raise Conflict("这条评价不在关联台上。")
    note_step(session, review, "none", actor.login, now, _checked(note, needed=False))
    return review


async def undo(
    session: AsyncSession, actor: Actor, review_id: int, note: str, now: datetime
) -> Review:
    """Take a wrong link off; the review goes to the desk, what it was tied to is in the history.

    What the unit was to put right is withdrawn.

    Raises Conflict when it is tied to nothing or was given to its case in person, InvalidInput
    without a reason.
    """
    review = await _locked(session, actor, review_id)
    await take_off(session, review, actor, _checked(note, needed=True), now)
    return review


def _checked(note: str, *, needed: bool) -> str:
    note = tidy(note)
    if len(note) > MAX_NOTE or (needed and not note):
        raise InvalidInput("请写明理由", fields={"note": f"必须填写，不超过 {MAX_NOTE} 字"})
    return note


async def _locked(session: AsyncSession, actor: Actor, review_id: int) -> Review:
    actor.require(*DESK_ROLES)
    repository = CandidateRepository(session)
    # Two people who tie to the same service come one after the other.
    await repository.lock()
    review = await session.get(Review, review_id, with_for_update=True)
    if review is None:
        raise NotFound("没有这条评价")
    return review
