"""The transcripts as notices see them: what a citizen is told later stands in them as well."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.doors import conversation_at
from core.privacy import decrypt
from core.replies import Reply
from notices.doors import SMS, Talk


class Transcripts:
    """`notices.telling.Conversations` on the tables of this room."""

    async def find(self, session: AsyncSession, conversation_id: uuid.UUID) -> Talk | None:
        """The conversation's door, the row locked."""
        found = await repository.find_conversation(session, conversation_id, lock=True)
        if found is None:
            return None
        address = decrypt(found.address) if found.address else None
        return Talk(found.channel, address, found.last_turn_at)

    async def show(
        self,
        session: AsyncSession,
        conversation_id: uuid.UUID,
        reply: Reply,
        about: Mapping[str, Any],
    ) -> None:
        """Add a line that is not sent by itself; the talk is ``about`` that from now on."""
        if about:
            found = await repository.find_conversation(session, conversation_id, lock=True)
            assert found is not None
            found.context = {**found.context, **about}
        await repository.append(session, conversation_id, "system", [reply], pushed=False)

    async def texted(self, session: AsyncSession, address: str, reply: Reply) -> None:
        """Add what is sent to ``address`` by text message to its conversation."""
        conversation_id = await conversation_at(session, SMS, address, contact=False)
        await repository.append(session, conversation_id, "system", [reply], pushed=False)
