"""The XML that answers a callback (被动回复), plain or sealed."""

from __future__ import annotations

from integrations.wechat.crypto import MessageCipher, signature
from integrations.wechat.messages import Incoming

# Tells WeChat that nothing is to be shown, and that it need not ask again.
NOTHING = "success"


def text_answer(incoming: Incoming, text: str, at: int) -> str:
    """A text to the sender of ``incoming``; ``at`` is seconds since 1970."""
    return (
        f"<xml><ToUserName>{_cdata(incoming.user)}</ToUserName>"
        f"<FromUserName>{_cdata(incoming.account)}</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(text)}</Content></xml>"
    )


def sealed_answer(cipher: MessageCipher, token: str, xml: str, at: int, nonce: str) -> str:
    """``xml`` encrypted and signed, as an account in 安全模式 must answer."""
    sealed = cipher.seal(xml)
    signed = signature(token, str(at), nonce, sealed)
    return (
        f"<xml><Encrypt>{_cdata(sealed)}</Encrypt><MsgSignature>{_cdata(signed)}</MsgSignature>"
        f"<TimeStamp>{at}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    # A section cannot contain its own end: it is closed in the middle and opened again.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
