"""The telephone alone is enough to follow a case, once a code shows whose it is."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from recorder import Recorder
from sqlalchemy import func, select, text, update
from town import Register, file

from bot.actions import progress
from bot.actions.talk import Talk
from bot.city import Line
from bot.models import Conversation
from cases.models import Case
from core.database import Database, now
from core.errors import TooManyTries
from notices.channels import register, unregister_all
from notices.codes import MAX_TRIES
from notices.messages import reply_of
from notices.models import Delivery, SmsChoice, VerificationCode
from units.tree import UnitTree

__all__ = ["file"]
PHONE, STRANGER = "13800001234", "13800009999"


class Chat:
    """One conversation that follows a case; every turn is a transaction of its own."""

    def __init__(self, database: Database, id: uuid.UUID) -> None:
        self.database, self.id = database, id

    async def _talk(self, words: str, value: str | None) -> str:
        async with self.database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            line = cast(Line, SimpleNamespace(city=SimpleNamespace(tree=tree)))
            conversation = await session.get_one(Conversation, self.id)
            talk = Talk(line, session, conversation, None, uuid.uuid4(), words, "ask_progress", 0.9)
            if value is not None:
                replies = await progress.choose(talk, value)
            else:
                replies = await progress.progress(talk)
        self.choices = [choice.value for reply in replies for choice in reply.choices]
        return "\n".join(reply.text for reply in replies)

    async def say(self, words: str) -> str:
        return await self._talk(words, None)

    async def choose(self, value: str) -> str:
        return await self._talk("", value)

    async def code(self) -> str | None:
        """The code in the message that was sent last."""
        async with self.database.unit_of_work() as session:
            sent = await session.scalar(
                select(Delivery)
                .where(Delivery.kind == "code", Delivery.conversation_id == self.id)
                .order_by(Delivery.id.desc())
                .limit(1)
            )
        found = re.search(r"\d{6}", reply_of(sent).text) if sent else None
        return found[0] if found else None


@pytest.fixture
async def sms(city: Database) -> AsyncIterator[Recorder]:
    channel = Recorder("sms")
    register(channel, pushes_lines=True)
    yield channel
    unregister_all()
    async with city.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))


async def chatting(database: Database) -> Chat:
    made = Chat(database, uuid.uuid4())
    async with database.unit_of_work() as session:
        session.add(Conversation(id=made.id, channel="web", token_hash="", context={}))
    return made


@pytest.fixture
async def chat(city: Database) -> Chat:
    return await chatting(city)


async def test_a_code_shows_the_one_case_of_the_number(
    sms: Recorder, chat: Chat, file: Register
) -> None:
    filed = await file(title="广场舞噪音")
    await file(phone=STRANGER, title="别人的事")
    assert "手机号" in await chat.say("我前几天投诉噪音，单号忘了，帮我查下")
    asked = await chat.say(PHONE)
    assert "验证码" in asked
    assert "广场舞" not in asked
    wrong = await chat.say("123456")
    assert "不正确" in wrong
    assert filed.number not in wrong
    code = await chat.code()
    assert code is not None
    shown = await chat.say(code)
    assert f"工单 {filed.number}：广场舞噪音" in shown
    assert "别人的事" not in shown
    # From now on it is the citizen's own, and the code is used up.
    assert "已催办" in await chat.choose("urge")


async def test_several_cases_are_chosen_from_and_a_secret_one_only_named(
    sms: Recorder, chat: Chat, file: Register
) -> None:
    first, second = await file(title="路灯不亮"), await file(title="井盖松动")
    secret = await file(title="举报老板", confidential=True)
    other = await file(phone=STRANGER)
    await chat.say("查进度")
    await chat.say(f"手机号{PHONE}")
    code = await chat.code()
    shown = await chat.say(f"验证码 {code}")
    assert "路灯不亮" in shown
    assert "井盖松动" in shown
    assert secret.number in shown
    assert "举报" not in shown
    assert chat.choices == [f"case:open:{one.number}:progress" for one in (second, first)]
    assert "井盖松动" in await chat.choose(f"open:{second.number}:progress")
    for hidden in (secret, other):
        refused = await chat.choose(f"open:{hidden.number}:progress")
        assert "查询码" in refused
        assert "举报" not in refused


async def test_a_number_nobody_left_is_told_the_same_and_sent_nothing(
    sms: Recorder, chat: Chat, file: Register, city: Database
) -> None:
    await file()
    other = await chatting(city)
    answers = []
    for talk, phone in ((chat, PHONE), (other, STRANGER)):
        await talk.say("查进度")
        answers.append((await talk.say(phone), talk.choices, await talk.say("222222")))
    assert answers[0] == answers[1]
    assert await chat.code() is not None
    assert await other.code() is None


async def test_a_code_opens_once_soon_and_in_its_own_talk(
    sms: Recorder, chat: Chat, file: Register, city: Database
) -> None:
    filed = await file()
    thief = await chatting(city)
    for one in (chat, thief):
        await one.say("查进度")
    await chat.say(PHONE)
    code = await chat.code()
    assert code is not None
    await thief.say(STRANGER)
    assert "不正确" in await thief.say(code)
    async with city.unit_of_work() as session:
        late = now() - timedelta(seconds=1)
        await session.execute(update(VerificationCode).values(expires_at=late))
    assert "不正确" in await chat.say(code)
    await chat.say(PHONE)
    new = await chat.code()
    assert new is not None
    for _ in range(MAX_TRIES):
        assert "不正确" in await chat.say("111111")
    assert "不正确" in await chat.say(new)
    await chat.say(PHONE)
    newest = await chat.code()
    assert newest is not None
    assert filed.number in await chat.say(newest)


async def test_codes_are_not_sent_without_end(
    sms: Recorder, chat: Chat, file: Register, city: Database
) -> None:
    await file()
    await chat.say("查进度")
    for _ in range(5):
        await chat.say(PHONE)
    with pytest.raises(TooManyTries, match="太频繁"):
        await chat.say(PHONE)
    # Another talk does not help, and the number in another talk does not either.
    other = await chatting(city)
    await other.say("查进度")
    with pytest.raises(TooManyTries):
        await other.say(PHONE)
    with pytest.raises(TooManyTries):
        await chat.say(STRANGER)
    async with city.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 5


async def test_without_a_door_for_text_messages_number_and_code_are_asked(
    chat: Chat, file: Register, city: Database
) -> None:
    filed = await file()
    assert "手机号" not in await chat.say("查进度")
    assert "工单编号" in await chat.say(PHONE)
    assert filed.number in await chat.say(f"{filed.number} 查询码 {filed.query_code}")


async def test_text_messages_are_chosen_in_the_talk(
    sms: Recorder, chat: Chat, file: Register, city: Database
) -> None:
    filed = [await file(), await file()]
    async with city.unit_of_work() as session:
        talk = await session.get_one(Conversation, chat.id)
        numbers = [one.number for one in filed]
        talk.context = {"case": numbers[0], "filed": numbers}
    assert "发短信" in await chat.choose("sms")
    async with city.unit_of_work() as session:
        chosen = await session.scalars(
            select(Case.number).join(SmsChoice, SmsChoice.case_id == Case.id)
        )
        assert sorted(chosen) == sorted(numbers)
