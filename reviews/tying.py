"""Tying reviews to what they are about, and taking them off again. Nothing here commits.

A case is rated once a closing: the round of a review that is tied to one is that of the closing,
and the case knows that it was rated. Taken off, it is the first review (一评) of nothing again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from cases.service import record_review, take_off_review
from cases.views import is_secret
from core.errors import Conflict, NotFound
from core.identity import Actor
from reviews.candidate_repository import RULES, CandidateRepository
from reviews.link_service import Outcome
from reviews.linking import About, Verdict
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.publishing import is_private
from reviews.rectifying import linked, unlinked


async def apply(session: AsyncSession, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store what `reviews.link_service.find` found: the link, why, and its history if it changed.

    Of the bad ones that are tied now, the units are to put right what they are about. What a
    person has decided meanwhile stands; a service or a closing that was rated meanwhile makes the
    review one for the desk.
    """
    repository = CandidateRepository(session)
    await repository.lock()
    untied = await repository.untied([one.review_id for one in outcomes])
    outcomes = [one for one in outcomes if one.review_id in untied]
    certain = {one.best[0].candidate.about for one in outcomes if one.verdict is Verdict.AUTO}
    taken = await repository.taken({about.id for about in certain if not about.is_case})
    cases = await repository.locked_cases({about.id for about in certain if about.is_case})
    rows, history, tied = [], [], []
    for one in outcomes:
        best = one.best[0] if one.best else None
        about = best.candidate.about if best and one.verdict is Verdict.AUTO else None
        became, number = one.verdict, one.round
        if about is not None and about.is_case:
            case = cases[about.id]
            if may_be_rated(case):
                number = case.round
                record_review(session, case, one.grade, now)
            else:
                became, about = Verdict.DESK, None
        elif about is not None and (about.id, one.round) in taken:
            became, about = Verdict.DESK, None
        found = {
            "case_id": about.id if about and about.is_case else None,
            "service_record_id": about.id if about and not about.is_case else None,
            "score": round(best.probability, 4) if best else None,
            "reasons": [reason.told for reason in best.reasons] if best else [],
        }
        rows.append(
            {"key": one.review_id, "link": became.value, "round": number}
            | {"linked_at": now, "linked_by": RULES}
            | found
        )
        if about is not None:
            tied.append(one.review_id)
        if became != one.before:
            step = {"review_id": one.review_id, "at": now, "by": RULES, "note": ""}
            history.append(step | {"action": became.value} | found)
    await session.flush()
    await repository.store(rows, history)
    for review in await repository.bad(tied):
        await linked(session, review, now)


def may_be_rated(case: Case) -> bool:
    """Whether its citizen was told the answer of this closing and has not rated it."""
    return case.told_at is not None and case.rated_round != case.round


async def tie_by_hand(
    session: AsyncSession, review: Review, about: About, by: str, now: datetime
) -> None:
    """Tie ``review`` (locked) as login ``by`` decided; a bad one is to be put right.

    Raises NotFound for what is not there or secret, Conflict for what was rated in this round already.
    """
    repository = CandidateRepository(session)
    if about.is_case:
        case = (await repository.locked_cases({about.id})).get(about.id)
        if case is None or is_secret(case):
            raise NotFound("没有这张工单")
        if not may_be_rated(case) or review.round != 1:
            raise Conflict("这张工单的这次办理已有评价，或还没有答复，一次办理只评一次。")
        review.round = case.round
        # Who wished to stay unknown in the case does so as its reviewer.
        review.named = review.named and not is_private(case)
        record_review(session, case, review.grade, now, named=review.named)
    else:
        if await session.get(ServiceRecord, about.id) is None:
            raise NotFound("没有这个办件")
        if (about.id, review.round) in await repository.taken({about.id}):
            raise Conflict(f"这个办件的第 {review.round} 次评价已有，一次服务只评一次。")
    note_step(session, review, "manual", by, now, about=about)
    await linked(session, review, now)


async def take_off(
    session: AsyncSession, review: Review, actor: Actor, note: str, now: datetime
) -> None:
    """Untie ``review`` (locked) and withdraw what was to be put right; ``note`` says why.

    Raises Conflict when it is tied to nothing, or was given to its case in person.
    """
    if review.case_id is not None and review.link != "exact":
        was = About(True, review.case_id)
        case = (await CandidateRepository(session).locked_cases({was.id}))[was.id]
        take_off_review(session, case, review.round, actor, note, now)
        review.round = 1
    elif review.service_record_id is not None:
        was = About(False, review.service_record_id)
    else:
        raise Conflict("这条评价没有关联到办件或工单，或是市民在工单里直接给的，无法解除。")
    note_step(session, review, "desk", actor.login, now, note, undone=was)
    await unlinked(session, review, now, actor.login)


def note_step(
    session: AsyncSession,
    review: Review,
    link: str,
    by: str,
    now: datetime,
    note: str = "",
    *,
    about: About | None = None,
    undone: About | None = None,
) -> None:
    """Give ``review`` this link (to ``about``) by login ``by``, with a line of its history."""
    review.link, review.linked_at, review.linked_by = link, now, by
    review.case_id = about.id if about and about.is_case else None
    review.service_record_id = about.id if about and not about.is_case else None
    told = undone or about
    session.add(
        ReviewLink(
            review_id=review.id,
            at=now,
            by=by,
            action="undone" if undone else link,
            case_id=told.id if told and told.is_case else None,
            service_record_id=told.id if told and not told.is_case else None,
            score=review.score,
            reasons=review.reasons,
            note=note,
        )
    )
