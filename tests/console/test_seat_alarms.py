"""Alarms ring at every seat until one answers, climb to the supervisors, and are settled by a person."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from console_app import Enter
from fastapi import FastAPI
from seat_talks import state_of, waiting_talk
from sqlalchemy import select, update

from bot.alarms import raise_alarm
from bot.models import Conversation
from bot.seats.leaving import has_left
from bot.seats.models import Alarm
from bot.seats.ringing import rings_for
from core.database import Database, now
from core.identity import Role
from core.privacy import decrypt
from intake.emergencies import screen

NEWS = "/console/seat/news"
WAIT = timedelta(seconds=60)


async def _alarm(app: FastAPI, conversation: uuid.UUID, words: str) -> None:
    found = screen(words)
    assert found is not None
    async with app.state.database.unit_of_work() as session:
        talk = await session.get_one(Conversation, conversation)
        await raise_alarm(session, talk, words, found)


async def _alarms(app: FastAPI) -> list[Alarm]:
    async with app.state.database.unit_of_work() as session:
        return list(await session.scalars(select(Alarm).order_by(Alarm.id)))


@pytest.mark.parametrize(
    ("role", "seconds", "taken", "rings"),
    [
        (Role.SEAT, 0, False, True),
        (Role.SEAT, 600, False, True),
        (Role.SEAT, 0, True, False),
        (Role.SUPERVISOR, 59, False, False),
        (Role.SUPERVISOR, 60, False, True),
        (Role.SUPERVISOR, 60, True, False),
        (Role.DISPATCHER, 600, False, False),
    ],
)
def test_where_it_rings(role: Role, seconds: int, taken: bool, rings: bool) -> None:
    at = now()
    assert rings_for(role, at - timedelta(seconds=seconds), taken, at, WAIT) is rings


async def test_it_rings_with_words_until_a_seat_answers(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "你好", owner="assistant")
    await _alarm(app, conversation, "望湖路8号着火了，有人被困")
    one, two = await enter("seat"), await enter("seat2")
    for seat in (one, two):
        html = (await seat.get(NEWS)).text
        assert 'data-ringing="1"' in html and "望湖路8号着火了" in html
    supervisor = await enter("supervisor")
    assert 'data-ringing="0"' in (await supervisor.get(NEWS)).text
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(Alarm).values(raised_at=now() - WAIT * 2))
    climbed = (await supervisor.get(NEWS)).text
    assert 'data-ringing="1"' in climbed and "已升级督办" in climbed
    [alarm] = await _alarms(app)
    done = await one.send("/console/seat", f"/console/seat/alarms/{alarm.id}/answer")
    assert done.headers["location"] == f"/console/seat/{conversation}"
    for seat in (one, two, supervisor):
        assert 'data-ringing="0"' in (await seat.get(NEWS)).text
    assert (await state_of(app, conversation)).seat == "seat"
    [alarm] = await _alarms(app)
    assert alarm.taken_by == "seat" and alarm.taken_at is not None and alarm.closed_at is None


async def test_a_place_that_was_told_before_or_after_stands_at_the_alarm(
    enter: Enter, app: FastAPI
) -> None:
    for told in (["望湖路8号的路灯不亮", "家里着火了"], ["家里着火了", "在望湖路8号"]):
        talk = await waiting_talk(app, *told, owner="assistant")
        await _alarm(app, talk, "家里着火了")
    talks = [str(a.conversation_id) for a in await _alarms(app)]
    seat = await enter("seat")
    for page in (NEWS, "/console/seat/alarms"):
        html = (await seat.get(page)).text
        assert html.count("地点：望湖路8号") == 2 and "未说明" not in html
    for one in talks:
        assert "地点：望湖路8号" in (await seat.get(f"/console/seat/{one}")).text
    desk = (await seat.get("/console/seat")).text
    assert desk.count("“家里着火了”　地点：望湖路8号") == 2


async def test_who_left_in_danger_is_listed_with_the_danger(enter: Enter, app: FastAPI) -> None:
    talk = await waiting_talk(app, "望湖路8号家里着火了", owner="assistant")
    await _alarm(app, talk, "望湖路8号家里着火了")
    async with app.state.database.unit_of_work() as session:
        await has_left(session, await session.get_one(Conversation, talk), "left")
    html = (await (await enter("seat")).get("/console/seat/callbacks")).text
    assert "（119）" in html and "“望湖路8号家里着火了”　地点：望湖路8号" in html
    assert "紧急求助" in html and "没留电话" in html and "来电</span>" not in html


async def test_the_second_to_answer_sees_who_was_first(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "你好", owner="assistant")
    await _alarm(app, conversation, "我家着火了")
    [alarm] = await _alarms(app)
    address = f"/console/seat/alarms/{alarm.id}/answer"
    await (await enter("seat")).send("/console/seat", address)
    late = await (await enter("seat2")).send("/console/seat", address)
    assert late.headers["location"].endswith("done=answered")
    [alarm] = await _alarms(app)
    assert alarm.taken_by == "seat"
    assert (await state_of(app, conversation)).seat == "seat"


async def test_more_of_the_same_danger_is_one_alarm_and_another_danger_another(
    app: FastAPI,
) -> None:
    conversation = await waiting_talk(app, "你好", owner="assistant")
    await _alarm(app, conversation, "我家着火了")
    await _alarm(app, conversation, "厨房着火了快来")
    await _alarm(app, conversation, "我爸突然晕倒了叫不醒")
    first, second = await _alarms(app)
    assert decrypt(first.words).split("\n") == ["我家着火了", "厨房着火了快来"]
    assert (first.number, second.number) == ("119", "120")


async def test_a_new_danger_rings_though_a_seat_has_the_talk(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "你好", seat="seat")
    await _alarm(app, conversation, "我家着火了")
    assert (await state_of(app, conversation)).seat == "seat"
    assert 'data-ringing="1"' in (await (await enter("seat2")).get(NEWS)).text


async def test_only_a_person_settles_it_and_says_what_came_of_it(
    enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, "你好", owner="assistant")
    await _alarm(app, conversation, "我家着火了")
    [alarm] = await _alarms(app)
    seat, address = await enter("seat"), f"/console/seat/alarms/{alarm.id}/close"
    page = f"/console/seat/{conversation}"
    await seat.send("/console/seat", f"/console/seat/alarms/{alarm.id}/answer")
    await seat.send(page, f"{page}/hand-back")
    # The talk is the assistant's again; the alarm stays open.
    assert "我家着火了" in (await seat.get("/console/seat/alarms")).text
    assert (await seat.send("/console/seat", address, note=" ")).status_code == 422
    done = await seat.send("/console/seat", address, note="消防已到场，无人受伤")
    assert done.status_code == 303
    html = (await seat.get("/console/seat/alarms")).text
    assert "没有未办结的告警" in html and "消防已到场" in html
    again = await seat.send("/console/seat", address, note="改写")
    assert again.status_code == 303
    [alarm] = await _alarms(app)
    assert alarm.note == "消防已到场，无人受伤"


async def test_a_hazard_is_marked_and_placed(
    catalogue: Database, enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, "你好", owner="assistant")
    await _alarm(app, conversation, "望湖街道停电后电线掉下来了还在冒火花")
    html = (await (await enter("seat")).get("/console/seat/alarms")).text
    assert "险情" in html
    assert "地点：望湖街道（城东区望湖街道）" in html
