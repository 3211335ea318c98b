"""What a seat does with a talk: take, speak, note, transfer, hand back, end. Nothing here commits."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.contacts import settle_contact, settle_open_contact
from bot.models import Conversation
from bot.seats.plan import load_plan, may_serve
from bot.seats.queueing import release
from bot.seats.repository import SeatRepository
from cases.vocabulary import CaseType, Outcome
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from core.replies import Reply, say

HANDED_BACK = "人工服务已结束，智能助手继续为您服务。"
NOT_PICKED_UP = (
    "座席的座机没有接起，来电人已回到原来的排队位置，座席转为小休。接得到电话后请再点“在席”。"
)
ENDED = "本次人工服务已结束，感谢您的来访。还有别的事可以继续问智能助手。"


async def found(session: AsyncSession, conversation_id: uuid.UUID) -> Conversation:
    """The talk, its row locked. Raises NotFound."""
    conversation = await repository.find_conversation(session, conversation_id, lock=True)
    if conversation is None:
        raise NotFound("没有找到这个对话。")
    return conversation


async def take(session: AsyncSession, conversation_id: uuid.UUID, login: str, name: str) -> None:
    """The seat takes a talk that waits: exactly one gets it; the citizen is told that somebody is
    there. Taking it again changes nothing. Raises NotFound or Conflict."""
    conversation = await found(session, conversation_id)
    if conversation.owner != "person":
        raise Conflict("这个对话已不在等候，现在由智能助手接待。")
    if conversation.seat == login:
        return
    if conversation.seat is not None:
        raise Conflict("这个对话已由其他座席接待。")
    await _give(session, conversation, login, name)


async def take_next(session: AsyncSession, login: str, name: str) -> uuid.UUID | None:
    """The seat takes whoever is to be served next; None when nobody waits for it."""
    waiting = SeatRepository(session)
    conversation = await waiting.next_waiting(await waiting.skills_of(login))
    if conversation is None:
        return None
    await _give(session, conversation, login, name)
    return conversation.id


async def _give(session: AsyncSession, conversation: Conversation, login: str, name: str) -> None:
    conversation.seat, conversation.taken_at = login, now()
    await answer_alarms(session, conversation.id, login)
    await repository.append(session, conversation.id, "system", [say("话务员已接入，为您服务。")])


async def answer_alarms(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> None:
    """Whatever rings for a talk is answered by the seat that has it."""
    for alarm in await SeatRepository(session).alarms_of(conversation_id):
        if alarm.taken_at is None:
            alarm.taken_by, alarm.taken_at = login, now()


async def not_picked_up(session: AsyncSession, conversation: Conversation, login: str) -> None:
    """The telephone of ``login`` rang in vain: the talk that it has taken waits again where it stood,
    what rang for it rings again, and the seat has a break until it says that it is there."""
    if conversation.owner != "person" or conversation.seat != login:
        return
    conversation.seat = conversation.taken_at = None
    seats = SeatRepository(session)
    for alarm in await seats.alarms_of(conversation.id):
        if alarm.taken_by == login:
            alarm.taken_by = alarm.taken_at = None
    await seats.set_state(login, "break")
    await seats.add_note(conversation.id, login, NOT_PICKED_UP)
    await repository.append(session, conversation.id, "system", [say(NOT_PICKED_UP)])


async def owned(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> Conversation:
    """The talk that ``login`` has taken, locked. Raises NotFound or Conflict."""
    conversation = await found(session, conversation_id)
    if conversation.owner != "person" or conversation.seat != login:
        raise Conflict("这个对话不在您手里，请先接入。")
    return conversation


def wraps(conversation: Conversation, login: str) -> bool:
    """Whether ``login`` has left the call and has still to classify it, whoever has the caller now."""
    return bool(conversation.context.get("wrap") == login)


async def in_hand(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> Conversation:
    """The talk that ``login`` has, or has left and not classified yet, locked. Raises NotFound or
    Conflict."""
    conversation = await found(session, conversation_id)
    if wraps(conversation, login):
        return conversation
    return await owned(session, conversation_id, login)


async def speak(
    session: AsyncSession, conversation_id: uuid.UUID, login: str, replies: list[Reply]
) -> None:
    """Say something to the citizen. Raises NotFound or Conflict."""
    await owned(session, conversation_id, login)
    await repository.append(session, conversation_id, "person", replies)


async def note(session: AsyncSession, conversation_id: uuid.UUID, login: str, text: str) -> None:
    """Write down what only seats read. Raises NotFound or InvalidInput."""
    if not text:
        raise InvalidInput("请写备注内容", fields={"note": "请填写"})
    await found(session, conversation_id)
    await SeatRepository(session).add_note(conversation_id, login, text)


async def transfer(
    session: AsyncSession, conversation_id: uuid.UUID, login: str, target: str, why: str
) -> str:
    """Give the talk to ``seat:<login>`` or ``queue:<code>`` with a note; returns the target's name.

    To a queue it goes with the time it has waited already. Raises NotFound, Conflict, or
    InvalidInput without a note or for a target that is not there.
    """
    if not why:
        raise InvalidInput("请写转接说明", fields={"why": "请填写"})
    conversation = await owned(session, conversation_id, login)
    _wrapped(conversation)
    kind, _, code = target.partition(":")
    seats = SeatRepository(session)
    if kind == "seat":
        to = next((s for s in await seats.seats(now()) if s.login == code and code != login), None)
        if to is None:
            raise InvalidInput("这位话务员现在不在席", fields={"target": "请重新选择"})
        conversation.seat, conversation.taken_at, name = to.login, now(), to.name
        told = "已为您转给另一位话务员，对方能看到刚才的对话，不用重复说。"
    else:
        queue = next((q for q in load_plan().queues if kind == "queue" and q.code == code), None)
        if queue is None:
            raise InvalidInput("没有这个队列", fields={"target": "请重新选择"})
        conversation.queue, name = queue.code, f"{queue.name}队列"
        conversation.seat = conversation.taken_at = None
        told = f"正在为您转接{queue.name}座席，请稍候，对方能看到刚才的对话。"
    await seats.add_note(conversation_id, login, f"转给{name}：{why}")
    await repository.append(session, conversation_id, "system", [say(told)])
    return name


async def hand_back(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> None:
    """Give the talk back to the assistant. Raises NotFound or Conflict."""
    await _finish(session, conversation_id, login, HANDED_BACK)


async def end(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> None:
    """End the person's service, or what followed a call that somebody else has by now: nothing is
    left to do. Raises NotFound or Conflict."""
    await settled(session, await in_hand(session, conversation_id, login), login)


async def classify(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    login: str,
    outcome: Outcome,
    type: CaseType,
    category: str | None,
    subject: str,
) -> None:
    """Close the contact under way as settled on the spot (直接办结), and end the service.

    Raises NotFound or Conflict.
    """
    conversation = await in_hand(session, conversation_id, login)
    await settle_contact(
        session,
        conversation_id,
        conversation.channel,
        outcome,
        type=type,
        category=category,
        subject=subject,
    )
    await settled(session, conversation, login)


async def settled(session: AsyncSession, conversation: Conversation, login: str) -> None:
    """The seat has nothing left to do in the talk, which somebody else may have meanwhile."""
    if conversation.seat == login:
        await _finish(session, conversation.id, login, ENDED)
    else:
        _wrapped(conversation)


async def _finish(session: AsyncSession, conversation_id: uuid.UUID, login: str, told: str) -> None:
    conversation = await owned(session, conversation_id, login)
    if conversation.channel == "phone":
        # What follows a call (话后处理) is done before the next one rings.
        await SeatRepository(session).set_state(login, "wrap")
    release(conversation)
    _wrapped(conversation)
    await settle_open_contact(session, conversation_id, Outcome.ANSWERED)
    await repository.append(session, conversation_id, "system", [say(told)])


def _wrapped(conversation: Conversation) -> None:
    conversation.context = {k: v for k, v in conversation.context.items() if k != "wrap"}


def serves(skills: list[str], conversation: Conversation) -> bool:
    """Whether a seat with ``skills`` may take the talk: its queue, or any emergency."""
    return conversation.priority == 0 or may_serve(skills, conversation.queue)
