"""A matter told again in the conversation it was filed in: asked about before anything is filed."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.actions import repeated, take_in
from bot.actions.talk import Replies, Talk
from bot.city import City, Line
from bot.models import Conversation
from cases.models import Case, CaseEvent
from cases.vocabulary import CaseType
from core.database import Database
from intake import form
from intake.models import Draft
from intake.service import Intake, read, start_draft, write
from routing.service import Router
from units.gazetteer import Gazetteer
from units.tree import UnitTree

LAMP = form.Matter(
    words=["望湖路8号的路灯不亮了"],
    type=CaseType.HELP,
    category="A0312",
    place=form.Place(text="望湖路8号"),
    since="昨天",
    phone="13800001234",
    awaiting="confirm",
)
AGAIN = LAMP.model_copy(update={"words": ["望湖路8号那盏路灯还是不亮"]})
PIT = LAMP.model_copy(update={"words": ["望湖路8号门口路面有个坑"], "category": "A0310"})


class Chat:
    """One conversation; every turn is a transaction of its own, as in the running line."""

    def __init__(self, database: Database, id: uuid.UUID) -> None:
        self.database, self.id = database, id

    async def told(self, matter: form.Matter) -> None:
        """The talk came so far that ``matter`` awaits confirmation."""
        async with self.database.unit_of_work() as session:
            write(await start_draft(session, self.id), matter)

    async def say(self, text: str = "", value: str | None = None) -> Replies:
        async with self.database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            router = await Router.load(session, tree)
            intake = Intake(router, await Gazetteer.load(session), tree)
            line = cast(Line, SimpleNamespace(city=City(tree, router, intake)))
            conversation = await session.get_one(Conversation, self.id)
            draft = await session.scalar(
                select(Draft).where(Draft.conversation_id == self.id, Draft.state == "open")
            )
            talk = Talk(line, session, conversation, draft, uuid.uuid4(), text, "inform", 0.9)
            if value is not None:
                return await take_in.choose(talk, value)
            return await take_in.take_in(talk)

    async def confirm(self) -> Replies:
        return await self.say(value="confirm")


@pytest.fixture
async def chat(city: Database) -> Chat:
    id = uuid.uuid4()
    async with city.unit_of_work() as session:
        session.add(Conversation(id=id, token_hash="x", channel="web", context={}))
    return Chat(city, id)


async def another(city: Database) -> Chat:
    id = uuid.uuid4()
    async with city.unit_of_work() as session:
        session.add(Conversation(id=id, token_hash="x", channel="web", context={}))
    return Chat(city, id)


async def cases(database: Database) -> list[Case]:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(Case).order_by(Case.id)))


async def events(database: Database, action: str) -> list[CaseEvent]:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(CaseEvent).where(CaseEvent.action == action)))


def choices(replies: Replies) -> list[str]:
    return [choice.value for choice in replies[0].choices]


async def filed_and_told_again(chat: Chat, matter: form.Matter = AGAIN) -> Replies:
    await chat.told(LAMP)
    await chat.confirm()
    await chat.told(matter)
    return await chat.confirm()


async def test_the_same_matter_is_asked_about(city: Database, chat: Chat) -> None:
    replies = await filed_and_told_again(chat)
    [case] = await cases(city)
    assert case.number in replies[0].text
    assert choices(replies) == ["intake:same:urge", "intake:same:more", "intake:same:new"]


@pytest.mark.parametrize(
    ("how", "action"),
    [
        ({"value": "same:urge"}, "urge"),
        ({"text": "那就催一下"}, "urge"),
        ({"value": "same:more"}, "supplement"),
        ({"text": "对，补充进去"}, "supplement"),
    ],
)
async def test_it_is_urged_or_added_to_and_not_filed(
    city: Database, chat: Chat, how: dict[str, Any], action: str
) -> None:
    await filed_and_told_again(chat)
    replies = await chat.say(**how)
    [case] = await cases(city)
    assert case.number in replies[0].text
    assert "没有另立工单" in replies[0].text
    assert [e.case_id for e in await events(city, action)] == [case.id]


@pytest.mark.parametrize("how", [{"value": "same:new"}, {"text": "不是同一件事"}])
async def test_the_citizen_may_say_it_is_another(
    city: Database, chat: Chat, how: dict[str, Any]
) -> None:
    await filed_and_told_again(chat)
    replies = await chat.say(**how)
    assert "已登记" in replies[0].text
    assert len(await cases(city)) == 2


async def test_unclear_words_file_nothing_and_ask_again(city: Database, chat: Chat) -> None:
    asked = await filed_and_told_again(chat)
    for again in (await chat.say("这个嘛我想想"), await chat.confirm()):
        assert again[0].text == asked[0].text
    assert len(await cases(city)) == 1


async def test_an_answered_case_can_be_taken_up_again(city: Database, chat: Chat) -> None:
    await chat.told(LAMP)
    await chat.confirm()
    [case] = await cases(city)
    async with city.unit_of_work() as session:
        stored = await session.get_one(Case, case.id)
        stored.state, stored.told_at = "callback", stored.created_at
    await chat.told(AGAIN)
    replies = await chat.confirm()
    assert choices(replies) == ["intake:same:again", "intake:same:new"]


async def test_another_matter_is_filed_without_a_question(city: Database, chat: Chat) -> None:
    replies = await filed_and_told_again(chat, PIT)
    assert "已登记" in replies[0].text
    assert len(await cases(city)) == 2


async def test_nobody_hears_of_a_case_from_another_conversation(city: Database, chat: Chat) -> None:
    await chat.told(LAMP)
    await chat.confirm()
    stranger = await another(city)
    await stranger.told(AGAIN)
    replies = await stranger.confirm()
    [first, second] = await cases(city)
    assert first.number not in replies[0].text
    assert second.number in replies[0].text


async def test_a_report_is_not_mixed_with_an_open_complaint(city: Database, chat: Chat) -> None:
    report = AGAIN.model_copy(update={"type": CaseType.REPORT})
    replies = await filed_and_told_again(chat, report)
    assert "已登记" in replies[0].text
    assert len(await cases(city)) == 2


async def test_who_stays_anonymous_is_not_led_to_a_case_with_a_name(
    city: Database, chat: Chat
) -> None:
    nameless = AGAIN.model_copy(update={"anonymous": True, "phone": None})
    replies = await filed_and_told_again(chat, nameless)
    assert "已登记" in replies[0].text
    assert len(await cases(city)) == 2


async def test_the_draft_waits_while_it_is_asked(city: Database, chat: Chat) -> None:
    await filed_and_told_again(chat)
    async with city.unit_of_work() as session:
        draft = await session.scalar(select(Draft).where(Draft.state == "open"))
        assert draft is not None
        assert read(draft).awaiting == repeated.AWAITING


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("催办", "urge"),
        ("快点处理", "urge"),
        ("补充进去", "more"),
        ("是的", "more"),
        ("不是", "new"),
        ("是另一件事", "new"),
        ("今天天气不错", ""),
        ("", ""),
    ],
)
def test_what_the_citizens_words_choose(text: str, wish: str) -> None:
    assert repeated.wish(text) == wish
