"""The official account that the door belongs to, from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings import Settings
from integrations.wechat.crypto import MessageCipher


@dataclass(frozen=True)
class Account:
    """``name`` is the original id (gh_…); ``cipher`` is None when messages come in plain text;
    ``address`` is where citizens reach the line's pages."""

    app_id: str
    name: str
    token: str
    secret: str
    cipher: MessageCipher | None
    api: str
    address: str
    template: str
    subscription: str


def account_of(settings: Settings) -> Account | None:
    """The account, or None when the city has set none up.

    Raises ValueError when the EncodingAESKey is not one.
    """
    token = settings.wechat_token.get_secret_value()
    secret = settings.wechat_app_secret.get_secret_value()
    if not (settings.wechat_app_id and settings.wechat_account and token and secret):
        return None
    encoding_key = settings.wechat_encoding_key.get_secret_value()
    return Account(
        app_id=settings.wechat_app_id,
        name=settings.wechat_account,
        token=token,
        secret=secret,
        cipher=MessageCipher(encoding_key, settings.wechat_app_id) if encoding_key else None,
        api=settings.wechat_api.rstrip("/"),
        address=settings.address,
        template=settings.wechat_template,
        subscription=settings.wechat_subscription,
    )
