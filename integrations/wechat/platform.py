"""The platform as the line calls it: access token, messages, media, menu.

Source: 微信公众平台接口文档（getStableAccessToken、客服接口、模板消息、订阅通知、素材、自定义菜单）.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import httpx

from core.attachments import MAX_BYTES
from core.database import Database, now
from core.errors import TooLarge
from integrations.wechat import repository
from integrations.wechat.account import Account

Given = TypeVar("Given")
# invalid credential, expired, not a token: a new one may help.
_TOKEN_ERRORS = frozenset({40001, 40014, 42001})
# A token is given back early, so that none expires on its way.
_EARLY = timedelta(minutes=5)
_SHORTEST = timedelta(seconds=30)


class PlatformError(Exception):
    """The platform refused; ``code`` is its errcode."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}"[:200])
        self.code = code


class Unreachable(Exception):
    """The platform was not reached, or gave no token; the request has had no effect."""


class Unclear(Exception):
    """Nobody knows whether the request has had an effect. The message names no address, which
    carries the token."""


class Platform:
    """Client of one account's interface. Made inside a running event loop."""

    def __init__(self, account: Account, database: Database) -> None:
        self._account = account
        self._database = database
        self._http = httpx.AsyncClient(
            base_url=account.api, timeout=httpx.Timeout(10, connect=3), trust_env=False
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def send_text(self, user: str, text: str) -> None:
        """A customer-service message. Raises PlatformError, Unreachable or Unclear."""
        await self.call(
            "/cgi-bin/message/custom/send",
            {"touser": user, "msgtype": "text", "text": {"content": text}},
        )

    async def send_notice(self, path: str, notice: dict[str, Any]) -> str:
        """A template message or subscription notice; returns its id. Raises as `send_text`."""
        return str((await self.call(path, notice)).get("msgid", ""))

    async def publish_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Put the menu under the conversation. Raises as `send_text`."""
        await self.call("/cgi-bin/menu/create", {"button": buttons})

    async def picture(self, media_id: str) -> bytes:
        """A picture that a follower sent. Raises TooLarge over 5 MB, and as `send_text`."""
        return await self._with_token(lambda token: self._fetch(token, media_id))

    async def call(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        """POST ``payload`` with the token. Raises as `send_text`."""
        return await self._with_token(lambda token: self._post(path, payload, token=token))

    async def _with_token(self, act: Callable[[str], Awaitable[Given]]) -> Given:
        token = await self._token()
        try:
            return await act(token)
        except PlatformError as error:
            if error.code not in _TOKEN_ERRORS:
                raise
        return await act(await self._token(refused=token))

    async def _token(self, refused: str | None = None) -> str:
        """The shared token; one that the platform ``refused`` is replaced, by whoever comes first."""
        app_id = self._account.app_id
        async with self._database.unit_of_work() as session:
            found = await repository.find_token(session, app_id)
        if found is not None and found != refused:
            return found
        async with self._database.unit_of_work() as session:
            await repository.lock_token(session, app_id)
            found = await repository.find_token(session, app_id)
            if found is not None and found != refused:
                return found
            token, valid = await self._new_token(force=refused is not None)
            await repository.store_token(session, app_id, token, now() + valid)
            return token

    async def _new_token(self, *, force: bool) -> tuple[str, timedelta]:
        wanted = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        try:
            given = await self._post("/cgi-bin/stable_token", wanted)
        except (PlatformError, Unclear) as error:
            raise Unreachable(f"no token: {error}") from error
        valid = timedelta(seconds=int(given["expires_in"]))
        return str(given["access_token"]), max(valid - _EARLY, _SHORTEST)

    async def _post(
        self, path: str, payload: dict[str, Any], *, token: str | None = None
    ) -> dict[str, Any]:
        # Escaped characters would be shown to the follower as they are.
        body = json.dumps(payload, ensure_ascii=False).encode()
        try:
            response = await self._http.post(
                path,
                content=body,
                params={"access_token": token} if token else None,
                headers={"Content-Type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise _failure(error) from error
        return _checked(response.status_code, response.content)

    async def _fetch(self, token: str, media_id: str) -> bytes:
        query = {"access_token": token, "media_id": media_id}
        content = bytearray()
        try:
            async with self._http.stream("GET", "/cgi-bin/media/get", params=query) as response:
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > MAX_BYTES:
                        raise TooLarge("图片超过 5 MB，请压缩后再传")
        except httpx.HTTPError as error:
            raise _failure(error) from error
        if response.headers.get("content-type", "").startswith("image/"):
            return bytes(content)
        _checked(response.status_code, bytes(content))
        raise PlatformError(response.status_code, "not a picture")


def _failure(error: httpx.HTTPError) -> Unreachable | Unclear:
    before = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    kind = Unreachable if isinstance(error, before) else Unclear
    return kind(type(error).__name__)


def _checked(status: int, content: bytes) -> dict[str, Any]:
    """What the platform answered, if it says that it did what was asked."""
    try:
        given = json.loads(content)
    except ValueError as error:
        raise Unclear(f"HTTP {status}") from error
    if status != 200 or not isinstance(given, dict):
        raise Unclear(f"HTTP {status}")
    code = int(given.get("errcode", 0))
    if code:
        raise PlatformError(code, str(given.get("errmsg", "")))
    return given
