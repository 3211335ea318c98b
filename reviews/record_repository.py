"""All SQL about service records, and about reviews that come from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from reviews.models import Review, ServiceRecord

Key = tuple[str, int]


class RecordRepository:
    """Reads and writes whole files of records and reviews; no page shows what it reads."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def any(self) -> bool:
        """Whether there is a record."""
        return bool(await self.session.scalar(select(exists().select_from(ServiceRecord))))

    async def records(self, keys: Collection[Key]) -> dict[Key, ServiceRecord]:
        """Stored records by (number, service)."""
        named = tuple_(ServiceRecord.project_no, ServiceRecord.service_number)
        rows = await self.session.scalars(select(ServiceRecord).where(named.in_(keys)))
        return {(row.project_no, row.service_number): row for row in rows}

    async def record_ids(self, keys: Collection[Key]) -> dict[Key, int]:
        """The same as ids."""
        columns = ServiceRecord.project_no, ServiceRecord.service_number, ServiceRecord.id
        rows = await self.session.execute(
            select(*columns).where(tuple_(columns[0], columns[1]).in_(keys))
        )
        return {(number, service): id for number, service, id in rows.tuples()}

    async def accepted(self, ids: Collection[int | None]) -> dict[int, datetime]:
        """When these records were accepted, by id."""
        columns = ServiceRecord.id, ServiceRecord.accepted_at
        rows = await self.session.execute(select(*columns).where(columns[0].in_(ids)))
        return dict(rows.tuples().all())

    async def add_records(self, rows: Sequence[dict[str, Any]]) -> None:
        """Store new records."""
        if rows:
            await self.session.execute(insert(ServiceRecord), rows)

    async def change_records(self, rows: Sequence[dict[str, Any]]) -> None:
        """Store other values for the records whose ``id`` stands in each row."""
        if rows:
            await self.session.execute(update(ServiceRecord), rows)

    async def reviews_by_source(
        self, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Review]:
        """Reviews that were delivered before, by (source, its own number)."""
        named = tuple_(Review.source, Review.source_id)
        rows = await self.session.scalars(select(Review).where(named.in_(keys)))
        return {(row.source, str(row.source_id)): row for row in rows}

    async def rated(self, ids: Collection[int]) -> dict[tuple[int, int], Review]:
        """Reviews of these records, by (record, round)."""
        rows = await self.session.scalars(select(Review).where(Review.service_record_id.in_(ids)))
        return {(row.service_record_id or 0, row.round): row for row in rows}

    async def rated_cases(self, ids: Collection[int]) -> dict[tuple[int, int], Review]:
        """Reviews of these cases, by (case, round)."""
        rows = await self.session.scalars(select(Review).where(Review.case_id.in_(ids)))
        return {(row.case_id or 0, row.round): row for row in rows}

    async def cases(self, numbers: Collection[str]) -> dict[str, Case]:
        """Cases by number, locked: whoever rates one comes after."""
        query = select(Case).where(Case.number.in_(numbers)).order_by(Case.id)
        fresh = query.with_for_update().execution_options(populate_existing=True)
        return {case.number: case for case in await self.session.scalars(fresh)}

    async def add_reviews(self, rows: Sequence[dict[str, Any]]) -> None:
        """Store new reviews."""
        if rows:
            await self.session.execute(insert(Review), rows)

    async def all_records(self) -> AsyncIterator[ServiceRecord]:
        """Every record by number, a few at a time."""
        query = select(ServiceRecord).order_by(
            ServiceRecord.project_no, ServiceRecord.service_number
        )
        async for row in await self.session.stream_scalars(query.execution_options(yield_per=1000)):
            yield row

    async def all_reviews(self) -> AsyncIterator[tuple[Review, str | None, str | None, int | None]]:
        """Every review with the number of its case, or the number and service of its record."""
        columns = Case.number, ServiceRecord.project_no, ServiceRecord.service_number
        query = (
            select(Review, *columns)
            .outerjoin(Case, Case.id == Review.case_id)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .where(Review.link != "void")
            .order_by(Review.created_at, Review.source, Review.source_id, Review.id)
        )
        async for row in await self.session.stream(query.execution_options(yield_per=1000)):
            yield row._tuple()
