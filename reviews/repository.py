"""All SQL about reviews."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reviews.models import Review


class ReviewRepository:
    """Reviews of cases. A review carries no identity; whoever may read its case may read it."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of_cases(self, case_ids: Collection[int]) -> Sequence[Review]:
        """Reviews of these cases, oldest round first."""
        return (
            await self.session.scalars(
                select(Review)
                .where(Review.case_id.in_(case_ids))
                .order_by(Review.case_id, Review.round)
            )
        ).all()
