"""All SQL about entries. Citizens see published ones only; expired ones are told apart by date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from kb.models import Entry, EntryVersion, change_sequence
from kb.schemas import CONTENTS, RECORDS, Content, Kind, Record, Status, kind_of, validity_of
from units.models import Unit


class KnowledgeRepository:
    """Reads and writes entries, and announces changes."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def entries(self, kinds: Collection[Kind] = ()) -> Sequence[Entry]:
        """Every entry (of some kinds), also withdrawn ones, by code."""
        query = select(Entry).order_by(Entry.code)
        if kinds:
            query = query.where(Entry.kind.in_(kinds))
        return (await self.session.scalars(query)).all()

    async def entry(self, code: str, *, lock: bool = False) -> Entry | None:
        """The entry of that code, whatever its status."""
        query = select(Entry).where(Entry.code == code)
        found: Entry | None = await self.session.scalar(query.with_for_update() if lock else query)
        return found

    async def published(self) -> list[Record]:
        """Every published entry, also those outside their validity, by code."""
        query = (
            select(Entry, Unit.name, Unit.phone)
            .join(Unit, Unit.code == Entry.unit)
            .where(Entry.status == Status.PUBLISHED)
            .order_by(Entry.code)
        )
        rows = await self.session.execute(query)
        return [to_record(row, name, phone) for row, name, phone in rows.tuples()]

    async def found(
        self,
        text: str,
        *,
        kinds: Collection[Kind] = (),
        units: Collection[str] | None = None,
        statuses: Collection[Status] = (),
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[Entry], int]:
        """Entries with ``text`` in name, code or another name, by code, and how many there are."""
        wanted: list[ColumnElement[bool]] = []
        if text:
            aliases = cast(Entry.content["aliases"], Text)
            wanted.append(
                or_(
                    *(
                        column.icontains(text, autoescape=True)
                        for column in (Entry.name, Entry.code, aliases)
                    )
                )
            )
        if kinds:
            wanted.append(Entry.kind.in_(kinds))
        if units is not None:
            wanted.append(Entry.unit.in_(units))
        if statuses:
            wanted.append(Entry.status.in_(statuses))
        total = await self.session.scalar(select(func.count()).select_from(Entry).where(*wanted))
        query = select(Entry).where(*wanted).order_by(Entry.code).limit(limit).offset(offset)
        return list(await self.session.scalars(query)), total or 0

    async def versions(self, code: str) -> Sequence[EntryVersion]:
        """Every version of an entry, newest first."""
        query = select(EntryVersion).where(EntryVersion.code == code)
        return (await self.session.scalars(query.order_by(EntryVersion.version.desc()))).all()

    async def unit_codes(self) -> frozenset[str]:
        """Codes of the active units."""
        return frozenset(await self.session.scalars(select(Unit.code).where(Unit.active)))

    async def lock(self) -> None:
        """Let one loader in at a time, until the transaction ends."""
        await self.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("kb.load"))))

    async def announce(self) -> None:
        """Tell every process, at commit, that entries changed."""
        await self.session.execute(select(func.pg_notify("kb_changed", "")))

    async def store(
        self,
        content: Content,
        status: Status,
        version: int,
        *,
        fingerprint: str,
        author: str,
        approver: str | None = None,
        reason: str = "",
        at: datetime | None = None,
    ) -> Entry:
        """Make the entry say ``content`` in ``version`` from now on, and keep that in its history.

        ``author`` and ``approver`` are logins, or the word ``file`` for what files brought.
        """
        moment = at or now()
        first, last = validity_of(content)
        row = await self.session.get(Entry, content.code)
        if row is None:
            row = Entry(code=content.code)
            self.session.add(row)
        row.kind, row.name, row.unit = kind_of(content), content.name, content.unit
        row.status, row.version = status, version
        row.valid_from, row.valid_to = first, last
        row.content = content.model_dump(mode="json")
        row.fingerprint, row.updated_at = fingerprint, moment
        row.change = change_sequence.next_value()
        self.session.add(
            EntryVersion(
                code=row.code,
                version=version,
                kind=row.kind,
                unit=row.unit,
                status=status,
                valid_from=first,
                valid_to=last,
                content=row.content,
                author=author,
                approver=approver,
                reason=reason,
                at=moment,
            )
        )
        return row


def content_of(row: Entry | EntryVersion) -> Content:
    """What a stored entry or version says. It was checked on its way in."""
    return CONTENTS[Kind(row.kind)].model_validate({**row.content, "version": row.version})


def to_record(row: Entry, unit_name: str, unit_phone: str) -> Record:
    """The entry as the process holds it. Stored rows were checked on their way in."""
    return RECORDS[Kind(row.kind)].model_validate(
        {
            **row.content,
            "unit": row.unit,
            "version": row.version,
            "unit_name": unit_name,
            "inquiry_phone_of_unit": unit_phone,
        }
    )
