"""The citizen lets the unit know whose review it is, after having given it. Nothing here commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from core.errors import Conflict
from reviews.models import Review, ReviewLink
from reviews.publishing import is_private

CITIZEN = "citizen"


async def can_consent(session: AsyncSession, review: Review) -> bool:
    """Whether there is somebody to be named: never of a confidential, reported or anonymous matter."""
    if review.case_id is None:
        return review.reviewer is not None
    return not is_private(await session.get(Case, review.case_id))


async def consent(session: AsyncSession, review_id: int, now: datetime) -> Review:
    """Keep that the unit may know; again is no harm. Raises Conflict where nobody is ever named.

    What was said before in the history of the case stays as hidden as it was.
    """
    review = await session.get_one(Review, review_id, with_for_update=True, populate_existing=True)
    if not await can_consent(session, review):
        raise Conflict("保密或匿名的评价不会告诉单位是谁")
    if not review.named:
        review.named = True
        session.add(ReviewLink(review_id=review.id, at=now, by=CITIZEN, action="named"))
    return review
