"""All SQL of the seats: the queue, who is there, alarms, notes, ready answers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation, Message
from bot.seats.models import Alarm, ReadyAnswer, SeatNote, SeatState
from bot.seats.plan import GENERAL
from core.database import now
from core.models import StaffAccount
from core.privacy import decrypt, encrypt
from core.replies import Reply

# A seat whose pages were silent for so long is not there, whatever it said last.
AWAY_AFTER = timedelta(seconds=90)
_OWNED = Conversation.owner == "person"
_UNTAKEN = Conversation.seat.is_(None)


@dataclass(frozen=True)
class Seat:
    """A seat that shows itself: its state, what it serves, how many talks it has."""

    login: str
    name: str
    state: str
    since: datetime
    skills: tuple[str, ...]
    talks: int


@dataclass(frozen=True)
class LastWords:
    """What the citizen said last; ``unanswered``: no person has said anything since."""

    text: str
    unanswered: bool


@dataclass(frozen=True)
class Note:
    """A note of one seat to the others, opened."""

    by: str
    text: str
    at: datetime


class SeatRepository:
    """Reads and writes of the seats; whoever calls has checked the role."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    # ---- the queue
    async def waiting(
        self, skills: Collection[str] | None, *, limit: int, offset: int = 0
    ) -> tuple[Sequence[Conversation], int]:
        """Talks nobody has taken, in the order of service, and how many there are.

        ``skills``: only what a seat with these serves, and every emergency; None means all.
        """
        wanted = [_OWNED, _UNTAKEN, *self._served(skills)]
        rows = await self.session.scalars(
            select(Conversation).where(*wanted).order_by(*_ORDER).limit(limit).offset(offset)
        )
        total = await self.session.scalar(
            select(func.count()).select_from(Conversation).where(*wanted)
        )
        return rows.all(), total or 0

    async def ringing_calls(self, skills: Collection[str], *, limit: int) -> Sequence[Conversation]:
        """Callers on the telephone who wait for a seat with ``skills``, in the order of service."""
        rows = await self.session.scalars(
            select(Conversation)
            .where(_OWNED, _UNTAKEN, Conversation.channel == "phone", *self._served(skills))
            .order_by(*_ORDER)
            .limit(limit)
        )
        return rows.all()

    async def next_waiting(self, skills: Collection[str]) -> Conversation | None:
        """The talk that a seat with ``skills`` serves next, locked; what another seat is just taking
        is left to it."""
        rows = await self.session.scalars(
            select(Conversation)
            .where(_OWNED, _UNTAKEN, *self._served(skills))
            .order_by(*_ORDER)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return rows.one_or_none()

    async def talks_of(self, login: str) -> Sequence[Conversation]:
        """What a seat has taken, longest first."""
        rows = await self.session.scalars(
            select(Conversation)
            .where(_OWNED, Conversation.seat == login)
            .order_by(Conversation.taken_at)
        )
        return rows.all()

    async def served(self, login: str, since: datetime, *, limit: int) -> Sequence[Conversation]:
        """What a seat had in hand last and has ended ``since``, newest first."""
        rows = await self.session.scalars(
            select(Conversation)
            .where(
                Conversation.served_by == login,
                Conversation.served_until >= since,
                or_(Conversation.owner != "person", Conversation.seat.is_distinct_from(login)),
            )
            .order_by(Conversation.served_until.desc())
            .limit(limit)
        )
        return rows.all()

    async def taken(self, *, limit: int) -> Sequence[Conversation]:
        """What any seat has taken, newest first."""
        rows = await self.session.scalars(
            select(Conversation)
            .where(_OWNED, Conversation.seat.is_not(None))
            .order_by(Conversation.taken_at.desc())
            .limit(limit)
        )
        return rows.all()

    async def ahead_of(self, conversation: Conversation) -> int:
        """How many wait before this talk in its queue."""
        mine = (conversation.priority, conversation.handed_over_at, conversation.id)
        count = await self.session.scalar(
            select(func.count())
            .select_from(Conversation)
            .where(
                _OWNED,
                _UNTAKEN,
                Conversation.queue == conversation.queue,
                Conversation.id != conversation.id,
                tuple_(*_ORDER) < tuple_(*mine),
            )
        )
        return count or 0

    async def last_words(self, conversations: Collection[uuid.UUID]) -> dict[uuid.UUID, LastWords]:
        """What the citizen said last in each talk, and whether a person has answered it."""
        newest = (
            select(
                Message.conversation_id,
                func.max(Message.id).filter(Message.speaker == "citizen").label("citizen"),
                func.max(Message.id).filter(Message.speaker == "person").label("person"),
            )
            .where(Message.conversation_id.in_(conversations))
            .group_by(Message.conversation_id)
            .subquery()
        )
        rows = await self.session.execute(
            select(
                newest.c.conversation_id,
                Message.content,
                newest.c.citizen > func.coalesce(newest.c.person, 0),
            ).join(newest, Message.id == newest.c.citizen)
        )
        return {
            conversation: LastWords(Reply.model_validate_json(decrypt(content)).text, unanswered)
            for conversation, content, unanswered in rows
        }

    async def citizen_words(self, conversation_id: uuid.UUID, limit: int) -> list[str]:
        """The last things the citizen said, oldest first, at most ``limit``."""
        rows = await self.session.scalars(
            select(Message.content)
            .where(Message.conversation_id == conversation_id, Message.speaker == "citizen")
            .order_by(Message.id.desc())
            .limit(limit)
        )
        return [Reply.model_validate_json(decrypt(content)).text for content in rows][::-1]

    async def told_in(
        self, conversations: Collection[uuid.UUID], limit: int
    ) -> dict[uuid.UUID, list[tuple[datetime, str]]]:
        """The last things said by the citizen of each talk, with their moments, oldest first, at
        most ``limit`` of each."""
        rank = func.row_number().over(
            partition_by=Message.conversation_id, order_by=Message.id.desc()
        )
        newest = (
            select(Message.id, rank.label("rank"))
            .where(Message.conversation_id.in_(conversations), Message.speaker == "citizen")
            .subquery()
        )
        rows = await self.session.execute(
            select(Message.conversation_id, Message.at, Message.content)
            .join(newest, Message.id == newest.c.id)
            .where(newest.c.rank <= limit)
            .order_by(Message.id)
        )
        found: dict[uuid.UUID, list[tuple[datetime, str]]] = {one: [] for one in conversations}
        for conversation, at, content in rows:
            found[conversation].append((at, Reply.model_validate_json(decrypt(content)).text))
        return found

    async def saw(self, conversations: Collection[uuid.UUID]) -> None:
        """The pages of these talks are open now; only those that wait are marked."""
        await self.session.execute(
            update(Conversation)
            .where(Conversation.id.in_(conversations), _OWNED, _UNTAKEN)
            .values(seen_at=now())
        )

    @staticmethod
    def _served(skills: Collection[str] | None) -> list[ColumnElement[bool]]:
        if skills is None:
            return []
        return [or_(Conversation.queue.in_([GENERAL, *skills]), Conversation.priority == 0)]

    # ---- who is there
    async def seat_state(self, login: str) -> SeatState | None:
        return await self.session.get(SeatState, login, populate_existing=True)

    async def set_state(self, login: str, state: str) -> None:
        """The seat says how it is; the time counts from the change."""
        at = now()
        row = insert(SeatState).values(login=login, state=state, telephone="", since=at, seen_at=at)
        await self.session.execute(
            row.on_conflict_do_update(
                index_elements=["login"], set_={"state": state, "since": at, "seen_at": at}
            )
        )

    async def set_telephone(self, login: str, telephone: str) -> None:
        """Where the seat's calls go."""
        at = now()
        row = insert(SeatState).values(
            login=login, state="off", telephone=telephone, since=at, seen_at=at
        )
        await self.session.execute(
            row.on_conflict_do_update(index_elements=["login"], set_={"telephone": telephone})
        )

    async def heard_from(self, login: str) -> None:
        """A page of the seat asked for news."""
        await self.session.execute(
            update(SeatState).where(SeatState.login == login).values(seen_at=now())
        )

    async def seats(self, at: datetime) -> list[Seat]:
        """Whoever is not away, by name."""
        talks = (
            select(func.count())
            .select_from(Conversation)
            .where(_OWNED, Conversation.seat == SeatState.login)
            .scalar_subquery()
        )
        rows = await self.session.execute(
            select(SeatState, StaffAccount.name, StaffAccount.skills, talks)
            .join(StaffAccount, StaffAccount.login == SeatState.login)
            .where(
                SeatState.state != "off", SeatState.seen_at > at - AWAY_AFTER, StaffAccount.active
            )
            .order_by(StaffAccount.name)
        )
        return [
            Seat(state.login, name, state.state, state.since, tuple(skills), talks)
            for state, name, skills, talks in rows
        ]

    async def skills_of(self, login: str) -> list[str]:
        found = await self.session.scalar(
            select(StaffAccount.skills).where(StaffAccount.login == login)
        )
        return list(found or [])

    # ---- alarms
    async def open_alarms(self) -> Sequence[Alarm]:
        """What is not settled yet: unanswered first, then oldest first."""
        rows = await self.session.scalars(
            select(Alarm)
            .where(Alarm.closed_at.is_(None))
            .order_by(Alarm.taken_at.is_not(None), Alarm.raised_at, Alarm.id)
            .limit(200)
        )
        return rows.all()

    async def past_alarms(self, *, limit: int, offset: int) -> tuple[Sequence[Alarm], int]:
        """Settled alarms, newest first, and how many there are."""
        rows = await self.session.scalars(
            select(Alarm)
            .where(Alarm.closed_at.is_not(None))
            .order_by(Alarm.id.desc())
            .limit(limit)
            .offset(offset)
        )
        total = await self.session.scalar(
            select(func.count()).select_from(Alarm).where(Alarm.closed_at.is_not(None))
        )
        return rows.all(), total or 0

    async def alarms_of(self, conversation_id: uuid.UUID) -> Sequence[Alarm]:
        """Every open alarm of a talk, oldest first, locked."""
        rows = await self.session.scalars(
            select(Alarm)
            .where(Alarm.conversation_id == conversation_id, Alarm.closed_at.is_(None))
            .order_by(Alarm.id)
            .with_for_update()
        )
        return rows.all()

    async def alarms_in(self, conversations: Collection[uuid.UUID]) -> Sequence[Alarm]:
        """Every alarm of these talks, settled or not, oldest first."""
        rows = await self.session.scalars(
            select(Alarm).where(Alarm.conversation_id.in_(conversations)).order_by(Alarm.id)
        )
        return rows.all()

    async def alarm(self, alarm_id: int) -> Alarm | None:
        """The alarm, its row locked."""
        return await self.session.get(Alarm, alarm_id, with_for_update=True)

    # ---- notes and ready answers
    async def add_note(self, conversation_id: uuid.UUID, login: str, text: str) -> None:
        self.session.add(SeatNote(conversation_id=conversation_id, by=login, text=encrypt(text)))
        await self.session.flush()

    async def notes(self, conversation_id: uuid.UUID) -> list[Note]:
        """Notes of a talk, oldest first."""
        rows = await self.session.scalars(
            select(SeatNote)
            .where(SeatNote.conversation_id == conversation_id)
            .order_by(SeatNote.id)
        )
        return [Note(one.by, decrypt(one.text), one.at) for one in rows]

    async def ready_answers(self, words: str = "") -> Sequence[ReadyAnswer]:
        """Ready answers with ``words`` in title or text, by title; all without."""
        statement = select(ReadyAnswer).order_by(ReadyAnswer.title)
        if words:
            statement = statement.where(
                ReadyAnswer.title.contains(words, autoescape=True)
                | ReadyAnswer.text.contains(words, autoescape=True)
            )
        return (await self.session.scalars(statement.limit(200))).all()

    async def ready_answer(self, answer_id: int) -> ReadyAnswer | None:
        return await self.session.get(ReadyAnswer, answer_id)


_ORDER = (Conversation.priority, Conversation.handed_over_at, Conversation.id)
