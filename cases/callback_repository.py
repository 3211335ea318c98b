"""The SQL of the callback desk (回访)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from cases.callback_rules import LEASE
from cases.clocks import REVIEW_WINDOW_DAYS
from cases.models import Callback, Case, IdentityOpening, SubCase
from cases.repository import COUNTED, CaseRepository
from cases.search import matches
from cases.states import GONE, MainState
from cases.vocabulary import CallbackState, Part
from core.errors import NotFound
from core.identity import Actor


class Pile(StrEnum):
    """One view of the desk: to be called now, mine on the line, to be called later, finished."""

    NOW = "now"
    MINE = "mine"
    LATER = "later"
    DONE = "done"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class CallbackRow:
    """A call and the case it is about; the case names nobody. ``lead`` is the code of the unit
    that answered, given in piles."""

    callback: Callback
    case: Case
    lead: str | None = None


# A call is to be made only while its round is the case's present one; a citizen may have reopened.
CURRENT = and_(Case.state == MainState.CALLBACK, Case.round == Callback.round)


class CallbackRepository:
    """Calls as ``actor`` may see them: those of readable cases."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def pile(
        self, pile: Pile, now: datetime, text: str = "", *, limit: int, offset: int = 0
    ) -> list[CallbackRow]:
        """Calls of a pile: what waits by priority and clock, what is finished newest first."""
        finished = pile in (Pile.DONE, Pile.UNREACHABLE)
        order = (
            (Callback.done_at.desc(), Callback.id.desc())
            if finished
            else (Callback.priority, Callback.due_at, Callback.id)
        )
        lead = (
            select(SubCase.unit)
            .where(
                SubCase.case_id == Case.id,
                SubCase.role == Part.LEAD,
                SubCase.state.not_in(GONE),
            )
            .scalar_subquery()
        )
        found = await self.session.execute(
            self._of(pile, now, text)
            .add_columns(lead)
            .order_by(*order)
            .limit(limit)
            .offset(min(offset, COUNTED))
        )
        return [CallbackRow(*row) for row in found.tuples()]

    async def counts(self, now: datetime, text: str = "") -> dict[Pile, int]:
        """How many calls each pile holds; above `COUNTED` means "more"."""
        counts = [
            select(func.count())
            .select_from(
                self._of(pile, now, text)
                .with_only_columns(Callback.id)
                .limit(COUNTED + 1)
                .subquery()
            )
            .scalar_subquery()
            for pile in Pile
        ]
        return dict(zip(Pile, (await self.session.execute(select(*counts))).one(), strict=True))

    async def take_next(self, now: datetime) -> Callback | None:
        """The most urgent call that is free, locked; two clerks never get the same one."""
        found: Callback | None = await self.session.scalar(
            self._waiting()
            .with_only_columns(Callback)
            .where(_ripe(now), _unclaimed(now))
            .order_by(Callback.priority, Callback.due_at, Callback.id)
            .limit(1)
            .with_for_update(of=Callback, skip_locked=True)
        )
        return found

    async def held(self, now: datetime) -> Callback | None:
        """The call that the actor has on the line."""
        found: Callback | None = await self.session.scalar(
            self._waiting()
            .with_only_columns(Callback)
            .where(_mine(self.actor.login, now))
            .order_by(Callback.claimed_at.desc())
            .limit(1)
        )
        return found

    async def get(self, callback_id: int, *, lock: bool = False) -> CallbackRow:
        """A call with its case; with ``lock`` first the case and then the call are locked, the
        order in which everybody locks. Raises NotFound."""
        case_id = await self.session.scalar(
            select(Callback.case_id).where(Callback.id == callback_id)
        )
        if case_id is None:
            raise NotFound("没有找到这次回访")
        case = await CaseRepository(self.session, self.actor).get(case_id, lock=lock)
        callback = await self.session.get_one(
            Callback, callback_id, with_for_update=lock or None, populate_existing=True
        )
        return CallbackRow(callback, case)

    async def earlier(self, callback: Callback) -> Sequence[Callback]:
        """The calls about the rounds before, oldest first."""
        found = await self.session.scalars(
            select(Callback)
            .where(Callback.case_id == callback.case_id, Callback.round < callback.round)
            .order_by(Callback.round)
        )
        return found.all()

    async def has_opened(self, case_id: int, since: datetime) -> bool:
        """Whether the actor asked who speaks in a secret case, with a reason, since then."""
        found = await self.session.scalar(
            select(IdentityOpening.id)
            .where(
                IdentityOpening.case_id == case_id,
                IdentityOpening.login == self.actor.login,
                IdentityOpening.at >= since,
            )
            .limit(1)
        )
        return found is not None

    def _readable(self) -> Select[Callback, Case]:
        cases = CaseRepository(self.session, self.actor).readable()
        return cases.join(Callback, Callback.case_id == Case.id).with_only_columns(Callback, Case)

    def _waiting(self) -> Select[Callback, Case]:
        return self._readable().where(Callback.state == CallbackState.WAITING, CURRENT)

    def _of(self, pile: Pile, now: datetime, text: str) -> Select[Callback, Case]:
        match pile:
            case Pile.NOW:
                found = self._waiting().where(
                    _ripe(now), or_(_unclaimed(now), _mine(self.actor.login, now))
                )
            case Pile.MINE:
                found = self._waiting().where(_mine(self.actor.login, now))
            case Pile.LATER:
                found = self._waiting().where(~_ripe(now))
            case Pile.DONE:
                found = self._readable().where(Callback.state == CallbackState.DONE)
            case Pile.UNREACHABLE:
                found = self._readable().where(Callback.state == CallbackState.UNREACHABLE)
        return found.where(_says(text))


async def drop_overtaken(session: AsyncSession, now: datetime) -> int:
    """Take calls off the queue whose case has moved on (reopened, merged); returns how many."""
    gone = await session.scalars(
        update(Callback)
        .where(
            Callback.state == CallbackState.WAITING,
            Callback.case_id == Case.id,
            ~CURRENT,
        )
        .values(state=CallbackState.SKIPPED, done_at=now, claimed_by=None, claimed_at=None)
        .returning(Callback.id)
    )
    return len(gone.all())


async def answered_cases(
    session: AsyncSession, now: datetime, limit: int
) -> list[tuple[Case, Callback | None]]:
    """Cases that wait although their call does not and that may be ripe to be closed, oldest
    answer first, locked. What another worker holds is left to it.
    """
    # A window of working days is never shorter than as many days.
    old = now - timedelta(days=REVIEW_WINDOW_DAYS)
    found = await session.execute(
        select(Case, Callback)
        .outerjoin(Callback, and_(Callback.case_id == Case.id, Callback.round == Case.round))
        .where(
            Case.state == MainState.CALLBACK,
            or_(Callback.id.is_(None), Callback.state != CallbackState.WAITING),
            or_(
                Callback.state == CallbackState.DONE,
                Case.rated_round == Case.round,
                Case.told_at <= old,
            ),
        )
        .order_by(Case.told_at, Case.id)
        .limit(limit)
        .with_for_update(of=Case, skip_locked=True)
    )
    return [(case, callback) for case, callback in found]


def _ripe(now: datetime) -> ColumnElement[bool]:
    return or_(Callback.not_before.is_(None), Callback.not_before <= now)


def _unclaimed(now: datetime) -> ColumnElement[bool]:
    return or_(Callback.claimed_by.is_(None), Callback.claimed_at <= now - LEASE)


def _mine(login: str, now: datetime) -> ColumnElement[bool]:
    return and_(Callback.claimed_by == login, Callback.claimed_at > now - LEASE)


def _says(text: str) -> ColumnElement[bool]:
    return matches(text) if text.strip() else true()
