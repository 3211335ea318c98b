"""What a member of staff gets to see of a case. The one place where identities are dropped."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.models import Case, CaseEvent, Contact, SubCase
from cases.states import GONE, Action, MainState, SubState, allowed_actions
from cases.vocabulary import ActorKind, Audience, CaseType, Part, Source, Urgency
from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import decrypt

_OPENS_SECRETS = frozenset({Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR})


@dataclass(frozen=True)
class Identity:
    """Who speaks, and the words as they came."""

    name: str | None
    phone: str | None
    on_behalf_of: str | None
    detail: str


@dataclass(frozen=True)
class PartView:
    id: int
    unit: str
    part: Part
    state: SubState
    due_at: datetime
    created_at: datetime
    accepted_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    internal_note: str | None
    citizen_answer: str | None


@dataclass(frozen=True)
class EventView:
    """One line of history; ``text`` is what a citizen added, if the line is about that."""

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
    """A case for the eyes of one member of staff.

    ``identity`` is None when it may not be seen or there is none (anonymous); ``conversation_id``
    likewise, since the transcript names the citizen. ``actions`` are what this person may do now,
    ``own_part`` the id of the part that those actions are about.
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
    anonymous: bool
    confidential: bool
    identity: Identity | None
    subject_of_complaint: str | None
    attachments: list[uuid.UUID]
    state: MainState
    source: Source
    due_at: datetime
    due_provisional: bool
    created_at: datetime
    closed_at: datetime | None
    public_answer: str | None
    routing: dict[str, Any]
    conversation_id: uuid.UUID | None
    parts: list[PartView]
    events: list[EventView]
    own_part: int | None
    actions: frozenset[Action]

    @property
    def lead(self) -> str | None:
        """Code of the leading unit, None while the case waits to be dispatched."""
        return next(
            (p.unit for p in self.parts if p.part is Part.LEAD and p.state not in GONE), None
        )


def is_secret(case: Case) -> bool:
    """True for a report (举报) and for whoever asked for secrecy (GB/T 33358: 工单保密)."""
    return case.confidential or case.type == CaseType.REPORT


def sees_identity(actor: Actor | None, case: Case) -> bool:
    """Whether ``actor`` (None: the line itself) may know who speaks in ``case``.

    Never for an anonymous case. Of a secret one only the desks of the line know, never a unit.
    """
    if case.anonymous:
        return False
    if actor is None or actor.role in _OPENS_SECRETS:
        return True
    return not is_secret(case) and actor.role is not Role.KNOWLEDGE_EDITOR


def own_part(actor: Actor, parts: Iterable[SubCase]) -> SubCase | None:
    """The part that ``actor`` acts on: that of the own unit, else the leading one below it."""
    if actor.role not in UNIT_ROLES:
        return None
    mine = [p for p in parts if p.unit in actor.units and SubState(p.state) not in GONE]
    mine.sort(key=lambda p: (p.unit != actor.unit, p.role != Part.LEAD, p.id))
    return mine[0] if mine else None


def build_view(
    actor: Actor | None,
    case: Case,
    contact: Contact,
    parts: Sequence[SubCase],
    events: Sequence[CaseEvent],
) -> CaseView:
    """Assemble what ``actor`` sees; the caller has checked that the case may be read at all."""
    open_identity = sees_identity(actor, case)
    mine = own_part(actor, parts) if actor else None
    party = actor.role if actor else ActorKind.SYSTEM
    return CaseView(
        id=case.id,
        number=case.number,
        version=case.version,
        type=CaseType(case.type),
        category=case.category,
        title=case.title,
        detail=case.detail,
        place_text=case.place_text,
        place_code=case.place_code,
        street=case.street,
        district=case.district,
        since_text=case.since_text,
        urgency=Urgency(case.urgency),
        anonymous=case.anonymous,
        confidential=case.confidential,
        identity=_identity(case) if open_identity else None,
        subject_of_complaint=case.subject_of_complaint,
        attachments=[uuid.UUID(a) for a in case.attachments],
        state=MainState(case.state),
        source=Source(case.source),
        due_at=case.due_at,
        due_provisional=case.due_provisional,
        created_at=case.created_at,
        closed_at=case.closed_at,
        public_answer=case.public_answer,
        routing=case.routing,
        conversation_id=contact.conversation_id if open_identity else None,
        parts=[_part(p) for p in parts],
        events=[_event(e, open_identity) for e in events],
        own_part=mine.id if mine else None,
        actions=allowed_actions(
            party, MainState(case.state), SubState(mine.state) if mine else None
        ),
    )


def _identity(case: Case) -> Identity:
    return Identity(
        name=_opened(case.name_encrypted),
        phone=_opened(case.phone_encrypted),
        on_behalf_of=_opened(case.on_behalf_of_encrypted),
        detail=decrypt(case.detail_original),
    )


def _opened(token: str | None) -> str | None:
    return decrypt(token) if token else None


def _part(part: SubCase) -> PartView:
    return PartView(
        id=part.id,
        unit=part.unit,
        part=Part(part.role),
        state=SubState(part.state),
        due_at=part.due_at,
        created_at=part.created_at,
        accepted_at=part.accepted_at,
        answered_at=part.answered_at,
        closed_at=part.closed_at,
        internal_note=part.internal_note,
        citizen_answer=part.citizen_answer,
    )


def _event(event: CaseEvent, open_identity: bool) -> EventView:
    data = dict(event.data)
    original, masked = data.pop("original", None), data.pop("text", None)
    return EventView(
        at=event.at,
        action=Action(event.action),
        actor_kind=ActorKind(event.actor_kind),
        actor=event.actor,
        actor_unit=event.actor_unit,
        sub_case_id=event.sub_case_id,
        from_state=event.from_state,
        to_state=event.to_state,
        reason=event.reason,
        audience=Audience(event.audience),
        text=decrypt(original) if original and open_identity else masked,
        data=data,
    )
