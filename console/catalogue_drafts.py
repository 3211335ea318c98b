"""Changing the dispatch catalogue: the form, drafts with checks and preview, publishing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import structlog
from fastapi import Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.catalogue_page import (
    DONE,
    DRAFTS,
    PATH,
    may_edit,
    names_of,
    subject_name,
    today,
)
from console.catalogue_words import Names, differences
from console.menu import CATALOGUE_ROLES
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from core.database import now
from core.errors import Conflict, InvalidInput
from routing.catalogue import CatalogueEntry, settle
from routing.editing import (
    Chosen,
    Proposal,
    discard_draft,
    draft_entry,
    propose,
    publish,
)
from routing.models import CatalogueDraft, PastCase
from routing.replay import VERDICT_NAMES, Replay, Verdict, as_past, replay
from routing.repository import CatalogueRepository

router = console_router()
log = structlog.get_logger(__name__)
SAMPLES = (500, 2000, 10_000)
_MOST_CHANGES = 100


@dataclass(frozen=True)
class DraftLine:
    """One draft: what it would change, who wrote it and why."""

    draft: CatalogueDraft
    category: str
    author: str
    changes: list[tuple[str, str, str]]
    chosen: bool
    outdated: bool


@dataclass(frozen=True)
class Move:
    """Past cases that would go from one unit to another, and how many for better or worse."""

    before: str
    after: str
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return sum(self.verdicts.values())


@router.get("/catalogue/drafts")
async def drafts_page(
    request: Request,
    staff: CurrentStaff,
    code: Annotated[list[str] | None, Query()] = None,
    sample: int = SAMPLES[1],
    done: str = "",
) -> Response:
    """Drafts, what is wrong with the chosen ones, and what they would do to past cases."""
    staff.actor.require(*CATALOGUE_ROLES)
    return await _show_drafts(request, staff, code, sample, done=done)


@router.post("/catalogue/drafts/{code}/discard")
async def discard(request: Request, code: str, form: PostedForm) -> Response:
    """Drop a draft."""
    async with database_of(request).unit_of_work() as session:
        await discard_draft(session, form.staff.actor, Chosen(code, form.number("revision")))
    return RedirectResponse(link(DRAFTS, done="discarded"), 303)


@router.post("/catalogue/publish")
async def publish_drafts(request: Request, form: PostedForm) -> Response:
    """Put the drafts in force that were shown, as they were shown."""
    chosen = [_chosen(value) for value in form.form.getlist("draft") if isinstance(value, str)]
    try:
        async with database_of(request).unit_of_work() as session:
            publication = await publish(
                session, form.staff.actor, chosen, form.text("reason"), now()
            )
    except (Conflict, InvalidInput) as error:
        codes = [one.code for one in chosen]
        return await _show_drafts(request, form.staff, codes, SAMPLES[1], problem=error)
    log.info("catalogue_published", by=form.staff.actor.login, publication=publication.id)
    return RedirectResponse(link(f"{PATH}/history", done="published"), 303)


async def _show_drafts(
    request: Request,
    staff: Staff,
    codes: Sequence[str] | None,
    sample: int,
    *,
    done: str = "",
    problem: Conflict | InvalidInput | None = None,
) -> Response:
    sample = sample if sample in SAMPLES else SAMPLES[1]
    async with database_of(request).unit_of_work() as session:
        repository = CatalogueRepository(session)
        drafts, versions = await repository.drafts(), await repository.versions()
        known = {draft.code for draft in drafts}
        chosen = known if codes is None else known & set(codes)
        names = await names_of(session)
        proposal = await propose(session, chosen, today())
        past = await repository.past_cases(sample) if chosen else []
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {draft.author for draft in drafts}
        )
    on = _first_day(drafts, chosen)
    result = await _preview(past, proposal, names, on) if chosen else None
    return render(
        request,
        "catalogue_drafts.html",
        problem.status if problem else 200,
        lines=_draft_lines(drafts, versions, names, people, chosen),
        chosen=[draft for draft in drafts if draft.code in chosen],
        proposal=proposal,
        name_of=subject_name(names),
        result=result,
        moves=_moves(result, names) if result else [],
        changes=result.changes[:_MOST_CHANGES] if result else [],
        names=names,
        verdicts=VERDICT_NAMES,
        on=on,
        sample=sample,
        samples=SAMPLES,
        message=problem.message if problem else "",
        done=DONE.get(done, ""),
        may_edit=may_edit(staff),
    )


async def _preview(past: Sequence[PastCase], proposal: Proposal, names: Names, on: date) -> Replay:
    cases = [as_past(row) for row in past]
    # Ten thousand cases take about a second; the loop goes on serving meanwhile.
    return await asyncio.to_thread(replay, cases, proposal.before, proposal.after, names.tree, on)


def _first_day(drafts: Sequence[CatalogueDraft], chosen: Collection[str]) -> date:
    """The day on which all chosen drafts hold."""
    days = [draft_entry(draft).valid_from for draft in drafts if draft.code in chosen]
    return max([today(), *days])


def _moves(result: Replay, names: Names) -> list[Move]:
    counts: dict[tuple[str | None, str | None], Counter[Verdict]] = {}
    for change in result.changes:
        counts.setdefault((change.before, change.after), Counter())[change.verdict] += 1
    by_desk = "派单员决定"
    moves = [
        Move(
            names.tree.name(before) if before else by_desk,
            names.tree.name(after) if after else by_desk,
            verdicts,
        )
        for (before, after), verdicts in counts.items()
    ]
    return sorted(moves, key=lambda move: -move.n)


def _draft_lines(
    drafts: Sequence[CatalogueDraft],
    versions: Sequence[CatalogueEntry],
    names: Names,
    people: Mapping[str, str],
    chosen: Collection[str],
) -> list[DraftLine]:
    newest = {version.code: version for version in versions}
    lines = []
    for draft in drafts:
        entry, before = draft_entry(draft), newest.get(draft.code)
        # What holds is compared, not what an overtaken plan says.
        held = [v for v in settle(v for v in versions if v.code == draft.code)
                if v.valid_on(entry.valid_from)]  # fmt: skip
        lines.append(
            DraftLine(
                draft=draft,
                category=names.category(entry.category),
                author=people.get(draft.author, draft.author),
                changes=differences(names, held[0] if held else before, entry),
                chosen=draft.code in chosen,
                outdated=draft.based_on != (before.version if before else 0),
            )
        )
    return lines


def _chosen(value: str) -> Chosen:
    """A draft as the page named it: ``code:revision``. Raises InvalidInput."""
    code, _, revision = value.rpartition(":")
    if not (code and revision.isascii() and revision.isdigit() and len(revision) < 10):
        raise InvalidInput("页面内容不完整，请刷新后再试")
    return Chosen(code, int(revision))
