"""The assistant's short memory, in PostgreSQL.

Rasa's own SQL store writes a row an event, reads all of them every turn and hides a database
that is away. Here a conversation is one row that holds its latest events: one read by key and
one write a turn, whatever the length of the conversation. The memory is disposable; drafts and
cases live in the service.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError

from bot.components.history import latest_turns

Result = TypeVar("Result")

# Made by the service's migrations; the assistant never creates or alters a table.
EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    schema="assistant",
)

RETRY_AFTER_SECONDS = 0.3


class HotlineTrackerStore(TrackerStore):
    """Keeps the last `keep_events` events of each conversation.

    A database that restarts costs one retry. One that stays away raises
    `sqlalchemy.exc.OperationalError`, which `without_fail_safe` lets through to the channel.
    """

    def __init__(
        self,
        domain: Domain | None,
        host: str,
        event_broker: EventBroker | None = None,
        keep_events: int = 40,
        pool_size: int = 4,
        **kwargs: Any,
    ) -> None:
        """`host` is the database's full address, under whatever driver's name.

        Connecting is left to the first turn, so that the assistant can start before the
        database does.
        """
        super().__init__(domain, event_broker, **kwargs)
        self._keep_events = keep_events
        self._engine = sa.create_engine(
            make_url(host).set(drivername="postgresql+psycopg2"),
            pool_pre_ping=True,
            hide_parameters=True,  # an error in the log must not show what was said
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            connect_args={
                "connect_timeout": 3,
                "application_name": "hotline-assistant",
                "options": "-c statement_timeout=5000",
            },
        )

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation's tracker, or None if it is new. Raises OperationalError."""
        query = sa.select(EVENTS.c.events).where(EVENTS.c.conversation == sender_id)
        stored = await self._run(lambda connection: connection.execute(query).scalar())
        if stored is None:
            return None
        return DialogueStateTracker.from_dict(sender_id, json.loads(stored), self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the latest events over what was stored. Raises OperationalError."""
        events = latest_turns([event.as_dict() for event in tracker.events], self._keep_events)
        row = {"events": json.dumps(events, ensure_ascii=False), "updated_at": sa.func.now()}
        statement = (
            insert(EVENTS)
            .values(conversation=tracker.sender_id, **row)
            .on_conflict_do_update(index_elements=[EVENTS.c.conversation], set_=row)
        )
        await self._run(lambda connection: connection.execute(statement))

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations."""
        query = sa.select(EVENTS.c.conversation)
        found: list[str] = await self._run(
            lambda connection: list(connection.execute(query).scalars())
        )
        return found

    async def _run(self, work: Callable[[Connection], Result]) -> Result:
        # In a thread: a slow database must not hold up the other conversations' turns.
        return await asyncio.get_running_loop().run_in_executor(None, self._attempt, work)

    def _attempt(self, work: Callable[[Connection], Result]) -> Result:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except OperationalError:
            time.sleep(RETRY_AFTER_SECONDS)
            with self._engine.begin() as connection:
                return work(connection)


def without_fail_safe(agent: Agent) -> None:
    """Take Rasa's fail-safe wrapper off the agent's tracker store.

    The wrapper turns a database that cannot be read into an empty conversation and one that
    cannot be written into memory that is lost, and the turn is answered as if all were well.
    """
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        agent.tracker_store = store._tracker_store
        if agent.processor is not None:
            agent.processor.tracker_store = store._tracker_store
