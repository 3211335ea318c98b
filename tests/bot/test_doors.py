"""A door knows its conversations by address; a message that comes again does nothing twice."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from bot.assistant import Assistant
from bot.gateway import PERSON, Gateway
from bot.inputs import ChoiceInput, ImageInput
from bot.models import Conversation, Message
from core.database import Database, now
from core.errors import NotFound
from core.privacy import decrypt
from core.settings import get_settings
from intake.service import open_draft, read

NUMBER = "13800001234"


@pytest.fixture
async def gateway(database: Database) -> AsyncIterator[Gateway]:
    assistant = Assistant(get_settings())
    yield Gateway(database, assistant)
    await assistant.close()


async def silent_since(gateway: Gateway, hours: float, owner: str = "assistant") -> None:
    async with gateway.database.unit_of_work() as session:
        await session.execute(
            update(Conversation).values(last_turn_at=now() - timedelta(hours=hours), owner=owner)
        )


async def test_an_address_goes_on_with_its_conversation(gateway: Gateway) -> None:
    first = await gateway.at_door("sms", NUMBER, caller=NUMBER)
    assert await gateway.at_door("sms", NUMBER) == first
    assert await gateway.at_door("wechat", NUMBER) != first
    assert await gateway.at_door("sms", "13800001235") != first
    async with gateway.database.unit_of_work() as session:
        kept = await session.get_one(Conversation, first)
        assert kept.address is not None
        assert NUMBER not in kept.address
        assert decrypt(kept.address) == decrypt(kept.context["caller"]) == NUMBER


@pytest.mark.parametrize(
    ("hours", "owner", "same"),
    [(23.9, "assistant", True), (24.1, "assistant", False), (100, "person", True)],
)
async def test_silence_ends_a_conversation_unless_a_person_owns_it(
    gateway: Gateway, hours: float, owner: str, same: bool
) -> None:
    first = await gateway.at_door("sms", NUMBER)
    await silent_since(gateway, hours, owner)
    assert (await gateway.at_door("sms", NUMBER) == first) is same


async def test_two_messages_at_once_open_one_conversation(gateway: Gateway) -> None:
    opened = await asyncio.gather(*(gateway.at_door("wechat", "openid-1") for _ in range(5)))
    assert len(set(opened)) == 1


async def test_a_message_that_comes_again_gets_the_same_answer(gateway: Gateway) -> None:
    conversation = await gateway.at_door("sms", NUMBER)
    heard = ChoiceInput(kind="choice", value=PERSON[1], title=PERSON[0])
    first = await gateway.take_from_door(conversation, "SM1", heard)
    again = await gateway.take_from_door(conversation, "SM1", heard)
    assert first == again
    assert "已为您转人工" in first.replies[0].text
    async with gateway.database.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 2


async def test_an_unknown_conversation_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(NotFound):
        await gateway.take_from_door(uuid4(), "SM1", ChoiceInput(kind="choice", value=PERSON[1]))


async def test_a_picture_that_comes_again_is_attached_once(gateway: Gateway) -> None:
    conversation = await gateway.at_door("wechat", "openid-1")
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "grey").save(picture, "PNG")
    heard = ImageInput(kind="image", data=base64.b64encode(picture.getvalue()).decode(), name="")
    for _ in range(2):
        await gateway.take_from_door(conversation, "message-1", heard)
    async with gateway.database.unit_of_work() as session:
        draft = await open_draft(session, conversation)
        assert draft is not None
        assert len(read(draft).attachments) == 1
