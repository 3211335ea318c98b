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
from reviews.candidate_repository import CandidateRepository
from reviews.link_service import Linker
from reviews.linking import Scored
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted
from reviews.rectifying import linked, unlinked

# Who sees reviews that belong to no unit yet.
DESK_ROLES = (Role.DISPATCHER, Role.CALLBACK_CLERK, Role.SUPERVISOR)
MAX_NOTE = 500


@dataclass(frozen=True)
class Open:
    """One review at the desk with the history of its links, oldest first.

    ``best`` are the candidates as they are now, none when it is tied; ``records`` by id are all
    that it is, was or may be about.
    """

    review: Review
    best: tuple[Scored, ...]
    history: Sequence[ReviewLink]
    records: dict[int, ServiceRecord]


async def counts(session: AsyncSession, actor: Actor, wanted: Wanted) -> dict[str, int]:
    """How many reviews of services there are by link. Raises NotAllowed for other roles."""
    actor.require(*DESK_ROLES)
    return await CandidateRepository(session).counts(wanted)


async def listed(
    session: AsyncSession, actor: Actor, link: str, wanted: Wanted, limit: int, offset: int = 0
) -> Sequence[Review]:
    """Reviews with this link that are about no case, oldest first. Raises NotAllowed."""
    actor.require(*DESK_ROLES)
    return await CandidateRepository(session).listed(link, wanted, limit, offset)


async def look(session: AsyncSession, actor: Actor, review_id: int) -> Open:
    """A review with what it may be about. Raises NotAllowed, and NotFound also for one of a case."""
    actor.require(*DESK_ROLES)
    review = await session.get(Review, review_id)
    if review is None or review.case_id is not None:
        raise NotFound("没有这条评价")
    best: tuple[Scored, ...] = ()
    if review.service_record_id is None:
        [outcome] = await (await Linker.load(session)).outcomes([review], _silent)
        best = outcome.best
    repository = CandidateRepository(session)
    steps = await repository.history(review_id)
    ids = {review.service_record_id, *(step.service_record_id for step in steps)}
    ids |= {one.candidate.id for one in best}
    return Open(review, best, steps, await repository.full({id for id in ids if id is not None}))


async def _silent(rows: int) -> None:
    del rows


async def tie(
    session: AsyncSession, actor: Actor, review_id: int, record_id: int, now: datetime
) -> Review:
    """Tie a review to a service by hand; a bad one is to be put right.

    Raises Conflict when it is tied already or that service was rated in this round, NotFound for
    what is not there.
    """
    review = await _locked(session, actor, review_id)
    if review.case_id is not None or review.service_record_id is not None:
        raise Conflict("这条评价已经关联，请先解除原来的关联。")
    record = await session.get(ServiceRecord, record_id)
    if record is None:
        raise NotFound("没有这个办件")
    repository = CandidateRepository(session)
    if (record_id, review.round) in await repository.taken({record_id}):
        raise Conflict(f"这个办件的第 {review.round} 次评价已有，一次服务只评一次。")
    _set(session, review, "manual", record_id, actor, now)
    await linked(session, review, now)
    return review


async def leave(
    session: AsyncSession, actor: Actor, review_id: int, note: str, now: datetime
) -> Review:
    """Say that a review belongs to nothing that is known. Raises Conflict when it is tied."""
    review = await _locked(session, actor, review_id)
    if review.link != "desk":
        raise Conflict("这条评价不在关联台上。")
    _set(session, review, "none", None, actor, now, _checked(note, needed=False))
    return review


async def undo(
    session: AsyncSession, actor: Actor, review_id: int, note: str, now: datetime
) -> Review:
    """Take a wrong link off; the review goes to the desk, what it was tied to is in the history.

    What the unit was to put right is withdrawn.

    Raises Conflict when it is tied to no service, InvalidInput without a reason.
    """
    review = await _locked(session, actor, review_id)
    was = review.service_record_id
    if was is None:
        raise Conflict("这条评价没有关联办件，无法解除。")
    why = _checked(note, needed=True)
    _set(session, review, "desk", None, actor, now, why, undone=was)
    await unlinked(session, review, now, actor.login)
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


def _set(
    session: AsyncSession,
    review: Review,
    link: str,
    record_id: int | None,
    actor: Actor,
    now: datetime,
    note: str = "",
    undone: int | None = None,
) -> None:
    review.link, review.service_record_id = link, record_id
    review.linked_at, review.linked_by = now, actor.login
    session.add(
        ReviewLink(
            review_id=review.id,
            at=now,
            by=actor.login,
            action="undone" if undone is not None else link,
            service_record_id=record_id if undone is None else undone,
            score=review.score,
            reasons=review.reasons,
            note=note,
        )
    )
