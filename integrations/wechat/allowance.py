"""How many customer-service messages the platform lets us send.

Source: 微信公众平台, 客服消息下发条数限制 (2023-06): five within 48 hours of a follower's message, three
within a minute of a menu click, a follow or a scan. A new one of the kind begins the count anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

AFTER_MESSAGE, MESSAGE_WINDOW = 5, timedelta(hours=48)
AFTER_EVENT, EVENT_WINDOW = 3, timedelta(minutes=1)
# The platform's clock decides; near the end of a window ours may be wrong.
_MARGIN = timedelta(seconds=5)


@dataclass(frozen=True)
class Spent:
    """Messages taken from each window."""

    event: int
    message: int

    @property
    def count(self) -> int:
        """How many may be sent."""
        return self.event + self.message


@dataclass(frozen=True)
class Allowance:
    """What is left of each window, and until when it may be used."""

    message_until: datetime
    message_left: int
    event_until: datetime
    event_left: int

    def after_message(self, at: datetime) -> Allowance:
        """The follower wrote at ``at``."""
        return replace(
            self, message_until=at + MESSAGE_WINDOW - _MARGIN, message_left=AFTER_MESSAGE
        )

    def after_event(self, at: datetime) -> Allowance:
        """The follower clicked, followed or scanned at ``at``."""
        return replace(self, event_until=at + EVENT_WINDOW - _MARGIN, event_left=AFTER_EVENT)

    def spend(self, wanted: int, at: datetime) -> Spent:
        """Take up to ``wanted`` messages at ``at``; the window that closes first is used first."""
        event = min(wanted, self.event_left) if at < self.event_until else 0
        message = min(wanted - event, self.message_left) if at < self.message_until else 0
        return Spent(event, message)

    def without(self, spent: Spent) -> Allowance:
        """What remains."""
        return replace(
            self,
            event_left=self.event_left - spent.event,
            message_left=self.message_left - spent.message,
        )

    def with_again(self, spent: Spent) -> Allowance:
        """What was spent and not sent is there again, never more than a window allows."""
        return replace(
            self,
            event_left=min(self.event_left + spent.event, AFTER_EVENT),
            message_left=min(self.message_left + spent.message, AFTER_MESSAGE),
        )
