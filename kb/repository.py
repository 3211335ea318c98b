"""All SQL about entries. Citizens see published ones only; expired ones are told apart by date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import cast as typed

from sqlalchemy import ColumnElement, Table, Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from kb.models import Entry, EntryVersion, change_sequence
from kb.schemas import CONTENTS, RECORDS, Content, Kind, Record, Status, kind_of, validity_of
from units.models import Unit

# As tables: rows go in by the thousand, and no entity is wanted of them.
_ENTRIES = typed(Table, Entry.__table__)
_VERSIONS = typed(Table, EntryVersion.__table__)
_LOCK = func.hashtext("kb.load")
_KEPT = ("code", "version", "kind", "unit", "status", "valid_from", "valid_to", "content")


@dataclass(frozen=True)
class Origin:
    """Who brought an entry; ``fingerprint`` and ``version`` of what was brought.

    ``fingerprint`` None: no longer brought; once it is again, the entry comes back.
    """

    source: str
    fingerprint: str | None
    version: int


@dataclass(frozen=True)
class Change:
    """What an entry is to say from now on; ``origin`` None leaves as it is who brought it."""

    content: Content
    status: Status
    version: int
    fingerprint: str
    origin: Origin | None = None


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

    async def changed_since(
        self, change: int, *, kind: Kind | None, unit: str | None, limit: int
    ) -> Sequence[Entry]:
        """Entries whose last change came after ``change``, whatever their status, in that order."""
        query = select(Entry).where(Entry.change > change).order_by(Entry.change).limit(limit)
        if kind is not None:
            query = query.where(Entry.kind == kind)
        if unit is not None:
            query = query.where(Entry.unit == unit)
        return (await self.session.scalars(query)).all()

    async def latest_change(self) -> int:
        """The number of the last change of any entry; 0 before the first."""
        return await self.session.scalar(select(func.max(Entry.change))) or 0

    async def versions(self, code: str) -> Sequence[EntryVersion]:
        """Every version of an entry, newest first."""
        query = select(EntryVersion).where(EntryVersion.code == code)
        return (await self.session.scalars(query.order_by(EntryVersion.version.desc()))).all()

    async def unit_codes(self) -> frozenset[str]:
        """Codes of the active units."""
        return frozenset(await self.session.scalars(select(Unit.code).where(Unit.active)))

    async def lock(self) -> None:
        """Let one writer in at a time, until the transaction ends.

        Numbers of changes are taken under this lock, so that they become visible in their order:
        whoever has read up to one never misses a smaller one. Take it before any row is locked.
        """
        await self.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def lock_if_free(self) -> bool:
        """The same without waiting; whether it is ours."""
        return bool(await self.session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))

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
        change = Change(content, status, version, fingerprint)
        await self.store_all([change], author=author, approver=approver, reason=reason, at=at)
        return await self.session.get_one(Entry, content.code, populate_existing=True)

    async def store_all(
        self,
        changes: Sequence[Change],
        *,
        author: str,
        approver: str | None = None,
        reason: str = "",
        at: datetime | None = None,
    ) -> None:
        """The same for many entries, in two statements. Entries read before stay as they were.

        Those of ``changes`` that a source brought name it, all or none of them.
        """
        await self.lock()
        await self.session.flush()
        moment = at or now()
        rows = [_row(change, moment) for change in changes]
        if not rows:
            return
        entries = insert(_ENTRIES)
        written: dict[str, Any] = {
            name: entries.excluded[name] for name in rows[0] if name != "code"
        }
        written["change"] = change_sequence.next_value()
        await self.session.execute(
            entries.on_conflict_do_update(index_elements=["code"], set_=written), rows
        )
        said = {"author": author, "approver": approver, "reason": reason, "at": moment}
        kept = [{name: row[name] for name in _KEPT} | said for row in rows]
        await self.session.execute(insert(_VERSIONS), kept)


def _row(change: Change, moment: datetime) -> dict[str, Any]:
    content = change.content
    first, last = validity_of(content)
    row: dict[str, Any] = {
        "code": content.code,
        "kind": kind_of(content),
        "name": content.name,
        "unit": content.unit,
        "status": change.status,
        "version": change.version,
        "valid_from": first,
        "valid_to": last,
        "content": content.model_dump(mode="json"),
        "fingerprint": change.fingerprint,
        "updated_at": moment,
    }
    if change.origin is not None:
        row["source"] = change.origin.source
        row["source_fingerprint"] = change.origin.fingerprint
        row["source_version"] = change.origin.version
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
