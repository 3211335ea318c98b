"""A telephone that sends texts through Twilio, and gets what the outbox sends back."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import httpx
from sqlalchemy import select, text

from core.database import Database
from notices.models import Delivery
from notices.tasks import send_delivery, send_lines
from tests.integrations.phone.call_simulator import ACCOUNT, BASE, LINE, PATIENCE, new_sid, signed
from tests.integrations.phone.twilio_rest import TwilioRest


async def send_all(database: Database) -> None:
    """Send whatever waits, as the worker would once it is due."""
    async with database.unit_of_work() as session:
        await session.execute(
            text("UPDATE deliveries SET not_before = now() WHERE state = 'queued'")
        )
        waiting = list(await session.scalars(select(Delivery).where(Delivery.state == "queued")))
    for one in waiting:
        if one.kind == "line" and one.conversation_id is not None:
            await send_lines(str(one.conversation_id))
        else:
            await send_delivery(one.id)


@dataclass
class TextSimulator:
    """One telephone. Each text goes out ``times`` times under the same id."""

    http: httpx.AsyncClient
    rest: TwilioRest
    database: Database
    number: str = "+8613800001234"
    times: int = 1

    async def say(self, body: str, sid: str | None = None) -> list[str]:
        """Send ``body``; the texts that come back."""
        before = len(self.rest.texts())
        sid = sid or new_sid("SM")
        for _ in range(self.times):
            await self.post(
                "/twilio/sms", MessageSid=sid, Body=body, From=self.number, NumMedia="0"
            )
        await send_all(self.database)
        return [told for to, told in self.rest.texts()[before:] if to == self.number]

    async def receipt(self, provider_id: str, status: str, code: str = "") -> None:
        """Twilio tells what became of a text."""
        fields = {"MessageSid": provider_id, "MessageStatus": status, "ErrorCode": code}
        for _ in range(self.times):
            await self.post("/twilio/sms/status", **fields)

    async def post(self, path: str, **fields: str) -> None:
        """One signed request of Twilio's; the answer must come in time."""
        given = {"AccountSid": ACCOUNT, "To": LINE, **fields}
        begun = time.monotonic()
        url = f"{BASE}{path}"
        answer = await self.http.post(url, data=given, headers=signed(url, given))
        assert time.monotonic() - begun < PATIENCE
        assert answer.status_code in (200, 204), answer.text


def key() -> str:
    """A key for a delivery of a test."""
    return uuid.uuid4().hex
