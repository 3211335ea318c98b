"""How the outbox sends texts, through whichever platform is connected."""

from __future__ import annotations

from core.database import Database
from integrations.sms import repository
from integrations.sms.port import TextSender
from integrations.sms.repository import CHANNEL
from integrations.sms.wording import split, worded
from notices.channels import Outgoing, Refused, TryLater
from notices.vocabulary import Kind


class TextChannel:
    """The `notices.channels.Channel` of text messages."""

    name = CHANNEL

    def __init__(self, database: Database, sender: TextSender) -> None:
        self._database = database
        self._sender = sender

    async def send(self, message: Outgoing) -> str | None:
        """Send in as many texts as it takes; returns the id of the last. Raises Refused, TryLater."""
        async with self._database.unit_of_work() as session:
            # A code, and the receipt of 退订, are sent because their reader has just asked.
            unasked = message.kind not in (Kind.CODE, Kind.STOPPED)
            if unasked and await repository.refuses(session, message.address):
                raise Refused("市民已退订短信")
        text = worded(message.text, message.choices, message.card)
        if message.case_number and message.case_number not in text:
            text = f"【工单 {message.case_number}】{text}"
        first, *rest = split(text)
        # Only before the first has left is it certain that nothing was sent.
        last = await self._sender.text(message.address, first)
        for part in rest:
            last = await self._rest(message.address, part)
        return last

    async def _rest(self, number: str, part: str) -> str | None:
        try:
            return await self._sender.text(number, part)
        except TryLater as put_off:
            raise RuntimeError("a part was sent, the rest was not") from put_off
