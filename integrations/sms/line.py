"""Text messages that come in: wishes of the door itself, grades, and turns of a conversation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from bot.gateway import Answered, Gateway
from bot.inputs import MAX_TEXT, ChoiceInput, TextInput, VoiceInput
from core.database import Database
from core.replies import say
from integrations.sms import repository
from integrations.sms.grading import answer, grade
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.sms.wording import Wish, chosen, told_by_platform, unusable, wish
from notices.vocabulary import Kind

# Seconds that a platform is kept waiting; what takes longer is answered by a text of its own anyway.
PATIENCE = 3.5
STOPPED = "已退订，不再向您发送短信。恢复请回复“订阅”；来电 12345 不受影响。"
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
            if await grade(session, message):
                return
        await self._talk(message)

    async def _talk(self, message: TextMessage) -> None:
        conversation = await self.gateway.at_door(CHANNEL, message.number, caller=message.number)
        async with self.database.unit_of_work() as session:
            last = await repository.last_told(session, conversation)
            choice = chosen(message.body, last)
            wrong = unusable(message.body, last)
            if wrong and not await repository.is_turn(session, message.number, message.id):
                await answer(session, message, wrong, None)
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
    before = await repository.refuses(session, message.number)
    await repository.note_wish(session, message.number, message.id, asked)
    if asked is Wish.START:
        await answer(session, message, say(RESTARTED), None)
    elif not before and not told_by_platform(message.body):
        await answer(session, message, say(STOPPED), None, Kind.STOPPED)
