"""Which services and cases a review may be about: SQL that finds few of many (blocking).

By phone or number any record is found; by item or unit those that are finished. Cases are found
once their citizen was told the answer. Secret and anonymous ones never: only their number ties.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, Table, and_, bindparam, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cases.models import Case, CaseIdentity, SubCase
from cases.states import GONE
from reviews.grades import BAD
from reviews.linking import About
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted

# Who ties when no person does; what a person decided the rules leave alone.
RULES = "rules"
_UNTIED = and_(
    Review.link.in_(("none", "desk")),
    or_(Review.linked_by.is_(None), Review.linked_by == RULES),
)
# A review that was given to its case in person, or names its number, asks for no linking.
FOR_THE_DESK = or_(Review.case_id.is_(None), Review.link != "exact")
# How many records one way of asking may bring for one review; the nearest in time come first.
MOST = 250

_FREE = """NOT EXISTS (
    SELECT FROM reviews v WHERE v.service_record_id = r.id AND v.round = w.round)"""
_BY_KEY = """
SELECT w.id AS review_id, r.id FROM unnest(
    CAST(:ids AS bigint[]), CAST(:keys AS text[]), CAST(:rounds AS int[])
) AS w(id, key, round) JOIN service_records r ON r.{column} = w.key WHERE """
_BY_TIME = """
SELECT w.id AS review_id, r.id FROM unnest(
    CAST(:ids AS bigint[]), CAST(:rounds AS int[]), CAST(:firsts AS timestamptz[]),
    CAST(:lasts AS timestamptz[]), CAST(:nears AS timestamptz[]), CAST(:keys AS text[])
) AS w(id, round, first, last, near, keys)
CROSS JOIN LATERAL (
    SELECT r.id FROM service_records r
    WHERE r.{column} = ANY (string_to_array(w.keys, chr(31))) AND r.finished_at BETWEEN w.first AND w.last
    AND {free}
    ORDER BY abs(extract(epoch FROM r.finished_at - w.near)) LIMIT :most
) r"""


_OPEN = """ c.told_at IS NOT NULL AND c.rated_round IS DISTINCT FROM c.round AND w.round = 1
    AND NOT (c.confidential OR c.anonymous OR c.is_group) AND c.type <> 'report'
    AND c.merged_into IS NULL"""
_CASE_BY_KEY = (
    """
SELECT w.id AS review_id, c.id FROM unnest(
    CAST(:ids AS bigint[]), CAST(:keys AS text[]), CAST(:rounds AS int[])
) AS w(id, key, round) {join} WHERE """
    + _OPEN
)
_CASE_BY = {
    "phones": "JOIN case_identities i ON i.phone_hash = w.key JOIN cases c ON c.id = i.case_id",
    "numbers": "JOIN cases c ON c.number = w.key",
}
_CASE_BY_TIME = (
    """
SELECT w.id AS review_id, c.id FROM unnest(
    CAST(:ids AS bigint[]), CAST(:rounds AS int[]), CAST(:firsts AS timestamptz[]),
    CAST(:lasts AS timestamptz[]), CAST(:nears AS timestamptz[]), CAST(:keys AS text[])
) AS w(id, round, first, last, near, keys)
CROSS JOIN LATERAL (
    SELECT c.id FROM cases c JOIN sub_cases s ON s.case_id = c.id AND s.role = 'lead'
    WHERE c.told_at BETWEEN w.first AND w.last AND s.state NOT IN ('returned', 'reassigned')
    AND s.unit = ANY (string_to_array(w.keys, chr(31))) AND """
    + _OPEN
    + """
    ORDER BY abs(extract(epoch FROM c.told_at - w.near)) LIMIT :most
) c"""
)


@dataclass
class Asked:
    """What to look for, each entry with the review it is for."""

    phones: list[tuple[int, int, str]] = field(default_factory=list)
    numbers: list[tuple[int, int, str]] = field(default_factory=list)
    items: list[Span] = field(default_factory=list)
    units: list[Span] = field(default_factory=list)
    windows: list[Span] = field(default_factory=list)
    cases: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Span:
    """Records with one of ``keys`` between two moments, nearest to ``near`` first."""

    review_id: int
    round: int
    first: datetime
    last: datetime
    near: datetime
    keys: tuple[str, ...]


class CaseRow(NamedTuple):
    """A case, who speaks in it, and its leading unit."""

    case: Case
    identity: CaseIdentity | None
    unit: str | None


class CandidateRepository:
    """Reads for linking; what it finds is shown to nobody outside the linking desk."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def waiting(
        self, since: datetime | None = None, *, fresh: bool = False
    ) -> Sequence[Review]:
        """Reviews that nothing is tied to and nobody has looked at, oldest first.

        Those given ``since`` then; ``fresh`` ones have not been through the rules yet.
        """
        query = select(Review).where(_UNTIED)
        if since is not None:
            query = query.where(Review.created_at >= since)
        if fresh:
            query = query.where(Review.linked_at.is_(None))
        return (await self.session.scalars(query.order_by(Review.id))).all()

    async def untied(self, ids: Collection[int]) -> set[int]:
        """Those of these reviews that the rules may tie now."""
        return set(await self.session.scalars(select(Review.id).where(Review.id.in_(ids), _UNTIED)))

    async def listed(self, link: str, wanted: Wanted, limit: int, offset: int) -> Sequence[Review]:
        """The ``wanted`` with this link that were not given to their case in person, oldest first."""
        query = self._services(wanted).where(Review.link == link)
        page = query.order_by(Review.created_at, Review.id).limit(limit).offset(offset)
        return (await self.session.scalars(page)).all()

    async def counts(self, wanted: Wanted) -> dict[str, int]:
        """How many of the ``wanted`` ones there are by link."""
        query = self._services(wanted).with_only_columns(
            Review.link, func.count(), maintain_column_froms=True
        )
        return dict((await self.session.execute(query.group_by(Review.link))).tuples().all())

    @staticmethod
    def _services(wanted: Wanted) -> Select[Review]:
        return (
            select(Review)
            .outerjoin(Case, Case.id == Review.case_id)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .where(FOR_THE_DESK, *wanted.conditions(ServiceRecord.unit.expression))
        )

    async def full(self, ids: Collection[int]) -> dict[int, ServiceRecord]:
        """The records of these ids by id."""
        found = await self.session.scalars(select(ServiceRecord).where(ServiceRecord.id.in_(ids)))
        return {record.id: record for record in found}

    async def bad(self, ids: Collection[int]) -> Sequence[Review]:
        """The bad ones of these reviews as they are stored now, oldest first."""
        query = select(Review).where(Review.id.in_(ids), Review.grade.in_(BAD))
        fresh = query.order_by(Review.id).execution_options(populate_existing=True)
        return (await self.session.scalars(fresh)).all()

    async def history(self, review_id: int) -> Sequence[ReviewLink]:
        """Steps of tying a review, oldest first."""
        query = select(ReviewLink).where(ReviewLink.review_id == review_id)
        return (await self.session.scalars(query.order_by(ReviewLink.id))).all()

    async def item_names(self) -> Sequence[tuple[str, str]]:
        """Every (item code, item name) that records have."""
        columns = ServiceRecord.item_code, ServiceRecord.item_name
        return (await self.session.execute(select(*columns).distinct())).tuples().all()

    async def found(self, asked: Asked) -> dict[int, set[About]]:
        """Candidates by review id; none that is rated in that round already."""
        pairs: dict[int, set[About]] = {}
        for column, keys in (("phone_hash", asked.phones), ("project_no", asked.numbers)):
            if keys:
                ids, rounds, values = (list(part) for part in zip(*keys, strict=True))
                statement = _BY_KEY.format(column=column) + _FREE
                given = {"ids": ids, "rounds": rounds, "keys": values}
                _gather(pairs, False, await self.session.execute(text(statement), given))
        for way, keys in (("phones", asked.phones), ("numbers", asked.numbers)):
            if keys:
                ids, rounds, values = (list(part) for part in zip(*keys, strict=True))
                statement = _CASE_BY_KEY.format(join=_CASE_BY[way])
                given = {"ids": ids, "rounds": rounds, "keys": values}
                _gather(pairs, True, await self.session.execute(text(statement), given))
        by_time = {"item_name": asked.items, "unit": asked.units, '"window"': asked.windows}
        for column, spans in by_time.items():
            if spans:
                statement = _BY_TIME.format(column=column, free=_FREE)
                _gather(pairs, False, await self.session.execute(text(statement), _arrays(spans)))
        if asked.cases:
            statement = _CASE_BY_TIME
            _gather(pairs, True, await self.session.execute(text(statement), _arrays(asked.cases)))
        return pairs

    async def records(self, ids: Sequence[int]) -> Sequence[Row[Any]]:
        """The records of these ids as plain rows."""
        columns = [
            column for column in ServiceRecord.__table__.c if column.name not in ("updated_at",)
        ]
        chosen = ServiceRecord.id.in_(ids)
        return (await self.session.execute(select(*columns).where(chosen))).all()

    async def cases(self, ids: Collection[int]) -> Sequence[CaseRow]:
        """These cases with who speaks in them and the unit that answers."""
        lead = aliased(SubCase)
        leads = and_(lead.case_id == Case.id, lead.role == "lead", lead.state.not_in(GONE))
        query = (
            select(Case, CaseIdentity, lead.unit)
            .outerjoin(CaseIdentity, CaseIdentity.case_id == Case.id)
            .outerjoin(lead, leads)
            .where(Case.id.in_(ids))
        )
        return [CaseRow(*row) for row in await self.session.execute(query)]

    async def locked_cases(self, ids: Collection[int]) -> dict[int, Case]:
        """These cases, locked: whoever rates one comes after."""
        query = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
        fresh = query.execution_options(populate_existing=True)
        return {case.id: case for case in await self.session.scalars(fresh)}

    async def lock(self) -> None:
        """No review comes in, and no other run links, until the transaction ends."""
        await self.session.execute(text("LOCK TABLE reviews IN SHARE ROW EXCLUSIVE MODE"))

    async def taken(self, ids: Collection[int]) -> set[tuple[int, int]]:
        """Which rounds of these records are rated."""
        columns = Review.service_record_id, Review.round
        rows = await self.session.execute(select(*columns).where(columns[0].in_(ids)))
        return {(id or 0, round) for id, round in rows.tuples()}

    async def store(
        self, links: Sequence[dict[str, Any]], history: Sequence[dict[str, Any]]
    ) -> None:
        """Store the link of each review (``key`` is its id), and steps of the history."""
        if links:
            names = [name for name in links[0] if name != "key"]
            table = Review.__table__
            assert isinstance(table, Table)
            statement = table.update().where(table.c.id == bindparam("key"))
            values: dict[str, Any] = {name: bindparam(name) for name in names}
            connection = await self.session.connection()
            await connection.execute(statement.values(values), list(links))
        if history:
            await self.session.execute(insert(ReviewLink), list(history))


def _arrays(spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "ids": [span.review_id for span in spans],
        "rounds": [span.round for span in spans],
        "firsts": [span.first for span in spans],
        "lasts": [span.last for span in spans],
        "nears": [span.near for span in spans],
        "keys": ["\x1f".join(span.keys) for span in spans],
        "most": MOST,
    }


def _gather(pairs: dict[int, set[About]], is_case: bool, rows: Iterable[Any]) -> None:
    for review_id, id in rows:
        pairs.setdefault(review_id, set()).add(About(is_case, id))
