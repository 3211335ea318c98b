"""What the dispatch desk does: give a case to its units, take it away, put facts right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import begin, below, lead_of, move, need, note
from cases.history import record
from cases.masking import tidy
from cases.models import Case, SubCase
from cases.notices import tell_unit
from cases.repository import CaseRepository
from cases.search import index_text
from cases.states import GONE, OPEN_PARTS, Action, MainState, SubState
from cases.timing import Timing
from cases.views import is_secret
from cases.vocabulary import (
    PRIORITY,
    TYPE_NAMES,
    URGENCY_NAMES,
    ActorKind,
    Audience,
    CaseType,
    ClockKind,
    Part,
    Urgency,
)
from core.errors import Conflict, HotlineError, InvalidInput
from core.identity import Actor
from routing.catalogue import DUTY_LIST
from units.learning import suggest
from units.tree import UnitTree

# [D] domain 2.2, point 4: after the third dispatch the line designates, nothing comes back.
FINAL_DISPATCH = 3
# [D] Long enough to notice a wrong click, too short for a unit to have set out.
RECALL_MINUTES = 10
_GRASS_ROOTS = ("street", "community")


async def dispatch(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    now: datetime,
    *,
    reason: str = "",
) -> Case:
    """Give a waiting case to ``unit`` as the leading one; returns the changed case."""
    case, parts = await begin(session, actor, case_id, version, Action.DISPATCH)
    return await give_lead(session, actor, case, parts, Action.DISPATCH, unit, reason, now)


async def designate(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    reason: str,
    now: datetime,
) -> Case:
    """After the joint consultation (会商) name the unit; it cannot return the case any more."""
    case, parts = await begin(session, actor, case_id, version, Action.DESIGNATE)
    need(Action.DESIGNATE, unit=unit, reason=reason)
    await timing.stop(session, case.id, now, kinds={ClockKind.CONSULTATION})
    return await give_lead(session, actor, case, parts, Action.DESIGNATE, unit, reason, now)


async def reassign(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    reason: str,
    now: datetime,
    *,
    keep_assists: bool | None = None,
) -> Case:
    """Take the lead from its unit and give it to ``unit``; the reason stays in the history.

    Who assists was chosen for the former lead: ``keep_assists`` says whether they go on; None raises
    InvalidInput where somebody but ``unit`` assists.
    """
    case, parts = await begin(session, actor, case_id, version, Action.REASSIGN)
    need(Action.REASSIGN, unit=unit, reason=reason)
    assists = [p for p in assisting(parts) if p.unit != unit]
    if assists and keep_assists is None:
        raise InvalidInput("请选择原来的协办单位是否继续协办", fields={"assists": "请选择"})
    dropped = [] if keep_assists else assists
    for part in dropped:
        for one in (part, *below(part, parts)):
            one.state = SubState.REASSIGNED
            await timing.stop(session, case.id, now, part_id=one.id, cancel=True)
    return await give_lead(
        session, actor, case, parts, Action.REASSIGN, unit, reason, now, dropped=dropped
    )


def assisting(parts: Sequence[SubCase]) -> list[SubCase]:
    """The parts that assist the leading one and count."""
    return [
        p
        for p in parts
        if p.role == Part.ASSIST and p.parent_id is None and SubState(p.state) not in GONE
    ]


@dataclass(frozen=True)
class Moved:
    """One case of many that were reassigned at once; ``problem`` is empty when it went through."""

    case_id: int
    problem: str = ""


async def reassign_many(
    session: AsyncSession,
    actor: Actor,
    versions: Mapping[int, int],
    unit: str,
    reason: str,
    now: datetime,
) -> list[Moved]:
    """Dispatch or reassign several cases (id → version) to one unit, each on its own.

    A case that cannot be moved is left as it was and says why; the others go through.
    """
    moved: list[Moved] = []
    for case_id, version in sorted(versions.items()):
        try:
            async with session.begin_nested():
                case = await CaseRepository(session, actor).get(case_id)
                waiting = case.state == MainState.PENDING_DISPATCH
                act = _dispatch_for_many if waiting else _reassign_for_many
                await act(session, actor, case_id, version, unit, reason, now)
            moved.append(Moved(case_id))
        except HotlineError as error:
            moved.append(Moved(case_id, next(iter(error.fields.values()), error.message)))
    return moved


async def _dispatch_for_many(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    reason: str,
    now: datetime,
) -> Case:
    return await dispatch(session, actor, case_id, version, unit, now, reason=reason)


async def _reassign_for_many(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    reason: str,
    now: datetime,
) -> Case:
    # Who assists is decided with the case before one's eyes.
    try:
        return await reassign(session, actor, case_id, version, unit, reason, now)
    except InvalidInput as error:
        if "assists" not in error.fields:
            raise
        raise InvalidInput("这张工单还有协办单位，请打开工单改派") from error


async def recall(session: AsyncSession, actor: Actor, case_id: int, now: datetime) -> Case:
    """Take back a dispatch that nobody has signed for: the case waits at the desk again (撤回派单).

    A slip of the hand is put right within `RECALL_MINUTES`; after that the unit may be at work and
    the case is reassigned with a reason. Raises Conflict when it is too late.
    """
    case = await CaseRepository(session, actor).get(case_id, lock=True)
    case, parts = await begin(session, actor, case_id, case.version, Action.RECALL)
    part = lead_of(parts)
    if now > part.created_at + timedelta(minutes=RECALL_MINUTES):
        raise Conflict(f"派出已超过 {RECALL_MINUTES} 分钟，不能撤回；请改派并写明原因")
    await timing.stop(session, case.id, now, part_id=part.id, cancel=True)
    move(session, actor, case, parts, part, Action.RECALL, SubState.REASSIGNED, now)
    case.dispatches -= 1
    case.first_unit = None if case.dispatches == 0 else case.first_unit
    await wait_for_dispatch(session, case, now)
    return case


async def add_assist(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    now: datetime,
    *,
    task: str = "",
) -> Case:
    """Let ``unit`` assist (加派协办); ``task`` says with what."""
    case, parts = await begin(session, actor, case_id, version, Action.ADD_ASSIST)
    await _check_unit(session, actor, case, unit)
    if any(p.unit == unit and SubState(p.state) not in GONE for p in parts):
        raise InvalidInput("该单位已在这张工单里", fields={"unit": "请选择别的单位"})
    times = await Timing.load(session)
    part = await start_part(session, times, case, unit, Part.ASSIST, now, task=tidy(task))
    note(session, actor, case, part, Action.ADD_ASSIST, now, reason=task)
    return case


@dataclass(frozen=True)
class Correction:
    """Facts as they should be; None leaves a fact as it is, an empty string clears it."""

    type: CaseType | None = None
    category: str | None = None
    urgency: Urgency | None = None
    complex: bool | None = None
    place_text: str | None = None
    place_code: str | None = None
    street: str | None = None
    district: str | None = None
    about_unit: str | None = None


async def correct(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    wanted: Correction,
    now: datetime,
    *,
    reason: str = "",
) -> Case:
    """Put category, place, type or urgency right; what changed stands in the history.

    The handling clock starts anew when its rule may be another one. Where a street was put right,
    the place's words are remembered so that the next citizen who says them is understood.
    """
    case, parts = await begin(session, actor, case_id, version, Action.CORRECT)
    changes = {
        name: [getattr(case, name), value or None]
        for name, value in vars(wanted).items()
        if value is not None and (value or None) != (getattr(case, name) or None)
    }
    if not changes:
        raise InvalidInput("没有改动", fields={"category": "请至少更正一项"})
    for name, (_, value) in changes.items():
        setattr(case, name, value if name not in _NEVER_NULL else value or _NEVER_NULL[name])
    case.priority = PRIORITY[Urgency(case.urgency)]
    case.search = index_text(case.number, case.title, case.detail, case.place_text)
    if {"type", "urgency", "complex", "category"} & set(changes):
        times = await Timing.load(session)
        since = now if "urgency" in changes else case.created_at
        await _restart_clocks(session, times, case, parts, since, now)
    if {"category", "street", "district", "place_text"} & set(changes):
        # What was proposed was proposed for something else.
        case.routing = {**case.routing, "candidates": []}
    if "street" in changes and case.street and case.place_text and not is_secret(case):
        await suggest(session, case.place_text, case.street, case.number)
    data = {"changes": {n: [_shown(n, a), _shown(n, b)] for n, (a, b) in changes.items()}}
    note(session, actor, case, None, Action.CORRECT, now, reason=reason, data=data)
    if "about_unit" in changes:
        await _take_from_accused(session, case, parts, now)
    return case


async def _take_from_accused(
    session: AsyncSession, case: Case, parts: Sequence[SubCase], now: datetime
) -> None:
    """Take a case from the unit that turns out to be complained about, and from those below it."""
    tree = await UnitTree.load(session)
    accused = [p for p in parts if SubState(p.state) in OPEN_PARTS and is_about(case, p.unit, tree)]
    for part in accused:
        await timing.stop(session, case.id, now, part_id=part.id, cancel=True)
        move(session, ActorKind.SYSTEM, case, parts, part, Action.RECALL, SubState.REASSIGNED, now)
    if any(part.role == Part.LEAD for part in accused):
        await wait_for_dispatch(session, case, now)


async def _restart_clocks(
    session: AsyncSession,
    times: Timing,
    case: Case,
    parts: Sequence[SubCase],
    since: datetime,
    now: datetime,
) -> None:
    """Measure the handling of a case by the rule that fits it now."""
    due = times.due(ClockKind.HANDLE, case, since)
    case.due_at, case.due_provisional = due.at, due.provisional
    await timing.stop(session, case.id, now, kinds={ClockKind.HANDLE}, cancel=True)
    for part in sorted(parts, key=lambda p: p.parent_id or 0):
        if SubState(part.state) in OPEN_PARTS:
            await timing.start(session, times, case, ClockKind.HANDLE, since, part=part)
    await timing.start_statutory(session, times, case, now)


_NEVER_NULL: dict[str, object] = {"place_text": "", "complex": False}


def _shown(name: str, value: object) -> object:
    if name == "type" and value:
        return TYPE_NAMES[CaseType(str(value))]
    if name == "urgency" and value:
        return URGENCY_NAMES[Urgency(str(value))]
    return value


async def give_lead(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    action: Action,
    unit: str,
    reason: str,
    now: datetime,
    *,
    dropped: Sequence[SubCase] = (),
) -> Case:
    """Make ``unit`` the leading one of a locked case, whoever led before; starts its clocks.
    ``dropped`` are the parts that were just let go, for the history.

    Raises InvalidInput for a unit that may not have the case.
    """
    await _check_unit(session, actor, case, unit, reason)
    live = [p for p in parts if SubState(p.state) not in GONE]
    if any(p.unit == unit and p.role == Part.LEAD for p in live):
        raise InvalidInput("这张工单已经由该单位主办", fields={"unit": "请选择别的单位"})
    taken = next((p for p in live if p.role == Part.LEAD), None)
    for part in live:
        # Whoever assisted so far and leads from now on starts anew as the leading unit.
        if part is taken or part.unit == unit or (taken and part in below(taken, parts)):
            part.state = SubState.REASSIGNED
            await timing.stop(session, case.id, now, part_id=part.id, cancel=True)
    await session.flush()
    await timing.stop(session, case.id, now, kinds={ClockKind.DISPATCH})
    case.dispatches += 1
    case.first_unit = case.first_unit or unit
    before, case.state = case.state, MainState.DISPATCHED
    case.version += 1
    times = await Timing.load(session)
    final = action is Action.DESIGNATE or case.dispatches >= FINAL_DISPATCH
    part = await start_part(session, times, case, unit, Part.LEAD, now, final=final)
    record(
        session,
        case,
        action,
        now,
        actor,
        before=before,
        part=None,
        reason=tidy(reason),
        audience=Audience.CITIZEN,
        data={
            "unit": unit,
            **({"from_unit": taken.unit} if taken else {}),
            **({"dropped": [p.unit for p in dropped]} if dropped else {}),
        },
    )
    await tell_unit(session, case, part.unit, "dispatch", f"part:{part.id}", now)
    await session.flush()
    return case


async def start_part(
    session: AsyncSession,
    times: Timing,
    case: Case,
    unit: str,
    role: Part,
    now: datetime,
    *,
    parent: SubCase | None = None,
    task: str = "",
    final: bool = False,
) -> SubCase:
    """A unit's part in ``case``, waiting to be accepted, with the clocks that begin with it."""
    part = SubCase(
        case_id=case.id,
        parent_id=parent.id if parent else None,
        unit=unit,
        role=role,
        state=SubState.PENDING_ACCEPTANCE,
        due_at=parent.due_at if parent else case.due_at,
        task=task,
        final=final,
        created_at=now,
    )
    session.add(part)
    await session.flush()
    await timing.start(session, times, case, ClockKind.SIGN, now, part=part)
    if role is Part.LEAD and not case.anonymous and not case.is_group:
        await timing.start(session, times, case, ClockKind.CONTACT, now, part=part)
    if parent is not None:
        await timing.start(session, times, case, ClockKind.HANDLE, now, part=part)
    else:
        await timing.carry_over(session, times, case, part, now)
    return part


async def wait_for_dispatch(session: AsyncSession, case: Case, now: datetime) -> None:
    """Start the clock of the dispatch desk: nobody has the case, so the line has it (首接负责)."""
    await timing.start(session, await Timing.load(session), case, ClockKind.DISPATCH, now)


async def _check_unit(
    session: AsyncSession, actor: Actor | ActorKind, case: Case, unit: str, reason: str = ""
) -> None:
    tree = await UnitTree.load(session)
    known = tree.get(unit)
    if known is None or not known.active:
        raise InvalidInput("没有这个承办单位", fields={"unit": "请从单位名录中选择"})
    if is_about(case, unit, tree):
        raise InvalidInput(
            "反映的是该单位或其上级所属单位，不能交其自办",
            fields={"unit": "请选择它的上级单位或监督部门"},
        )
    if isinstance(actor, Actor) and (problem := duty_list_problem(known.level, case, unit, reason)):
        raise InvalidInput("派往镇街须有依据", fields={"reason": problem})


def is_about(case: Case, unit: str, tree: UnitTree) -> bool:
    """Whether ``unit`` is the one complained about, or below it: it never gets the case."""
    return case.about_unit is not None and unit in tree.below(case.about_unit)


def duty_list_problem(level: str, case: Case, unit: str, reason: str) -> str:
    """Why a clerk may not hand the case to a street or below, empty when it is allowed.

    国办函〔2025〕66号(五): what a department must do is not handed to the grass roots, unless the
    duty list of the street says so: the catalogue's own entry, or a reason that names the list.
    """
    if level not in _GRASS_ROOTS or "履职" in reason:
        return ""
    offered = (one.get("unit") for one in case.routing.get("candidates", []))
    if unit in offered:
        return ""
    return f"请写明依据的{DUTY_LIST}条目"
