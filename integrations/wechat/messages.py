"""What WeChat sends, read from its XML.

Source: 微信公众平台《接收普通消息》《接收事件推送》. Element names are WeChat's own.
"""

from __future__ import annotations

from hashlib import sha256

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from pydantic import BaseModel

from core.errors import InvalidInput


class BadMessage(InvalidInput):
    """The body is not what WeChat sends."""

    status = 400
    code = "bad_message"


class Incoming(BaseModel):
    """One message or event. ``user`` is the follower's openid; ``created`` seconds since 1970.

    ``kind`` is the MsgType (``text``, ``voice``, ``image``, ``location``, ``event`` …), ``fields``
    every element by name.
    """

    user: str
    account: str
    kind: str
    created: int
    fields: dict[str, str]

    @property
    def event(self) -> str:
        """Name of an event in lower case, else empty."""
        return self.field("Event").lower() if self.kind == "event" else ""

    def field(self, name: str) -> str:
        """The element of that name; empty when it is missing."""
        return self.fields.get(name, "")

    @property
    def grants(self) -> bool:
        """Whether the platform lets the account write to the follower after it."""
        return self.kind != "event" or self.event in ("click", "subscribe", "scan")

    @property
    def key(self) -> str:
        """Names the message however often it comes, 64 hex digits.

        Messages have a MsgId; events have none and count by who, when, what and which key (receipts
        by the MsgID of what was sent).
        """
        event = (str(self.created), self.event, self.field("EventKey"), self.field("MsgID"))
        named = self.field("MsgId") or "|".join(event)
        return sha256(f"{self.account}|{self.user}|{self.kind}|{named}".encode()).hexdigest()


def elements(body: bytes) -> dict[str, str]:
    """The elements of WeChat's XML, name → text.

    Raises BadMessage for a wrong encoding, broken XML, or XML that declares entities.
    """
    try:
        # WeChat writes UTF-8, whatever a declaration claims.
        text = body.decode("utf-8")
        root = fromstring(text, forbid_dtd=True)
    except (UnicodeDecodeError, ParseError, ValueError, DefusedXmlException) as error:
        raise BadMessage("请求体不是有效的 UTF-8 XML") from error
    if root.tag != "xml":
        raise BadMessage("请求体不是微信消息")
    # Lists within events hold one entry each; its parts are told apart by name.
    return {one.tag: (one.text or "").strip() for one in root.iter() if not len(one)}


def read(body: bytes) -> Incoming:
    """The message in ``body``. Raises BadMessage."""
    fields = elements(body)
    created = fields.get("CreateTime", "")
    if not (created.isascii() and created.isdigit() and len(created) <= 12):
        raise BadMessage("消息没有时间")
    user, account, kind = (
        fields.get(name, "") for name in ("FromUserName", "ToUserName", "MsgType")
    )
    if not (0 < len(user) <= 128 and account and kind):
        raise BadMessage("消息不完整")
    return Incoming(
        user=user, account=account, kind=kind.lower(), created=int(created), fields=fields
    )
