"""Tying reviews to the services they are about, and taking them off again. Nothing here commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy.ext.asyncio import AsyncSession

from cases.registration import phone_hash
from core.calendar import LOCAL
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import ItemContent, Kind
from language.times import resolve
from reviews.candidate_repository import RULES, Asked, CandidateRepository, Span
from reviews.codes import Channel
from reviews.exporting import opened
from reviews.linking import (
    Candidate,
    Said,
    Scored,
    Verdict,
    contradicts,
    item_likeness,
    possible,
    ranked,
    score,
    verdict,
)
from reviews.models import Review
from reviews.near import one_off, wrong_digit
from reviews.rectifying import linked
from units.tree import UnitTree

CHUNK = 500
SHOWN = 5
_SIMILAR, _MOST_ITEMS = 0.5, 6
_UNIT_LIKENESS = 75
_AROUND, _BEFORE, _COUNTER = timedelta(days=3), timedelta(days=9), timedelta(hours=2)
Told = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """What would become of a review: the verdict and its best candidates."""

    review_id: int
    round: int
    verdict: Verdict
    best: tuple[Scored, ...]
    before: str


@dataclass
class Linker:
    """Finds and scores candidates; keeps what it read of records for the time of one run."""

    session: AsyncSession
    tree: UnitTree
    names: Mapping[tuple[str, str], tuple[str, ...]]
    _candidates: dict[int, Candidate] = field(default_factory=dict)
    _applicants: dict[int, str | None] = field(default_factory=dict)
    _similar: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _units: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    async def load(cls, session: AsyncSession) -> Linker:
        """With the units and the everyday names of items as they stand now."""
        everyday: dict[str, tuple[str, ...]] = {}
        for entry in await KnowledgeRepository(session).entries([Kind.ITEM]):
            content = content_of(entry)
            assert isinstance(content, ItemContent)
            everyday[content.code] = (content.name, *content.aliases)
        known = await CandidateRepository(session).item_names()
        names = {
            (code, name): tuple(dict.fromkeys((name, *everyday.get(code, ()))))
            for code, name in known
        }
        return cls(session, await UnitTree.load(session), names)

    async def outcomes(self, reviews: Sequence[Review], told: Told) -> list[Outcome]:
        """A verdict for each review. Two that claim one service: the likelier one has it."""
        found = []
        for start in range(0, len(reviews), CHUNK):
            chunk = reviews[start : start + CHUNK]
            found += await self._chunk(chunk)
            await told(len(chunk))
        return without_rivals(found)

    async def mistaken(self, claims: Mapping[int, Review]) -> set[int]:
        """Those of the claimed records (by id) whose number the review cannot have meant."""
        found = set()
        for row in await CandidateRepository(self.session).records(list(claims)):
            person = opened(row.applicant)
            candidate = replace(self._candidate(row), name=person.get("name", ""))
            if contradicts(self.said(claims[row.id]), candidate):
                found.add(row.id)
        return found

    async def _chunk(self, reviews: Sequence[Review]) -> list[Outcome]:
        said = {review.id: self.said(review) for review in reviews}
        pairs = await self._found(reviews, said)
        wanted = {id for ids in pairs.values() for id in ids} - self._candidates.keys()
        for row in await CandidateRepository(self.session).records(list(wanted)):
            self._candidates[row.id] = self._candidate(row)
            self._applicants[row.id] = row.applicant
        outcomes = []
        for review in reviews:
            best = self._ranked(said[review.id], pairs.get(review.id, set()))
            outcomes.append(
                Outcome(review.id, review.round, verdict(best), tuple(best[:SHOWN]), review.link)
            )
        return outcomes

    def _ranked(self, said: Said, ids: set[int]) -> list[Scored]:
        candidates = [one for id in ids if possible(said, one := self._candidates[id])]
        if said.name:
            # Names are kept encrypted: they are read only for those who gave one.
            candidates = [self._named(one) for one in candidates]
        return ranked([score(said, one) for one in candidates])

    def _named(self, candidate: Candidate) -> Candidate:
        if candidate.id in self._applicants:
            person = opened(self._applicants.pop(candidate.id))
            candidate = replace(candidate, name=person.get("name", ""))
            self._candidates[candidate.id] = candidate
        return candidate

    def _candidate(self, row: Any) -> Candidate:
        return Candidate(
            id=row.id,
            number=row.project_no,
            unit=row.unit,
            items=self.names.get((row.item_code, row.item_name), (row.item_name,)),
            window=row.window,
            place=row.place,
            accepted_at=row.accepted_at,
            finished_at=row.finished_at,
            phone_hash=row.phone_hash,
            kind=row.applicant_kind,
        )

    async def _found(
        self, reviews: Sequence[Review], said: Mapping[int, Said]
    ) -> dict[int, set[int]]:
        repository = CandidateRepository(self.session)
        asked, numbers = Asked(), Asked()
        for review in reviews:
            known = said[review.id]
            if known.phone_hash:
                asked.phones.append((review.id, review.round, known.phone_hash))
            if known.number:
                numbers.numbers += [
                    (review.id, review.round, number)
                    for number in (known.number, *one_off(known.number))
                ]
            self._ask_by_time(review, known, asked)
        pairs = await repository.found(asked)
        for review_id, ids in (await repository.found(numbers)).items():
            pairs.setdefault(review_id, set()).update(ids)
        return pairs

    def _ask_by_time(self, review: Review, said: Said, asked: Asked) -> None:
        near = said.at
        if near is None and said.day is not None:
            near = datetime.combine(said.day, time(12), LOCAL)
        first, last = said.created_at - _BEFORE, said.created_at
        if near is not None:
            first, last = near - _AROUND, near + _AROUND
        items, units = self.similar(said.item), tuple(sorted(said.units))
        near = near or said.created_at
        if said.at_counter:
            first, last, near = (
                said.created_at - _COUNTER,
                said.created_at + _COUNTER,
                said.created_at,
            )
        span = partial(Span, review.id, review.round, first, last, near)
        if items:
            asked.items.append(span(items))
        elif units:
            asked.units.append(span(units))
        if said.window and (said.at_counter or said.day is not None):
            asked.windows.append(span((said.window,)))

    def said(self, review: Review) -> Said:
        """What the review says, its unit and time understood."""
        told, person = review.said, opened(review.reviewer)
        at, day = understood_time(told.get("time", ""), review.created_at)
        phone = "".join(filter(str.isdecimal, person.get("phone", "")))
        return Said(
            created_at=review.created_at,
            number=told.get("number", ""),
            units=self.units(told.get("unit", "")),
            item=told.get("item", ""),
            window=told.get("window", ""),
            place=told.get("place", ""),
            text=review.text,
            day=day,
            at=at,
            phone_hash=review.contact_hash,
            phone_hashes=frozenset(map(phone_hash, wrong_digit(phone))) if phone else frozenset(),
            name=person.get("name", ""),
            kind=review.reviewer_kind,
            at_counter=review.channel == Channel.TABLET.name.lower(),
        )

    def similar(self, item: str) -> tuple[str, ...]:
        """Names of the items that ``item`` may mean."""
        if item not in self._similar:
            near = [
                (likeness, names[0])
                for names in self.names.values()
                if (likeness := item_likeness(item, names)) >= _SIMILAR
            ]
            best = sorted(near, reverse=True)[:_MOST_ITEMS]
            self._similar[item] = tuple(dict.fromkeys(name for _, name in best))
        return self._similar[item] if item else ()

    def units(self, name: str) -> frozenset[str]:
        """Codes of the units that ``name`` may mean, also when it is misspelt."""
        if name and name not in self._units:
            self._units[name] = _units(self.tree, name)
        return self._units.get(name, frozenset())


def without_rivals(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One service has one review a round: the likelier claim stands, the other is looked at."""
    claimed: set[tuple[int, int]] = set()
    found = []
    for outcome in sorted(outcomes, key=lambda one: -(one.best[0].probability if one.best else 0)):
        if outcome.verdict is Verdict.AUTO:
            claim = (outcome.best[0].candidate.id, outcome.round)
            if claim in claimed:
                outcome = replace(outcome, verdict=Verdict.DESK)
            claimed.add(claim)
        found.append(outcome)
    return sorted(found, key=lambda one: one.review_id)


def understood_time(said: str, now: datetime) -> tuple[datetime | None, date | None]:
    """Moment and day that ``said`` means at ``now``: ISO, or words such as 昨天."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        days = resolve(said, now.astimezone(LOCAL)) if said else None
        return None, days.first if days and days.first == days.last else None
    at = at if at.tzinfo else at.replace(tzinfo=LOCAL)
    return (at if len(said) > len("2026-08-01") else None), at.astimezone(LOCAL).date()


def _units(tree: UnitTree, name: str) -> frozenset[str]:
    spellings = {
        (unit.code, spelling): spelling
        for unit in tree.units.values()
        for spelling in (unit.name, unit.short, *unit.aliases, *(f.name for f in unit.former_names))
    }
    near = process.extract(
        name, spellings, scorer=fuzz.ratio, score_cutoff=_UNIT_LIKENESS, limit=None
    )
    top = max((likeness for _, likeness, _ in near), default=0)
    return frozenset(tree.current(code) for _, likeness, (code, _) in near if likeness == top)


async def find(session: AsyncSession, told: Told) -> list[Outcome]:
    """What linking would do with every review that waits."""
    linker = await Linker.load(session)
    return await linker.outcomes(await CandidateRepository(session).waiting(), told)


async def apply(session: AsyncSession, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store what `find` found: the link, why, and a line of history where it changed.

    What a person decided since it was found stands.
    Of the bad ones that are tied now, the units are to put right what they are about.
    """
    repository = CandidateRepository(session)
    await repository.lock()
    open_still = await repository.still_waiting([one.review_id for one in outcomes])
    outcomes = [one for one in outcomes if one.review_id in open_still]
    taken = await repository.taken(
        {one.best[0].candidate.id for one in outcomes if one.verdict is Verdict.AUTO}
    )
    rows, history, tied = [], [], []
    for one in outcomes:
        best = one.best[0] if one.best else None
        became = one.verdict
        if became is Verdict.AUTO and best and (best.candidate.id, one.round) in taken:
            became = Verdict.DESK
        record_id = best.candidate.id if best and became is Verdict.AUTO else None
        reasons = [reason.told for reason in best.reasons] if best else []
        probability = round(best.probability, 4) if best else None
        rows.append(
            {
                "key": one.review_id,
                "service_record_id": record_id,
                "link": became.value,
                "score": probability,
                "reasons": reasons,
                "linked_at": now,
                "linked_by": RULES,
            }
        )
        if record_id is not None:
            tied.append(one.review_id)
        if became != one.before:
            history.append(
                {
                    "review_id": one.review_id,
                    "at": now,
                    "by": RULES,
                    "action": became.value,
                    "case_id": None,
                    "service_record_id": record_id,
                    "score": probability,
                    "reasons": reasons,
                    "note": "",
                }
            )
    await repository.store(rows, history)
    for review in await repository.bad(tied):
        await linked(session, review, now)
