"""What of a review the public reads: only what a clerk released, masked, and never of a secret case.

Nothing here commits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.identity import person_of
from cases.masking import hide_person, tidy
from cases.models import Case
from cases.repository import CaseRepository
from cases.views import is_secret
from core.errors import InvalidInput, NotFound
from core.identity import Actor, Role
from core.privacy import mask_text
from reviews.models import Review, ReviewPublication

PUBLISHERS = frozenset({Role.SUPERVISOR})
MAX_PUBLIC = 2000


def is_private(case: Case | None) -> bool:
    """Whether a review is about a case of which the public reads nothing."""
    return case is not None and (is_secret(case) or case.anonymous)


async def publishable(session: AsyncSession, actor: Actor, review_id: int) -> Review:
    """A review whose words may be released. Raises NotAllowed, or NotFound also for a review of a
    report (举报), a confidential or an anonymous case, and one that belongs to nothing."""
    actor.require(*PUBLISHERS)
    review = await session.get(Review, review_id)
    if review is None or (review.case_id is None and review.service_record_id is None):
        raise NotFound("没有可以公开的评价")
    if review.case_id is not None:
        case: Case = await CaseRepository(session, actor).get(review.case_id)
        if is_private(case):
            raise NotFound("没有可以公开的评价")
    return review


async def release(
    session: AsyncSession, actor: Actor, review_id: int, text: str, answer: str, now: datetime
) -> ReviewPublication:
    """Make ``text`` of a review, and the ``answer`` to it, public; again replaces what stood there.

    Both are masked. Raises as `publishable`, InvalidInput without a text.
    """
    review = await publishable(session, actor, review_id)
    text, answer = tidy(text), tidy(answer)
    if not 0 < len(text) <= MAX_PUBLIC or len(answer) > MAX_PUBLIC:
        raise InvalidInput("还缺少内容或太长", fields={"text": f"必须填写，不超过 {MAX_PUBLIC} 字"})
    name, phone = await person_of(session, review.case_id) if review.case_id else (None, None)
    words = [mask_text(hide_person(one, name, phone, secret=True)) for one in (text, answer)]
    found = await session.get(ReviewPublication, review_id)
    if found is None:
        found = ReviewPublication(review_id=review_id)
        session.add(found)
    found.text, found.answer = words
    found.released_at, found.released_by = now, actor.login
    await session.flush()
    return found


async def take_back(session: AsyncSession, actor: Actor, review_id: int) -> None:
    """Take a review off the public page. Raises NotAllowed."""
    actor.require(*PUBLISHERS)
    found = await session.get(ReviewPublication, review_id)
    if found is not None:
        await session.delete(found)
