"""Orders to a carrier's gateway: signed JSON by HTTP."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from core.errors import Unavailable
from core.settings import Settings
from integrations.carrier.endpoints import CARRIER
from integrations.carrier.signing import signed_headers
from notices.channels import Refused, TryLater

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)


async def _order(settings: Settings, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """Post ``order``; what the gateway answers. Raises aiohttp.ClientError, TimeoutError, ValueError."""
    body = json.dumps(order, ensure_ascii=False).encode()
    headers = signed_headers(settings.carrier_secret.get_secret_value(), "POST", path, body)
    async with (
        aiohttp.ClientSession(timeout=_TIMEOUT) as client,
        client.post(
            f"{settings.carrier_url.rstrip('/')}{path}", data=body, headers=headers
        ) as told,
    ):
        told.raise_for_status()
        answer: dict[str, Any] = await told.json()
        return answer


class CarrierExchange:
    """The `bot.calls.switchboard.Exchange` of a carrier."""

    name = CARRIER

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def join(self, call_id: str, room: str, step: int) -> None:
        """Put the caller into ``room``. Raises Unavailable."""
        await self._do("/join", {"call": call_id, "room": room, "step": step})

    async def invite(self, room: str, number: str, *, leads: bool) -> None:
        """Ring ``number`` into ``room``, which ends when who ``leads`` leaves. Raises Unavailable."""
        await self._do("/invite", {"room": room, "number": number, "leads": leads})

    async def hang_up(self, call_id: str) -> None:
        """End the call. Raises Unavailable."""
        await self._do("/hang_up", {"call": call_id})

    async def _do(self, path: str, order: dict[str, Any]) -> None:
        try:
            await _order(self._settings, path, order)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable("电话平台没有响应，或拒绝了这个操作") from error


class CarrierTexts:
    """The `integrations.sms.port.TextSender` of a carrier."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def text(self, number: str, body: str) -> str | None:
        """Send one text. Raises Refused, TryLater; what fails in another way may have been sent."""
        try:
            sent = await _order(self._settings, "/text", {"number": number, "body": body})
        except aiohttp.ClientResponseError as error:
            if error.status == 429:
                raise TryLater("短信网关要求稍后再发") from error
            if 400 <= error.status < 500:
                raise Refused(f"短信网关拒绝发送（{error.status}）") from error
            raise
        except aiohttp.ClientConnectorError as error:
            raise TryLater("短信网关连不上") from error
        return str(sent["id"]) if "id" in sent else None
