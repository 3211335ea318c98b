"""How a door sends: what a channel is given, and what it may answer.

A channel that cannot be reached raises `TryLater` only when it is certain that nothing was sent;
whatever else it raises leaves a delivery of which nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from core.replies import Choice


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to be sent: lines that belong together are merged.

    ``address`` is an openid or a phone number, ``choices`` and ``card`` are those of the last line,
    ``case_number`` the case that it is about.
    """

    delivery_id: int
    channel: str
    address: str
    kind: str
    text: str
    choices: list[Choice]
    card: dict[str, Any] | None
    case_number: str | None


class Refused(Exception):
    """The platform will never take it: unsubscribed, blocked, no such number, no quota left.

    The message of the exception is shown to staff; it names no address.
    """


class TryLater(Exception):
    """Nothing was sent; try again after ``retry_after`` seconds, or as the outbox thinks fit."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Channel(Protocol):
    """A door that can speak without being asked."""

    @property
    def name(self) -> str:
        """As in `Conversation.channel`: ``wechat``, ``sms``."""
        ...

    async def send(self, message: Outgoing) -> str | None:
        """Send; returns what the platform calls the message. Raises Refused or TryLater."""
        ...


_senders: dict[str, Channel] = {}
_pushing: set[str] = set()


def register(channel: Channel, *, pushes_lines: bool = False) -> None:
    """Let the outbox of this process send through ``channel``.

    ``pushes_lines``: each line of such a conversation is sent, because the citizen sees no page.
    """
    _senders[channel.name] = channel
    _pushing.discard(channel.name)
    if pushes_lines:
        _pushing.add(channel.name)


def unregister_all() -> None:
    """Forget every channel, when the process ends its work."""
    _senders.clear()
    _pushing.clear()


def sender(name: str) -> Channel | None:
    """The channel of that name, if this process has it."""
    return _senders.get(name)


def registered() -> frozenset[str]:
    """Names of the doors that this process can send through."""
    return frozenset(_senders)


def can_text() -> bool:
    """Whether there is a door for text messages."""
    return "sms" in _senders


def pushing() -> frozenset[str]:
    """Names of the doors whose lines are sent."""
    return frozenset(_pushing)
