"""What WeChat sent and allows, kept where every process sees it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class WeChatMessage(Base):
    """A message or event as it came, until it is taken: WeChat may be told that we have it.

    ``key`` names it however often it comes, ``signed`` the signed request that brought it first.
    ``content`` and ``answer`` (what was shown in the response itself) are encrypted. ``taken_at`` is
    when somebody began to take it; who died over it is followed by another.
    """

    __tablename__ = "wechat_messages"
    __table_args__ = (
        Index("ix_wechat_messages_waiting", "received_at", postgresql_where="done_at IS NULL"),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    signed: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime] = mapped_column(default=now, index=True)
    taken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)


class WeChatAllowance(Base):
    """How many customer-service messages a follower may still be sent, by keyed hash of the openid."""

    __tablename__ = "wechat_allowances"

    user_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_until: Mapped[datetime]
    message_left: Mapped[int] = mapped_column(default=0)
    event_until: Mapped[datetime]
    event_left: Mapped[int] = mapped_column(default=0)


class WeChatToken(Base):
    """The access token that every process uses, encrypted."""

    __tablename__ = "wechat_tokens"

    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
