"""The gateway: every turn of every door passes here.

A turn is several units of work: store it → commit → call the assistant (whose action commits its
own) → read what was answered → commit. No connection is held while waiting. What a citizen is told
is always read back from the transcript, so it was stored before it was told.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.alarms import awaits_help, raise_alarm
from bot.assistant import Assistant, AssistantDown
from bot.doors import conversation_at, open_conversation, token_hash
from bot.inputs import (
    ChoiceInput,
    DigitsInput,
    ImageInput,
    LocationInput,
    TextInput,
    TurnInput,
    VoiceInput,
)
from bot.models import Conversation, Turn
from bot.seats.queueing import CHOICES, hand_over, release, while_waiting
from bot.understanding import at_the_gate
from core.attachments import store_image
from core.database import Database, now
from core.errors import InvalidInput, NotAllowed, NotAuthenticated, NotFound
from core.privacy import decrypt
from core.replies import Reply, say
from intake.facts import without_phone
from intake.orders import REFUSAL, gives_orders, without_orders
from intake.questions import question
from intake.service import open_draft, read, start_draft, write

log = structlog.get_logger(__name__)

PERSON = ("转人工", "handoff")
FORM = ("填表反映", "form")
BACK = ("回到智能助手", "assistant")
# What the assistant is given of a long text: its beginning and its end, where questions stand.
ASSISTANT_TEXT = 1800
DOWN = say(
    "抱歉，智能助手暂时没有响应。您刚才说的话已经记下，恢复后会接着办。"
    "着急的话可以转人工，或者填表反映。",
    PERSON,
    FORM,
    card={"kind": "link", "title": "填表反映", "url": "/form"},
)


@dataclass(frozen=True)
class Answered:
    """What came of a turn: replies with the event ids they have in the transcript."""

    replies: list[Reply]
    message_ids: list[int]


@dataclass
class Gateway:
    """Conversations of this process: who may speak, what was said, what was answered."""

    database: Database
    assistant: Assistant
    _locks: WeakValueDictionary[uuid.UUID, asyncio.Lock] = field(
        default_factory=WeakValueDictionary
    )

    async def open(self, channel: str, *, caller: str | None = None) -> tuple[uuid.UUID, str]:
        """A new conversation at ``channel``; returns its id and the token that opens it.

        ``caller`` is the number that the door saw, if it saw one.
        """
        async with self.database.unit_of_work() as session:
            conversation, token = await open_conversation(session, channel, caller=caller)
        return conversation.id, token

    async def at_door(self, channel: str, address: str, *, caller: str | None = None) -> uuid.UUID:
        """The conversation that goes on with ``address`` (an openid, a number, a call id), or a
        new one. ``caller`` is the number that the door saw."""
        async with self.database.unit_of_work() as session:
            return await conversation_at(session, channel, address, caller=caller)

    async def check(self, conversation_id: uuid.UUID, token: str | None) -> None:
        """Raises NotFound or NotAuthenticated unless ``token`` opens the conversation."""
        async with self.database.unit_of_work() as session:
            await self._open(session, conversation_id, token)

    async def _open(
        self, session: AsyncSession, conversation_id: uuid.UUID, token: str | None
    ) -> Conversation:
        if not token:
            raise NotAuthenticated("缺少会话凭证，请重新打开对话")
        conversation = await repository.find_conversation(session, conversation_id)
        if conversation is None:
            raise NotFound("没有这个对话，请重新开始")
        if not hmac.compare_digest(conversation.token_hash, token_hash(token)):
            raise NotAllowed("会话凭证不对，请重新打开对话")
        return conversation

    async def take(
        self, conversation_id: uuid.UUID, token: str | None, client_id: str, heard: TurnInput
    ) -> Answered:
        """Take one turn and answer it. The same ``client_id`` again gives the same answer.

        Raises NotAuthenticated, NotAllowed, NotFound or InvalidInput; a silent assistant is no
        error but an answer that says so.
        """
        await self.check(conversation_id, token)
        return await self.take_from_door(conversation_id, client_id, heard)

    async def take_from_door(
        self, conversation_id: uuid.UUID, client_id: str, heard: TurnInput
    ) -> Answered:
        """`take` for a door that has authenticated the message itself.

        ``client_id`` is the platform's message id, at most 64 characters. Raises NotFound or
        InvalidInput.
        """
        async with self._turn_lock(conversation_id):
            async with self.database.unit_of_work() as session:
                conversation = await repository.find_conversation(session, conversation_id)
                if conversation is None:
                    raise NotFound("没有这个对话，请重新开始")
                shown, text = _words(heard)
                turn, new = await repository.store_turn(
                    session, conversation.id, client_id, heard.kind, text
                )
                structlog.contextvars.bind_contextvars(turn_id=str(turn.id))
                if new:
                    await _attach(session, conversation, heard)
                    conversation.last_turn_at = now()
                    await repository.append(
                        session, conversation.id, "citizen", [say(shown)], turn.id
                    )
                    settled = await self._settle_without_assistant(
                        session, conversation, turn, heard, text
                    )
                else:
                    settled = turn.state != "received"
                    text = decrypt(turn.heard)
            if settled:
                return await self._answer(turn.id)
            return await self._ask_assistant(conversation_id, turn.id, text)

    async def resume(self, turn: Turn) -> None:
        """Answer a turn that was stored when the service died before answering it."""
        async with self._turn_lock(turn.conversation_id):
            async with self.database.unit_of_work() as session:
                fresh = await session.get(Turn, turn.id)
                if fresh is None or fresh.state != "received":
                    return
            await self._ask_assistant(turn.conversation_id, turn.id, decrypt(turn.heard))

    async def resume_unanswered(self, older_than: timedelta) -> int:
        """Answer every turn left over from before; returns how many."""
        async with self.database.unit_of_work() as session:
            turns = await repository.unanswered_turns(session, older_than)
        for turn in turns:
            await self.resume(turn)
        return len(turns)

    async def _settle_without_assistant(
        self,
        session: AsyncSession,
        conversation: Conversation,
        turn: Turn,
        heard: TurnInput,
        text: str,
    ) -> bool:
        """Answer what must not wait for the assistant: emergencies, a person's conversation,
        the wish for a person, and speech that was not recognised."""
        gate = at_the_gate(text) if heard.kind in ("text", "voice") else None
        replies: list[Reply] | None = None
        act = None
        if gate is not None and gate.decision is not None and gate.decision.emergency is not None:
            alarm = gate.decision.emergency
            replies, act = [await raise_alarm(session, conversation, text, alarm)], gate.act
            await repository.record_decision(session, turn.id, gate.decision)
        elif text and heard.kind in ("text", "voice") and awaits_help(conversation):
            return False
        elif (conversation.owner == "person" and text != BACK[1]) or text in CHOICES:
            taken = conversation.seat is not None
            replies = [] if taken else await while_waiting(session, conversation, text)
            act = "to_person"
        elif text == BACK[1]:
            release(conversation)
            replies, act = [say("好的，我们继续。请问要办什么事，或者反映什么？")], "to_assistant"
        elif text == PERSON[1] or gate is not None:
            replies, act = [await hand_over(session, conversation, "市民要求")], "handoff"
        elif gives_orders(text) and not without_orders(text):
            replies, act = [await self._refuse(session, conversation)], "out_of_scope"
        elif not text:
            replies = [say("没有听清，请再说一遍，或者直接打字。", PERSON)]
        if replies is None:
            return False
        await repository.append(session, conversation.id, "assistant", replies, turn.id)
        await repository.finish_turn(session, turn.id, "answered", act, 1.0)
        return True

    async def _refuse(self, session: AsyncSession, conversation: Conversation) -> Reply:
        """Orders to the machine are declined; what was asked last is asked again."""
        draft = await open_draft(session, conversation.id)
        if draft is None:
            return say(f"{REFUSAL}请问要办什么事，或者反映什么？")
        pending = question(read(draft))
        return pending.model_copy(update={"text": f"{REFUSAL}\n{pending.text}"})

    async def _ask_assistant(
        self, conversation_id: uuid.UUID, turn_id: uuid.UUID, text: str
    ) -> Answered:
        act, confidence, failed = None, None, False
        try:
            understood = await self.assistant.turn(conversation_id, turn_id, _for_assistant(text))
            act, confidence = understood.act, understood.confidence
        except AssistantDown as error:
            log.warning("assistant_down", reason=str(error), turn_id=str(turn_id))
            failed = True
        async with self.database.unit_of_work() as session:
            lines = await repository.lines_of_turn(session, turn_id)
            state = "answered" if lines or not failed else "failed"
            if not lines:
                await repository.append(session, conversation_id, "assistant", [DOWN], turn_id)
                lines = await repository.lines_of_turn(session, turn_id)
            await repository.finish_turn(session, turn_id, state, act, confidence)
        return _answered(lines)

    async def _answer(self, turn_id: uuid.UUID) -> Answered:
        async with self.database.unit_of_work() as session:
            return _answered(await repository.lines_of_turn(session, turn_id))

    @asynccontextmanager
    async def _turn_lock(self, conversation_id: uuid.UUID) -> AsyncIterator[None]:
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            yield


def _answered(lines: list[repository.Line]) -> Answered:
    return Answered([line.reply for line in lines], [line.id for line in lines])


def _words(heard: TurnInput) -> tuple[str, str]:
    """What the transcript shows and what the assistant is given for an input."""
    match heard:
        case TextInput():
            text = _clean(heard.text)
            if not text:
                raise InvalidInput("请输入内容", fields={"text": "不能为空"})
            # A slash would be read as a command by the assistant.
            return text, text.lstrip("/／").strip() or "？"
        case ChoiceInput():
            value = _clean(heard.value)
            if value in (PERSON[1], BACK[1]) or value in CHOICES:
                return heard.title or value, value
            payload = json.dumps({"value": value}, ensure_ascii=False)
            return _clean(heard.title) or value, f"/choose{payload}"
        case VoiceInput():
            text = _clean(heard.text)
            return text or "（语音没有识别出文字）", text.lstrip("/／")
        case DigitsInput():
            return heard.digits, heard.digits
        case LocationInput():
            label = _clean(heard.label) or f"{heard.latitude:.5f},{heard.longitude:.5f}"
            return f"（位置）{label}", '/choose{"value": "intake:location"}'
        case ImageInput():
            return "（图片）", '/choose{"value": "intake:image"}'


async def _attach(session: AsyncSession, conversation: Conversation, heard: TurnInput) -> None:
    """A picture or a place belongs to the matter under way, or begins a new one.

    Raises InvalidInput for a picture that cannot be kept.
    """
    if not isinstance(heard, LocationInput | ImageInput):
        return
    draft = await open_draft(session, conversation.id)
    draft = draft or await start_draft(session, conversation.id)
    matter = read(draft)
    if isinstance(heard, LocationInput):
        matter.location = heard.model_dump(exclude={"kind"})
    else:
        owner = f"conversation:{conversation.id}"
        matter.attachments.append(str(await store_image(session, owner, heard.data, heard.name)))
    write(draft, matter)


def _for_assistant(text: str) -> str:
    """What the assistant is given to understand: no orders to it, no telephone numbers, no more
    than it can take."""
    text = without_phone(without_orders(text)) if not text.startswith("/") else text
    if len(text) <= ASSISTANT_TEXT:
        return text
    half = ASSISTANT_TEXT // 2
    return f"{text[:half]}。{text[-half:]}"


def _clean(text: str) -> str:
    # PostgreSQL stores no NUL, and lone surrogates cannot be encoded.
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
