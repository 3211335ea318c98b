"""Orders to Twilio's REST interface: rooms, hanging up, texts."""

from __future__ import annotations

from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from core.errors import Unavailable
from core.settings import Settings
from integrations.twilio.twiml import RINGING, put_into, twiml
from integrations.voice.numbers import international
from integrations.voice.port import Answer
from notices.channels import Refused, TryLater

_OFFICIAL = "https://api.twilio.com"
# Seconds that an order may take.
_TIMEOUT = 10.0


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's client at another base address."""

    def __init__(self, base: str) -> None:
        super().__init__(pool_connections=False, timeout=_TIMEOUT)
        self._base = base.rstrip("/")

    async def request(self, method: str, url: str, *given: Any, **named: Any) -> Response:
        return await super().request(method, url.replace(_OFFICIAL, self._base, 1), *given, **named)


def client(settings: Settings) -> Client:
    """Twilio's REST client for the account of the settings."""
    return Client(
        settings.twilio_account,
        settings.twilio_token.get_secret_value(),
        http_client=_Http(settings.twilio_url),
    )


FAILURES = (TwilioException, aiohttp.ClientError, TimeoutError, ValueError)


class TwilioExchange:
    """The `bot.calls.switchboard.Exchange` of Twilio."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = client(settings)

    async def join(self, call_id: str, room: str, step: int) -> None:
        """Put the caller into ``room``. Raises Unavailable."""
        action = f"{self._settings.address}/twilio/voice/steps/{step}"
        told = VoiceResponse()
        put_into(told, room, action, call_id, self._settings)
        try:
            await self._client.calls(call_id).update_async(twiml=str(told))
        except FAILURES as error:
            raise _unavailable(error) from error

    async def invite(self, room: str, number: str, *, leads: bool) -> None:
        """Ring ``number`` into ``room``, which ends when who ``leads`` leaves; whether they picked up
        is told to ``/twilio/voice/rung``. Raises Unavailable."""
        told = f"{self._settings.address}/twilio/voice/rung/{room}"
        try:
            await self._client.conferences(room).participants.create_async(
                from_=self._settings.twilio_number,
                to=international(number),
                timeout=RINGING,
                beep="false",
                start_conference_on_enter=True,
                end_conference_on_exit=leads,
                **(
                    {"status_callback": told, "status_callback_event": ["completed"]}
                    if leads
                    else {}
                ),
            )
        except FAILURES as error:
            raise _unavailable(error) from error

    async def tell(self, call_id: str, answer: Answer) -> None:
        """Take the caller out of a room, to hear ``answer``. Raises Unavailable."""
        try:
            told = twiml(answer, call_id, self._settings)
            await self._client.calls(call_id).update_async(twiml=told)
        except FAILURES as error:
            raise _unavailable(error) from error

    async def hang_up(self, call_id: str) -> None:
        """End the call. Raises Unavailable."""
        try:
            await self._client.calls(call_id).update_async(status="completed")
        except FAILURES as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    refused = isinstance(error, TwilioRestException)
    return Unavailable("电话平台拒绝了这个操作" if refused else "电话平台没有响应")


class TwilioTexts:
    """The `integrations.sms.port.TextSender` of Twilio."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = client(settings)

    async def text(self, number: str, body: str) -> str | None:
        """Send one text; its receipts come to ``/twilio/sms/status``. Raises Refused, TryLater.

        What fails in another way may have been sent.
        """
        try:
            sent = await self._client.messages.create_async(
                to=international(number),
                from_=self._settings.twilio_number,
                body=body,
                status_callback=f"{self._settings.address}/twilio/sms/status",
            )
        except TwilioRestException as error:
            if error.status == 429:
                raise TryLater("短信平台要求稍后再发") from error
            if 400 <= error.status < 500:
                raise Refused(f"短信平台拒绝发送（{error.code}）") from error
            raise
        except aiohttp.ClientConnectorError as error:
            raise TryLater("短信平台连不上") from error
        return str(sent.sid)
