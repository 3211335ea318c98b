"""Reviews by text and keypad: a digit rates what was asked last; a complaint beside one is filed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from test_calls import cases
from test_texts import NUMBER, reviews, told_answer
from town import Register

from cases.registration import phone_hash
from core.database import now
from core.models import CalendarYear
from core.privacy import encrypt
from core.replies import say
from notices.messages import Message
from notices.news import Asked, Question
from notices.service import enqueue
from notices.vocabulary import Kind
from reviews.models import Rectification, Review, ServiceRecord
from tests.integrations.phone.phone_line import Ring, Texting
from tests.integrations.phone.text_simulator import key, send_all


async def finished(line: FastAPI) -> Question:
    """A service of the number that was finished an hour ago."""
    at = now()
    record = ServiceRecord(
        project_no="SL261129000001",
        item_name="占道许可",
        channel=5,
        status=3,
        accepted_at=at - timedelta(hours=2),
        finished_at=at - timedelta(hours=1),
        source="hall",
        applicant=encrypt(f'{{"name": "示例·甲", "phone": "{NUMBER}"}}'),
        phone_hash=phone_hash(NUMBER),
    )
    async with line.state.database.unit_of_work() as session:
        for year in (at.year, at.year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        session.add(record)
        await session.flush()
        return Question(Asked.RECORD, record.id)


async def put_right(line: FastAPI, file: Register) -> Question:
    """A bad review of a case that was put right, its citizen called back."""
    filed, at = await file(phone=NUMBER), now()
    async with line.state.database.unit_of_work() as session:
        review = Review(case_id=filed.case_id, round=1, grade=1, text="没修好", channel="sms")
        session.add(review)
        await session.flush()
        clock = {"opened_at": at, "yellow_at": at, "due_at": at}
        one = Rectification(
            review_id=review.id, unit="urban", state="completed", finished_at=at, **clock
        )
        session.add(one)
        await session.flush()
        return Question(Asked.SECOND, one.id)


async def asked(line: FastAPI, question: Question, *, held: bool = False) -> None:
    """It was asked by text at the number, or is to be in the morning."""
    async with line.state.database.unit_of_work() as session:
        reply = say("请回复数字评价。")
        about, later = question.word, now() + timedelta(hours=8) if held else None
        await enqueue(
            session,
            Message(
                key(), "sms", NUMBER, Kind.RATE, reply, about=about, not_before=later, held=held
            ),
        )
    await send_all(line.state.database)


@pytest.mark.parametrize(
    ("texts", "stored"),
    [
        (["5"], (5, "")),
        (["2 等了两个小时"], (2, "等了两个小时")),
        (["1", "窗口没有人"], (1, "窗口没有人")),
        (["１", "窗口没有人"], (1, "窗口没有人")),
        (["非常不满意，要我多交材料"], (1, "要我多交材料")),
    ],
)
async def test_a_service_is_rated_by_digit(
    line: FastAPI, texting: Texting, texts: list[str], stored: tuple[int, str]
) -> None:
    question = await finished(line)
    await asked(line, question)
    phone = texting(times=2)
    for body in texts[:-1]:
        assert "加原因" in (await phone.say(body))[0]
    assert "对这次办理的评价" in (await phone.say(texts[-1]))[0]
    assert await reviews(line) == [stored]
    async with line.state.database.sessions() as session:
        assert await session.scalar(select(Review.service_record_id)) == question.id
    assert "已经评价过" in (await phone.say("4"))[0]
    assert len(await reviews(line)) == 1


async def test_a_wrong_digit_leaves_the_question_open(line: FastAPI, texting: Texting) -> None:
    await asked(line, await finished(line))
    phone = texting(times=2)
    for body in ("6", "9"):
        assert "请回复 1 到 5" in (await phone.say(body))[0]
    assert "对这次办理的评价" in (await phone.say("5"))[0]
    assert await reviews(line) == [(5, "")]


@pytest.mark.parametrize(
    ("body", "grade", "state", "told"),
    [
        ("5", 5, "completed", "整改到此结束"),
        ("1", 1, "supervised", "转为督办"),
        ("2 还是老样子", 2, "supervised", "转为督办"),
    ],
)
async def test_what_was_put_right_is_rated_by_digit(
    line: FastAPI,
    texting: Texting,
    file: Register,
    body: str,
    grade: int,
    state: str,
    told: str,
) -> None:
    question = await put_right(line, file)
    await asked(line, question)
    phone = texting(times=2)
    assert told in (await phone.say(body))[0]
    async with line.state.database.sessions() as session:
        one = await session.get_one(Rectification, question.id)
        assert (one.second_grade, one.state) == (grade, state)
    assert "已经评价过" in (await phone.say("3"))[0]


@pytest.mark.parametrize("last", ["case", "record", "second", "held"])
async def test_the_digit_answers_the_question_asked_last(
    line: FastAPI, texting: Texting, file: Register, last: str
) -> None:
    second, record = await put_right(line, file), await finished(line)
    if last != "second":
        await asked(line, second)
    if last != "record":
        await asked(line, record, held=last == "held")
    await told_answer(line, file)
    if last in ("record", "second"):
        await asked(line, {"record": record, "second": second}[last])
    (told,) = await texting().say("5")
    words = {"record": "对这次办理的评价", "second": "对整改情况的评价"}
    assert words.get(last, "已记录您的评价") in told
    if last == "held":
        # What waits for the morning was not read: it is no question yet.
        await asked(line, record, held=True)
        assert "已经评价过" in (await texting().say("4"))[0]


async def test_what_was_put_right_is_rated_by_keypad(line: FastAPI, call: Ring) -> None:
    question = await finished(line)
    at = now()
    async with line.state.database.unit_of_work() as session:
        review = Review(service_record_id=question.id, round=1, grade=1, text="太慢", channel="web")
        session.add(review)
        await session.flush()
        clock = {"opened_at": at, "yellow_at": at, "due_at": at}
        session.add(
            Rectification(
                review_id=review.id,
                unit="urban",
                state="completed",
                finished_at=at,
                done="已增开窗口",
                **clock,
            )
        )
    phone = call(times=2, vouched=True)
    await phone.ring()
    asked = (await phone.say("我的办件进度到哪一步了"))[-1]
    assert "已增开窗口" in asked and "非常不满意请按1" in asked and "非常满意请按5" in asked
    assert "转为督办" in (await phone.press("2"))[-1]
    async with line.state.database.sessions() as session:
        one = (await session.scalars(select(Rectification))).one()
    assert (one.second_grade, one.state) == (2, "supervised")


async def test_a_complaint_beside_a_review_becomes_a_case(line: FastAPI, texting: Texting) -> None:
    phone = texting(times=2)
    asked = await phone.say("我要投诉政务中心3号窗口工作人员态度太差，还要给差评")
    assert "1 评价这次服务，2 投诉，登记工单" in asked[-1]
    (told,) = await phone.say("2")
    for answer in ("示例市政务服务中心", "昨天上午", "1", "1"):
        if "编号" in told:
            break
        (told,) = await phone.say(answer)
    (case,) = await cases(line)
    assert case.number in told and case.type == "complaint" and case.source == "sms"
    assert "态度太差" in case.detail
    assert await reviews(line) == []
