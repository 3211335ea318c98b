"""What reviews without a number are about: candidates, and a verdict for each. Only reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import CaseIdentity
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.privacy import decrypt
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import ItemContent, Kind
from language.times import resolve
from reviews.candidate_repository import Asked, CandidateRepository, CaseRow, Span
from reviews.codes import Channel
from reviews.exporting import opened
from reviews.linking import (
    About,
    Candidate,
    Said,
    Scored,
    Verdict,
    contradicts,
    item_likeness,
    only_early,
    possible,
    ranked,
    score,
    verdict,
)
from reviews.models import Review
from reviews.near import one_off, wrong_digit
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
    grade: int
    verdict: Verdict
    best: tuple[Scored, ...]
    before: str


@dataclass
class Linker:
    """Finds and scores candidates; keeps what it read of records for the time of one run."""

    session: AsyncSession
    tree: UnitTree
    names: Mapping[tuple[str, str], tuple[str, ...]]
    _candidates: dict[About, Candidate] = field(default_factory=dict)
    _unread: dict[About, Callable[[], str]] = field(default_factory=dict)
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
            candidate = replace(_of_record(row, self.names), name=_applicant(row.applicant))
            said = self.said(claims[row.id])
            if contradicts(said, candidate) and not only_early(said, candidate):
                found.add(row.id)
        return found

    async def _chunk(self, reviews: Sequence[Review]) -> list[Outcome]:
        said = {review.id: self.said(review) for review in reviews}
        pairs = await self._found(reviews, said)
        await self._read({one for found in pairs.values() for one in found})
        outcomes = []
        for review in reviews:
            best = self._ranked(said[review.id], pairs.get(review.id, set()))
            outcomes.append(
                Outcome(
                    review.id,
                    review.round,
                    review.grade,
                    verdict(best),
                    tuple(best[:SHOWN]),
                    review.link,
                )
            )
        return outcomes

    async def _read(self, wanted: set[About]) -> None:
        wanted = wanted - self._candidates.keys()
        repository = CandidateRepository(self.session)
        for row in await repository.records([one.id for one in wanted if not one.is_case]):
            one = _of_record(row, self.names)
            self._candidates[one.about] = one
            self._unread[one.about] = partial(_applicant, row.applicant)
        for found in await repository.cases([one.id for one in wanted if one.is_case]):
            one = _of_case(found)
            self._candidates[one.about] = one
            self._unread[one.about] = partial(_speaker, found.identity)

    def _ranked(self, said: Said, found: set[About]) -> list[Scored]:
        candidates = [one for key in found if possible(said, one := self._candidates[key])]
        if said.name:
            # Names are kept encrypted: they are read only for those who gave one.
            candidates = [self._named(one) for one in candidates]
        return ranked([score(said, one) for one in candidates])

    def _named(self, candidate: Candidate) -> Candidate:
        if candidate.about in self._unread:
            candidate = replace(candidate, name=self._unread.pop(candidate.about)())
            self._candidates[candidate.about] = candidate
        return candidate

    async def _found(
        self, reviews: Sequence[Review], said: Mapping[int, Said]
    ) -> dict[int, set[About]]:
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
        if units and not said.at_counter and not said.window:
            asked.cases.append(span(units))
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
            at_counter=review.channel == Channel.TABLET.word,
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
    claimed: set[tuple[About, int]] = set()
    found = []
    for outcome in sorted(outcomes, key=lambda one: -(one.best[0].probability if one.best else 0)):
        if outcome.verdict is Verdict.AUTO:
            claim = (outcome.best[0].candidate.about, outcome.round)
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


def _of_record(row: Any, names: Mapping[tuple[str, str], tuple[str, ...]]) -> Candidate:
    return Candidate(
        about=About(False, row.id),
        number=row.project_no,
        unit=row.unit,
        items=names.get((row.item_code, row.item_name), (row.item_name,)),
        window=row.window,
        place=row.place,
        accepted_at=row.accepted_at,
        finished_at=row.finished_at,
        phone_hash=row.phone_hash,
        kind=row.applicant_kind,
    )


def _of_case(row: CaseRow) -> Candidate:
    case = row.case
    return Candidate(
        about=About(True, case.id),
        number=case.number,
        unit=row.unit,
        items=(case.title,),
        window="",
        place=case.place_text,
        accepted_at=case.created_at,
        finished_at=case.told_at,
        phone_hash=row.identity.phone_hash if row.identity else None,
        kind=None,
        words=f"{case.title}\n{case.detail}",
    )


def _applicant(person: str | None) -> str:
    return str(opened(person).get("name", ""))


def _speaker(identity: CaseIdentity | None) -> str:
    name = identity.name_encrypted if identity else None
    return decrypt(name) if name else ""


async def find(
    session: AsyncSession, told: Told, since: datetime | None = None, *, fresh: bool = False
) -> list[Outcome]:
    """What linking would do with the reviews that wait (see `CandidateRepository.waiting`)."""
    waiting = await CandidateRepository(session).waiting(since, fresh=fresh)
    return await (await Linker.load(session)).outcomes(waiting, told) if waiting else []
