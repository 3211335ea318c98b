"""What a member of staff gets to see of a case. The one place where things are left out.

Who speaks in a secret case is never in a view, whoever looks (`cases.identity.open_identity`).
What a unit notes for itself is for the line's desks, the unit and those above it: another unit in
the same case sees that it works on it, and what it tells the citizen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cases.models import Approval, Callback, Case, CaseClock, CaseEvent, CaseIdentity, SubCase
from cases.states import (
    DECIDES,
    GONE,
    Action,
    MainState,
    SubState,
)
from cases.vocabulary import (
    ActorKind,
    ApprovalKind,
    ApprovalState,
    Audience,
    CallbackState,
    CaseType,
    ClockKind,
    ClockState,
    LinkKind,
    Part,
    Result,
    Satisfied,
    Solved,
    Source,
    Urgency,
)
from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import decrypt

# The desks of the line: they read every case, and what units note for themselves.
DESK_ROLES = frozenset({Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR, Role.ADMINISTRATOR})
# What asks for an approval, and of which kind; there is one at a time.
ASKS = {
    Action.RETURN: ApprovalKind.RETURN,
    Action.EXTEND: ApprovalKind.EXTENSION,
    Action.SUSPEND: ApprovalKind.SUSPENSION,
    Action.CLAIM_UNREASONABLE: ApprovalKind.UNREASONABLE,
    Action.EXCLUDE: ApprovalKind.EXCLUSION,
}


@dataclass(frozen=True)
class Identity:
    """Who speaks, the words as they came, and the conversation, which names the citizen too."""

    name: str | None
    phone: str | None
    on_behalf_of: str | None
    detail: str
    conversation_id: uuid.UUID | None = None


@dataclass(frozen=True)
class PartView:
    """A unit's part. ``task``, ``handler``, ``result_reason``, ``internal_note`` and
    ``public_answer`` are empty for units that it does not concern. ``allowed`` is what the reader
    may do with it now; empty unless it is the reader's own part.
    """

    id: int
    parent_id: int | None
    unit: str
    part: Part
    state: SubState
    due_at: datetime
    final: bool
    task: str
    handler: str | None
    created_at: datetime
    accepted_at: datetime | None
    contacted_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    result: Result | None
    result_reason: str
    internal_note: str | None
    citizen_answer: str | None
    public_answer: str | None
    allowed: frozenset[Action]


@dataclass(frozen=True)
class ApprovalView:
    """Something a unit asked for; ``decidable`` when the reader is one who may decide it now."""

    id: int
    part_id: int | None
    kind: ApprovalKind
    state: ApprovalState
    unit: str
    asked_by: str
    asked_at: datetime
    reason: str
    basis: str
    proposed_unit: str | None
    days: int | None
    until: date | None
    decided_by_unit: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision: str
    decidable: bool


@dataclass(frozen=True)
class ClockView:
    """A time limit of the case (``part_id`` None) or of one part; statutory ones stand beside the
    line's own and have the kind STATUTORY."""

    id: int
    part_id: int | None
    kind: ClockKind
    name: str
    basis: str
    state: ClockState
    started_at: datetime
    due_at: datetime
    provisional: bool
    yellow_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True)
class LinkView:
    """Another readable case that this one belongs to (``outgoing``), or that belongs to it."""

    kind: LinkKind
    outgoing: bool
    case_id: int
    number: str
    title: str
    state: MainState
    at: datetime
    reason: str


@dataclass(frozen=True)
class CallbackView:
    """The callback of a round; ``note`` and ``attempts`` are empty for units."""

    id: int
    round: int
    state: CallbackState
    due_at: datetime
    contacted: bool | None
    solved: Solved | None
    satisfied: Satisfied | None
    done_at: datetime | None
    attempts: list[dict[str, Any]]
    note: str


@dataclass(frozen=True)
class EventView:
    """One line of history; ``text`` is what a citizen added, or was told meanwhile."""

    at: datetime
    action: Action
    actor_kind: ActorKind
    actor: str | None
    actor_unit: str | None
    sub_case_id: int | None
    from_state: str | None
    to_state: str | None
    reason: str
    audience: Audience
    text: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class CaseView:
    """A case for the eyes of one member of staff; the fields are those of `cases.models.Case`, and
    ``detail`` names nobody: the words as they were said are those of the ``identity``.

    ``identity`` and ``conversation_id`` (the transcript names the citizen) are None when they may
    not be seen, always so in a ``secret`` case, or when there is none (anonymous). ``actions`` are
    what this person may do now, ``own_part`` the id of the part that those are about.
    ``merged_into`` is the number of the case that this one was merged into.
    """

    id: int
    number: str
    version: int
    type: CaseType
    category: str | None
    title: str
    detail: str
    place_text: str
    place_code: str | None
    street: str | None
    district: str | None
    since_text: str
    urgency: Urgency
    around_the_clock: bool
    complex: bool
    anonymous: bool
    confidential: bool
    secret: bool
    identity: Identity | None
    conversation_id: uuid.UUID | None
    subject_of_complaint: str | None
    about_unit: str | None
    attachments: list[uuid.UUID]
    state: MainState
    source: Source
    due_at: datetime
    due_provisional: bool
    created_at: datetime
    told_at: datetime | None
    closed_at: datetime | None
    citizen_answer: str | None
    public_answer: str | None
    result: Result | None
    routing: dict[str, Any]
    first_unit: str | None
    automatic: bool
    dispatches: int
    returns: int
    urges: int
    reworks: int
    reopens: int
    extended: bool
    supervised: bool
    unreasonable: bool
    excluded: bool
    look_again_on: date | None
    is_group: bool
    merged_into: str | None
    round: int
    parts: list[PartView]
    approvals: list[ApprovalView]
    clocks: list[ClockView]
    links: list[LinkView]
    callback: CallbackView | None
    events: list[EventView]
    own_part: int | None
    actions: frozenset[Action]

    @property
    def lead(self) -> str | None:
        """Code of the leading unit, None while the case waits to be dispatched."""
        return next(
            (p.unit for p in self.parts if p.part is Part.LEAD and p.state not in GONE), None
        )

    @property
    def own(self) -> PartView | None:
        """The reader's own part."""
        return next((p for p in self.parts if p.id == self.own_part), None)


@dataclass(frozen=True)
class Material:
    """Everything about a case as it is stored; ``links`` are to readable cases only."""

    case: Case
    identity: CaseIdentity | None
    conversation_id: uuid.UUID | None
    parts: Sequence[SubCase]
    approvals: Sequence[Approval]
    clocks: Sequence[CaseClock]
    links: list[LinkView]
    callback: Callback | None
    events: Sequence[CaseEvent]


def is_secret(case: Case) -> bool:
    """True for a report (举报) and for whoever asked for secrecy (GB/T 33358: 工单保密)."""
    return case.confidential or case.type == CaseType.REPORT


def sees_identity(actor: Actor | None, case: Case) -> bool:
    """Whether a view for ``actor`` (None: the line itself) names who speaks in ``case``.

    Never for an anonymous case. In a secret one nobody sees it without having asked for it.
    """
    if case.anonymous:
        return False
    return actor is None or (not is_secret(case) and actor.role is not Role.KNOWLEDGE_EDITOR)


def sees_notes(actor: Actor | None, unit: str) -> bool:
    """Whether ``actor`` reads what ``unit`` notes for itself in a case that both may see."""
    if actor is None or actor.role in DESK_ROLES:
        return True
    return actor.role in UNIT_ROLES and unit in actor.units


def sees_event(actor: Actor | None, event: CaseEvent, unit: str | None) -> bool:
    """Whether ``actor`` reads a line of history; ``unit`` has the part that it is about, if any."""
    if actor is None or actor.role in DESK_ROLES:
        return True
    if event.action in (Action.REVIEW, Action.UNTIE_REVIEW):
        # The words reach the unit by the desk of reviews, without the case that they are about.
        return bool(event.data.get("named"))
    if event.audience != Audience.STAFF:
        return True
    if event.action == Action.OPEN_IDENTITY:
        return False
    return unit is None or sees_notes(actor, unit) or event.actor_unit in actor.units


def own_part(actor: Actor, parts: Iterable[SubCase]) -> SubCase | None:
    """The part that ``actor`` acts on: that of the own unit, else the nearest one below it."""
    if actor.role not in UNIT_ROLES:
        return None
    mine = [p for p in parts if p.unit in actor.units and SubState(p.state) not in GONE]
    known = {p.id for p in mine}
    mine.sort(key=lambda p: (p.unit != actor.unit, p.parent_id in known, p.role != Part.LEAD, p.id))
    return mine[0] if mine else None


def may_decide(actor: Actor | None, kind: ApprovalKind, decided_by_unit: str | None) -> bool:
    """Whether ``actor`` is one who decides: the unit above inside a tree, else the line."""
    if actor is None:
        return False
    if decided_by_unit is not None:
        return actor.role in UNIT_ROLES and decided_by_unit == actor.unit
    return actor.role in DECIDES[kind]


def opened(
    identity: CaseIdentity | None, conversation_id: uuid.UUID | None = None
) -> Identity | None:
    """The stored identity, decrypted."""
    if identity is None:
        return None
    name, phone, behalf = (
        decrypt(token) if token else None
        for token in (
            identity.name_encrypted,
            identity.phone_encrypted,
            identity.on_behalf_of_encrypted,
        )
    )
    return Identity(name, phone, behalf, decrypt(identity.detail_encrypted), conversation_id)
