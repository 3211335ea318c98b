"""How staff change the dispatch catalogue: draft, check, publish, take back. Nothing is deleted.

Functions write and announce, they never commit. `timeline` rules are pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor, Role
from routing.catalogue import CatalogueEntry, settle
from routing.checks import City, Finding, check, introduced
from routing.models import CatalogueDraft, CatalogueRow, Publication
from routing.repository import CatalogueRepository, CategoryRepository, values_of
from units.repository import UnitRepository
from units.tree import UnitTree

EDITOR_ROLES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_DAY = timedelta(days=1)
_LATEST = date(2100, 12, 31)


@dataclass(frozen=True)
class Chosen:
    """A draft as its reader saw it: its code and revision."""

    code: str
    revision: int


@dataclass(frozen=True)
class Proposal:
    """Drafts put onto the catalogue: all versions before and after, and what that brings.

    ``findings`` are those that the drafts bring or that concern their entries; ``late`` are codes
    of drafts whose first day has passed, so that they begin today.
    """

    before: list[CatalogueEntry]
    after: list[CatalogueEntry]
    findings: list[Finding]
    late: list[str]

    @property
    def blocked(self) -> bool:
        return any(finding.blocking for finding in self.findings)


async def city_of(session: AsyncSession) -> City:
    """What entries may refer to, as it stands in the database."""
    tree = await UnitTree.load(session)
    places = await UnitRepository(session).places()
    return City(
        tree=tree,
        categories=await CategoryRepository(session).leaves(),
        territories=frozenset(p.code for p in places if p.kind in ("district", "street")),
        districts=frozenset(p.code for p in places if p.kind == "district"),
    )


async def save_draft(
    session: AsyncSession,
    actor: Actor,
    entry: CatalogueEntry,
    seen: tuple[int, int],
    reason: str,
    now: datetime,
) -> CatalogueDraft:
    """Keep ``entry`` as the next version of its code; an empty code is a new entry's.

    ``seen``: the newest version and the revision of the draft that the author saw, 0 for none.
    Raises Conflict when there is a newer one of either, InvalidInput for days that cannot be or a
    missing reason, NotAllowed.
    """
    actor.require(*EDITOR_ROLES)
    _check_days(entry, now.astimezone(LOCAL).date())
    if not reason:
        raise InvalidInput("请写明修改原因", fields={"reason": "请填写，会留在历史里"})
    repository = CatalogueRepository(session)
    await repository.lock()
    versions, drafts = await repository.versions(), await repository.drafts()
    if not entry.code:
        used = {v.code for v in versions} | {d.code for d in drafts}
        entry = replace(entry, code=next_code(entry.category, used))
    newest = newest_version(versions, entry.code)
    draft = next((d for d in drafts if d.code == entry.code), None)
    if seen != (newest, draft.revision if draft else 0):
        raise Conflict(f"目录 {entry.code} 刚被别人改过，请先看看现在的内容，再决定怎样改。")
    if draft is None:
        draft = CatalogueDraft(code=entry.code, revision=0)
        session.add(draft)
    draft.based_on = newest
    draft.revision += 1
    draft.entry = replace(entry, version=newest + 1).to_row()
    draft.reason = reason
    draft.author = actor.login
    draft.saved_at = now
    await session.flush()
    return draft


async def discard_draft(session: AsyncSession, actor: Actor, chosen: Chosen) -> None:
    """Drop a draft. Raises Conflict when it changed meanwhile, NotAllowed."""
    actor.require(*EDITOR_ROLES)
    repository = CatalogueRepository(session)
    await repository.lock()
    draft = (await _chosen(repository, [chosen]))[0]
    await session.delete(draft)


async def propose(session: AsyncSession, codes: Collection[str], today: date) -> Proposal:
    """What the drafts of ``codes`` would change. Unknown codes are left out."""
    repository = CatalogueRepository(session)
    drafts = [d for d in await repository.drafts() if d.code in codes]
    return _propose(
        await repository.versions(), [draft_entry(d) for d in drafts], await city_of(session), today
    )


async def publish(
    session: AsyncSession, actor: Actor, chosen: Sequence[Chosen], reason: str, now: datetime
) -> Publication:
    """Put drafts in force together, each from its first day on (today when that has passed).

    Raises Conflict when one changed since it was seen or its entry has a newer version;
    InvalidInput when nothing is chosen or a check blocks; NotAllowed.
    """
    actor.require(*EDITOR_ROLES)
    if not chosen:
        raise InvalidInput("请选择要发布的草稿")
    repository = CatalogueRepository(session)
    await repository.lock()
    drafts = await _chosen(repository, chosen)
    versions = await repository.versions()
    for draft in drafts:
        if draft.based_on != newest_version(versions, draft.code):
            raise Conflict(f"目录 {draft.code} 已有新版本，请打开草稿核对后重新保存。")
    today = now.astimezone(LOCAL).date()
    entries = [draft_entry(draft) for draft in drafts]
    proposal = _propose(versions, entries, await city_of(session), today)
    if proposal.blocked:
        first = next(f for f in proposal.findings if f.blocking)
        raise InvalidInput(f"不能发布：{first.subject} {first.text}（{first.when}）")
    publication = Publication(at=now, by=actor.login, reason=reason or _joined_reasons(drafts))
    session.add(publication)
    await session.flush()
    for draft, entry in zip(drafts, entries, strict=True):
        _add(session, _from_today(entry, today), publication.id, draft.author, draft.reason)
    await session.execute(
        delete(CatalogueDraft).where(CatalogueDraft.code.in_([d.code for d in drafts]))
    )
    await repository.announce()
    return publication


async def undo_last(
    session: AsyncSession, actor: Actor, publication_id: int, reason: str, now: datetime
) -> Publication:
    """Take the last publication back: new versions say again what held before it.

    Raises Conflict when it is not the last one or was taken back already, InvalidInput without
    a reason, NotAllowed.
    """
    actor.require(*EDITOR_ROLES)
    if not reason:
        raise InvalidInput("请写明撤销原因", fields={"reason": "请填写，会留在历史里"})
    repository = CatalogueRepository(session)
    await repository.lock()
    latest = await repository.publications(limit=1)
    if not latest:
        raise NotFound("没有这次发布")
    if latest[0].id != publication_id or latest[0].undoes is not None:
        raise Conflict("只能撤销最近一次发布；它之后又有新的发布，或者已经撤销过了。")
    publication = Publication(at=now, by=actor.login, reason=reason, undoes=publication_id)
    session.add(publication)
    await session.flush()
    published = {row.code: row.version for row in await repository.of_publication(publication_id)}
    versions = await repository.versions()
    today = now.astimezone(LOCAL).date()
    restored = taken_back(versions, published, today)
    city = await city_of(session)
    wrong = introduced(check(versions, city, today), check([*versions, *restored], city, today))
    if any(finding.blocking for finding in wrong):
        raise InvalidInput(f"不能撤销，撤销后{wrong[0].subject}：{wrong[0].text}。请改用草稿。")
    for entry in restored:
        _add(session, entry, publication.id, actor.login, reason)
    await repository.announce()
    return publication


async def add_versions(
    session: AsyncSession, by: str, entries: Sequence[CatalogueEntry], reason: str, now: datetime
) -> Publication | None:
    """Publish versions that another decision brings about (机构合并); None when there are none.

    The caller holds the repository's lock.
    """
    if not entries:
        return None
    publication = Publication(at=now, by=by, reason=reason)
    session.add(publication)
    await session.flush()
    for entry in entries:
        _add(session, entry, publication.id, by, reason)
    await CatalogueRepository(session).announce()
    return publication


def taken_back(
    versions: Iterable[CatalogueEntry], published: Mapping[str, int], today: date
) -> list[CatalogueEntry]:
    """New versions that say from today on what held without the ``published`` ones. Pure.

    ``published``: code → version. Versions planned before the publication are planned again.
    """
    lines = list(versions)
    restored: list[CatalogueEntry] = []
    for code, version in published.items():
        ones = [one for one in lines if one.code == code]
        taken = next(one for one in ones if one.version == version)
        start = max(today, taken.valid_from)
        number = newest_version(ones, code)
        earlier = sorted(
            settle(one for one in ones if one.version < version), key=lambda one: one.valid_from
        )
        held = [one for one in earlier if one.valid_to is None or one.valid_to >= start]
        if not held or held[0].valid_from > start:
            number += 1
            restored.append(replace(ending(taken, start), version=number))
        for one in held:
            number += 1
            first = max(start, one.valid_from)
            restored.append(replace(one, valid_from=first, version=number))
    return restored


def ending(entry: CatalogueEntry, first_day_without: date) -> CatalogueEntry:
    """A version that says the entry is over from a day on. Pure."""
    return replace(entry, valid_from=first_day_without, valid_to=first_day_without - _DAY)


def newest_version(versions: Iterable[CatalogueEntry], code: str) -> int:
    """Number of the newest version of an entry, 0 when there is none."""
    return max((one.version for one in versions if one.code == code), default=0)


def next_code(category: str, used: Collection[str]) -> str:
    """A code for a new entry of a category: A0312 → A-03-12, then A-03-12-1 and so on."""
    parts = re.fullmatch(r"([A-Z])(\d{2})(\d{2})", category)
    base = "-".join(parts.groups()) if parts else category
    candidates = (base, *(f"{base}-{n}" for n in range(1, 1000)))
    return next(code for code in candidates if code not in used)


def draft_entry(draft: CatalogueDraft) -> CatalogueEntry:
    """The entry that a draft holds."""
    return CatalogueEntry.from_row(draft.entry)


def _propose(
    versions: list[CatalogueEntry], drafts: Sequence[CatalogueEntry], city: City, today: date
) -> Proposal:
    after = [*versions, *(_from_today(entry, today) for entry in drafts)]
    now_wrong, then_wrong = check(versions, city, today), check(after, city, today)
    codes = {entry.code for entry in drafts}
    brought = introduced(now_wrong, then_wrong)
    concerning = [f for f in then_wrong if f.subject in codes and f not in brought]
    findings = sorted([*brought, *concerning], key=lambda f: (not f.blocking, f.since, f.subject))
    late = [entry.code for entry in drafts if entry.valid_from < today]
    return Proposal(versions, after, findings, late)


def _from_today(entry: CatalogueEntry, today: date) -> CatalogueEntry:
    """What was decided on earlier days stays as it was: a version begins today at the soonest."""
    if entry.valid_from >= today:
        return entry
    return ending(entry, today) if entry.ends_entry else replace(entry, valid_from=today)


def _check_days(entry: CatalogueEntry, today: date) -> None:
    if entry.valid_from < today:
        problem = "不能早于今天：已经派出的工单按当时的目录"
        raise InvalidInput("生效日期不对", fields={"valid_from": problem})
    if entry.valid_from > _LATEST or (entry.valid_to and entry.valid_to > _LATEST):
        raise InvalidInput("日期不对", fields={"valid_to": "不能晚于 2100 年"})
    # An ending version is made by `ending`, whose last day is the day before its first.
    if entry.valid_to and entry.valid_to < entry.valid_from - _DAY:
        raise InvalidInput("日期不对", fields={"valid_to": "不能早于生效日期"})


async def _chosen(
    repository: CatalogueRepository, chosen: Sequence[Chosen]
) -> list[CatalogueDraft]:
    drafts = {draft.code: draft for draft in await repository.drafts()}
    found = []
    for one in chosen:
        draft = drafts.get(one.code)
        if draft is None or draft.revision != one.revision:
            raise Conflict(f"目录 {one.code} 的草稿刚被别人改过、发布或放弃了，请核对后再操作。")
        found.append(draft)
    return found


def _joined_reasons(drafts: Sequence[CatalogueDraft]) -> str:
    return "；".join(dict.fromkeys(draft.reason for draft in drafts))


def _add(
    session: AsyncSession, entry: CatalogueEntry, publication: int, author: str, reason: str
) -> None:
    row = CatalogueRow(**values_of(entry), publication=publication, author=author, reason=reason)
    session.add(row)
