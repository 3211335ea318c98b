"""Which conversation goes on with an address at a door: an openid, a phone number, a call."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.models import Conversation
from cases.registration import open_contact
from cases.vocabulary import Source
from core.database import now
from core.privacy import encrypt, keyed_hash, new_token
from notices.messages import address_hash

# After so long a silence the matter is another one.
GOES_ON = timedelta(hours=24)


def token_hash(token: str) -> str:
    """What is kept of the token that opens a conversation."""
    return keyed_hash("conversation", token)


async def open_conversation(
    session: AsyncSession,
    channel: str,
    *,
    caller: str | None = None,
    address: str | None = None,
    contact: bool = True,
) -> tuple[Conversation, str]:
    """A new conversation, and the token that opens it; with its open ``contact`` if the citizen
    began it."""
    token = new_token()
    conversation = Conversation(
        id=uuid.uuid4(),
        channel=channel,
        token_hash=token_hash(token),
        context={"caller": encrypt(caller)} if caller else {},
        address=encrypt(address) if address else None,
        address_hash=address_hash(channel, address) if address else None,
    )
    session.add(conversation)
    await session.flush()
    if contact:
        await open_contact(session, Source(channel), conversation.id, now())
    return conversation, token


async def conversation_at(
    session: AsyncSession,
    channel: str,
    address: str,
    *,
    caller: str | None = None,
    contact: bool = True,
) -> uuid.UUID:
    """The conversation that goes on with ``address``, or a new one.

    It goes on for 24 hours after the last turn or the last message sent, and as long as a person
    owns it. Two messages of one address that come at once get the same.
    """
    found = await repository.going_on_at(session, address_hash(channel, address), now() - GOES_ON)
    if found is not None:
        return found
    opened, _ = await open_conversation(
        session, channel, caller=caller, address=address, contact=contact
    )
    return opened.id
