"""Which records a review may be about: SQL that finds few of many (blocking).

By phone or number any record is found; by item or unit those that are finished.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, bindparam, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from reviews.grades import BAD
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted

# Who ties when no person does; what a person decided the rules leave alone.
RULES = "rules"
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


@dataclass
class Asked:
    """What to look for, each entry with the review it is for."""

    phones: list[tuple[int, int, str]] = field(default_factory=list)
    numbers: list[tuple[int, int, str]] = field(default_factory=list)
    items: list[Span] = field(default_factory=list)
    units: list[Span] = field(default_factory=list)
    windows: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Span:
    """Records with one of ``keys`` between two moments, nearest to ``near`` first."""

    review_id: int
    round: int
    first: datetime
    last: datetime
    near: datetime
    keys: tuple[str, ...]


class CandidateRepository:
    """Reads for linking; what it finds is shown to nobody outside the linking desk."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def waiting(self) -> Sequence[Review]:
        """Reviews that nothing is tied to and nobody has looked at, oldest first."""
        untouched = or_(Review.linked_by.is_(None), Review.linked_by == RULES)
        query = select(Review).where(Review.link.in_(("none", "desk")), untouched)
        return (await self.session.scalars(query.order_by(Review.id))).all()

    async def listed(self, link: str, wanted: Wanted, limit: int, offset: int) -> Sequence[Review]:
        """The ``wanted`` reviews with this link that are about no case, oldest first."""
        query = self._services(wanted).where(Review.link == link)
        page = query.order_by(Review.created_at, Review.id).limit(limit).offset(offset)
        return (await self.session.scalars(page)).all()

    async def counts(self, wanted: Wanted) -> dict[str, int]:
        """How many of the ``wanted`` reviews that are about no case there are by link."""
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
            .where(Review.case_id.is_(None), *wanted.conditions(ServiceRecord.unit.expression))
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

    async def found(self, asked: Asked) -> dict[int, set[int]]:
        """Ids of candidates by review id; none that is rated in that round already."""
        pairs: dict[int, set[int]] = {}
        for column, keys in (("phone_hash", asked.phones), ("project_no", asked.numbers)):
            if keys:
                ids, rounds, values = (list(part) for part in zip(*keys, strict=True))
                statement = _BY_KEY.format(column=column) + _FREE
                given = {"ids": ids, "rounds": rounds, "keys": values}
                _gather(pairs, await self.session.execute(text(statement), given))
        by_time = {"item_name": asked.items, "unit": asked.units, '"window"': asked.windows}
        for column, spans in by_time.items():
            if spans:
                statement = _BY_TIME.format(column=column, free=_FREE)
                _gather(pairs, await self.session.execute(text(statement), _arrays(spans)))
        return pairs

    async def records(self, ids: Sequence[int]) -> Sequence[Row[Any]]:
        """The records of these ids as plain rows."""
        columns = [
            column for column in ServiceRecord.__table__.c if column.name not in ("updated_at",)
        ]
        chosen = ServiceRecord.id.in_(ids)
        return (await self.session.execute(select(*columns).where(chosen))).all()

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


def _gather(pairs: dict[int, set[int]], rows: Iterable[Any]) -> None:
    for review_id, record_id in rows:
        pairs.setdefault(review_id, set()).add(record_id)
