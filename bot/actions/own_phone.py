"""The telephone that is shown to be in the own hand: the door vouches for it, or a code did."""

from __future__ import annotations

from bot.actions.talk import Talk
from bot.calls import repository as calls
from cases.registration import phone_hash
from core.privacy import decrypt, encrypt
from notices.doors import SMS, is_mobile


async def own_phone(talk: Talk) -> str | None:
    """The mobile number that a code proved in this talk, or that it comes from, by text message or
    from a call that the network vouches for; else None: a number only said can be anybody's."""
    if proved := proved_phone(talk):
        return proved
    phone = talk.caller
    if phone is None or not is_mobile(phone):
        return None
    if talk.conversation.channel == SMS:
        return phone
    call = await calls.of_conversation(talk.session, talk.conversation.id)
    return phone if call is not None and call.verified else None


def proved_phone(talk: Talk) -> str | None:
    """The number that a code proved in this talk."""
    kept = talk.context.get("proved_phone")
    return decrypt(str(kept)) if kept else None


def code_sent_to(talk: Talk, phone: str) -> None:
    """Keep the number that a code was made for, until the code proves it."""
    talk.remember(code_phone=encrypt(phone))


def code_proved(talk: Talk, key: str) -> None:
    """The code of the number with the hash ``key`` was right: its holder speaks from here on."""
    sent = talk.context.get("code_phone")
    known = sent is not None and phone_hash(decrypt(str(sent))) == key
    talk.remember(code_phone=None, proved_phone=sent if known else None)
