"""What a desk asks for, and the lines of its queue. Nothing here identifies a citizen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cases.models import Case
from cases.states import OPEN, OPEN_PARTS, MainState, SubState
from cases.views import is_secret
from cases.vocabulary import CaseType, Source, Urgency

# Nobody works through more: a queue is counted, and turned over, up to here.
COUNTED = 1000


class Mark(StrEnum):
    """What sets a case apart for those who supervise."""

    SUPERVISED = "supervised"
    RETURNED = "returned"
    REWORKED = "reworked"
    WRONG_AUTOMATIC = "wrong_automatic"
    EXTENDED = "extended"
    URGED = "urged"
    ASKING = "asking"


MARK_NAMES = {
    Mark.SUPERVISED: "督办",
    Mark.RETURNED: "退过单",
    Mark.REWORKED: "重办或重新办理",
    Mark.WRONG_AUTOMATIC: "自动派错",
    Mark.EXTENDED: "延过期",
    Mark.URGED: "市民催办",
    Mark.ASKING: "有申请待审批",
}


@dataclass(frozen=True)
class Proposal:
    """A unit that the router proposed at registration: code, entry of the catalogue, score 0-1."""

    unit: str
    entry: str
    score: float


@dataclass(frozen=True)
class CaseFilter:
    """What a desk asks for; what is None or empty does not narrow.

    ``units`` are codes of units with a part still counting, ``part_states`` the states of those
    parts (of the actor's own ones for a unit's staff), ``handler`` the login that took one of them
    on, ``text`` is looked for in number, title, detail and place, ``overdue_at`` keeps open cases
    that were due before that moment, ``due_from`` those due at that moment or later (both
    together: due soon). For a unit's staff the due date is that of their own unfinished parts.
    ``category`` is a code or its beginning, ``area`` the code of a district or street; a case must
    bear all of the ``marks``.
    """

    states: Collection[MainState] = ()
    units: Collection[str] = ()
    part_states: Collection[SubState] = ()
    handler: str | None = None
    text: str = ""
    overdue_at: datetime | None = None
    due_from: datetime | None = None
    type: CaseType | None = None
    urgency: Urgency | None = None
    source: Source | None = None
    category: str = ""
    area: str = ""
    marks: Collection[Mark] = ()

    @property
    def by_date(self) -> bool:
        """Whether the due date narrows."""
        return self.overdue_at is not None or self.due_from is not None

    @property
    def of_open_cases(self) -> bool:
        """Whether only cases can be found that somebody has to work on."""
        return (
            self.overdue_at is not None
            or (bool(self.states) and OPEN.issuperset(self.states))
            or (bool(self.part_states) and OPEN_PARTS.issuperset(self.part_states))
        )


@dataclass(frozen=True)
class CaseRow:
    """One line of a queue. ``due_at`` is for a unit's staff that of their own part."""

    id: int
    number: str
    version: int
    title: str
    type: CaseType
    category: str | None
    state: MainState
    source: Source
    urgency: Urgency
    secret: bool
    confidential: bool
    place_text: str
    street: str | None
    district: str | None
    due_at: datetime
    due_provisional: bool
    created_at: datetime
    told_at: datetime | None
    dispatches: int
    returns: int
    urges: int
    reworks: int
    reopens: int
    extended: bool
    supervised: bool
    automatic: bool
    is_group: bool
    look_again_on: date | None
    lead: str | None
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class CasePage:
    """``rows`` of the ``total`` that the filter finds; a total above `COUNTED` means "more"."""

    rows: list[CaseRow]
    total: int


def row_of(one: Case, lead: str | None, due_at: datetime | None) -> CaseRow:
    """One line; ``lead`` is the code of the leading unit, ``due_at`` the reader's own due date if
    it is not the case's."""
    return CaseRow(
        id=one.id,
        number=one.number,
        version=one.version,
        title=one.title,
        type=CaseType(one.type),
        category=one.category,
        state=MainState(one.state),
        source=Source(one.source),
        urgency=Urgency(one.urgency),
        secret=is_secret(one),
        confidential=one.confidential,
        place_text=one.place_text,
        street=one.street,
        district=one.district,
        due_at=due_at or one.due_at,
        due_provisional=one.due_provisional,
        created_at=one.created_at,
        told_at=one.told_at,
        dispatches=one.dispatches,
        returns=one.returns,
        urges=one.urges,
        reworks=one.reworks,
        reopens=one.reopens,
        extended=one.extended,
        supervised=one.supervised,
        automatic=one.automatic,
        is_group=one.is_group,
        look_again_on=one.look_again_on,
        lead=lead,
        proposals=tuple(
            Proposal(str(c["unit"]), str(c.get("entry") or ""), float(c.get("score") or 0))
            for c in one.routing.get("candidates", [])
        ),
    )
