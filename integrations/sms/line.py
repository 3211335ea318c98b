"""Text messages that come in: wishes of the door itself, grades, and turns of a conversation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from bot.gateway import Answered, Gateway
from bot.inputs import MAX_TEXT, ChoiceInput, TextInput, VoiceInput
from cases.vocabulary import Source
from core.database import Database, now
from core.errors import HotlineError
from core.replies import Reply, say
from integrations.sms import repository
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.sms.wording import Wish, chosen, graded, wish
from notices.messages import Message
from notices.service import enqueue
from notices.vocabulary import Kind
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.service import submit_for_case

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
            choice = chosen(message.body, await repository.last_told(session, conversation))
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
    """Take the text as the grade of the case that was answered last; False when it is none.

    Only what was told at this very number can be rated from it, and nothing else is opened.
    """
    given = graded(message.body)
    case = await repository.case_to_grade(session, message.number) if given else None
    if given is None or case is None:
        return False
    grade, reason = given
    if grade in BAD and not reason:
        told = f"您选了“{GRADE_NAMES[grade]}”。请回复“{int(grade)}”加原因，例如“{int(grade)} 一直没人来”。"
        await _tell(session, message, say(told), case)
        return True
    # A repeat of the same text is told nothing anew: its delivery is known.
    try:
        async with session.begin_nested():
            await submit_for_case(session, case, grade, [], reason, Source.SMS, now())
        await _tell(session, message, _thanks(grade), case)
    except HotlineError as refused:
        await _tell(session, message, say(refused.message), case)
    return True


def _thanks(grade: Grade) -> Reply:
    thanks = "会交由承办单位核实整改。" if grade in BAD else "感谢您的评价。"
    return say(f"已记录您的评价“{GRADE_NAMES[grade]}”，{thanks}")


async def _tell(
    session: AsyncSession, message: TextMessage, reply: Reply, case: int | None
) -> None:
    await enqueue(
        session,
        Message(
            key=f"text:{message.id}",
            channel=CHANNEL,
            address=message.number,
            kind=Kind.LINE,
            reply=reply,
            case_id=case,
        ),
    )
