"""Invitations to rate a finished service, and what was put right: once, through one door, in time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from recorder import Recorder
from sqlalchemy import func, select
from test_telling import talk, teller, work
from town import CALLER, DISPATCHER, URBAN, Register

from bot.told import Transcripts
from cases import service as cases
from cases.registration import phone_hash
from cases.vocabulary import Source
from core.database import Database, now
from core.models import CalendarYear, OutboxMessage
from core.outbox import delivery
from core.privacy import encrypt
from core.settings import get_settings
from notices.models import Delivery
from notices.telling import Teller
from reviews.grades import Grade
from reviews.inviting import invite, invite_nobody_yet
from reviews.models import Rectification, Review, ServiceRecord
from reviews.rectification import Action
from reviews.rectifying import Given, act
from reviews.service import submit_for_case
from reviews.signed_links import record_link, second_link

__all__ = ["teller"]

PHONE = "13800001234"
AN_HOUR, LONG_AGO = timedelta(hours=1), timedelta(days=40)


def made(number: int, ago: timedelta | None = AN_HOUR, phone: str = PHONE) -> ServiceRecord:
    """A service that was finished ``ago``; None: it goes on."""
    at = now()
    return ServiceRecord(
        project_no=f"SL261129{number:06d}",
        item_name="离婚登记",
        unit="urban",
        channel=5,
        status=2 if ago is None else 3,
        accepted_at=at - timedelta(days=60),
        finished_at=None if ago is None else at - ago,
        source="hall",
        applicant=encrypt(f'{{"name": "示例·甲", "phone": "{phone}"}}') if phone else None,
        phone_hash=phone_hash(phone) if phone else None,
    )


async def store(city: Database, *records: ServiceRecord) -> list[int]:
    async with city.unit_of_work() as session:
        for year in (now().year, now().year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        session.add_all(records)
        await session.flush()
        return [one.id for one in records]


async def invited(city: Database) -> int:
    async with city.unit_of_work() as session:
        return await invite(session, now())


async def deliveries(city: Database) -> list[Delivery]:
    async with city.sessions() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (lambda: made(1), 1),
        (lambda: made(1, None), 0),
        (lambda: made(1, LONG_AGO), 0),
        (lambda: made(1, timedelta(days=12)), 0),
        (lambda: made(1, timedelta(hours=-1)), 0),
        (lambda: made(1, phone=""), 0),
    ],
    ids=["finished", "running", "long ago", "over", "to come", "no number"],
)
async def test_who_is_invited(city: Database, record: Any, expected: int) -> None:
    await store(city, record())
    assert [await invited(city), await invited(city)] == [expected, 0]


async def test_nobody_is_invited_who_has_rated_or_is_invented(city: Database) -> None:
    [rated] = await store(city, made(1))
    async with city.unit_of_work() as session:
        session.add(Review(service_record_id=rated, round=1, grade=5, channel="web", source_id="x"))
    assert await invited(city) == 0
    await store(city, made(2))
    async with city.unit_of_work() as session:
        await invite_nobody_yet(session, now())
    assert await invited(city) == 0


async def test_many_old_records_send_nothing_and_are_not_looked_at_again(city: Database) -> None:
    await store(city, *(made(number, LONG_AGO) for number in range(500)), made(999))
    assert [await invited(city), await invited(city)] == [1, 0]
    async with city.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


async def test_a_text_asks_for_a_digit_once_a_day_and_names_no_item(
    teller: Teller, city: Database, sms: Recorder
) -> None:
    [first, _] = await store(city, made(1), made(2))
    assert await invited(city) == 2
    await work(city)
    [text] = sms.texts
    assert "尾号000001" in text and "示例市城市管理局" in text and "5 非常满意" in text
    assert "离婚" not in text and "/" not in text and "甲" not in text
    [sent] = await deliveries(city)
    assert (sent.about, sent.kind, sms.sent[0].address) == (f"record:{first}", "rate", PHONE)


async def test_who_looked_at_it_in_wechat_gets_the_link_there(
    teller: Teller, city: Database, sms: Recorder, wechat: Recorder
) -> None:
    record = made(1)
    record.followed_in = await talk(city, "wechat", "openid")
    [id] = await store(city, record)
    await invited(city)
    await work(city)
    [told] = wechat.sent
    assert told.card == {"kind": "link", "title": "去评价", "url": record_link(id)}
    assert sms.sent == []


async def test_the_night_is_quiet_and_nothing_is_sent_that_is_over_by_morning(
    city: Database, outbox: Database, sms: Recorder
) -> None:
    await store(city, made(1))
    await invited(city)
    settings = get_settings().model_copy(
        update={"quiet_from": time(0), "quiet_to": time(23, 59, 59, 999999)}
    )
    delivery.handlers = Teller(Transcripts(), settings).handlers
    await work(city)
    assert sms.sent == [] and [one.state for one in await deliveries(city)] == ["held"]
    delivery.handlers = {}


async def put_right(city: Database, file: Register, source: Source, **more: Any) -> int:
    """A bad review of a case that was put right, and its citizen called back."""
    filed, at = await file(lead="urban", source=source, **more), now()
    async with city.unit_of_work() as session:
        for year in (at.year, at.year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        await cases.accept(session, URBAN, filed.case_id, 1, at)
        await cases.answer(session, URBAN, filed.case_id, 2, "修好了", "", at)
        await cases.pass_check(session, DISPATCHER, filed.case_id, 3, at)
        await submit_for_case(session, filed.case_id, Grade(2), [], "没修好", Source.WEB, at)
    async with city.unit_of_work() as session:
        one = (await session.scalars(select(Rectification))).one().id
    for actor, action in (
        (URBAN, Action.VERIFY),
        (URBAN, Action.FINISH),
        (CALLER, Action.SOLVED),
    ):
        await _act(city, one, actor, action, at)
    return one


async def _act(city: Database, one: int, actor: Any, action: Action, at: datetime) -> None:
    async with city.unit_of_work() as session:
        version = (await session.get_one(Rectification, one)).version
        await act(session, actor, one, version, action, Given("重新修好了"), at)


async def test_after_the_calling_back_a_second_review_is_asked_for(
    teller: Teller, city: Database, sms: Recorder, file: Register
) -> None:
    one = await put_right(city, file, Source.PHONE)
    await work(city)
    asked = (await deliveries(city))[-1]
    assert (asked.about, asked.kind) == (f"second:{one}", "rate")
    assert "请回复数字评价整改情况" in sms.texts[-1] and "/r2/" not in sms.texts[-1]


async def test_in_a_chat_it_is_asked_with_what_was_done(
    teller: Teller, city: Database, wechat: Recorder, file: Register
) -> None:
    conversation = await talk(city, "wechat", "openid")
    one = await put_right(city, file, Source.WECHAT, conversation_id=conversation)
    await work(city)
    told = wechat.sent[-1]
    assert "重新修好了" in told.text and (told.card or {})["url"] == second_link(one)
    assert told.choices[0].value == "second:5"


async def test_of_a_confidential_case_nothing_is_asked(
    teller: Teller, city: Database, sms: Recorder, file: Register
) -> None:
    await put_right(city, file, Source.PHONE, confidential=True)
    await work(city)
    assert "rate" not in [one.kind for one in await deliveries(city)]
