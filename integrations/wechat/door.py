"""The WeChat door: what comes is kept, then taken; what is known in time is shown at once.

WeChat waits five seconds and asks three times. A message is stored before anything else, so that
``success`` may be said at any time after: whatever dies, the message is taken later, and what it is
answered leaves as a customer-service message.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from datetime import timedelta

import structlog

from bot.gateway import Gateway
from bot.inputs import ChoiceInput, ImageInput, TextInput, TurnInput
from bot.repository import append, last_turn_at
from core.database import Database
from core.errors import HotlineError
from core.replies import Choice, Reply, say
from integrations.wechat import repository
from integrations.wechat.account import Account
from integrations.wechat.meaning import PICTURE_LOST, Picture, Receipt, meaning
from integrations.wechat.messages import Incoming
from integrations.wechat.platform import Platform, PlatformError, Unclear, Unreachable
from integrations.wechat.wording import TEXT_BYTES, picked, worded
from notices.messages import address_hash
from notices.service import claim_lines, reachable_again, receipt, told

log = structlog.get_logger(__name__)

CHANNEL = "wechat"
# Seconds of WeChat's five; the rest is for the way there and back.
ANSWER_WITHIN = 4.0
# WeChat asks three times; a fourth is somebody else.
ATTEMPTS = 3
# Longer than fetching a picture and asking the assistant take together.
_PATIENCE = timedelta(seconds=40)
_KEPT = timedelta(hours=1)


class _TooLong(Exception):
    """More than a response may carry."""


class Door:
    """The door of one account in this process."""

    def __init__(
        self,
        account: Account,
        database: Database,
        gateway: Gateway,
        platform: Platform,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self.account = account
        self._database = database
        self._gateway = gateway
        self._platform = platform
        self.answer_within = answer_within
        self._taking: dict[str, asyncio.Task[None]] = {}

    async def receive(self, incoming: Incoming, signed: str) -> str | None:
        """Keep and take a message; returns the text to show in the response, or None.

        ``signed`` names the signed request. Raises NotAllowed when it brought another message before.
        """
        until = asyncio.get_running_loop().time() + self.answer_within
        async with self._database.unit_of_work() as session:
            recorded = await repository.record(session, incoming, signed)
            if recorded.times == 1 and incoming.grants:
                await reachable_again(session, CHANNEL, incoming.user)
        if recorded.times > ATTEMPTS:
            return None
        if recorded.answer is not None:
            return recorded.answer
        if not recorded.done and not await self._taken(incoming.key, until):
            return None
        return await self._answer(incoming)

    async def _taken(self, key: str, until: float) -> bool:
        """Have the message taken; whether that was done before ``until``, in loop time."""
        task = self._taking.get(key)
        if task is None:
            task = self._taking[key] = asyncio.create_task(self.take(key), name="wechat")
            task.add_done_callback(lambda _: self._taking.pop(key, None))
        left = until - asyncio.get_running_loop().time()
        await asyncio.wait({task}, timeout=max(left, 0))
        if not task.done() or task.cancelled():
            return False
        if (error := task.exception()) is not None:
            # It is kept, and taken again a little later.
            log.error("wechat_message_failed", exc_info=error)
            return False
        return True

    async def take(self, key: str) -> None:
        """Do what a kept message says, once; nothing when somebody else does or did."""
        async with self._database.unit_of_work() as session:
            incoming = await repository.begin(session, key, _PATIENCE)
        if incoming is None:
            return
        what = meaning(incoming)
        if isinstance(what, Picture):
            what = await self._picture(what)
        if isinstance(what, Receipt):
            async with self._database.unit_of_work() as session:
                await receipt(session, CHANNEL, what.provider_id, what.state, what.error)
        elif what is not None:
            await self._say(incoming, what)
        async with self._database.unit_of_work() as session:
            await repository.finish(session, key)

    async def _say(self, incoming: Incoming, what: TurnInput | Reply) -> None:
        conversation = None
        if isinstance(what, TextInput):
            what, conversation = await self._chosen(incoming.user, what)
        if conversation is None:
            conversation = await self._gateway.at_door(CHANNEL, incoming.user)
        if not isinstance(what, Reply):
            try:
                await self._gateway.take_from_door(conversation, incoming.key, what)
                return
            except HotlineError as refused:
                what = say(refused.message)
        async with self._database.unit_of_work() as session:
            await append(session, conversation, "assistant", [what], taken_along=True)
            # With the line, so that it is said once.
            await repository.finish(session, incoming.key)

    async def _chosen(
        self, user: str, typed: TextInput
    ) -> tuple[TextInput | ChoiceInput, uuid.UUID | None]:
        """What was typed; if it is the digit or title of a choice that was shown since the follower
        last spoke, that choice, and the conversation that it belongs to."""
        async with self._database.unit_of_work() as session:
            since = await last_turn_at(session, address_hash(CHANNEL, user))
            shown = await told(session, CHANNEL, user, since) if since else []
        offered = next((one for one in reversed(shown) if one.reply.choices), None)
        choice = picked(typed.text, offered.reply.choices) if offered else None
        if offered is None or choice is None:
            return typed, None
        chosen = ChoiceInput(kind="choice", value=choice.value, title=choice.title)
        return chosen, offered.conversation_id

    async def _picture(self, picture: Picture) -> ImageInput | Reply:
        try:
            content = await self._platform.picture(picture.media_id)
        except HotlineError as refused:
            return say(refused.message)
        except (PlatformError, Unreachable, Unclear) as error:
            log.warning("wechat_picture_lost", reason=str(error))
            return PICTURE_LOST
        return ImageInput(kind="image", data=base64.b64encode(content).decode())

    async def _answer(self, incoming: Incoming) -> str | None:
        """What the response shows: every line that is not on its way yet, if it fits."""
        if isinstance(meaning(incoming), Receipt | None):
            return None
        conversation = await self._gateway.at_door(CHANNEL, incoming.user)
        try:
            async with self._database.unit_of_work() as session:
                before = await repository.answer_of(session, incoming.key)
                if before is not None:
                    return before
                replies = await claim_lines(session, conversation)
                if not replies:
                    return None
                text = _worded(replies, self.account.address)
                if len(text.encode()) > TEXT_BYTES:
                    raise _TooLong
                await repository.keep_answer(session, incoming.key, text)
        except _TooLong:
            return None
        return text

    async def take_left_over(self) -> int:
        """Take what a process that died has left; returns how many. Old messages are forgotten."""
        async with self._database.unit_of_work() as session:
            keys = await repository.left_over(session, _PATIENCE)
            await repository.forget(session, _KEPT)
        for key in keys:
            try:
                await self.take(key)
            except Exception as error:
                # One message that cannot be taken must not keep the others waiting.
                log.error("wechat_message_failed", exc_info=error)
        return len(keys)

    async def close(self) -> None:
        """Stop taking; what was begun is taken up again after the start."""
        tasks = list(self._taking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _worded(replies: list[Reply], address: str) -> str:
    """Several lines as one text, with the choices offered last."""
    texts, cards = [reply.text for reply in replies], [reply.card for reply in replies]
    return worded(texts, _offered(replies), cards, address)


def _offered(replies: list[Reply]) -> list[Choice]:
    """The choices offered last; ``replies`` are oldest first."""
    return next((reply.choices for reply in reversed(replies) if reply.choices), [])
