"""All SQL of conversations and their transcripts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation, Message, Turn, TurnAction
from core.database import now
from core.privacy import decrypt, encrypt
from core.replies import Reply
from intake.triage import Decision
from kb.models import Feedback, GivenAnswer
from notices.channels import pushing
from notices.repository import told_conversations
from notices.service import enqueue_lines


@dataclass(frozen=True)
class Line:
    """A line of the transcript, opened: ``id`` orders and resumes."""

    id: int
    turn_id: uuid.UUID | None
    speaker: str
    reply: Reply
    at: datetime


# Acts that say nothing of a matter.
_MERE_TALK = ("handoff", "greet", "thanks", "goodbye", "affirm", "deny", "chitchat", "to_assistant")
_LINES = select(Message.id, Message.turn_id, Message.speaker, Message.content, Message.at).order_by(
    Message.id
)


def _line(row: Row[int, uuid.UUID | None, str, str, datetime]) -> Line:
    return Line(row[0], row[1], row[2], Reply.model_validate_json(decrypt(row[3])), row[4])


async def find_conversation(
    session: AsyncSession, conversation_id: uuid.UUID, *, lock: bool = False
) -> Conversation | None:
    """The conversation, its row locked when ``lock``."""
    return await session.get(Conversation, conversation_id, with_for_update=lock or None)


async def going_on_at(
    session: AsyncSession, address_hash: str, since: datetime
) -> uuid.UUID | None:
    """The latest conversation with an address that had a turn or was sent something ``since``, or
    is a person's.

    Takes a lock on the address until the transaction ends, so that two cannot be opened at once.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(address_hash, 0)))
    )
    found: uuid.UUID | None = await session.scalar(
        select(Conversation.id)
        .where(
            Conversation.address_hash == address_hash,
            or_(
                Conversation.last_turn_at >= since,
                Conversation.id.in_(told_conversations(address_hash, since)),
                Conversation.owner == "person",
            ),
        )
        .order_by(Conversation.last_turn_at.desc())
        .limit(1)
    )
    return found


async def last_turn_at(session: AsyncSession, address_hash: str) -> datetime | None:
    """When somebody last spoke from an address; None for never."""
    found: datetime | None = await session.scalar(
        select(func.max(Conversation.last_turn_at)).where(Conversation.address_hash == address_hash)
    )
    return found


async def store_turn(
    session: AsyncSession, conversation_id: uuid.UUID, client_id: str, kind: str, heard: str
) -> tuple[Turn, bool]:
    """Store a turn once; returns it and whether it is new."""
    values = {
        "id": uuid.uuid4(),
        "conversation_id": conversation_id,
        "client_id": client_id,
        "kind": kind,
        "heard": encrypt(heard),
        "state": "received",
        "at": now(),
    }
    turn = (
        await session.execute(
            upsert(Turn)
            .values(values)
            .on_conflict_do_nothing(index_elements=["conversation_id", "client_id"])
            .returning(Turn)
        )
    ).scalar_one_or_none()
    if turn is not None:
        return turn, True
    found = await session.scalars(
        select(Turn).where(Turn.conversation_id == conversation_id, Turn.client_id == client_id)
    )
    return found.one(), False


async def append(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    speaker: str,
    replies: list[Reply],
    turn_id: uuid.UUID | None = None,
    *,
    pushed: bool = True,
    taken_along: bool = False,
    at: datetime | None = None,
) -> None:
    """Add lines to the transcript and wake whoever listens to it (on commit).

    At a door where the citizen sees no page, the lines are sent as well: those that answer a turn,
    or that the door means to take along in its response (``taken_along``), a little later; none
    when ``pushed`` is false because a notice says the same. ``at`` is when it was said, if not now.
    """
    if not replies:
        return
    ids = await session.scalars(
        insert(Message).returning(Message.id, sort_by_parameter_order=True),
        [
            {
                "conversation_id": conversation_id,
                "turn_id": turn_id,
                "speaker": speaker,
                "content": encrypt(reply.model_dump_json()),
                "at": at or now(),
            }
            for reply in replies
        ],
    )
    # The citizen's own words are shown where they were said; the answer wakes the others.
    if speaker != "citizen":
        await session.execute(
            text("SELECT pg_notify('conversation', :id)"), {"id": str(conversation_id)}
        )
        lines = list(zip(ids.all(), replies, strict=True)) if pushed else []
        await _push(
            session, conversation_id, lines, answers_turn=taken_along or turn_id is not None
        )


async def _push(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    lines: list[tuple[int, Reply]],
    *,
    answers_turn: bool,
) -> None:
    if not lines or not pushing():
        return
    row = (
        await session.execute(
            select(Conversation.channel, Conversation.address).where(
                Conversation.id == conversation_id,
                Conversation.channel.in_(pushing()),
            )
        )
    ).one_or_none()
    if row is not None and row[1] is not None:
        channel, address = row[0], decrypt(row[1])
        await enqueue_lines(
            session, conversation_id, channel, address, lines, answers_turn=answers_turn
        )


async def transcript(
    session: AsyncSession, conversation_id: uuid.UUID, after: int = 0, limit: int = 200
) -> list[Line]:
    """Lines after event ``after``, oldest first, at most ``limit``."""
    rows = await session.execute(
        _LINES.where(Message.conversation_id == conversation_id, Message.id > after).limit(limit)
    )
    return [_line(row) for row in rows]


async def finish_turn(
    session: AsyncSession,
    turn_id: uuid.UUID,
    state: str,
    act: str | None = None,
    confidence: float | None = None,
) -> None:
    """Stamp a turn as answered or failed."""
    await session.execute(
        update(Turn)
        .where(Turn.id == turn_id)
        .values(state=state, act=act, confidence=confidence, answered_at=now())
    )


async def record_decision(session: AsyncSession, turn_id: uuid.UUID, decision: Decision) -> None:
    """Keep which way the turn went, and why."""
    await session.execute(
        update(Turn)
        .where(Turn.id == turn_id)
        .values(way=decision.label, way_reason=decision.reason[:100])
    )


@dataclass(frozen=True)
class Claim:
    """The right to act for a turn; ``heard`` are its words as they came, if it is stored."""

    heard: str | None


async def claim_action(session: AsyncSession, turn_id: uuid.UUID, action: str) -> Claim | None:
    """A claim for the first action of a turn; None when the turn has acted before."""
    heard = select(Turn.heard).where(Turn.id == turn_id).scalar_subquery()
    row = (
        await session.execute(
            upsert(TurnAction)
            .values(turn_id=turn_id, action=action, at=now())
            .on_conflict_do_nothing(index_elements=["turn_id"])
            .returning(TurnAction.turn_id, heard)
        )
    ).one_or_none()
    if row is None:
        return None
    return Claim(decrypt(row[1]) if row[1] else None)


async def unanswered_turns(session: AsyncSession, older_than: timedelta) -> list[Turn]:
    """Turns that were stored and never answered (the service died), oldest first."""
    rows = await session.scalars(
        select(Turn)
        .where(Turn.state == "received", Turn.at < now() - older_than)
        .order_by(Turn.at)
        .limit(500)
    )
    return list(rows)


async def matter_words(
    session: AsyncSession, conversation_id: uuid.UUID, since: datetime | None
) -> list[str]:
    """What the citizen said or typed after ``since`` (None: ever), oldest first, without mere talk and
    without questions that were answered, unless the answer did not help."""
    answered = (
        select(GivenAnswer.id)
        .outerjoin(Feedback, Feedback.answer_id == GivenAnswer.id)
        .where(GivenAnswer.turn_id == Turn.id, Feedback.helpful.is_not(False))
    )
    wanted = [
        Turn.conversation_id == conversation_id,
        Turn.kind.in_(("text", "voice")),
        Turn.act.is_(None) | Turn.act.not_in(_MERE_TALK),
        ~answered.exists(),
    ]
    if since is not None:
        wanted.append(Turn.at > since)
    rows = await session.scalars(select(Turn.heard).where(*wanted).order_by(Turn.at).limit(200))
    return [said for heard in rows if (said := decrypt(heard).strip())]


async def lines_of_turn(session: AsyncSession, turn_id: uuid.UUID) -> list[Line]:
    """The answers to a turn, in order."""
    rows = await session.execute(
        _LINES.where(Message.turn_id == turn_id, Message.speaker != "citizen")
    )
    return [_line(row) for row in rows]
