"""Role × unit × secrecy over every route that can be read: who finds whose words, name and phone."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import product
from typing import Any

import httpx
import pytest
from console_app import _HASH, Enter
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select, update
from structlog.testing import capture_logs
from town import DISPATCHER, NOW, Register, person

import bot.endpoints
import cases.endpoints
import integrations.web
import reviews.endpoints
from bot.models import Conversation, Turn
from cases import service
from cases.models import Callback, SubCase
from cases.states import SubState
from cases.vocabulary import CaseType, Part
from core.database import Database
from core.errors import HotlineError
from core.identity import UNIT_ROLES, Role
from core.models import StaffAccount
from core.privacy import encrypt
from core.replies import say
from notices.messages import Message
from notices.service import enqueue
from notices.vocabulary import Kind
from units.models import Unit
from units.tree import UnitTree

# Every place that says something of its own; the first words of all markers are searched for.
SHARED = "青铜"
PARENTS = {"chengdong.wanghu": "chengdong", "hubin": "chengdong.wanghu"}
UNITS = ("urban", "power", "chengdong", "chengdong.wanghu", "hubin")
# They never end; what they carry is looked at by tests of their own.
STREAMS = {"/console/live", "/api/conversations/{conversation}/events"}
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Told:
    """A case of the matrix: what only it says, who speaks, and which units have a part."""

    marker: str
    name: str
    phone: str
    units: frozenset[str]
    matter: dict[str, Any]
    answered: bool = False
    about: str | None = None
    number: str = ""
    case_id: int = 0
    conversation: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def plain(self) -> bool:
        return not self.matter.keys() & {"confidential", "anonymous", "type"}

    def read_by(self, role: Role, unit: str) -> bool:
        """Whether somebody of ``role`` in ``unit`` may read the case."""
        if role in UNIT_ROLES:
            mine = any(_within(part, unit) for part in self.units)
            return mine and self.about not in {unit, *_above(unit)}
        if role is Role.CALLBACK_CLERK:
            return self.answered and "anonymous" not in self.matter
        return role is not Role.KNOWLEDGE_EDITOR


def _above(unit: str) -> list[str]:
    found = []
    while unit in PARENTS:
        unit = PARENTS[unit]
        found.append(unit)
    return found


def _within(unit: str, tree: str) -> bool:
    return unit == tree or tree in _above(unit)


SECRECY: dict[str, dict[str, Any]] = {
    "plain": {},
    "confidential": {"confidential": True},
    "report": {"type": CaseType.REPORT},
    "anonymous": {"anonymous": True},
}


def _cases() -> list[Told]:
    found = [
        Told(
            f"{SHARED}鼎{secrecy}{unit}{answered}".replace(".", ""),
            f"甄{'甲乙丙丁戊己庚辛壬癸'[n]}{'子丑寅卯辰巳午未申酉'[n]}",
            f"1390000{n:04}",
            frozenset({unit}),
            SECRECY[secrecy],
            answered,
        )
        for n, (secrecy, (unit, answered)) in enumerate(
            product(SECRECY, (("chengdong.wanghu", False), ("urban", True)))
        )
    ]
    against = Told(
        f"{SHARED}爵举报街道",
        "甄无名",
        "13900009999",
        frozenset({"chengdong", "chengdong.wanghu", "hubin"}),
        SECRECY["report"],
        about="chengdong.wanghu",
    )
    return [*found, against]


@pytest.fixture
async def told(app: FastAPI, file: Register) -> list[Told]:
    """The cases, lived through, and the people of every role and unit."""
    database: Database = app.state.database
    async with database.unit_of_work() as session:
        unit = await session.get_one(Unit, "urban")
        session.add(
            Unit(
                code="hubin",
                name="湖滨社区",
                short="湖滨",
                kind=unit.kind,
                level="community",
                parent="chengdong.wanghu",
                aliases=[],
                duties=[],
                former_names=[],
            )
        )
        await session.flush()
        await session.execute(
            update(Unit).where(Unit.code == "chengdong.wanghu").values(parent="chengdong")
        )
        for role, place in _people():
            login = f"m.{role}.{place}"
            session.add(
                StaffAccount(
                    login=login, name="示例·某人", role=role, unit=place, password_hash=_HASH
                )
            )
    async with database.unit_of_work() as session:
        app.state.city.tree = await UnitTree.load(session)
    app.add_exception_handler(HotlineError, _refuse)
    # The knowledge base stands on a lower floor and cannot know of cases.
    for room in (bot, cases, integrations.web, reviews):
        app.include_router(getattr(room, "endpoints", room).router)
    return [await _live(database, file, one) for one in _cases()]


async def _refuse(_request: Request, error: Exception) -> Response:
    """The API's refusals, with all that they say."""
    assert isinstance(error, HotlineError)
    return JSONResponse({"message": error.message, "fields": error.fields}, error.status)


def _people() -> Iterator[tuple[Role, str]]:
    for role in Role:
        for unit in UNITS if role in UNIT_ROLES else ("hotline",):
            yield role, unit


async def _live(database: Database, file: Register, one: Told) -> Told:
    lead = next(iter(one.units - {one.about, "hubin"}))
    async with database.unit_of_work() as session:
        session.add(Conversation(id=one.conversation, channel="web", token_hash="", context={}))
        await session.flush()
        session.add(
            Turn(
                id=uuid.uuid4(),
                conversation_id=one.conversation,
                client_id="t",
                kind="text",
                heard=encrypt(f"{one.marker} 我是{one.name}，{one.phone}"),
                state="answered",
                at=NOW,
            )
        )
    done = await file(
        title=f"{one.marker}路灯",
        detail=f"{one.marker}的路灯坏了，我是{one.name}，{one.phone}",
        place_text=one.marker,
        name=one.name,
        phone=one.phone,
        lead=lead,
        about_unit=one.about,
        conversation_id=one.conversation,
        street="chengdong.wanghu",
        **one.matter,
    )
    clerk = person(Role.UNIT_CLERK, lead)
    async with database.unit_of_work() as session:
        for kind in Kind:
            words = say(f"{one.marker} {one.name} {one.phone}")
            message = Message(
                f"{kind}:{done.number}",
                "sms",
                one.phone,
                kind,
                words,
                conversation_id=one.conversation,
                case_id=done.case_id,
            )
            await enqueue(session, message)
        await service.urge(session, done.case_id, "u", NOW)
        # An anonymous citizen's name is not known, so it cannot be told among later words.
        me = "" if "anonymous" in one.matter else one.name
        await service.supplement(session, done.case_id, "s", f"{one.marker}，{me}{one.phone}", NOW)
        await service.accept(session, clerk, done.case_id, 2, NOW)
        if one.answered:
            case = await service.answer(
                session, clerk, done.case_id, 3, f"{one.marker}好了", "", NOW
            )
            await service.pass_check(session, DISPATCHER, case.id, case.version, NOW)
        for unit in one.units - {lead}:
            session.add(
                SubCase(
                    case_id=done.case_id,
                    unit=unit,
                    role=Part.ASSIST,
                    state=SubState.IN_PROGRESS,
                    due_at=NOW,
                )
            )
    return Told(**{**vars(one), "number": done.number, "case_id": done.case_id})


def _routes(routes: Any, prefix: str = "") -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):
            below = route.original_router.routes
            yield from _routes(below, prefix + route.include_context.prefix)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield prefix + route.path


async def _addresses(app: FastAPI, told: list[Told]) -> list[str]:
    """Every route that can be read, with every sample of its parameters, and what desks filter."""
    async with app.state.database.unit_of_work() as session:
        callbacks = [str(one) for one in await session.scalars(select(Callback.id))]
    samples = {
        "number": [one.number for one in told],
        "conversation_id": [str(one.conversation) for one in told],
        "conversation": [str(one.conversation) for one in told],
        "callback_id": callbacks,
        "attachment_id": [str(uuid.uuid4())],
        "approval_id": ["1"],
        "draft_id": ["1"],
        "question": ["1"],
        "rectification_id": ["1"],
        "picture_id": [str(uuid.uuid4())],
        "review_id": ["1"],
        "window_id": ["1"],
        "code": ["A0312", "urban"],
        "key": [f"{told[0].number}-x"],
    }
    queries = ("", f"?tab=all&pile=all&q={SHARED}")
    found = []
    for path in dict.fromkeys(_routes(app.routes)):
        if path in STREAMS or not path.startswith(("/console", "/api", "/r", "/progress")):
            continue
        names = _PARAMETER.findall(path)
        unknown = [name for name in names if name not in samples]
        assert not unknown, f"give a sample of {unknown} for {path}"
        for values in product(*(samples[name] for name in names)):
            filled = path
            for name, value in zip(names, values, strict=True):
                filled = re.sub(rf"\{{{name}(:\w+)?\}}", value, filled)
            found += [filled] if names else [filled + query for query in queries]
    return found


def _words(response: httpx.Response) -> str:
    """All that a response says, also inside a workbook."""
    text = repr(dict(response.headers))
    if response.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(response.content)) as book:
            return text + "".join(
                book.read(name).decode("utf-8", "replace") for name in book.namelist()
            )
    return text + unescape(response.text)


def _leaks(one: Told, role: Role, unit: str, address: str, words: str) -> list[str]:
    reads = one.read_by(role, unit)
    # The line's desks may read a conversation: it is theirs, and what was said in it names people.
    if str(one.conversation) in address and role in {Role.SEAT, Role.SUPERVISOR, Role.DISPATCHER}:
        return []
    hidden = [] if reads else [one.marker, one.number]
    hidden += [] if reads and one.plain else [one.name, one.phone]
    # An address that names the case gets it back in links and forms, and nothing else of it.
    return [
        word for word in hidden if word in words and not (word == one.number and word in address)
    ]


async def test_nobody_finds_what_is_not_theirs(
    app: FastAPI, enter: Enter, told: list[Told]
) -> None:
    addresses = await _addresses(app, told)
    found: list[tuple[str, str, str, list[str]]] = []
    seen: set[str] = set()
    failed: set[str] = set()
    with capture_logs() as logs:
        for role, unit in _people():
            browser = await enter(f"m.{role}.{unit}")
            for address in addresses:
                response = await browser.get(address)
                if response.status_code >= 500:
                    failed.add(address)
                words = _words(response)
                for one in told:
                    if one.marker in words:
                        seen.add(one.marker)
                    if leaked := _leaks(one, role, unit, address, words):
                        found.append((role, unit, address, leaked))
    assert found == []
    assert failed == set()
    # What nobody finds at all would prove nothing.
    assert seen == {one.marker for one in told}
    for one in told:
        for secret in (one.marker, one.name, one.phone):
            assert secret not in repr(logs)


async def test_without_logging_in_nothing_is_told(
    app: FastAPI, enter: Enter, told: list[Told]
) -> None:
    browser = await enter()
    for address in await _addresses(app, told):
        words = _words(await browser.get(address))
        for one in told:
            for secret in (one.marker, one.name, one.phone):
                assert secret not in words, address
