"""Entries that were read into tables: first a plan of what changes, then all of it at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import Entry
from kb.readers.own_yaml import read_entries
from kb.readers.reading import FileEntry, Rejected
from kb.repository import Change, KnowledgeRepository, Origin, content_of
from kb.schemas import Content, Status, kind_of
from units.tree import UnitTree

# Who brought a version that came from a file.
BY_FILE = "file"
# The source that a city's own folder is.
CITY = "city"


@dataclass(frozen=True)
class Step:
    """An entry that will be written; ``fields`` are those of its content that change."""

    change: Change
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """Codes by what happened to them, and what was left out."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What taking a source in would write.

    ``gone`` are published entries that the source brought before and no longer has; they are
    among ``withdrawn`` when they are to end. With ``doubtful`` none ends: an entry was left out of
    which nobody knows for certain which it is, and it may be one of them.
    """

    new: list[Step] = field(default_factory=list)
    changed: list[Step] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    withdrawn: list[Change] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    doubtful: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything would change."""
        return bool(self.new or self.changed or self.withdrawn)

    def report(self) -> LoadReport:
        """The same as codes."""
        return LoadReport(
            new=[step.change.content.code for step in self.new],
            changed=[step.change.content.code for step in self.changed],
            unchanged=self.unchanged,
            withdrawn=[change.content.code for change in self.withdrawn],
            rejected=self.rejected,
        )


async def load(session: AsyncSession, city_dir: Path) -> LoadReport:
    """Make the tables say what the city's files say; a second time changes nothing.

    An entry's version grows when its content changed. What editors changed since a file was read
    stays until the file itself says something else. An entry that came from these files and left
    them is withdrawn, unless there is one among the rejected whose code nobody knows: it may have
    been that one. Units must be loaded before. All in the caller's transaction.
    """
    entries, rejected = read_entries(city_dir)
    found = await plan(session, entries, rejected, CITY, withdraw_missing=True)
    await write(session, found)
    return found.report()


async def plan(
    session: AsyncSession,
    entries: Sequence[FileEntry],
    rejected: Sequence[Rejected],
    source: str,
    *,
    withdraw_missing: bool,
) -> Plan:
    """What would be written for ``entries`` of ``source``, which brings them as a whole.

    Nobody else writes entries until the transaction ends. ``withdraw_missing`` ends what the
    source brought before and no longer has.
    """
    repository = KnowledgeRepository(session)
    await repository.lock()
    units = await repository.unit_codes()
    tree = await UnitTree.load(session)
    known = {row.code: row for row in await repository.entries()}
    # A code that was never there may be a known one, damaged.
    doubtful = any(entry.code not in known for entry in rejected)
    found = Plan(rejected=list(rejected), doubtful=doubtful)
    for entry in entries:
        # After a merger the successor answers for it, whatever the file still says.
        unit = tree.current(entry.content.unit)
        content = entry.content.model_copy(update={"unit": unit})
        row = known.get(content.code)
        reason = _refusal(content, row, units, source)
        if reason is not None:
            found.rejected.append(Rejected(entry.file, entry.line, content.code, reason))
            continue
        origin = Origin(source, fingerprint(entry.content), content.version)
        _place(found, row, content, origin)
    _find_missing(found, known, {e.content.code for e in entries}, source, withdraw_missing)
    return found


async def write(session: AsyncSession, found: Plan) -> None:
    """Carry out a plan made in the same transaction, and announce it."""
    repository = KnowledgeRepository(session)
    brought = [step.change for step in (*found.new, *found.changed)]
    await repository.store_all(brought, author=BY_FILE)
    reason = "文件中已没有这个条目"
    await repository.store_all(found.withdrawn, author=BY_FILE, reason=reason)
    if found.writes:
        await repository.announce()


def fingerprint(content: Content) -> str:
    """Hash of everything a citizen may be told; the version number is not part of it.

    Nor is what a field says when nothing is said, so that new fields leave old entries as they are.
    """
    told = content.model_dump(mode="json", exclude={"version"}, exclude_defaults=True)
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _refusal(content: Content, row: Entry | None, units: frozenset[str], source: str) -> str | None:
    if content.unit not in units:
        return f"没有承办单位 {content.unit}"
    if row is None:
        return None
    if row.kind != kind_of(content):
        return "编码已用于另一类条目"
    if row.status == Status.PUBLISHED and row.source not in (None, source):
        return f"这个编码的条目已由来源“{row.source}”提供"
    return None


def _place(found: Plan, row: Entry | None, content: Content, origin: Origin) -> None:
    """``origin`` has the fingerprint of what the file says, before any merger of units."""
    wanted, version = fingerprint(content), content.version
    if row is None:
        found.new.append(Step(Change(content, Status.PUBLISHED, version, wanted, origin)))
        return
    same = row.fingerprint == wanted and row.status == Status.PUBLISHED
    # The same file as before: what editors made of it since stays.
    if (same or row.source_fingerprint == origin.fingerprint) and version <= row.source_version:
        found.unchanged.append(content.code)
        return
    change = Change(content, Status.PUBLISHED, max(row.version + 1, version), wanted, origin)
    found.changed.append(Step(change, _differences(row, content)))


def _differences(row: Entry, content: Content) -> tuple[str, ...]:
    before = content_of(row).model_dump(mode="json")
    after = content.model_dump(mode="json")
    fields = [name for name in after if name != "version" and before[name] != after[name]]
    if row.status != Status.PUBLISHED:
        fields.append("status")
    return tuple(fields or ["version"])


def _find_missing(
    found: Plan, known: dict[str, Entry], codes: set[str], source: str, withdraw: bool
) -> None:
    kept = codes | {entry.code for entry in found.rejected}
    for code, row in known.items():
        brought = row.source == source and row.source_fingerprint is not None
        if not brought or code in kept or row.status != Status.PUBLISHED:
            continue
        found.gone.append(code)
        if withdraw and not found.doubtful:
            origin = Origin(source, None, row.source_version)
            ended = Status.WITHDRAWN
            found.withdrawn.append(
                Change(content_of(row), ended, row.version + 1, row.fingerprint, origin)
            )
