"""What only the console asks of the database: lists across rooms, and the working calendar."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, CaseIdentity, Contact, IdentityOpening
from cases.repository import CaseRepository
from cases.views import is_secret
from cases.vocabulary import CaseType
from core.identity import Actor
from core.models import Attachment, CalendarDay, CalendarYear, StaffAccount


class ConsoleRepository:
    """Reads across rooms as ``actor`` may; visibility of cases is that of `CaseRepository`."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def _cases(self) -> Select[Case]:
        return CaseRepository(self.session, self.actor).readable()

    async def numbers_from(self, conversation_id: uuid.UUID) -> Sequence[str]:
        """Numbers of the readable cases that were filed in a conversation, oldest first."""
        contacts = select(Contact.id).where(Contact.conversation_id == conversation_id)
        rows = await self.session.scalars(
            self._cases()
            .with_only_columns(Case.number)
            .where(Case.contact_id.in_(contacts))
            .order_by(Case.id)
        )
        return rows.all()

    async def unopened_secrets(self, conversation_id: uuid.UUID) -> list[str]:
        """Numbers of the secret cases filed in a conversation whose citizen the actor has not
        asked to see, with a reason (`cases.identity.open_identity`)."""
        contacts = select(Contact.id).where(Contact.conversation_id == conversation_id)
        opened = exists().where(
            IdentityOpening.case_id == Case.id, IdentityOpening.login == self.actor.login
        )
        rows = await self.session.scalars(
            self._cases().where(Case.contact_id.in_(contacts), ~opened).order_by(Case.id)
        )
        return [case.number for case in rows if is_secret(case)]

    async def cases_of_phone(self, phone_hash: str, *, limit: int) -> Sequence[Case]:
        """Readable cases of whoever has this number, newest first. Not the secret ones: that the
        number belongs to them is what must stay unknown."""
        mine = select(CaseIdentity.case_id).where(CaseIdentity.phone_hash == phone_hash)
        rows = await self.session.scalars(
            self._cases()
            .where(
                Case.id.in_(mine),
                Case.anonymous.is_(False),
                Case.confidential.is_(False),
                Case.type != CaseType.REPORT,
            )
            .order_by(Case.id.desc())
            .limit(limit)
        )
        return rows.all()

    async def set_skills(self, login: str, skills: Sequence[str]) -> None:
        """Say which queues a member of staff serves."""
        await self.session.execute(
            update(StaffAccount).where(StaffAccount.login == login).values(skills=list(skills))
        )

    async def staff_names(self, logins: Collection[str]) -> dict[str, str]:
        """Names by login, also of accounts no longer active."""
        rows = await self.session.execute(
            select(StaffAccount.login, StaffAccount.name).where(StaffAccount.login.in_(logins))
        )
        return dict(rows.tuples().all())

    async def staff(self) -> Sequence[StaffAccount]:
        """Every account, by unit and login."""
        rows = await self.session.scalars(
            select(StaffAccount).order_by(StaffAccount.unit, StaffAccount.login)
        )
        return rows.all()

    async def attachment(self, attachment_id: uuid.UUID) -> Attachment | None:
        """A picture; the caller has checked that it belongs to a readable case."""
        return await self.session.get(Attachment, attachment_id)


class CalendarRepository:
    """The working calendar as its editors change it; every change is announced at commit."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def years(self) -> dict[int, bool]:
        """The years that are kept, and whether each has been announced."""
        rows = await self.session.execute(
            select(CalendarYear.year, CalendarYear.announced).order_by(CalendarYear.year)
        )
        return dict(rows.tuples().all())

    async def days(self, year: int) -> Sequence[CalendarDay]:
        """The exceptions of a year, in order."""
        rows = await self.session.scalars(
            select(CalendarDay)
            .where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
            .order_by(CalendarDay.day)
        )
        return rows.all()

    async def set_day(self, day: date, *, working: bool, note: str) -> None:
        """Make ``day`` a make-up working day or a holiday."""
        values = {"working": working, "note": note}
        await self.session.execute(
            insert(CalendarDay)
            .values(day=day, **values)
            .on_conflict_do_update(index_elements=["day"], set_=values)
        )
        await self._announce()

    async def remove_day(self, day: date) -> None:
        """Let ``day`` follow the week again."""
        await self.session.execute(delete(CalendarDay).where(CalendarDay.day == day))
        await self._announce()

    async def set_announced(self, year: int, announced: bool) -> None:
        """Say whether the arrangement of ``year`` is official; due dates across it are
        provisional until then."""
        await self.session.execute(
            insert(CalendarYear)
            .values(year=year, announced=announced)
            .on_conflict_do_update(index_elements=["year"], set_={"announced": announced})
        )
        await self._announce()

    async def _announce(self) -> None:
        await self.session.execute(select(func.pg_notify("calendar_changed", "edited")))
