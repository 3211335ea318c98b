"""One turn as an action sees it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.city import Line
from bot.contacts import settle_contact
from bot.models import Conversation
from cases.vocabulary import CaseType, Outcome
from core.privacy import decrypt
from core.replies import Reply
from intake.models import Draft
from intake.triage import Decision
from kb.reply import Answer

HELP_CHOICES = (
    ("办事咨询", "menu:guide"),
    ("反映问题", "menu:case"),
    ("查进度", "case:progress"),
    ("转人工", "handoff"),
)


@dataclass
class Talk:
    """The turn with everything an action may need. ``conversation`` and ``draft`` are locked.

    ``decision`` is the way of a message that begins a matter, or that tells of an emergency;
    ``answer`` is what the knowledge base was found to say to the words on the way here.
    """

    line: Line
    session: AsyncSession
    conversation: Conversation
    draft: Draft | None
    turn_id: uuid.UUID
    text: str
    act: str | None
    confidence: float
    value: str | None = None
    decision: Decision | None = None
    answer: Answer | None = None

    @property
    def context(self) -> dict[str, Any]:
        return self.conversation.context

    @property
    def caller(self) -> str | None:
        """The number that the door saw, if it saw one."""
        kept = self.context.get("caller")
        return decrypt(str(kept)) if kept else None

    def remember(self, **changes: Any) -> None:
        """Change the conversation's context; None removes an entry."""
        merged = {**self.conversation.context, **changes}
        self.conversation.context = {k: v for k, v in merged.items() if v is not None}

    async def settle(
        self,
        outcome: Outcome,
        *,
        type: CaseType | None = None,
        category: str | None = None,
        subject: str = "",
    ) -> None:
        """Record the outcome of this matter on the conversation's contact."""
        await settle_contact(
            self.session,
            self.conversation.id,
            self.conversation.channel,
            outcome,
            type=type,
            category=category,
            subject=subject or self.text,
        )


Replies = list[Reply]
