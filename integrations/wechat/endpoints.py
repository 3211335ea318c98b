"""WeChat's callback: who does not prove to be WeChat is refused before anything is read."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.responses import Response

from core.database import now
from core.errors import InvalidInput, NotAllowed, TooLarge
from integrations.wechat.account import Account
from integrations.wechat.answers import NOTHING, sealed_answer, text_answer
from integrations.wechat.crypto import check_signature
from integrations.wechat.door import Door
from integrations.wechat.messages import Incoming, elements, read

router = APIRouter(prefix="/wechat")

# A text message is 2 KB; sealed and in base64 the largest event stays far below.
MAX_BODY = 64 * 1024
# WeChat asks again within seconds; the rest is for clocks that differ.
FRESH_SECONDS = 300
_Short = Query(max_length=200)


class Signed(BaseModel):
    """The query of a callback, its signature checked. ``timestamp`` is seconds since 1970."""

    timestamp: str
    nonce: str
    message_signature: str

    @property
    def digest(self) -> str:
        """Names the signed request."""
        return sha256(f"{self.timestamp}|{self.nonce}".encode()).hexdigest()


def _door(request: Request) -> Door:
    door: Door = request.app.state.wechat
    return door


def _signed(
    door: Annotated[Door, Depends(_door)],
    timestamp: Annotated[str, Query(pattern=r"^[0-9]{1,12}$")],
    nonce: Annotated[str, Query(min_length=1, max_length=200)],
    signature: Annotated[str, _Short],
    msg_signature: Annotated[str, _Short] = "",
) -> Signed:
    """Raises NotAllowed for a query that WeChat has not signed, or not lately."""
    check_signature(door.account.token, signature, timestamp, nonce)
    if abs(now().timestamp() - int(timestamp)) > FRESH_SECONDS:
        raise NotAllowed("请求已过期")
    return Signed(timestamp=timestamp, nonce=nonce, message_signature=msg_signature)


DoorDep = Annotated[Door, Depends(_door)]
SignedDep = Annotated[Signed, Depends(_signed)]


@router.get("/callback")
async def verify(
    door: DoorDep, signed: SignedDep, echostr: Annotated[str, Query(max_length=2000)]
) -> Response:
    """Prove that the address is ours, when it is entered at the platform."""
    if signed.message_signature:
        return PlainTextResponse(_opened(door.account, signed, echostr))
    return PlainTextResponse(echostr)


@router.post("/callback")
async def callback(request: Request, door: DoorDep, signed: SignedDep) -> Response:
    """Take a message or an event, and answer it in the response if that is possible in time."""
    account = door.account
    incoming = _incoming(account, signed, await _body(request))
    text = await door.receive(incoming, signed.digest)
    if text is None:
        return PlainTextResponse(NOTHING)
    at = int(now().timestamp())
    xml = text_answer(incoming, text, at)
    if account.cipher is not None:
        xml = sealed_answer(account.cipher, account.token, xml, at, secrets.token_hex(8))
    return Response(xml, media_type="application/xml")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise TooLarge("消息太大")
    return bytes(body)


def _incoming(account: Account, signed: Signed, body: bytes) -> Incoming:
    """The message in ``body``; with a key set, only a sealed one counts."""
    if account.cipher is not None:
        body = _opened(account, signed, elements(body).get("Encrypt", ""))
    incoming = read(body)
    if incoming.account != account.name:
        raise NotAllowed("消息不是发给这个公众号的")
    return incoming


def _opened(account: Account, signed: Signed, sealed: str) -> bytes:
    if account.cipher is None:
        raise InvalidInput("没有设置 EncodingAESKey")
    check_signature(account.token, signed.message_signature, signed.timestamp, signed.nonce, sealed)
    return account.cipher.open(sealed)
