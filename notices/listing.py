"""What staff see of the outbox: a page of deliveries, with their cases, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from cases.views import is_secret
from core.privacy import decrypt, mask_phone, mask_text
from notices.doors import SMS
from notices.messages import reply_of
from notices.models import Delivery
from notices.vocabulary import WAITING, Kind, State

# What a list is narrowed to, by the word that stands in an address.
STATES: dict[str, tuple[State, ...]] = {
    "all": tuple(State),
    "problem": (State.FAILED, State.UNKNOWN),
    "waiting": (*WAITING, State.SENDING),
    "sent": (State.SENT,),
    "received": (State.RECEIVED,),
}
# A code is over before anybody could send it again, and a line belongs to its conversation.
_SHOWN = (Kind.FILED, Kind.PROGRESS, Kind.ANSWERED, Kind.RATE)


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty words narrow nothing. ``number`` is a case number."""

    states: tuple[State, ...]
    channel: str = ""
    number: str = ""


@dataclass(frozen=True)
class Listed:
    """One delivery. ``text`` is None where staff may not read it here: a confidential or anonymous
    case, a code, a line of a conversation. ``address`` is masked."""

    delivery: Delivery
    number: str | None
    secret: bool
    address: str
    text: str | None

    @property
    def can_be_repeated(self) -> bool:
        """Whether a person may have it sent again."""
        return may_repeat(self.delivery)


def may_repeat(one: Delivery) -> bool:
    """Failed ones, and those of which nobody knows; a code is over by then."""
    return one.state in (State.FAILED, State.UNKNOWN) and one.kind != Kind.CODE


async def listed(session: AsyncSession, wanted: Wanted, limit: int, offset: int) -> list[Listed]:
    """Deliveries, the latest first."""
    rows = await session.execute(
        select(Delivery, Case)
        .outerjoin(Case, Case.id == Delivery.case_id)
        .where(*_conditions(wanted))
        .order_by(Delivery.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_listed(one, case) for one, case in rows]


async def counts(session: AsyncSession, wanted: Wanted) -> dict[State, int]:
    """How many there are in each state, for the channel and the case that are wanted."""
    rows = await session.execute(
        select(Delivery.state, func.count())
        .outerjoin(Case, Case.id == Delivery.case_id)
        .where(*_conditions(Wanted(tuple(State), wanted.channel, wanted.number)))
        .group_by(Delivery.state)
    )
    return {State(state): number for state, number in rows}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if set(wanted.states) != set(State):
        conditions.append(Delivery.state.in_(wanted.states))
    if wanted.channel:
        conditions.append(Delivery.channel == wanted.channel)
    if wanted.number:
        conditions.append(Case.number == wanted.number)
    return conditions


def _listed(one: Delivery, case: Case | None) -> Listed:
    secret = case is not None and (is_secret(case) or case.anonymous)
    shown = one.kind in _SHOWN and not secret
    return Listed(
        delivery=one,
        number=case.number if case else None,
        secret=secret,
        address="（保密）" if secret else masked_address(one.channel, decrypt(one.address)),
        text=mask_text(reply_of(one).text) if shown else None,
    )


def masked_address(channel: str, address: str) -> str:
    """An address so far as staff need it to tell two apart."""
    return mask_phone(address) if channel == SMS else f"{address[:2]}…{address[-2:]}"
