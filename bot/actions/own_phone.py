"""The telephone that a door vouches for: whoever writes or calls from it holds it."""

from __future__ import annotations

from bot.actions.talk import Talk
from bot.calls import repository as calls
from notices.doors import SMS, is_mobile


async def own_phone(talk: Talk) -> str | None:
    """The mobile number that this talk comes from, by text message or from a call that the network
    vouches for; None at every other door: a number that was only said can be anybody's."""
    phone = talk.caller
    if phone is None or not is_mobile(phone):
        return None
    if talk.conversation.channel == SMS:
        return phone
    call = await calls.of_conversation(talk.session, talk.conversation.id)
    return phone if call is not None and call.verified else None
