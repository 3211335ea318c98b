"""People to be called back: numbers masked until taken, tries counted, closed by a person."""

from __future__ import annotations

import asyncio

from console_app import Browser, Enter
from fastapi import FastAPI
from seat_talks import on_duty, waiting_talk
from sqlalchemy import select, update

from bot.seats import callbacks
from bot.seats.leaving import has_left
from bot.seats.models import SeatCallback
from bot.seats.talks import found
from core.database import now
from core.privacy import encrypt

PAGE = "/console/seat/callbacks"
PHONE = "13800000077"


async def _add(app: FastAPI, key: str = "k", **changes: str) -> int:
    async with app.state.database.unit_of_work() as session:
        for _ in range(2):
            await callbacks.add(
                session, key, channel="phone", reason="missed_call", phone=PHONE, **changes
            )
        entry = await session.scalar(select(SeatCallback).where(SeatCallback.key == key))
    assert entry is not None
    return entry.id


async def _entry(app: FastAPI, entry: int) -> SeatCallback:
    async with app.state.database.unit_of_work() as session:
        return await session.get_one(SeatCallback, entry)


async def _do(seat: Browser, entry: int, action: str, **fields: str) -> int:
    return (await seat.send(PAGE, f"{PAGE}/{entry}/{action}", **fields)).status_code


async def test_the_number_is_shown_to_whoever_took_it(enter: Enter, app: FastAPI) -> None:
    entry = await _add(app)
    one, two = await enter("seat"), await enter("seat2")
    html = (await one.get(PAGE)).text
    assert html.count("138****0077") == 1 and PHONE not in html
    done = await asyncio.gather(*(_do(seat, entry, "take") for seat in (one, two)))
    assert sorted(done) == [303, 409]
    seen = [PHONE in (await seat.get(PAGE)).text for seat in (one, two)]
    assert seen == [code == 303 for code in done]


async def test_a_call_that_reached_nobody_is_tried_again_later(enter: Enter, app: FastAPI) -> None:
    entry, seat = await _add(app), await enter("seat")
    assert await _do(seat, entry, "try", result="no_answer") == 409
    await _do(seat, entry, "take")
    assert await _do(seat, entry, "try", result="nonsense") == 422
    assert await _do(seat, entry, "try", result="no_answer", note="响了很久") == 303
    after = await _entry(app, entry)
    assert (after.state, after.taken_by) == ("waiting", None)
    assert after.not_before is not None and after.not_before > now()
    html = (await seat.get(PAGE)).text
    assert "无人接听（响了很久）" in html and PHONE not in html


async def test_reached_is_done_and_kept(enter: Enter, app: FastAPI) -> None:
    entry, seat = await _add(app), await enter("seat")
    await _do(seat, entry, "take")
    assert await _do(seat, entry, "try", result="reached") == 303
    after = await _entry(app, entry)
    assert (after.state, after.closed_by) == ("done", "seat")
    assert "138****0077" not in (await seat.get(PAGE)).text
    assert "138****0077" in (await seat.get(PAGE, tab="done")).text
    assert await _do(seat, entry, "take") == 409


async def test_a_person_gives_up_with_a_reason(enter: Enter, app: FastAPI) -> None:
    entry, seat = await _add(app), await enter("seat")
    await _do(seat, entry, "take")
    assert await _do(seat, entry, "close", note="") == 422
    assert await _do(seat, entry, "close", note="三次无人接听") == 303
    assert (await _entry(app, entry)).state == "done"


async def test_seats_see_their_queues_and_supervisors_all(enter: Enter, app: FastAPI) -> None:
    await _add(app, queue="foreign")
    await on_duty(app, "seat")
    await on_duty(app, "seat2", "foreign")
    seen = ["138****0077" in (await (await enter(who)).get(PAGE)).text
            for who in ("seat", "seat2", "supervisor")]  # fmt: skip
    assert seen == [False, True, True]


async def test_who_hangs_up_while_waiting_is_listed_with_the_number_the_door_saw(
    app: FastAPI,
) -> None:
    conversation = await waiting_talk(
        app, "喂", channel="phone", context={"caller": encrypt(PHONE)}
    )
    async with app.state.database.unit_of_work() as session:
        for _ in range(2):
            await has_left(session, await found(session, conversation), "missed_call")
    async with app.state.database.unit_of_work() as session:
        [entry] = await session.scalars(select(SeatCallback))
    assert entry.reason == "missed_call" and entry.conversation_id == conversation


async def test_without_a_number_the_answer_is_written(enter: Enter, app: FastAPI) -> None:
    entry, seat = await _add(app), await enter("seat")
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(SeatCallback).values(phone=None))
    await _do(seat, entry, "take")
    html = (await seat.get(PAGE)).text
    assert "没留电话" in html and "已在对话里答复" in html and "无人接听" not in html
    assert await _do(seat, entry, "try", result="written") == 303
    assert (await _entry(app, entry)).state == "done"
