"""One message at one address: what is stored of it, and what is sent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database import now
from core.privacy import decrypt, encrypt, keyed_hash
from core.replies import Reply
from notices.models import Delivery
from notices.vocabulary import Kind, State


@dataclass(frozen=True)
class Message:
    """What is to be told at one address; ``key`` makes it happen once, ``not_before`` is now
    without one, ``held`` says that it waits for the end of the quiet hours. ``about`` is what it asks
    to rate, if that is not its case (`notices.news.Question.word`)."""

    key: str
    channel: str
    address: str
    kind: Kind
    reply: Reply
    conversation_id: uuid.UUID | None = None
    message_id: int | None = None
    case_id: int | None = None
    about: str | None = None
    not_before: datetime | None = None
    held: bool = False


def address_hash(channel: str, address: str) -> str:
    """What an address is found by; the same at every process, unlinkable between channels."""
    return keyed_hash("address", f"{channel}:{address}")


def row(message: Message) -> dict[str, Any]:
    """The values of the message's row."""
    return {
        "key": message.key,
        "channel": message.channel,
        "address": encrypt(message.address),
        "address_hash": address_hash(message.channel, message.address),
        "conversation_id": message.conversation_id,
        "message_id": message.message_id,
        "case_id": message.case_id,
        "about": message.about,
        "kind": message.kind,
        "content": encrypt(message.reply.model_dump_json()),
        "state": State.HELD if message.held else State.QUEUED,
        "not_before": message.not_before or now(),
        "created_at": now(),
    }


def reply_of(one: Delivery) -> Reply:
    """What a delivery says."""
    return Reply.model_validate_json(decrypt(one.content))


def merged(replies: list[Reply]) -> Reply:
    """Several lines as one message, with the quick replies and the card of the last."""
    last = replies[-1]
    text = "\n\n".join(reply.text for reply in replies if reply.text)
    return Reply(text=text, choices=last.choices, card=last.card)
