"""All SQL of the WeChat door."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import NotAllowed
from core.privacy import decrypt, encrypt, keyed_hash
from integrations.wechat.allowance import Allowance, Spent
from integrations.wechat.messages import Incoming
from integrations.wechat.models import WeChatAllowance, WeChatMessage, WeChatToken

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Recorded:
    """A message that is kept: how often it came, whether it is taken, what was answered to it."""

    times: int
    done: bool
    answer: str | None


async def record(session: AsyncSession, incoming: Incoming, signed: str) -> Recorded:
    """Keep a message once, and what it allows us to send.

    Raises NotAllowed when the signed request ``signed`` brought another message before: somebody
    sends a request of WeChat's again with a body of his own.
    """
    statement = insert(WeChatMessage).values(
        key=incoming.key, signed=signed, content=encrypt(incoming.model_dump_json())
    )
    statement = statement.on_conflict_do_update(
        index_elements=["key"], set_={"times": WeChatMessage.times + 1}
    )
    returning = statement.returning(
        WeChatMessage.times, WeChatMessage.done_at, WeChatMessage.answer
    )
    try:
        # The same message at the same moment may meet ``signed`` before it meets ``key``: by the
        # second try the first is there, and it is known whether it is the same.
        try:
            async with session.begin_nested():
                row = (await session.execute(returning)).one()
        except IntegrityError:
            row = (await session.execute(returning)).one()
    except IntegrityError as error:
        raise NotAllowed("这个请求已经来过") from error
    if row.times == 1:
        await _grant(session, incoming)
    return Recorded(row.times, row.done_at is not None, decrypt(row.answer) if row.answer else None)


async def begin(session: AsyncSession, key: str, patience: timedelta) -> Incoming | None:
    """The message to take now; None when it is taken, or somebody began less than ``patience`` ago."""
    content = await session.scalar(
        update(WeChatMessage)
        .where(
            WeChatMessage.key == key,
            WeChatMessage.done_at.is_(None),
            or_(WeChatMessage.taken_at.is_(None), WeChatMessage.taken_at < now() - patience),
        )
        .values(taken_at=now())
        .returning(WeChatMessage.content)
    )
    return Incoming.model_validate_json(decrypt(content)) if content else None


async def finish(session: AsyncSession, key: str) -> None:
    """The message is taken: whatever comes of it stands in the conversation."""
    await session.execute(
        update(WeChatMessage).where(WeChatMessage.key == key).values(done_at=now())
    )


async def answer_of(session: AsyncSession, key: str) -> str | None:
    """What a response showed before; locks the message until the transaction ends."""
    answer = await session.scalar(
        select(WeChatMessage.answer).where(WeChatMessage.key == key).with_for_update()
    )
    return decrypt(answer) if answer else None


async def keep_answer(session: AsyncSession, key: str, answer: str) -> None:
    """What the response itself shows, for when WeChat did not get it and asks again."""
    await session.execute(
        update(WeChatMessage).where(WeChatMessage.key == key).values(answer=encrypt(answer))
    )


async def left_over(session: AsyncSession, patience: timedelta) -> list[str]:
    """Keys of messages that nobody has taken for ``patience``, oldest first."""
    rows = await session.scalars(
        select(WeChatMessage.key)
        .where(WeChatMessage.done_at.is_(None), WeChatMessage.received_at < now() - patience)
        .order_by(WeChatMessage.received_at)
        .limit(500)
    )
    return list(rows)


async def forget(session: AsyncSession, older_than: timedelta) -> None:
    """Delete what is taken and so old that WeChat does not ask again."""
    await session.execute(
        delete(WeChatMessage).where(
            WeChatMessage.done_at.is_not(None), WeChatMessage.received_at < now() - older_than
        )
    )


async def _grant(session: AsyncSession, incoming: Incoming) -> None:
    if not incoming.grants:
        return
    allowance = await _allowance(session, incoming.user)
    event = incoming.kind == "event"
    granted = allowance.after_event(now()) if event else allowance.after_message(now())
    await _store(session, incoming.user, granted)


async def spend(session: AsyncSession, user: str, wanted: int) -> tuple[Spent, int]:
    """Take up to ``wanted`` messages from what may be sent to ``user``; what was taken, and how many
    are left."""
    allowance = await _allowance(session, user)
    spent = allowance.spend(wanted, now())
    remaining = allowance.without(spent)
    await _store(session, user, remaining)
    return spent, remaining.left(now())


async def give_back(session: AsyncSession, user: str, spent: Spent) -> None:
    """What was taken was not sent."""
    await _store(session, user, (await _allowance(session, user)).with_again(spent))


async def exhaust(session: AsyncSession, user: str) -> None:
    """The platform counts otherwise: nothing may be sent until the follower writes again."""
    await _store(session, user, Allowance(_LONG_AGO, 0, _LONG_AGO, 0))


async def _allowance(session: AsyncSession, user: str) -> Allowance:
    """Locks the follower's count until the transaction ends."""
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"wechat-user:{user}", 0)))
    )
    row = await session.get(WeChatAllowance, _hash(user))
    if row is None:
        return Allowance(_LONG_AGO, 0, _LONG_AGO, 0)
    return Allowance(row.message_until, row.message_left, row.event_until, row.event_left)


async def _store(session: AsyncSession, user: str, allowance: Allowance) -> None:
    values = asdict(allowance)
    statement = insert(WeChatAllowance).values(user_hash=_hash(user), **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["user_hash"], set_=values)
    )


def _hash(user: str) -> str:
    return keyed_hash("wechat-user", user)


async def lock_token(session: AsyncSession, app_id: str) -> None:
    """One process at a time fetches a token; the lock ends with the transaction."""
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"wechat-token:{app_id}", 0)))
    )


async def find_token(session: AsyncSession, app_id: str) -> str | None:
    """The token that every process uses, while it is valid."""
    token = await session.scalar(
        select(WeChatToken.token).where(
            WeChatToken.app_id == app_id, WeChatToken.expires_at > now()
        )
    )
    return decrypt(token) if token else None


async def store_token(session: AsyncSession, app_id: str, token: str, expires_at: datetime) -> None:
    """Give a new token to every process."""
    values = {"token": encrypt(token), "expires_at": expires_at}
    statement = insert(WeChatToken).values(app_id=app_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["app_id"], set_=values))
