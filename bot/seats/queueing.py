"""Waiting for a person: where in which queue, and what the citizen may do instead of waiting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation
from bot.seats import callbacks
from bot.seats.plan import GENERAL, Plan, Priority, Queue, load_plan, may_serve
from bot.seats.repository import Seat, SeatRepository
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.database import now
from core.privacy import decrypt
from core.replies import Reply, say
from intake import form
from intake.facts import find_phone
from intake.questions import question
from intake.service import last_filed, open_draft, read, start_draft, write

WAIT = ("继续等候", "seat:wait")
CALL_ME = ("请人回电", "seat:callback")
LEAVE_CASE = ("不等了，留下诉求", "seat:case")
CHOICES = frozenset({WAIT[1], CALL_ME[1], LEAVE_CASE[1]})
# The same said in one's own words.
_TYPED = (
    (
        LEAVE_CASE[1],
        re.compile(
            r"(?:算了)?(?:我)?(?:不(?:想)?等了?|等不了?)?[,，]?(?:直接)?(?:留下|登记|留)诉求|(?:我)?不(?:想)?等|等不"
        ),
    ),
    (
        CALL_ME[1],
        re.compile(
            r"(?:请|让|叫|安排|麻烦)?(?:你们|您|人|工作人员|话务员|座席)?(?:待会儿?|等会儿?|有空)?(?:给我)?(?:再)?(?:回电|回个?电话|打(?:个)?电话|打(?:给我|回来|过来))(?:给我)?"
        ),
    ),
    (WAIT[1], re.compile(r"(?:那|那就|我)?(?:继续)?等(?:候|着|等|一下|一会儿?)?")),
)
_FORM_CARD = {"kind": "link", "title": "填表反映", "url": "/form"}
# What the citizen said last decides the queue.
_WORDS_READ = 8
_AWAITING_PHONE = "callback_phone"
_ASK_PHONE = "请直接回复方便接听的电话号码，话务员会尽快打给您。"


@dataclass(frozen=True)
class Standing:
    """Where a talk stands: how many before it, and whether a seat that serves it is free."""

    queue: Queue
    ahead: int
    free: bool


def is_free(seats: list[Seat], queue: str, capacity: int) -> bool:
    """Whether a seat that serves ``queue`` can take one more talk now."""
    return any(
        seat.state == "on" and seat.talks < capacity and may_serve(seat.skills, queue)
        for seat in seats
    )


async def standing(session: AsyncSession, conversation: Conversation, plan: Plan) -> Standing:
    """Where a waiting talk stands now."""
    repository = SeatRepository(session)
    free = is_free(await repository.seats(now()), conversation.queue, plan.capacity)
    ahead = await repository.ahead_of(conversation)
    return Standing(plan.get(conversation.queue), ahead, free)


async def hand_over(session: AsyncSession, conversation: Conversation, reason: str) -> Reply:
    """Give the conversation to a person; the assistant is silent from here on.

    The queue follows from the words and the matter; what is said tells the place in it, and what
    else the citizen may do when nobody is free.
    """
    at, plan = now(), load_plan()
    draft = await open_draft(session, conversation.id)
    matter = read(draft) if draft else None
    words = await SeatRepository(session).citizen_words(conversation.id, _WORDS_READ)
    category = matter.category if matter else None
    said = "\n".join([*words, *(matter.words if matter else [])])
    queue, wanted = plan.placed(said, category, at, await load_calendar(session))
    urgent = matter is not None and matter.urgent
    enqueue(conversation, reason, Priority.URGENT if urgent else Priority.NORMAL, queue.code, at)
    await session.flush()
    return _told(await standing(session, conversation, plan), wanted)


def enqueue(
    conversation: Conversation,
    reason: str,
    priority: Priority,
    queue: str = GENERAL,
    at: datetime | None = None,
) -> None:
    """Put the talk into a queue; nobody has taken it."""
    conversation.owner, conversation.seat, conversation.taken_at = "person", None, None
    conversation.handed_over_at = at or now()
    conversation.seen_at = conversation.handed_over_at
    conversation.handover_reason = reason
    conversation.queue, conversation.priority = queue, int(priority)


def _told(stands: Standing, wanted: Queue) -> Reply:
    text = f"已为您转人工，前面还有 {stands.ahead} 位。"
    if wanted.code != stands.queue.code:
        text += f"{wanted.name}座席的时间是{wanted.hours}，现在由综合座席为您服务。"
    elif wanted.code != GENERAL:
        text += f"由{wanted.name}座席为您服务。"
    if not stands.free:
        text += "现在座席都在忙，可以继续等，也可以请人回电，或者留下诉求由单位答复。"
    text += "工作人员会看到刚才的对话，不用重复说；等候时也可以继续补充。"
    if not stands.free:
        return say(text, WAIT, CALL_ME, LEAVE_CASE, card=_FORM_CARD)
    return say(text, CALL_ME, LEAVE_CASE, card=_FORM_CARD)


def position_text(ahead: int) -> str:
    """A place in the queue in words."""
    return f"前面还有 {ahead} 位" if ahead else "下一位就是您"


async def while_waiting(
    session: AsyncSession, conversation: Conversation, text: str
) -> list[Reply]:
    """What is said to a citizen who waits and says ``text``: one of `CHOICES`, the number to be
    called back at, or something for the seat to read."""
    typed = text.strip().rstrip("。.!！吧啊呀了") if text not in CHOICES else ""
    chosen = (value for value, words in _TYPED if words.fullmatch(typed))
    text = next(chosen, text) if typed else text
    if conversation.owner != "person" and text != LEAVE_CASE[1]:
        # A choice from further up in the talk: the wait it belongs to is over.
        return [await hand_over(session, conversation, "市民要求")]
    awaits_phone = conversation.context.get("awaiting") == _AWAITING_PHONE
    if text == LEAVE_CASE[1]:
        return [await _leave_case(session, conversation)]
    if text == CALL_ME[1]:
        return [await _call_me(session, conversation)]
    phone = find_phone(text) if awaits_phone else None
    if phone is not None:
        return [await _will_call(session, conversation, phone)]
    plan = load_plan()
    stands = await standing(session, conversation, plan)
    _forget_phone(conversation)
    got = "好的，请稍候" if text == WAIT[1] else "已收到，工作人员接入后会看到您说的每一句话"
    choices = [CALL_ME, LEAVE_CASE]
    busy = "" if stands.free else "座席都在忙，有人空出来就接您的。"
    return [say(f"{got}。{position_text(stands.ahead)}。{busy}", *choices, _back())]


def _back() -> tuple[str, str]:
    return ("回到智能助手", "assistant")


async def _leave_case(session: AsyncSession, conversation: Conversation) -> Reply:
    _to_assistant(conversation)
    draft = await start_draft(session, conversation.id)
    matter = form.settle(read(draft))
    write(draft, matter)
    asked = question(matter)
    return asked.model_copy(update={"text": f"好的，我来为您登记。{asked.text}"})


async def _call_me(session: AsyncSession, conversation: Conversation) -> Reply:
    phone = await known_phone(session, conversation)
    if phone is not None:
        return await _will_call(session, conversation, phone)
    conversation.context = {**conversation.context, "awaiting": _AWAITING_PHONE}
    return say(_ASK_PHONE, WAIT)


async def _will_call(session: AsyncSession, conversation: Conversation, phone: str) -> Reply:
    plan, at = load_plan(), now()
    opens = plan.get(conversation.queue).next_opening(at, await load_calendar(session))
    await callbacks.add(
        session,
        f"asked:{conversation.id}:{conversation.handed_over_at}",
        channel=conversation.channel,
        reason="asked",
        phone=phone,
        conversation_id=conversation.id,
        queue=conversation.queue,
        not_before=opens if opens > at else None,
    )
    _to_assistant(conversation)
    when = f"{opens.astimezone(LOCAL):%m月%d日 %H:%M} 以后" if opens > at else "尽快"
    return say(
        f"已记下，话务员会{when}打到尾号 {phone[-4:]} 的电话。等电话时，别的事也可以问我。",
        ("反映问题", "menu:case"),
    )


async def known_phone(session: AsyncSession, conversation: Conversation) -> str | None:
    """The number the citizen left in this talk, for the matter under way, to be called or for an
    earlier one; else the one the door saw."""
    draft = await open_draft(session, conversation.id)
    left = read(draft).phone if draft else None
    left = left or await callbacks.number_left(session, conversation.id)
    if left is None:
        filed = await last_filed(session, conversation.id)
        left = read(filed).phone if filed else None
    if left:
        return left
    seen = conversation.context.get("caller")
    if conversation.channel == "sms":
        seen = seen or conversation.address
    return decrypt(str(seen)) if seen else None


def _to_assistant(conversation: Conversation) -> None:
    release(conversation)
    _forget_phone(conversation)


def release(conversation: Conversation) -> None:
    """The assistant speaks again; whichever seat had the talk has served it."""
    if conversation.seat is not None:
        conversation.served_by, conversation.served_until = conversation.seat, now()
    conversation.owner, conversation.seat = "assistant", None
    conversation.handed_over_at = conversation.taken_at = None
    conversation.priority, conversation.queue = int(Priority.NORMAL), GENERAL


def _forget_phone(conversation: Conversation) -> None:
    if conversation.context.get("awaiting") == _AWAITING_PHONE:
        kept = {k: v for k, v in conversation.context.items() if k != "awaiting"}
        conversation.context = kept
