"""What goes between a carrier's gateway and the line is signed on both ways.

``X-Signature`` is the hex HMAC-SHA256, under the shared secret, of time (Unix seconds), nonce, method,
path and the SHA-256 of the body, one a line. A request older than five minutes, or with a nonce that
has come, is refused; one that is sent again because no answer came carries a new nonce and the same
call and step.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import uuid
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, now
from core.errors import NotAllowed, TooLarge
from integrations.carrier.models import CarrierNonce

MAX_BODY = 64 * 1024
# How far the two clocks and the way may be apart.
FRESH = timedelta(minutes=5)
_NONCE = re.compile(r"[A-Za-z0-9_\-]{8,64}")


def signature(secret: str, timestamp: str, nonce: str, method: str, path: str, body: bytes) -> str:
    """The signature of one request."""
    digest = hashlib.sha256(body).hexdigest()
    signed = "\n".join((timestamp, nonce, method, path, digest))
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def signed_headers(secret: str, method: str, path: str, body: bytes) -> dict[str, str]:
    """The headers that a request of ours carries."""
    timestamp, nonce = str(int(time.time())), uuid.uuid4().hex
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": signature(secret, timestamp, nonce, method, path, body),
    }


async def signed_body(request: Request) -> bytes:
    """The body of a request that the carrier signed, fresh and for the first time.

    Raises TooLarge, or NotAllowed.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge("请求太大")
    headers = request.headers
    timestamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
    secret = request.app.state.settings.carrier_secret.get_secret_value()
    expected = signature(secret, timestamp, nonce, request.method, request.url.path, bytes(body))
    given = headers.get("x-signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise NotAllowed("签名不对")
    if not _NONCE.fullmatch(nonce) or not re.fullmatch(r"\d{1,12}", timestamp):
        raise NotAllowed("缺少时间或一次性编号")
    if abs(time.time() - int(timestamp)) > FRESH.total_seconds():
        raise NotAllowed("请求已经过期")
    if not await _first_time(request.app.state.database, nonce):
        raise NotAllowed("请求已经来过")
    return bytes(body)


async def _first_time(database: Database, nonce: str) -> bool:
    async with database.unit_of_work() as session:
        await session.execute(delete(CarrierNonce).where(CarrierNonce.at < now() - 3 * FRESH))
        stored = await session.scalar(
            insert(CarrierNonce)
            .values(nonce=nonce, at=now())
            .on_conflict_do_nothing()
            .returning(CarrierNonce.nonce)
        )
    return stored is not None


SignedBody = Annotated[bytes, Depends(signed_body)]
