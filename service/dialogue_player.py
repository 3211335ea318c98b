"""Plays labelled dialogues through the gateway, with the assistant and the actions of a running line.

What must stand before a dialogue is put there by the rooms' own functions; what cannot be arranged
is told with the result.
"""

from __future__ import annotations

import base64
import io
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.dialogues import (
    Dialogue,
    DialogueTurn,
    FiledCase,
    Seen,
    Standing,
    outcome_problems,
    passes,
)
from bot.gateway import Gateway
from bot.inputs import DigitsInput, ImageInput, LocationInput, TextInput, TurnInput, VoiceInput
from bot.models import Conversation, Turn
from cases.closing import pass_check
from cases.handling import accept, answer
from cases.models import Case, CaseEvent, CaseLink, Contact, SubCase
from cases.registration import Registration, register
from cases.states import Action, MainState
from cases.vocabulary import TYPE_NAMES, URGENCY_NAMES, CaseType, Part, Source
from core.database import Database, now
from core.identity import Actor, Role
from core.replies import Reply, say
from intake.models import Draft
from intake.service import read
from kb.models import Entry, GivenAnswer
from notices.messages import reply_of
from notices.models import Delivery
from notices.vocabulary import Kind
from reviews.models import Review
from routing.models import CategoryRow
from units.tree import UnitTree

# Keys of a setup that are arranged here or that the sample city always has.
_ARRANGED = {"caller_id", "cases", "pending_review", "prompt", "requires_kb", "human_desk"}
_DONE = ("已办结", "已答复", "待评价", "已办理", "办结")
_AT_WORK = ("办理中", "处理中", "在办", "已签收")


@dataclass(frozen=True)
class PlayedTurn:
    """One turn and its checks: ``(check, passed)``; None where nothing could tell."""

    turn: DialogueTurn
    user: str
    replies: list[Reply]
    checks: list[tuple[Any, bool | None]]


@dataclass(frozen=True)
class Played:
    """A dialogue as it went. ``missing`` is what of its setup could not be arranged."""

    dialogue: Dialogue
    turns: list[PlayedTurn]
    problems: list[str]
    missing: list[str] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        """Whether it ended as it is to end."""
        return not self.problems


class DialoguePlayer:
    """Plays one dialogue after another on one line."""

    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        tree: UnitTree,
        topics: dict[str, tuple[str, str]],
    ) -> None:
        self.database = database
        self.gateway = gateway
        self.tree = tree
        self.topics = topics

    @classmethod
    async def load(cls, database: Database, gateway: Gateway) -> DialoguePlayer:
        """A player that knows the units and the categories of the line."""
        async with database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            rows = {row.code: row for row in await session.scalars(select(CategoryRow))}
        return cls(database, gateway, tree, {code: _upper(rows, code) for code in rows})

    async def play(self, dialogue: Dialogue) -> Played:
        """Arrange, talk, compare."""
        opened, token = await self.gateway.open(
            dialogue.channel, caller=dialogue.setup.get("caller_id")
        )
        holders, missing = await self._arrange(dialogue, opened)
        turns: list[PlayedTurn] = []
        before, previous = await self._standing(opened, set(holders.values())), ""
        first = before
        for turn in dialogue.turns:
            user = _filled(turn.user, holders | await self._sent_code(opened))
            answered = await self.gateway.take(opened, token, str(uuid.uuid4()), _input(turn, user))
            after = await self._standing(opened, set(holders.values()))
            item, aspects = await self._answered_from(opened)
            seen = Seen(user, answered.replies, before, after, item, aspects, previous)
            checks = [(check, passes(seen, _filled_check(check, holders))) for check in turn.checks]
            turns.append(PlayedTurn(turn, user, answered.replies, checks))
            before, previous = after, seen.text
        filed = [one for number, one in before.cases.items() if number not in first.cases]
        problems = outcome_problems(dialogue.outcome, filed, before, self.topics)
        return Played(dialogue, turns, problems, missing)

    async def _arrange(
        self, dialogue: Dialogue, conversation: uuid.UUID
    ) -> tuple[dict[str, str], list[str]]:
        """What the placeholders stand for, and what could not be arranged."""
        setup = dialogue.setup
        missing = [f"{key}={setup[key]}" for key in setup if key not in _ARRANGED]
        holders: dict[str, str] = {}
        for given in setup.get("cases", []):
            holders[given.get("no", "{CASE1}")] = await self._earlier_case(given, None)
        pending = setup.get("pending_review")
        if pending:
            given = {"status": "已办结", "title": "路灯不亮", "unit": "城管"}
            holders.setdefault(pending, await self._earlier_case(given, conversation))
            async with self.database.unit_of_work() as session:
                row = await session.get(Conversation, conversation)
                assert row is not None
                row.context = {**row.context, "case": holders[pending]}
                prompt = say(str(setup.get("prompt") or "请对本次办理作出评价"))
                await repository.append(session, conversation, "assistant", [prompt])
        async with self.database.unit_of_work() as session:
            for name in setup.get("requires_kb", []):
                found = await session.scalar(
                    select(func.count()).select_from(Entry).where(Entry.name.contains(name[:5]))
                )
                if not found:
                    missing.append(f"知识库里没有“{name}”")
        return holders, missing

    async def _earlier_case(self, given: dict[str, Any], conversation: uuid.UUID | None) -> str:
        """File a case as ``given``, brought as far as its status says; returns its number."""
        at = now()
        kind = str(given.get("unit") or "城管")
        unit = next(
            (u for u in self.tree.units.values() if kind in (u.kind, u.name) and u.active),
            next(u for u in self.tree.units.values() if u.kind == "城管"),
        )
        status = str(given.get("status") or "")
        async with self.database.unit_of_work() as session:
            registered = await register(
                session,
                Registration(
                    key=f"replay:{uuid.uuid4()}",
                    source=Source.WEB,
                    type=CaseType.COMPLAINT,
                    title=str(given.get("title") or "路灯不亮"),
                    detail=str(given.get("title") or "路灯不亮"),
                    place_text=str(given.get("place") or "望湖路"),
                    phone=given.get("phone"),
                    anonymous=not given.get("phone"),
                    conversation_id=conversation,
                    lead=unit.code,
                    routing={"reasons": [], "candidates": []},
                ),
                at,
            )
            if any(word in status for word in (*_DONE, *_AT_WORK)):
                await self._handle(session, registered.case_id, unit.code, status)
        return registered.number

    async def _handle(self, session: AsyncSession, case_id: int, unit: str, status: str) -> None:
        clerk = Actor("replay.clerk", "承办人", Role.UNIT_LEADER, unit, self.tree.below(unit))
        desk = Actor("replay.desk", "派单员", Role.DISPATCHER, "hotline", frozenset())
        case = await accept(session, clerk, case_id, await _version(session, case_id), now())
        if any(word in status for word in _DONE):
            case = await answer(
                session, clerk, case_id, case.version, "已到现场处理完毕。", "", now()
            )
            if case.state == MainState.ANSWERED:
                await pass_check(session, desk, case_id, case.version, now())

    async def _standing(self, conversation: uuid.UUID, also: set[str]) -> Standing:
        async with self.database.unit_of_work() as session:
            row = await session.get(Conversation, conversation)
            assert row is not None
            draft = await session.scalar(
                select(Draft).where(Draft.conversation_id == conversation, Draft.state == "open")
            )
            matter = read(draft).model_dump(mode="json") if draft else {}
            cases = await session.scalars(
                select(Case)
                .join(Contact, Contact.id == Case.contact_id)
                .where((Contact.conversation_id == conversation) | Case.number.in_(also))
                .order_by(Case.id)
            )
            found = {case.number: await self._case(session, case) for case in cases.all()}
            return Standing(
                owner=row.owner,
                handover_reason=row.handover_reason or "",
                matter=matter,
                matters=len(matter.get("others", [])) + 1 if matter else 0,
                cases=found,
            )

    async def _case(self, session: AsyncSession, case: Case) -> FiledCase:
        lead = await session.scalar(
            select(SubCase.unit).where(SubCase.case_id == case.id, SubCase.role == Part.LEAD)
        )
        units = [lead] if lead else [one["unit"] for one in case.routing.get("candidates", [])]
        review = await session.scalar(select(Review).where(Review.case_id == case.id))
        supplements = await session.scalar(
            select(func.count()).where(
                CaseEvent.case_id == case.id, CaseEvent.action == Action.SUPPLEMENT
            )
        )
        links = await session.scalar(
            select(func.count()).where(
                (CaseLink.from_case_id == case.id) | (CaseLink.to_case_id == case.id)
            )
        )
        return FiledCase(
            number=case.number,
            type=TYPE_NAMES[CaseType(case.type)],
            place=case.place_text,
            detail=case.detail,
            state=case.state,
            urgency=URGENCY_NAMES[case.urgency],  # type: ignore[index]
            category=case.category,
            unit_kinds=tuple(self.tree.units[u].kind for u in units if u in self.tree.units),
            confidential=case.confidential,
            anonymous=case.anonymous,
            urges=case.urges,
            supplements=supplements or 0,
            grade=review.grade if review else None,
            tags=tuple(review.tags) if review else (),
            linked=links or 0,
        )

    async def _sent_code(self, conversation: uuid.UUID) -> dict[str, str]:
        """What ``{CODE}`` stands for: the verification code sent last, as the citizen reads it."""
        async with self.database.unit_of_work() as session:
            sent = await session.scalar(
                select(Delivery)
                .where(Delivery.conversation_id == conversation, Delivery.kind == Kind.CODE)
                .order_by(Delivery.id.desc())
                .limit(1)
            )
        found = re.search(r"\d{6}", reply_of(sent).text) if sent else None
        return {"{CODE}": found[0]} if found else {}

    async def _answered_from(self, conversation: uuid.UUID) -> tuple[str, tuple[str, ...]]:
        """Name and aspects of what the latest turn was answered from, if it was."""
        latest = (
            select(Turn.id)
            .where(Turn.conversation_id == conversation)
            .order_by(Turn.at.desc())
            .limit(1)
            .scalar_subquery()
        )
        async with self.database.unit_of_work() as session:
            rows = await session.execute(
                select(Entry.name, GivenAnswer.aspects)
                .join(Entry, Entry.code == GivenAnswer.code)
                .where(GivenAnswer.turn_id == latest)
            )
            found = rows.first()
        return (found[0], tuple(found[1])) if found else ("", ())


def _upper(rows: dict[str, CategoryRow], code: str) -> tuple[str, str]:
    """Names of the first and second level that a category belongs to."""
    row, names = rows[code], [rows[code].name]
    while row.parent:
        row = rows[row.parent]
        names.insert(0, row.name)
    return names[0], names[1] if len(names) > 1 else ""


async def _version(session: AsyncSession, case_id: int) -> int:
    return await session.scalar(select(Case.version).where(Case.id == case_id)) or 1


def _filled(text: str, holders: dict[str, str]) -> str:
    for holder, value in holders.items():
        text = text.replace(holder, value)
    return text


def _filled_check(check: Any, holders: dict[str, str]) -> Any:
    if isinstance(check, list):
        return [_filled(one, holders) for one in check]
    return _filled(check, holders)


def _input(turn: DialogueTurn, user: str) -> TurnInput:
    given = turn.input or {}
    match given.get("kind"):
        case "image":
            return ImageInput(kind="image", data=_picture(), name="现场.png")
        case "location":
            return LocationInput(
                kind="location",
                latitude=float(given.get("latitude") or given.get("lat") or 0.5),
                longitude=float(given.get("longitude") or given.get("lng") or 0.5),
                label=str(given.get("label") or given.get("name") or user),
            )
        case "dtmf":
            return DigitsInput(kind="digits", digits=str(given.get("digits") or user))
        case "voice":
            heard = "" if given.get("event") else user
            return VoiceInput(kind="voice", text=heard, confidence=given.get("confidence"))
        case "silence":
            return VoiceInput(kind="voice", text="")
        case _:
            return TextInput(kind="text", text=user)


def _picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "gray").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()
