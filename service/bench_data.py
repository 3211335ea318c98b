"""Cases by the hundred thousand for ``hotline bench cases``: invented, and spread as in a city.

What people say is put together from the examples of the category tree and the places of the
territory. The same number of cases gives the same cases, apart from encrypted tokens.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import yaml

from cases.numbers import make_number
from cases.search import index_text
from cases.states import Action, MainState, SubState
from cases.vocabulary import (
    PRIORITY,
    ActorKind,
    ApprovalKind,
    ApprovalState,
    Audience,
    CallbackState,
    CaseType,
    ClockKind,
    ClockState,
    Outcome,
    Part,
    Result,
    Satisfied,
    Solved,
    Source,
    Urgency,
)
from core.privacy import encrypt, keyed_hash

DAYS = 730
# Share of the cases in each state that somebody still works on; together 2.5 %.
_OPEN = {
    MainState.PENDING_DISPATCH: 0.0010,
    MainState.CONSULTATION: 0.0001,
    MainState.DISPATCHED: 0.0035,
    MainState.IN_PROGRESS: 0.0130,
    MainState.ANSWERED: 0.0020,
    MainState.SUSPENDED: 0.0009,
    MainState.CALLBACK: 0.0045,
}
_TYPES = {
    CaseType.CONSULTATION: 30,
    CaseType.HELP: 36,
    CaseType.COMPLAINT: 22,
    CaseType.REPORT: 4,
    CaseType.SUGGESTION: 6,
    CaseType.PRAISE: 1,
    CaseType.OTHER: 1,
}
_PART_OF = {
    MainState.DISPATCHED: SubState.PENDING_ACCEPTANCE,
    MainState.IN_PROGRESS: SubState.IN_PROGRESS,
    MainState.ANSWERED: SubState.ANSWERED,
    MainState.SUSPENDED: SubState.SUSPENDED,
    MainState.CALLBACK: SubState.CLOSED,
    MainState.CLOSED: SubState.CLOSED,
    MainState.WITHDRAWN: SubState.WITHDRAWN,
}
_ENDINGS = (
    "希望尽快处理。",
    "已经反映过几次没有结果。",
    "晚上特别严重，影响休息。",
    "附近老人孩子多，很不安全。",
    "请有关部门到现场看看。",
    "物业说不归他们管。",
)
TABLES = {
    "contacts": "id source type category outcome subject started_at ended_at case_id",
    "cases": (
        "id number key contact_id version type category title detail search place_text place_code "
        "street district since_text urgency priority around_the_clock complex anonymous "
        "confidential attachments state source due_at due_provisional created_at told_at closed_at "
        "citizen_answer result routing first_unit automatic dispatches returns urges reworks "
        "reopens extended supervised unreasonable excluded look_again_on is_group round"
    ),
    "case_identities": "case_id name_encrypted phone_encrypted phone_hash detail_encrypted",
    "sub_cases": (
        "id case_id parent_id unit role state due_at final task handler created_at accepted_at "
        "contacted_at answered_at closed_at result result_reason internal_note citizen_answer"
    ),
    "case_approvals": (
        "id case_id sub_case_id kind state unit asked_by asked_at reason basis days "
        "decided_by decided_at decision"
    ),
    "case_clocks": (
        "id case_id sub_case_id kind name basis rule state started_at amount measure extra_days "
        "due_at provisional yellow_at escalate_at stopped_at"
    ),
    "case_events": (
        "id case_id sub_case_id at actor_kind actor actor_unit action from_state to_state reason "
        "audience data"
    ),
    "callbacks": (
        "id case_id round state priority created_at due_at attempts contacted solved "
        "asked_satisfied satisfied note done_by done_at"
    ),
}
# What a case refers to must be stored before it, and it refers to no later case.
_ORDER = tuple(TABLES)
_COLUMNS = {table: columns.split() for table, columns in TABLES.items()}


@dataclass(frozen=True)
class World:
    """Who serves, where things are, and what is said about what."""

    units: dict[str, dict[str, Any]]
    places: list[tuple[str, str, str, str]]
    """Name, code, street and district of every place inside a street."""
    matters: list[tuple[str, list[str]]]
    """Category and what people say about it."""

    @classmethod
    def read(cls, folder: Path) -> World:
        """From the files of the sample city."""
        units, categories, territory = (
            yaml.safe_load((folder / f"{name}.yml").read_text("utf-8"))
            for name in ("units", "categories", "territory")
        )
        known = {place["code"]: place for place in territory}
        return cls(
            {unit["code"]: unit for unit in units},
            [
                (place["name"], place["code"], street, known[street]["parent"])
                for place in territory
                if (street := _street(place, known))
            ],
            [(c["code"], c["examples"]) for c in categories if c.get("examples")],
        )

    def children(self) -> dict[str, list[str]]:
        """Codes of the units directly below each."""
        found: dict[str, list[str]] = {code: [] for code in self.units}
        for code, unit in self.units.items():
            if unit["parent"]:
                found[unit["parent"]].append(code)
        return found


def _street(place: dict[str, Any], known: dict[str, dict[str, Any]]) -> str | None:
    here: dict[str, Any] | None = place
    while here and here["kind"] != "street":
        here = known.get(here["parent"])
    return str(here["code"]) if here else None


@dataclass
class Rows:
    """Rows by table, in the order of `TABLES`, and the last id given in each."""

    last: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    waiting: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {table: [] for table in TABLES}
    )

    def id(self, table: str) -> int:
        """The next id of ``table``."""
        self.last[table] += 1
        return self.last[table]

    def add(self, table: str, **values: Any) -> None:
        """Keep one row; what is not given is null."""
        self.waiting[table].append(tuple(map(values.get, _COLUMNS[table])))

    def copy_to(self, connection: psycopg.Connection[Any]) -> None:
        """Store what waits."""
        with connection.cursor() as cursor:
            for table in _ORDER:
                columns = ", ".join(_COLUMNS[table])
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in self.waiting[table]:
                        copy.write_row(row)
                self.waiting[table].clear()
        connection.commit()


class Generator:
    """Makes the rows of ``count`` cases that end at ``now``."""

    def __init__(self, world: World, count: int, now: datetime) -> None:
        self.world, self.count, self.now = world, count, now
        self.children = world.children()
        self.random = random.Random(count)
        self.rows = Rows()
        # Encrypting is slow and the same work every time: a few tokens stand for all.
        self.names = [encrypt(f"示例·某{n}") for n in range(50)]
        self.phones = [encrypt(f"138{n:08}") for n in range(200)]
        self.originals = [encrypt(say * 3) for _, says in world.matters[:20] for say in says[:5]]
        self.streets = [c for c, u in world.units.items() if u["level"] == "street"]
        self.bureaus = [
            c
            for c, u in world.units.items()
            if u["level"] == "city" and c not in ("city", "hotline")
        ]
        self.inner = [
            c for c, u in world.units.items() if u["level"] == "district" and u["parent"] != "city"
        ]

    def chunks(self, size: int = 4000) -> Iterator[int]:
        """Fill `rows` chunk by chunk; yields how many cases each holds."""
        done = 0
        while done < self.count:
            wanted = min(size, self.count - done)
            for n in range(wanted):
                self._case(done + n)
            done += wanted
            yield wanted

    def _state(self, age: float) -> MainState:
        """Open cases are the latest ones: of the last thirtieth most are still worked on."""
        recent = 1 / 20
        if age < recent:
            draw = self.random.random() * recent
            for state, share in _OPEN.items():
                draw -= share
                if draw < 0:
                    return state
        return self.random.choices((MainState.CLOSED, MainState.WITHDRAWN), (97, 3))[0]

    def _case(self, position: int) -> None:
        pick = self.random
        age = 1 - (position + 1) / self.count
        created = self.now - timedelta(days=age * DAYS, minutes=pick.randrange(1, 30))
        state = self._state(age)
        kind = pick.choices(list(_TYPES), list(_TYPES.values()))[0]
        urgency = pick.choices(list(Urgency), (93, 6, 1))[0]
        category, says = pick.choice(self.world.matters)
        place, code, street, district = pick.choice(self.world.places)
        lead = self._lead(street, district)
        case_id, contact_id = self.rows.id("cases"), self.rows.id("contacts")
        number = make_number(created, position % 90_000 + 1)
        where = f"{place}{pick.randrange(1, 300)}号"
        what = pick.choice(says)
        detail = f"{where}，{what}。{pick.choice(says)}。{pick.choice(_ENDINGS)}"
        if pick.random() < 0.0005:
            detail += "青铜门环被撬走了。"
        title = f"{where}{what[:18]}"
        ended = state in (MainState.CLOSED, MainState.WITHDRAWN)
        told = state in (MainState.CLOSED, MainState.CALLBACK)
        took = timedelta(hours=pick.expovariate(1 / 60) + 1)
        due = created + timedelta(days=7)
        if not ended:
            # What is worked on now is due around now, a fifth of it already late.
            due = self.now + timedelta(hours=pick.gauss(40, 45))
        answered = min(created + took, self.now)
        self.rows.add(
            "contacts",
            id=contact_id,
            source=pick.choice(list(Source)),
            type=kind,
            category=category,
            outcome=Outcome.TRANSFERRED,
            subject=title,
            started_at=created,
            ended_at=created,
            case_id=case_id,
        )
        self.rows.add(
            "cases",
            id=case_id,
            number=number,
            key=f"bench:{position}",
            contact_id=contact_id,
            version=4,
            type=kind,
            category=category,
            title=title,
            detail=detail,
            search=index_text(number, title, detail, where),
            place_text=where,
            place_code=code,
            street=street,
            district=district,
            since_text="",
            urgency=urgency,
            priority=PRIORITY[urgency],
            around_the_clock=False,
            complex=False,
            anonymous=pick.random() < 0.05,
            confidential=pick.random() < 0.05,
            attachments="[]",
            state=state,
            source=pick.choice(list(Source)),
            due_at=due,
            due_provisional=False,
            created_at=created,
            told_at=answered if told else None,
            closed_at=answered + timedelta(hours=20) if ended else None,
            citizen_answer="已到现场处理，感谢您的反映。" if told else None,
            result=Result.SOLVED if told else None,
            routing=json.dumps({"reasons": ["目录 " + category], "entry": category, "score": 0.9}),
            first_unit=lead,
            automatic=pick.random() < 0.6,
            dispatches=1,
            returns=int(pick.random() < 0.08),
            urges=int(pick.random() < 0.1),
            reworks=int(pick.random() < 0.03),
            reopens=int(pick.random() < 0.02),
            extended=pick.random() < 0.05,
            supervised=pick.random() < 0.01,
            unreasonable=False,
            excluded=False,
            is_group=False,
            round=1,
        )
        self.rows.add(
            "case_identities",
            case_id=case_id,
            name_encrypted=pick.choice(self.names),
            phone_encrypted=pick.choice(self.phones),
            phone_hash=keyed_hash("phone", f"138{pick.randrange(self.count * 2 // 3 + 1):08}"),
            detail_encrypted=pick.choice(self.originals),
        )
        self._life(case_id, state, lead, created, answered, due)

    def _lead(self, street: str, district: str) -> str:
        draw = self.random.random()
        if draw < 0.55:
            # Some bureaus get far more than others.
            return self.bureaus[int(len(self.bureaus) * self.random.random() ** 2)]
        if draw < 0.75:
            return street
        if draw < 0.9:
            return district
        return self.random.choice(self.inner)

    def _life(
        self,
        case_id: int,
        state: MainState,
        lead: str,
        created: datetime,
        answered: datetime,
        due: datetime,
    ) -> None:
        self._event(case_id, Action.REGISTER, created, None, MainState.PENDING_DISPATCH)
        self._clock(case_id, None, ClockKind.DISPATCH, created, created + timedelta(minutes=30))
        if state in (MainState.PENDING_DISPATCH, MainState.CONSULTATION):
            return
        part = self._part(case_id, None, lead, Part.LEAD, _PART_OF[state], created, answered, due)
        self._event(case_id, Action.DISPATCH, created, None, MainState.DISPATCHED, lead)
        pick = self.random
        if pick.random() < 0.2:
            other = pick.choice(self.bureaus)
            if other != lead and other not in self.children[lead]:
                to = SubState.ENDED if state in (MainState.CLOSED, MainState.CALLBACK) else None
                self._part(
                    case_id, None, other, Part.ASSIST, to or _PART_OF[state], created, answered, due
                )
        below = self.children[lead]
        if below and pick.random() < 0.35:
            self._part(
                case_id,
                part,
                pick.choice(below),
                Part.DELEGATE,
                _PART_OF[state],
                created,
                answered,
                due - timedelta(hours=12),
            )
            self._event(case_id, Action.DELEGATE, created, part, SubState.IN_PROGRESS, lead)
        if state is MainState.DISPATCHED:
            return
        self._event(case_id, Action.ACCEPT, created, part, SubState.IN_PROGRESS, lead)
        self._event(case_id, Action.CONTACT, answered, part, SubState.IN_PROGRESS, lead)
        if pick.random() < 0.1:
            self._approval(case_id, part, lead, created, waits=state is MainState.IN_PROGRESS)
        if state in (MainState.CLOSED, MainState.CALLBACK, MainState.ANSWERED):
            self._event(case_id, Action.ANSWER, answered, part, SubState.ANSWERED, lead)
        if state in (MainState.CLOSED, MainState.CALLBACK):
            self._event(case_id, Action.PASS, answered, part, SubState.CLOSED, lead)
            self._callback(case_id, state, answered)
        if state is MainState.CLOSED:
            self._event(case_id, Action.CLOSE, answered, None, MainState.CLOSED)

    def _part(
        self,
        case_id: int,
        parent: int | None,
        unit: str,
        role: Part,
        state: SubState,
        created: datetime,
        answered: datetime,
        due: datetime,
    ) -> int:
        part = self.rows.id("sub_cases")
        accepted = state is not SubState.PENDING_ACCEPTANCE
        done = state in (SubState.CLOSED, SubState.ANSWERED)
        self.rows.add(
            "sub_cases",
            id=part,
            case_id=case_id,
            parent_id=parent,
            unit=unit,
            role=role,
            state=state,
            due_at=due,
            final=False,
            task="",
            handler=f"{unit}.clerk" if accepted else None,
            created_at=created,
            accepted_at=created if accepted else None,
            contacted_at=created if accepted else None,
            answered_at=answered if done else None,
            closed_at=answered if state is SubState.CLOSED else None,
            result=Result.SOLVED if done else None,
            result_reason="",
            internal_note="已派人处理。" if done else None,
            citizen_answer="已到现场处理，感谢您的反映。" if done else None,
        )
        running = state in (SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS)
        self._clock(case_id, part, ClockKind.SIGN, created, created + timedelta(days=1))
        self._clock(case_id, part, ClockKind.HANDLE, created, due, running=running)
        return part

    def _clock(
        self,
        case_id: int,
        part: int | None,
        kind: ClockKind,
        start: datetime,
        due: datetime,
        *,
        running: bool = False,
    ) -> None:
        self.rows.add(
            "case_clocks",
            id=self.rows.id("case_clocks"),
            case_id=case_id,
            sub_case_id=part,
            kind=kind,
            name=str(kind),
            basis="",
            rule=f"default.{kind}",
            state=ClockState.RUNNING if running else ClockState.MET,
            started_at=start,
            amount=5,
            measure="working_days",
            extra_days=0,
            due_at=due,
            provisional=False,
            yellow_at=due - timedelta(days=1),
            escalate_at=due + timedelta(days=2),
            stopped_at=None if running else due,
        )

    def _event(
        self,
        case_id: int,
        action: Action,
        at: datetime,
        part: int | None,
        to: MainState | SubState,
        unit: str | None = None,
    ) -> None:
        staff = unit is not None and action is not Action.DISPATCH
        self.rows.add(
            "case_events",
            id=self.rows.id("case_events"),
            case_id=case_id,
            sub_case_id=part,
            at=at,
            actor_kind=ActorKind.STAFF if staff else ActorKind.SYSTEM,
            actor=f"{unit}.clerk" if staff else None,
            actor_unit=unit if staff else None,
            action=action,
            to_state=to,
            reason="",
            audience=Audience.STAFF if action is Action.CONTACT else Audience.CITIZEN,
            data=json.dumps({"unit": unit} if unit else {}),
        )

    def _approval(
        self, case_id: int, part: int, unit: str, asked: datetime, *, waits: bool
    ) -> None:
        self.rows.add(
            "case_approvals",
            id=self.rows.id("case_approvals"),
            case_id=case_id,
            sub_case_id=part,
            kind=ApprovalKind.EXTENSION,
            state=ApprovalState.PENDING if waits else ApprovalState.APPROVED,
            unit=unit,
            asked_by=f"{unit}.clerk",
            asked_at=asked,
            reason="情况复杂，等待配件。",
            basis="",
            days=5,
            decided_by=None if waits else "dispatcher",
            decided_at=None if waits else asked,
            decision="" if waits else "同意",
        )

    def _callback(self, case_id: int, state: MainState, told: datetime) -> None:
        done = state is MainState.CLOSED
        self.rows.add(
            "callbacks",
            id=self.rows.id("callbacks"),
            case_id=case_id,
            round=1,
            state=CallbackState.DONE if done else CallbackState.WAITING,
            priority=2,
            created_at=told,
            due_at=told + timedelta(days=1),
            attempts="[]",
            contacted=True if done else None,
            solved=self.random.choice(list(Solved)) if done else None,
            asked_satisfied=True,
            satisfied=self.random.choice(list(Satisfied)) if done else None,
            note="",
            done_by="callback" if done else None,
            done_at=told + timedelta(hours=20) if done else None,
        )


def set_sequences(connection: psycopg.Connection[Any], tables: Sequence[str] = _ORDER) -> None:
    """Let the tables count on from the ids that were given."""
    for table in tables:
        if table != "case_identities":
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    connection.commit()
