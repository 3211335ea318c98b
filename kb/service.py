"""The knowledge base of a process: what is published, kept current, searched and answered from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from kb.deciding import Deciding
from kb.documents import Document
from kb.event_answers import Bundle
from kb.reply import Answer
from kb.repository import KnowledgeRepository
from kb.schemas import ItemRecord, Kind, LifeEventRecord, NoticeRecord, PolicyRecord, Record
from kb.search import EntrySearch, Hit
from kb.snapshot import Snapshot
from language.e5 import Ranker
from language.encoder import Encoder


def local_today() -> date:
    """The present day of the line."""
    return now().astimezone(LOCAL).date()


class KnowledgeBase:
    """Held by the process; `refresh` when PostgreSQL announces ``kb_changed``."""

    def __init__(self, encoder: Encoder | None, ranker: Ranker | None = None) -> None:
        self._encoder = encoder
        self._ranker = ranker
        self._snapshot = Snapshot()
        self._refreshing = asyncio.Lock()

    async def refresh(self, session: AsyncSession) -> int:
        """Take over what is published now; returns the number of items."""
        async with self._refreshing:
            await self.take(await KnowledgeRepository(session).published())
            return len(self._snapshot.items())

    async def take(self, records: Sequence[Record]) -> None:
        """Replace the snapshot by ``records``.

        The index is built in a thread beside the running one, which answers meanwhile.
        """
        self._snapshot = await asyncio.to_thread(
            Snapshot.of, records, self._snapshot, self._encoder, self._ranker
        )

    async def search_with(self, changed: Document) -> EntrySearch:
        """The search as it would be if ``changed`` were published; built beside the running one."""
        running = self._snapshot.search
        others = [entry for entry in running.documents if entry.code != changed.code]
        return await asyncio.to_thread(
            EntrySearch, [*others, changed], self._encoder, running, self._ranker
        )

    @property
    def search_now(self) -> EntrySearch:
        """The search over what is published."""
        return self._snapshot.search

    @property
    def encoder(self) -> Encoder | None:
        """What tells how near two texts are, where it is installed."""
        return self._encoder

    def notices_in_force(self, moment: datetime) -> list[NoticeRecord]:
        """Notices that are to be told at ``moment`` (aware), the latest first."""
        held = (notice for notice in self._snapshot.notices if notice.valid_at(moment))
        return sorted(held, key=lambda notice: notice.starts_at, reverse=True)

    def policies(self) -> list[PolicyRecord]:
        """Every published policy, in force or not, by name."""
        return self._snapshot.policies()

    def policy(self, code: str) -> PolicyRecord:
        """The policy, in force or not. Raises NotFound when it is unknown or withdrawn."""
        found = self._snapshot.policy(code)
        if found is None:
            raise NotFound("没有这份政策，或它已撤回")
        return found

    def successor(self, policy: PolicyRecord, today: date) -> PolicyRecord | None:
        """The policy in force on ``today`` that took the place of ``policy``, if published."""
        return self._snapshot.next_policy(policy, today)

    def events(self, today: date | None = None) -> list[LifeEventRecord]:
        """Every life event valid on ``today``, by name."""
        day = today or local_today()
        return [event for event in self._snapshot.events() if event.valid_on(day)]

    def event(self, code: str, today: date | None = None) -> Bundle:
        """The life event with its items. Raises NotFound when it is unknown or not valid."""
        day = today or local_today()
        found = self._snapshot.entries.get(code)
        if not isinstance(found, LifeEventRecord) or not found.valid_on(day):
            raise NotFound("没有这件事的说明，或它已失效")
        return self._snapshot.bundle(found, day)

    def search(self, text: str, limit: int = 10, today: date | None = None) -> list[Hit]:
        """Items valid on ``today`` that ``text`` may mean, best first, with score and reasons."""
        return self._snapshot.search.search(text, limit, today or local_today(), (Kind.ITEM,))

    def items(self, today: date | None = None) -> list[ItemRecord]:
        """Every item valid on ``today``, by name."""
        day = today or local_today()
        return [item for item in self._snapshot.items() if item.valid_on(day)]

    def get(self, code: str, today: date | None = None) -> ItemRecord:
        """The item. Raises NotFound when it is unknown, withdrawn or not valid on ``today``."""
        item = self._snapshot.item(code)
        if item is None or not item.valid_on(today or local_today()):
            raise NotFound("没有这个事项，或它的办事指南已失效")
        return item

    def answer(
        self,
        text: str,
        context: str | None = None,
        today: date | None = None,
        *,
        areas: Sequence[str] | None = None,
        moment: datetime | None = None,
    ) -> Answer:
        """Answer ``text``; ``context`` is the code of the entry that was talked about before.

        ``areas`` are codes of where the citizen is, narrowest first, None when that may still be
        asked; ``moment`` (aware) is now. A notice goes
        first, then a policy called by its name, then what a window demanded.
        """
        return self._deciding(today, areas, moment).answer(text, context)

    def notice(
        self, text: str, *, areas: Sequence[str] | None = None, moment: datetime | None = None
    ) -> Answer | None:
        """The notice that ``text`` asks or tells about, if one holds at ``moment`` (aware: now)."""
        return self._deciding(None, areas, moment).notice(text)

    def answer_choice(
        self, value: str, today: date | None = None, *, areas: Sequence[str] | None = None
    ) -> Answer:
        """Answer a quick reply's value ``<kind>:<code>:<aspect>``; unknown when it is none."""
        return self._deciding(today, areas).choice(value)

    def _deciding(
        self, today: date | None, areas: Sequence[str] | None, moment: datetime | None = None
    ) -> Deciding:
        return Deciding(self._snapshot, today or local_today(), moment or now(), areas)
