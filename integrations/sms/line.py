"""Text messages that come in: wishes of the door itself, grades, and turns of a conversation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from bot.gateway import Answered, Gateway
from bot.inputs import MAX_TEXT, ChoiceInput, TextInput, VoiceInput
from bot.understanding import at_the_gate
from cases.vocabulary import Source
from core.database import Database, now
from core.errors import HotlineError
from core.replies import Reply, say
from integrations.sms import repository
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.sms.wording import (
    Wish,
    chosen,
    graded,
    no_such_choice,
    says_something,
    unusable,
    wish,
)
from notices.messages import Message
from notices.service import enqueue
from notices.vocabulary import Kind
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.service import may_rate, submit_for_case

# Seconds that a platform is kept waiting; what takes longer is answered by a text of its own anyway.
PATIENCE = 3.5
RESTARTED = "已恢复向您发送短信。不想再收到请回复“退订”。"


@dataclass
class TextLine:
    """The door of this process. What is answered leaves through the outbox (channel ``sms``)."""

    database: Database
    gateway: Gateway
    patience: float = PATIENCE
    _turns: set[asyncio.Task[Answered]] = field(default_factory=set)

    async def received(self, message: TextMessage) -> None:
        """Take one text in. The same ``message.id`` again does nothing again."""
        asked = wish(message.body)
        if asked is not None:
            async with self.database.unit_of_work() as session:
                await _obey(session, message, asked)
            return
        async with self.database.unit_of_work() as session:
            if await _grade(session, message):
                return
        await self._talk(message)

    async def _talk(self, message: TextMessage) -> None:
        conversation = await self.gateway.at_door(CHANNEL, message.number, caller=message.number)
        async with self.database.unit_of_work() as session:
            last = await repository.last_told(session, conversation)
            choice = chosen(message.body, last)
            wrong = unusable(message.body, last)
            if wrong and not await repository.is_turn(session, message.number, message.id):
                await _tell(session, message, wrong, None)
                return
        body = message.body.strip()[:MAX_TEXT]
        heard: ChoiceInput | TextInput | VoiceInput
        if choice is not None:
            heard = ChoiceInput(kind="choice", value=choice.value, title=choice.title)
        elif body:
            heard = TextInput(kind="text", text=body)
        else:
            # A picture without words, which a text message cannot bring here.
            heard = VoiceInput(kind="voice", text="")
        turn = asyncio.create_task(self.gateway.take_from_door(conversation, message.id, heard))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        done, _ = await asyncio.wait({turn}, timeout=self.patience)
        if done:
            turn.result()


async def _obey(session: AsyncSession, message: TextMessage, asked: Wish) -> None:
    await repository.note_wish(session, message.number, message.id, asked)
    if asked is Wish.START:
        await _tell(session, message, say(RESTARTED), None)


async def _grade(session: AsyncSession, message: TextMessage) -> bool:
    """Take the text as the grade of the case that was answered last, or as the reason that was asked
    for; False when it is neither.

    Only what was told at this very number can be rated from it, and nothing else is opened.
    """
    if await repository.is_answered(session, _key(message)):
        return True
    asked = await repository.reason_asked(session, message.number)
    if asked is not None and await may_rate(session, asked[0], now()):
        return await _reason(session, message, *asked)
    given = graded(message.body)
    if given is None:
        return False
    case = await repository.case_to_grade(session, message.number)
    if case is None:
        case = await _case_of_reason(session, message)
    if case is None:
        return False
    await _rate(session, message, case, *given)
    return True


async def _reason(session: AsyncSession, message: TextMessage, case: int, grade: Grade) -> bool:
    """Take what follows the question for the reason of ``grade``: words, or another grade."""
    body = message.body.strip()
    given = graded(body, apart=True)
    if given is None:
        if not body or at_the_gate(body) is not None:
            return False
        if await repository.is_turn(session, message.number, message.id):
            return False
        if not says_something(body):
            await _tell(session, message, _ask_reason(grade, f"{no_such_choice(5)}\n"), case)
            return True
        given = grade, body
    await _rate(session, message, case, *given)
    return True


async def _case_of_reason(session: AsyncSession, message: TextMessage) -> int | None:
    """The unrated case that a digit with its reason rates, whatever was talked about since."""
    given = graded(message.body, apart=True)
    if given is None or not given[1]:
        return None
    case = await repository.case_answered(session, message.number)
    if case is None or not await may_rate(session, case, now()):
        return None
    return None if await repository.is_turn(session, message.number, message.id) else case


async def _rate(
    session: AsyncSession, message: TextMessage, case: int, grade: Grade, reason: str
) -> None:
    if grade in BAD and not reason:
        await _tell(session, message, _ask_reason(grade), case)
        return
    # A repeat of the same text is told nothing anew: its delivery is known.
    try:
        async with session.begin_nested():
            await submit_for_case(session, case, grade, [], reason, Source.SMS, now())
        await _tell(session, message, _thanks(grade), case)
    except HotlineError as refused:
        await _tell(session, message, say(refused.message), case)


def _ask_reason(grade: Grade, before: str = "") -> Reply:
    """The question for the reason; its card remembers the grade until the next text."""
    told = f"您选了“{GRADE_NAMES[grade]}”。请直接回复原因，或回复“{int(grade)}”加原因，例如“{int(grade)} 一直没人来”。"
    return say(before + told, card={"kind": repository.REASON, "grade": int(grade)})


def _key(message: TextMessage) -> str:
    """The key of the delivery that answers a text."""
    return f"text:{message.id}"


def _thanks(grade: Grade) -> Reply:
    thanks = "会交由承办单位核实整改。" if grade in BAD else "感谢您的评价。"
    return say(f"已记录您的评价“{GRADE_NAMES[grade]}”，{thanks}")


async def _tell(
    session: AsyncSession, message: TextMessage, reply: Reply, case: int | None
) -> None:
    await enqueue(
        session,
        Message(
            key=_key(message),
            channel=CHANNEL,
            address=message.number,
            kind=Kind.LINE,
            reply=reply,
            case_id=case,
        ),
    )
