"""Service records and reviews as rows that `reviews.importing` takes back to the same."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy import decrypt
from reviews.codes import Channel, CodeSystem, write_channel, write_grade, write_kind
from reviews.exchange import RecordRow, ReviewRow
from reviews.grades import Grade
from reviews.models import Review, ServiceRecord
from reviews.record_repository import RecordRepository

# The line's own doors as the national code knows them.
_DOORS = {
    "web": Channel.PC,
    "mailbox": Channel.PC,
    "wechat": Channel.MOBILE,
    "visit": Channel.HALL,
    "referred": Channel.HALL,
    **{channel.word: channel for channel in Channel},
}


async def records(session: AsyncSession, system: CodeSystem) -> AsyncIterator[RecordRow]:
    """Every record."""
    async for row in RecordRepository(session).all_records():
        yield record_row(row, system)


async def reviews(session: AsyncSession, system: CodeSystem) -> AsyncIterator[ReviewRow]:
    """Every review; who gave it goes along, for the platform that the city reports to."""
    async for review, case, number, service in RecordRepository(session).all_reviews():
        yield review_row(review, system, case=case, project=number, service=service)


def record_row(row: ServiceRecord, system: CodeSystem) -> RecordRow:
    """The record in the codes of ``system``. Raises ValueError for what it has no code for."""
    person = opened(row.applicant)
    return RecordRow.model_construct(
        project_no=row.project_no,
        service_number=row.service_number,
        task_code=row.item_code,
        task_name=row.item_name,
        sub_matter=row.subject,
        dept_code=row.dept_code,
        dept_name=row.dept_name,
        pro_depart=row.window,
        pro_manager=row.manager,
        transact_addr=row.place,
        pf=write_channel(Channel(row.channel), system),
        pro_status=row.status,
        project_type=None if row.kind is None else write_kind(row.kind, system),
        user_prop=row.applicant_kind,
        user_name=person.get("name", ""),
        mobile=person.get("phone", ""),
        cert_key=person.get("cert", ""),
        handle_user_name=person.get("agent", ""),
        accept_date=row.accepted_at,
        promisetime=row.promised_on,
        result_date=row.finished_at,
        data_source=row.source,
    )


def review_row(
    review: Review,
    system: CodeSystem,
    *,
    case: str | None = None,
    project: str | None = None,
    service: int | None = None,
) -> ReviewRow:
    """The review with the number of what it is tied to, else with the number that was said."""
    person, said = opened(review.reviewer), review.said
    return ReviewRow.model_construct(
        evaluation_id=review.source_id or str(review.id),
        project_no=project or ("" if case else said.get("number", "")),
        service_number=service or 1,
        ticket_no=case or "",
        assess_number=review.round,
        satisfaction=write_grade(Grade(review.grade), system),
        eval_detail=review.tags,
        writing_evaluation=review.text,
        assess_time=review.created_at,
        pf=write_channel(_DOORS[review.channel], system, is_default=review.is_default),
        is_default=int(review.is_default),
        is_named=int(review.named),
        user_prop=review.reviewer_kind,
        user_name=person.get("name", ""),
        mobile=person.get("phone", ""),
        task_name=said.get("item", ""),
        dept_name=said.get("unit", ""),
        pro_depart=said.get("window", ""),
        transact_addr=said.get("place", ""),
        handle_time=said.get("time", ""),
        data_source=review.source,
    )


def opened(person: str | None) -> dict[str, Any]:
    """What is known of a person behind an encrypted column."""
    return dict(json.loads(decrypt(person))) if person else {}
