"""Verification codes by text message: that a telephone number is in the hand of who asks.

Whether a number is known to the line is told nobody: a code is made for every number, and sent only
to one that somebody left.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import TooManyTries
from core.privacy import keyed_hash, new_query_code
from core.replies import say
from core.throttle import check_not_locked, record_failure
from notices.doors import SMS, is_mobile
from notices.messages import Message
from notices.models import VerificationCode
from notices.service import enqueue
from notices.templates import templates
from notices.vocabulary import Kind

VALID = timedelta(minutes=5)
MAX_TRIES = 5


async def send_code(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    phone: str,
    phone_hash: str,
    *,
    known: bool,
) -> None:
    """Make a code for ``phone``; it is sent if the number is ``known`` to the line.

    The earlier code of the conversation is over. Raises TooManyTries when codes were asked for five
    times within 15 minutes, for this number or in this conversation.
    """
    for subject in (f"code:{phone_hash}", f"code:{conversation_id}"):
        try:
            await check_not_locked(session, subject)
        except TooManyTries as error:
            raise TooManyTries("验证码要得太频繁，请 15 分钟后再试，或者转人工核实") from error
        await record_failure(session, subject)
    code = new_query_code()
    made = VerificationCode(
        conversation_id=conversation_id,
        phone_hash=phone_hash,
        code_hash=_code_hash(conversation_id, code),
        expires_at=now() + VALID,
    )
    session.add(made)
    await session.flush()
    if known and is_mobile(phone):
        await enqueue(
            session,
            Message(
                key=f"code:{made.id}",
                channel=SMS,
                address=phone,
                kind=Kind.CODE,
                reply=say(templates().verification(code)),
                conversation_id=conversation_id,
            ),
        )


async def check_code(session: AsyncSession, conversation_id: uuid.UUID, code: str) -> str | None:
    """The hash of the number (`cases.registration.phone_hash`) that the conversation's latest code
    was made for, when ``code`` is right; None when it is wrong, used, too late, or one try too many.
    """
    made = await session.scalar(
        select(VerificationCode)
        .where(VerificationCode.conversation_id == conversation_id)
        .order_by(VerificationCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    if made is None or made.used_at or made.expires_at < now() or made.tries >= MAX_TRIES:
        return None
    made.tries += 1
    if not hmac.compare_digest(made.code_hash, _code_hash(conversation_id, code)):
        return None
    made.used_at = now()
    return made.phone_hash


def _code_hash(conversation_id: uuid.UUID, code: str) -> str:
    return keyed_hash("code", f"{conversation_id}:{code}")
