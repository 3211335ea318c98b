"""A channel that records what it is given, and can refuse, put off, or break while sending."""

from __future__ import annotations

from dataclasses import dataclass, field

from notices.channels import Outgoing


@dataclass
class Recorder:
    """``problems`` are raised one a message, before the message counts as sent; None raises none."""

    name: str
    sent: list[Outgoing] = field(default_factory=list)
    problems: list[Exception | None] = field(default_factory=list)

    async def send(self, message: Outgoing) -> str | None:
        problem = self.problems.pop(0) if self.problems else None
        if problem is not None:
            raise problem
        self.sent.append(message)
        return f"{self.name}-{message.delivery_id}"

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]
