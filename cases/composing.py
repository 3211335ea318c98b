"""Putting together what one member of staff sees of a case, by the rules of `cases.views`."""

from __future__ import annotations

import uuid

from cases.masking import hide_person
from cases.models import Approval, Callback, CaseClock, CaseEvent, SubCase
from cases.states import TRANSITIONS, Action, MainState, SubState, allowed_actions
from cases.views import (
    ASKS,
    ApprovalView,
    CallbackView,
    CaseView,
    ClockView,
    EventView,
    Identity,
    Material,
    PartView,
    is_secret,
    may_decide,
    opened,
    own_part,
    sees_event,
    sees_identity,
    sees_notes,
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
    Part,
    Result,
    Satisfied,
    Solved,
    Source,
    Urgency,
)
from core.identity import UNIT_ROLES, Actor
from core.privacy import decrypt


def _without_person(text: str, person: Identity | None) -> str:
    name, phone = (person.name, person.phone) if person else (None, None)
    return hide_person(text, name, phone, secret=True)


def build_view(actor: Actor | None, found: Material) -> CaseView:
    """Assemble what ``actor`` sees; the caller has checked that the case may be read at all."""
    case = found.case
    named = sees_identity(actor, case)
    person = opened(found.identity, found.conversation_id)
    mine = own_part(actor, found.parts) if actor else None
    actions = possible_actions(actor, found, mine)
    unit_of = {p.id: p.unit for p in found.parts}
    return CaseView(
        id=case.id,
        number=case.number,
        version=case.version,
        type=CaseType(case.type),
        category=case.category,
        title=case.title,
        detail=_without_person(case.detail, person),
        place_text=case.place_text,
        place_code=case.place_code,
        street=case.street,
        district=case.district,
        since_text=case.since_text,
        urgency=Urgency(case.urgency),
        around_the_clock=case.around_the_clock,
        complex=case.complex,
        anonymous=case.anonymous,
        confidential=case.confidential,
        secret=is_secret(case),
        identity=person if named else None,
        conversation_id=found.conversation_id if named else None,
        subject_of_complaint=case.subject_of_complaint,
        about_unit=case.about_unit,
        attachments=[uuid.UUID(a) for a in case.attachments],
        state=MainState(case.state),
        source=Source(case.source),
        due_at=case.due_at,
        due_provisional=case.due_provisional,
        created_at=case.created_at,
        told_at=case.told_at,
        closed_at=case.closed_at,
        citizen_answer=case.citizen_answer,
        public_answer=case.public_answer,
        result=Result(case.result) if case.result else None,
        routing=case.routing,
        first_unit=case.first_unit,
        automatic=case.automatic,
        dispatches=case.dispatches,
        returns=case.returns,
        urges=case.urges,
        reworks=case.reworks,
        reopens=case.reopens,
        extended=case.extended,
        supervised=case.supervised,
        unreasonable=case.unreasonable,
        excluded=case.excluded,
        look_again_on=case.look_again_on,
        is_group=case.is_group,
        merged_into=_merged_into(found),
        round=case.round,
        parts=[_part(actor, p, actions if p is mine else frozenset()) for p in found.parts],
        approvals=[
            _approval(actor, a)
            for a in found.approvals
            if sees_notes(actor, a.unit)
            or may_decide(actor, ApprovalKind(a.kind), a.decided_by_unit)
        ],
        clocks=[
            _clock(c)
            for c in found.clocks
            if c.sub_case_id is None or sees_notes(actor, unit_of[c.sub_case_id])
        ],
        links=found.links,
        callback=_callback(actor, found.callback) if found.callback else None,
        events=[
            _event(actor, e, named)
            for e in found.events
            if sees_event(actor, e, unit_of.get(e.sub_case_id) if e.sub_case_id else None)
        ],
        own_part=mine.id if mine else None,
        actions=actions,
    )


def possible_actions(
    actor: Actor | None, found: Material, mine: SubCase | None
) -> frozenset[Action]:
    """What the table allows, without what this case has no use for (any more)."""
    case = found.case
    allowed = allowed_actions(
        actor.role if actor else ActorKind.SYSTEM,
        MainState(case.state),
        SubState(mine.state) if mine else None,
    )
    waiting = {
        ApprovalKind(a.kind)
        for a in found.approvals
        if a.state == ApprovalState.PENDING and mine is not None and a.sub_case_id == mine.id
    }
    needless = {action for action, kind in ASKS.items() if kind in waiting}
    if mine is not None and mine.final:
        needless.add(Action.RETURN)
    if case.extended:
        needless.add(Action.EXTEND)
    if case.excluded:
        needless.add(Action.EXCLUDE)
    if case.anonymous or not is_secret(case):
        needless.add(Action.OPEN_IDENTITY)
    if found.callback is None or found.callback.state != CallbackState.WAITING:
        needless.add(Action.CALL_BACK)
    return allowed - needless


def _merged_into(found: Material) -> str | None:
    return next(
        (
            link.number
            for link in found.links
            if link.outgoing and link.case_id == found.case.merged_into
        ),
        None,
    )


def _part(actor: Actor | None, part: SubCase, actions: frozenset[Action]) -> PartView:
    notes = sees_notes(actor, part.unit)
    return PartView(
        id=part.id,
        parent_id=part.parent_id,
        unit=part.unit,
        part=Part(part.role),
        state=SubState(part.state),
        due_at=part.due_at,
        final=part.final,
        task=part.task if notes else "",
        handler=part.handler if notes else None,
        created_at=part.created_at,
        accepted_at=part.accepted_at,
        contacted_at=part.contacted_at,
        answered_at=part.answered_at,
        closed_at=part.closed_at,
        result=Result(part.result) if part.result else None,
        result_reason=part.result_reason if notes else "",
        internal_note=part.internal_note if notes else None,
        citizen_answer=part.citizen_answer,
        public_answer=part.public_answer if notes else None,
        allowed=frozenset(a for a in actions if TRANSITIONS[a].sub_from is not None),
    )


def _approval(actor: Actor | None, one: Approval) -> ApprovalView:
    kind, state = ApprovalKind(one.kind), ApprovalState(one.state)
    return ApprovalView(
        id=one.id,
        part_id=one.sub_case_id,
        kind=kind,
        state=state,
        unit=one.unit,
        asked_by=one.asked_by,
        asked_at=one.asked_at,
        reason=one.reason,
        basis=one.basis,
        proposed_unit=one.proposed_unit,
        days=one.days,
        until=one.until,
        decided_by_unit=one.decided_by_unit,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        decision=one.decision,
        decidable=state is ApprovalState.PENDING and may_decide(actor, kind, one.decided_by_unit),
    )


def _clock(clock: CaseClock) -> ClockView:
    return ClockView(
        id=clock.id,
        part_id=clock.sub_case_id,
        kind=ClockKind(clock.kind),
        name=clock.name,
        basis=clock.basis,
        state=ClockState(clock.state),
        started_at=clock.started_at,
        due_at=clock.due_at,
        provisional=clock.provisional,
        yellow_at=clock.yellow_at,
        stopped_at=clock.stopped_at,
    )


def _callback(actor: Actor | None, one: Callback) -> CallbackView:
    # The note is in the citizen's words, which may say who he or she is.
    told = actor is None or actor.role not in UNIT_ROLES
    return CallbackView(
        id=one.id,
        round=one.round,
        state=CallbackState(one.state),
        due_at=one.due_at,
        contacted=one.contacted,
        solved=Solved(one.solved) if one.solved else None,
        satisfied=Satisfied(one.satisfied) if one.satisfied else None,
        done_at=one.done_at,
        attempts=one.attempts if told else [],
        note=one.note if told else "",
    )


def _event(actor: Actor | None, event: CaseEvent, named: bool) -> EventView:
    data = dict(event.data)
    original, masked = data.pop("original", None), data.pop("text", None)
    in_words = event.action == Action.CALL_BACK and actor is not None and actor.role in UNIT_ROLES
    return EventView(
        at=event.at,
        action=Action(event.action),
        actor_kind=ActorKind(event.actor_kind),
        actor=event.actor,
        actor_unit=event.actor_unit,
        sub_case_id=event.sub_case_id,
        from_state=event.from_state,
        to_state=event.to_state,
        reason="" if in_words else event.reason,
        audience=Audience(event.audience),
        text=decrypt(original) if original and named else masked,
        data={} if in_words else data,
    )
