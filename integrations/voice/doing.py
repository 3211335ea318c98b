"""What changes a call itself: taking up, being called back, leaving a message, holding on."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls.models import Call
from bot.calls.repository import ENDED, number_of
from bot.models import Conversation
from bot.repository import append
from bot.seats.leaving import has_left
from bot.seats.plan import Priority, load_plan
from bot.seats.queueing import enqueue, is_free, release
from bot.seats.repository import SeatRepository
from bot.seats.talks import not_picked_up
from core.database import now
from core.privacy import mask_phone
from core.replies import say
from integrations.plain import keys_of
from integrations.voice import dialogue
from integrations.voice.dialogue import Do, Memory, Tell
from integrations.voice.port import HangUp, Leave, Record, Say
from integrations.voice.resuming import go_on
from integrations.voice.speech import closed, menu, speakable

# Seconds for a message that is left.
MESSAGE_SECONDS = 120
BEGIN = "好的，请说您要办什么事，或者反映什么问题。"
GO_ON = "人工服务已结束，智能助手继续为您服务。请说您要办什么事，没有可以挂机。"
# So often a caller whose seat has left may be silent.
SILENCES = 2
NOT_PICKED_UP = "话务员没有接起电话，您还在原来的位置。"
NO_NUMBER = "您的号码没有显示，没法回拨。"


async def do(session: AsyncSession, call: Call, memory: Memory, wanted: Do) -> Tell:
    """Carry out ``wanted`` on the locked ``call``; what is told."""
    match wanted.what:
        case "resume":
            return await _resume(session, call, memory)
        case "forget":
            return dialogue.begin(BEGIN, Memory())
        case "call_back":
            return await _call_back(session, call)
        case "record":
            call.callback_wanted_at = call.callback_wanted_at or now()
            beep = Say(text="请在提示音后留言，说完按井号。")
            return Tell([beep, Record(seconds=MESSAGE_SECONDS)], memory)
        case "recorded":
            return await hold(session, call, "留言已收到。")
        case "back":
            return await _seat_left(session, call)
        case "queue":
            return await _queue_again(session, call)
        case "left":
            return await _when_left(session, call, memory)
        case "dialled":
            return await _dialled(session, call, memory, wanted.reached)
        case _:
            return await hold(session, call)


async def _resume(session: AsyncSession, call: Call, memory: Memory) -> Tell:
    assert memory.resume is not None
    reply = await go_on(session, uuid.UUID(memory.resume), call.conversation_id)
    if reply is None:
        return dialogue.begin(BEGIN, Memory())
    choices = keys_of(reply)
    said = f"{closed(speakable(reply.text))}{menu(choices)}"
    return dialogue.begin(said, Memory(choices=choices))


async def _call_back(session: AsyncSession, call: Call) -> Tell:
    number = number_of(call)
    if number is None:
        return await hold(session, call, NO_NUMBER)
    call.callback_wanted_at = call.callback_wanted_at or now()
    said = f"好的，我们会尽快回拨您的号码 {mask_phone(number)}。再见。"
    return Tell([Say(text=speakable(said)), HangUp()], Memory())


async def hold(session: AsyncSession, call: Call, before: str = "") -> Tell:
    """Who waits hears the place in the queue, and may still speak or press."""
    call.state = "waiting"
    talk = await session.get_one(Conversation, call.conversation_id)
    seats = SeatRepository(session)
    waiting = await seats.ahead_of(talk)
    free = is_free(await seats.seats(now()), talk.queue, load_plan().capacity)
    soon = "马上为您接通，" if free else "座席一有空就为您接通，"
    place = f"前面还有 {waiting} 位，" if waiting else soon
    return dialogue.holding(before, f"{place}请不要挂断。{dialogue.HOLD}")


async def _seat_left(session: AsyncSession, call: Call) -> Tell:
    """The room has ended and the caller is still there: the talk is the seat's (话后处理) until the
    caller chooses, or the seat passes it on; what the seat has to classify stays with it."""
    assert call.room is not None
    call.state = "left"
    talk = await session.get_one(Conversation, call.conversation_id, with_for_update=True)
    if talk.seat is not None:
        talk.context = {**talk.context, "wrap": talk.seat}
        await SeatRepository(session).set_state(talk.seat, "wrap")
    asked = dialogue.begin(dialogue.LEFT, Memory())
    return Tell([Leave(room=call.room), *asked.actions], asked.memory)


async def put_back(session: AsyncSession, call: Call) -> Tell | None:
    """The seat's telephone was not picked up: the talk goes back to its place in the queue, or who has
    hung up meanwhile to the list of missed calls (None)."""
    assert call.room is not None and call.seat is not None
    talk = await session.get_one(Conversation, call.conversation_id, with_for_update=True)
    login, room, ended = call.seat, call.room, call.state == ENDED
    call.seat = call.room = call.connected_at = None
    await not_picked_up(session, talk, login)
    if ended:
        call.missed_at = call.ended_at
        await has_left(session, talk, "missed_call")
        return None
    await session.flush()
    told = await hold(session, call, NOT_PICKED_UP)
    return Tell([Leave(room=room), *told.actions], told.memory)


async def _queue_again(session: AsyncSession, call: Call) -> Tell:
    """The caller wants a person again. Where the seat has passed the talk on, it waits already."""
    talk = await session.get_one(Conversation, call.conversation_id, with_for_update=True)
    if talk.owner != "person" or talk.seat == call.seat:
        queue, priority = talk.queue, Priority(talk.priority)
        release(talk)
        enqueue(talk, "市民要求继续找话务员", priority, queue)
        await session.flush()
    return await hold(session, call)


async def _when_left(session: AsyncSession, call: Call, memory: Memory) -> Tell:
    """The caller is silent: what the seat has decided holds, else it is asked again, then ended."""
    talk = await session.get_one(Conversation, call.conversation_id)
    if talk.owner != "person":
        call.state = "assistant"
        return dialogue.begin(GO_ON, Memory())
    if talk.seat != call.seat:
        return await hold(session, call)
    if memory.silences + 1 >= SILENCES:
        return dialogue.farewell()
    return dialogue.again(memory, silences=memory.silences + 1)


async def _dialled(session: AsyncSession, call: Call, memory: Memory, reached: bool) -> Tell:
    if reached:
        return await hold(session, call, "还需要帮助请直接说。")
    told = say(f"{memory.emergency} 没有接通，已请市民直接拨打 {memory.emergency}。")
    await append(session, call.conversation_id, "system", [told])
    number = " ".join(memory.emergency)
    return await hold(
        session, call, f"{number} 没有接通，请您挂机后马上直接拨打 {number}。打不了的，"
    )
