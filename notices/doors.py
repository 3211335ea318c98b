"""Through which door somebody is told, and when. Pure.

Nobody is told twice: who is reached where the case came from gets no text message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from cases.vocabulary import Source
from core.calendar import LOCAL
from notices.vocabulary import Kind

SMS = "sms"
# Who has said nothing on the page for so long does not look at it any more.
AWAY = timedelta(minutes=10)
_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
# In the quiet hours these wait; the rest answers what the citizen is just doing.
_CAN_WAIT = frozenset({Kind.PROGRESS, Kind.ANSWERED, Kind.RATE})
# Who called, came or wrote has no other way to hear of it; on a page one is asked.
_ALLOWED_UNASKED = frozenset(set(Source) - {Source.WEB, Source.WECHAT})


@dataclass(frozen=True)
class Talk:
    """The conversation that a case came from: its door, and where that reaches the citizen."""

    channel: str
    address: str | None
    last_turn_at: datetime


@dataclass(frozen=True)
class Person:
    """Who is to be told. ``choice`` is what was said about text messages, None for nothing."""

    source: Source
    phone: str | None
    choice: bool | None


def is_mobile(phone: str | None) -> bool:
    """Whether text messages reach a number."""
    return phone is not None and bool(_MOBILE.fullmatch(re.sub(r"[\s-]", "", phone)))


def pushes_to(talk: Talk | None, registered: frozenset[str]) -> str | None:
    """The address at the door of the conversation, if that door can speak unasked."""
    return talk.address if talk is not None and talk.channel in registered else None


def by_sms(person: Person) -> bool:
    """Whether this person may be told by text message."""
    allowed = person.choice if person.choice is not None else person.source in _ALLOWED_UNASKED
    return allowed and is_mobile(person.phone)


def may_be_asked(source: Source, phone: str | None) -> bool:
    """Whether to ask about text messages: who sees a page, and left a mobile number."""
    return source not in _ALLOWED_UNASKED and is_mobile(phone)


def is_away(talk: Talk | None, at: datetime) -> bool:
    """Whether a line on the page would not be seen now."""
    return talk is None or talk.channel != Source.WEB or at - talk.last_turn_at > AWAY


def release(kind: Kind, at: datetime, begin: time, end: time) -> datetime | None:
    """When a notice of ``at`` may go out, if not at once: at the ``end`` of the quiet hours.

    ``begin`` and ``end`` are local times; equal ones mean that there are no quiet hours.
    """
    local = at.astimezone(LOCAL)
    clock = local.time()
    if kind not in _CAN_WAIT or begin == end:
        return None
    overnight = begin > end
    quiet = (clock >= begin or clock < end) if overnight else begin <= clock < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=overnight and clock >= begin)
    return datetime.combine(day, end, LOCAL)
