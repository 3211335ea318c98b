"""The queue: who takes whom, exactly once; passing on; what each seat serves; ends of a talk."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from console_app import Enter
from fastapi import FastAPI
from seat_talks import on_duty, said_by, state_of, waiting_talk
from sqlalchemy import select

from cases.models import Contact


def _page(conversation: uuid.UUID) -> str:
    return f"/console/seat/{conversation}"


async def test_exactly_one_seat_gets_a_talk(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "在吗")
    page = _page(conversation)
    seats = [await enter("seat"), await enter("seat2"), await enter("supervisor")]
    done = await asyncio.gather(*(seat.send(page, f"{page}/take") for seat in seats))
    assert sorted(one.status_code for one in done) == [303, 409, 409]
    assert await said_by(app, conversation, "system") == ["话务员已接入，为您服务。"]


async def test_the_next_one_is_never_given_twice(enter: Enter, app: FastAPI) -> None:
    talks = [await waiting_talk(app, "在吗", minutes=n) for n in (1, 2)]
    one, two = await enter("seat"), await enter("seat2")
    done = await asyncio.gather(
        *(seat.send("/console/seat", "/console/seat/next") for seat in (one, two))
    )
    assert {str(d.headers["location"]) for d in done} == {_page(t) for t in talks}
    nobody = await one.send("/console/seat", "/console/seat/next")
    assert nobody.headers["location"] == "/console/seat?done=nobody"


async def test_next_serves_ones_own_queues_but_any_emergency_first(
    enter: Enter, app: FastAPI
) -> None:
    foreign = await waiting_talk(app, "hello", minutes=30, queue="foreign")
    general = await waiting_talk(app, "在吗", minutes=2)
    urgent = await waiting_talk(app, "着火", minutes=1, queue="foreign", priority=0)
    await on_duty(app, "seat")
    seat = await enter("seat")
    got = [
        (await seat.send("/console/seat", "/console/seat/next")).headers["location"]
        for _ in range(3)
    ]
    assert got == [_page(urgent), _page(general), "/console/seat?done=nobody"]
    await on_duty(app, "seat2", "foreign")
    done = await (await enter("seat2")).send("/console/seat", "/console/seat/next")
    assert done.headers["location"] == _page(foreign)


async def test_nobody_speaks_in_anothers_talk(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "在吗", seat="seat")
    page, other = _page(conversation), await enter("seat2")
    for action, fields in (
        ("say", {"text": "抢话"}),
        ("hand-back", {}),
        ("end", {}),
        ("transfer", {"target": "queue:business", "why": "抢"}),
        ("settle", {"outcome": "answered", "type": "consultation"}),
        ("cite", {"value": "item:x"}),
    ):
        refused = await other.send(page, f"{page}/{action}", **fields)
        assert refused.status_code in (404, 409), action
    assert (await state_of(app, conversation)).seat == "seat"
    assert await said_by(app, conversation, "person") == []
    assert "示例·seat正在接待" in (await other.get(page)).text


async def test_a_talk_is_passed_on_with_a_note_the_citizen_never_sees(
    enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, "在吗", seat="seat")
    page, one = _page(conversation), await enter("seat")
    await on_duty(app, "seat2")
    refused = await one.send(page, f"{page}/transfer", target="seat:seat2", why="")
    assert refused.status_code == 422 and "请写转接说明" in refused.text
    done = await one.send(page, f"{page}/transfer", target="seat:seat2", why="要讲方言")
    assert done.headers["location"] == "/console/seat?done=transfer"
    assert (await state_of(app, conversation)).seat == "seat2"
    assert "要讲方言" in (await (await enter("seat2")).get(page)).text
    for speaker in ("system", "person", "assistant"):
        assert "要讲方言" not in "".join(await said_by(app, conversation, speaker))
    # On into a queue: it waits there since it was handed over first.
    two = await enter("seat2")
    await two.send(page, f"{page}/transfer", target="queue:business", why="企业开票")
    after = await state_of(app, conversation)
    assert (after.seat, after.queue) == (None, "business")
    gone = await one.send(page, f"{page}/transfer", target="seat:nobody", why="x")
    assert gone.status_code == 409


async def test_a_contact_is_classified_and_closed_in_one_form(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "居住证在哪办", seat="seat")
    page, seat = _page(conversation), await enter("seat")
    bad = await seat.send(page, f"{page}/settle", outcome="nonsense", type="consultation")
    assert bad.status_code == 422
    done = await seat.send(
        page, f"{page}/settle", outcome="answered", type="consultation", subject="居住证办理"
    )
    assert done.headers["location"] == "/console/seat?done=settle"
    async with app.state.database.unit_of_work() as session:
        contact = await session.scalar(
            select(Contact).where(Contact.conversation_id == conversation)
        )
    assert contact is not None
    assert (contact.outcome, contact.type, contact.subject) == (
        "answered", "consultation", "居住证办理",
    )  # fmt: skip
    assert (await state_of(app, conversation)).owner == "assistant"


@pytest.mark.parametrize(
    ("action", "told"), [("hand-back", "智能助手继续"), ("end", "本次人工服务已结束")]
)
async def test_ends_of_a_talk(enter: Enter, app: FastAPI, action: str, told: str) -> None:
    conversation = await waiting_talk(app, "在吗", seat="seat", channel="web")
    page, seat = _page(conversation), await enter("seat")
    await seat.send(page, f"{page}/{action}")
    after = await state_of(app, conversation)
    assert (after.owner, after.seat, after.handed_over_at) == ("assistant", None, None)
    assert told in (await said_by(app, conversation, "system"))[-1]


async def test_after_a_call_the_seat_is_busy_with_what_follows(enter: Enter, app: FastAPI) -> None:
    await on_duty(app, "seat")
    conversation = await waiting_talk(app, "喂", seat="seat", channel="phone")
    seat = await enter("seat")
    await seat.send(_page(conversation), f"{_page(conversation)}/end")
    desk = (await seat.get("/console/seat")).text
    assert 'value="wrap" aria-pressed="true"' in desk
    await seat.send("/console/seat", "/console/seat/state", state="on")
    assert 'value="on" aria-pressed="true"' in (await seat.get("/console/seat")).text
    unknown = await seat.send("/console/seat", "/console/seat/state", state="dancing")
    assert unknown.status_code == 422


async def test_a_long_queue_is_paged(enter: Enter, app: FastAPI) -> None:
    talks = [await waiting_talk(app, minutes=100 - n) for n in range(32)]
    seat = await enter("seat")
    first = (await seat.get("/console/seat")).text
    assert str(talks[0]) in first and str(talks[31]) not in first
    assert str(talks[31]) in (await seat.get("/console/seat", page=2)).text


@pytest.mark.parametrize("login", ["dispatcher", "urban.clerk", "callback", "editor", "admin"])
async def test_only_seats_act(enter: Enter, app: FastAPI, login: str) -> None:
    conversation = await waiting_talk(app, "在吗")
    page, other = _page(conversation), await enter(login)
    for action in ("take", "say", "note", "transfer", "settle", "hand-back", "end", "cite", "case"):
        done = await other.send("/console/items", f"{page}/{action}", text="x", note="x")
        assert done.status_code == 403, action
    for path in ("callbacks", "alarms", "answers", "news", f"{conversation}/advice"):
        assert (await other.get(f"/console/seat/{path}")).status_code == 403
