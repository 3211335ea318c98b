"""A call from its first ring to its end: every request of an exchange passes here.

A request carries the number of its step. The next step is worked out from what is stored, the
gateway is asked without a transaction, and memory and answer are stored before they are told; so a
request that comes twice, late or after a crash gets the stored answer and does nothing again.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import repository, room
from bot.calls.models import Call
from bot.calls.repository import ENDED
from bot.gateway import Answered, Gateway
from bot.models import Conversation
from bot.repository import append, find_conversation
from bot.seats.leaving import has_left
from core.database import Database, now
from core.errors import NotFound
from core.privacy import decrypt, encrypt, keyed_hash
from core.replies import Reply, say
from integrations.plain import keys_of
from integrations.voice import dialogue
from integrations.voice.dialogue import Ask, Begun, Do, Memory, Tell
from integrations.voice.doing import do, put_back
from integrations.voice.port import (
    Action,
    Answer,
    Dial,
    HangUp,
    Happening,
    Heard,
    Join,
    Say,
)
from integrations.voice.resuming import unfinished
from integrations.voice.speech import closed, in_parts, speakable, with_digits

log = structlog.get_logger(__name__)

# Seconds that a request may wait for the assistant; exchanges give up after 5 to 15.
PATIENCE = 3.5
# A call that broke off is taken up again within this time.
RESUMABLE = timedelta(minutes=30)
GREETING = (
    "您好，这里是{city}12345热线，我是智能助手，通话可能会录音。"
    "请直接说您要办什么事，或者反映什么问题。转人工请随时按0。"
)
GO_ON = "请继续说。"
BYE: list[Action] = [HangUp()]


@dataclass(frozen=True)
class Caller:
    """Who rings: ``number`` as dialled here, None when withheld; ``verified`` by the network."""

    number: str | None
    verified: bool


@dataclass
class VoiceLine:
    """Calls of this process. ``emergency`` maps 110, 119 … to the number that is really dialled."""

    database: Database
    gateway: Gateway
    city: str
    emergency: dict[str, str] = field(default_factory=dict)
    patience: float = PATIENCE
    _turns: set[asyncio.Task[Answered]] = field(default_factory=set)

    async def started(self, carrier: str, call_id: str, caller: Caller) -> Answer:
        """A call comes in: greet, and offer to go on with what broke off. Told twice, once begun."""
        conversation = await self.gateway.at_door(
            "phone", f"{carrier}:{call_id}", caller=caller.number
        )
        async with self.database.unit_of_work() as session:
            known = await repository.find(session, carrier, call_id)
            if known is None:
                known = await repository.store(
                    session, await self._new(session, carrier, call_id, conversation, caller)
                )
            return _stored(known)

    async def _new(
        self,
        session: AsyncSession,
        carrier: str,
        call_id: str,
        conversation: uuid.UUID,
        caller: Caller,
    ) -> Call:
        hashed = keyed_hash("caller", caller.number) if caller.number else None
        text, memory = GREETING.format(city=self.city), Memory()
        if hashed and caller.verified:
            before = await repository.dropped_before(session, hashed, RESUMABLE, now())
            if before is not None and await unfinished(session, before.conversation_id):
                text, memory = dialogue.RESUME, Memory(resume=str(before.conversation_id))
                text = f"您好，这里是{self.city}12345热线。{text}"
        told = dialogue.begin(text, memory)
        return Call(
            carrier=carrier,
            call_id=call_id,
            conversation_id=conversation,
            caller=encrypt(caller.number) if caller.number else None,
            caller_hash=hashed,
            verified=caller.verified,
            memory=encrypt(told.memory.model_dump_json()),
            answer=encrypt(Answer(step=1, actions=told.actions).model_dump_json()),
        )

    async def happened(self, carrier: str, call_id: str, step: int, happening: Happening) -> Answer:
        """What is answered to ``happening`` at ``step``. Raises NotFound for a call unknown."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id)
            if call is None:
                raise NotFound("没有这个电话")
            if call.state == ENDED or call.step != step:
                return _stored(call)
            memory = Memory.model_validate_json(decrypt(call.memory))
        structlog.contextvars.bind_contextvars(conversation_id=str(call.conversation_id))
        decided = dialogue.decide(call.state, memory, happening)
        answered = None
        begun = memory.begun
        if isinstance(decided, Ask):
            begun = begun or Begun(client_id=f"{call_id}:{step}", heard=decided.heard)
            answered = await self._ask(call, begun)
        async with self.database.unit_of_work() as session:
            fresh = await repository.find(session, carrier, call_id, lock=True)
            assert fresh is not None
            if fresh.state == ENDED or fresh.step != step:
                return _stored(fresh)
            match decided:
                case Tell():
                    told = decided
                case Do():
                    told = await do(session, fresh, memory, decided)
                case Ask() if answered is None:
                    assert begun is not None
                    told = dialogue.please_wait(memory, begun)
                case Ask():
                    told = await self._tell(session, fresh, answered)
            return _keep(fresh, told)

    async def _ask(self, call: Call, begun: Begun) -> Answered | None:
        """What the gateway answers, or None when that takes too long; it goes on meanwhile."""
        turn = asyncio.create_task(self._take(call.id, call.conversation_id, begun))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        done, _ = await asyncio.wait({turn}, timeout=self.patience)
        return turn.result() if done else None

    async def _take(self, call: int, conversation: uuid.UUID, begun: Begun) -> Answered:
        """The gateway's answer, whenever it comes. It may have handed the talk over to a person: who
        has hung up by then does not wait."""
        answered = await self.gateway.take_from_door(conversation, begun.client_id, begun.heard)
        async with self.database.unit_of_work() as session:
            fresh = await session.get_one(Call, call, with_for_update=True)
            if fresh.state == ENDED:
                await _left(session, fresh, "missed_call")
        return answered

    async def _tell(self, session: AsyncSession, call: Call, answered: Answered) -> Tell:
        talk = await find_conversation(session, call.conversation_id)
        assert talk is not None
        for reply in answered.replies:
            if (reply.card or {}).get("kind") == "emergency":
                return self._dial(call, reply)
        if talk.owner == "person":
            return _wait(call, talk, answered.replies)
        call.state, call.waiting_since = "assistant", None
        return _spoken(answered.replies)

    def _dial(self, call: Call, reply: Reply) -> Tell:
        """Connect at once; the number said is the one everybody knows."""
        assert reply.card is not None
        known = "".join(filter(str.isdigit, str(reply.card["numbers"][0]).partition("（")[0]))
        call.state = "emergency"
        call.waiting_since = call.waiting_since or now()
        log.warning("emergency_dialled", number=known)
        text = speakable(reply.text)
        actions: list[Action] = [Say(text=text), Dial(number=self.emergency.get(known, known))]
        return Tell(actions, Memory(text=text, emergency=known))

    async def ended(self, carrier: str, call_id: str) -> None:
        """The call is over. Late, early, twice or unknown: harmless."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id, lock=True)
            if call is None or call.state == ENDED:
                return
            at = now()
            if call.state in ("waiting", "emergency"):
                asked = call.callback_wanted_at is not None
                call.missed_at = None if asked else at
                if call.state == "emergency":
                    number = Memory.model_validate_json(decrypt(call.memory)).emergency
                    told = say(f"转接 {number} 后电话已挂断，是否接通不明。")
                    await append(session, call.conversation_id, "system", [told])
                await _left(session, call, "asked" if asked else "missed_call")
            elif call.state == "left":
                # Only who was passed on to a queue waits.
                await _left(session, call, "missed_call")
            call.state, call.ended_at = ENDED, at

    async def unreached(self, carrier: str, room_id: str) -> tuple[str, Answer] | None:
        """Nobody picked up at the seat that was rung into the room: the caller waits again. The call's
        id and what its caller hears; None when that is over, was told before, or is no such room."""
        async with self.database.unit_of_work() as session:
            call = await repository.in_room(session, carrier, room_id)
            if call is None or call.state not in ("seat", ENDED) or call.seat is None:
                return None
            told = await put_back(session, call)
            return (call.call_id, _keep(call, told)) if told else None

    async def recorded(
        self, carrier: str, call_id: str, recording_id: str, address: str, seconds: int
    ) -> None:
        """A recording is ready, often after the call. Of an unknown call it is not kept."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id)
            if call is not None:
                await repository.store_recording(session, call, recording_id, address, seconds)

    async def heard(self, carrier: str, call_id: str, heard: Heard) -> None:
        """Something was said in the call's room: kept once, for the seat's page and the draft. Of a
        call or a room that is unknown it is not kept."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id)
            if call is not None and call.room == heard.room:
                text, at = with_digits(heard.text)[: room.MOST], heard.at
                await room.keep(session, call, heard.number, heard.by_caller, text, at)

    async def deaf(self, carrier: str, call_id: str, room_id: str) -> None:
        """What is said in the room is not transcribed any more: the seat is told, once."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id)
            if call is not None and call.room == room_id:
                await room.keep_failure(session, call)

    async def where(self, carrier: str, call_id: str) -> Answer:
        """What was answered last, for an exchange that lost it. Raises NotFound."""
        async with self.database.unit_of_work() as session:
            call = await repository.find(session, carrier, call_id)
            if call is None:
                raise NotFound("没有这个电话")
            return _stored(call)


async def _left(session: AsyncSession, call: Call, reason: str) -> None:
    talk = await find_conversation(session, call.conversation_id, lock=True)
    assert talk is not None
    await has_left(session, talk, reason)


def _stored(call: Call) -> Answer:
    if call.state == ENDED:
        return Answer(step=call.step, actions=BYE)
    if call.state == "seat" and call.room:
        return Answer(step=call.step, actions=[Join(room=call.room)])
    told = Answer.model_validate_json(decrypt(call.answer))
    return Answer(step=call.step, actions=told.actions)


def _keep(call: Call, told: Tell) -> Answer:
    answer = Answer(step=call.step + 1, actions=told.actions)
    call.step = answer.step
    call.memory = encrypt(told.memory.model_dump_json())
    call.answer = encrypt(answer.model_dump_json())
    return answer


def _spoken(replies: list[Reply]) -> Tell:
    """Replies as speech: the first part, the rest when asked for, the choices on keys."""
    text = "".join(closed(speakable(reply.text)) for reply in replies) or GO_ON
    choices = keys_of(replies[-1]) if replies else []
    first, *rest = in_parts(text) or [GO_ON]
    said = dialogue.part(first, rest, choices)
    return dialogue.begin(said, Memory(choices=choices, rest=rest))


def _wait(call: Call, talk: Conversation, replies: list[Reply]) -> Tell:
    """A person is to come: say what was answered, and what can be done meanwhile."""
    call.state = "waiting"
    call.waiting_since = call.waiting_since or talk.handed_over_at or now()
    text = "".join(closed(speakable(reply.text)) for reply in replies)
    return dialogue.holding(text, dialogue.HOLD)
