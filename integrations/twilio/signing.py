"""What comes from Twilio is signed (X-Twilio-Signature, HMAC-SHA1 over address and form fields).

Twilio signs no time, so a request that was recorded can be sent again: it gets the stored answer,
because every happening carries the call's or the message's own id and step.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from twilio.request_validator import RequestValidator

from core.errors import HotlineError, NotAllowed, TooLarge
from core.settings import Settings

# A speech result of several minutes is some ten thousand bytes.
MAX_FORM = 64 * 1024


async def signed_form(request: Request) -> dict[str, str]:
    """The fields of a request that Twilio signed for our account.

    Raises TooLarge, HotlineError (400) for what is no UTF-8 form, NotAllowed for a wrong signature
    or another account.
    """
    settings: Settings = request.app.state.settings
    fields = await _fields(request)
    query = f"?{request.url.query}" if request.url.query else ""
    # The address Twilio called is the public one, whatever the proxy made of it.
    address = f"{settings.address}{request.url.path}{query}"
    signature = request.headers.get("x-twilio-signature", "")
    validator = RequestValidator(settings.twilio_token.get_secret_value())
    if not signature or not validator.validate(address, fields, signature):
        raise NotAllowed("签名不对")
    if fields.get("AccountSid") != settings.twilio_account:
        raise NotAllowed("不是本账户的请求")
    return fields


async def _fields(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise TooLarge("请求太大")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HotlineError("请求不是表单")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise HotlineError("表单不是 UTF-8 编码") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise HotlineError("表单的字段重复")
    return fields


SignedForm = Annotated[dict[str, str], Depends(signed_form)]
