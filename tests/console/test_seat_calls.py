"""The seat's telephone: a call rings, is answered, a third comes in, it ends; who hung up is rung back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pytest
from console_app import Enter
from fastapi import FastAPI
from seat_talks import on_duty, state_of, waiting_talk
from sqlalchemy import select

from bot.calls.models import Call
from bot.calls.switchboard import Switchboard
from bot.seats.leaving import has_left
from bot.seats.models import SeatCallback
from bot.seats.talks import found
from core.errors import Unavailable
from core.privacy import encrypt

PHONE, SEAT = "13800000055", "0000-12348801"


@dataclass
class Exchange:
    """A carrier that does what it is told, and remembers it; ``down``: it does not answer."""

    name: str = "peer"
    down: bool = False
    told: list[tuple[str, ...]] = field(default_factory=list)

    async def join(self, call_id: str, room: str, step: int) -> None:
        self._tell("join", call_id)

    async def invite(self, room: str, number: str, *, leads: bool) -> None:
        self._tell("invite", number)

    async def hang_up(self, call_id: str) -> None:
        self._tell("hang_up", call_id)

    def _tell(self, *what: str) -> None:
        if self.down:
            raise Unavailable("电话平台没有回应")
        self.told.append(what)


@pytest.fixture
def exchange(app: FastAPI) -> Exchange:
    made = Exchange()
    app.state.switchboard = Switchboard(app.state.database)
    app.state.switchboard.register(made)
    return made


async def _ringing(app: FastAPI) -> uuid.UUID:
    """A caller who waits for a person."""
    conversation = await waiting_talk(
        app, "我要人工", channel="phone", context={"caller": encrypt(PHONE)}
    )
    async with app.state.database.unit_of_work() as session:
        session.add(
            Call(
                carrier="peer",
                call_id="c-1",
                conversation_id=conversation,
                caller=encrypt(PHONE),
                verified=True,
                state="waiting",
                memory=encrypt("{}"),
                answer=encrypt("{}"),
            )
        )
    return conversation


async def test_a_call_rings_is_answered_joined_by_a_third_and_ended(
    enter: Enter, app: FastAPI, exchange: Exchange
) -> None:
    await on_duty(app, "seat")
    conversation = await _ringing(app)
    page, seat = f"/console/seat/{conversation}", await enter("seat")
    news = (await seat.get("/console/seat/news")).text
    assert "来电 138****0055" in news and 'data-calls="1"' in news
    # Who has a break is not rung.
    assert 'data-calls="0"' in (await (await enter("seat2")).get("/console/seat/news")).text
    refused = await seat.send(page, f"{page}/call/answer")
    assert refused.status_code == 422 and "座机或分机" in refused.text
    assert (await state_of(app, conversation)).seat is None
    bad = await seat.send("/console/seat", "/console/seat/state", state="on", telephone="nonsense")
    assert bad.status_code == 422
    assert "座机或分机" in (await seat.get(page)).text
    # Given where the call is taken, it is remembered.
    done = await seat.send(page, f"{page}/call/answer", telephone=SEAT)
    assert f'value="{SEAT}"' in (await seat.get("/console/seat")).text
    assert done.headers["location"] == page
    assert exchange.told == [("join", "c-1"), ("invite", SEAT)]
    assert (await state_of(app, conversation)).seat == "seat"
    assert "与座席通话中" in (await seat.get(page)).text
    await seat.send(page, f"{page}/call/three-way", number="119")
    await seat.send(page, f"{page}/call/hang-up")
    assert exchange.told[2:] == [("invite", "119"), ("hang_up", "c-1")]
    assert 'value="wrap" aria-pressed="true"' in (await seat.get("/console/seat")).text


async def test_an_exchange_that_does_not_answer_is_told_on_the_page(
    enter: Enter, app: FastAPI, exchange: Exchange
) -> None:
    exchange.down = True
    await on_duty(app, "seat")
    conversation = await _ringing(app)
    page, seat = f"/console/seat/{conversation}", await enter("seat")
    await seat.send("/console/seat", "/console/seat/state", state="on", telephone=SEAT)
    refused = await seat.send(page, f"{page}/call/answer")
    assert refused.status_code == 503 and "电话平台没有回应" in refused.text
    # The talk is the seat's already: it can try again, or write.
    exchange.down = False
    assert (await seat.send(page, f"{page}/call/answer")).status_code == 303


async def test_only_whoever_has_the_call_acts_on_it(
    enter: Enter, app: FastAPI, exchange: Exchange
) -> None:
    await on_duty(app, "seat")
    conversation = await _ringing(app)
    page, seat, other = f"/console/seat/{conversation}", await enter("seat"), await enter("seat2")
    for one in (seat, other):
        await one.send("/console/seat", "/console/seat/state", state="on", telephone=SEAT)
    await seat.send(page, f"{page}/call/answer")
    for action, fields in (("answer", {}), ("three-way", {"number": "110"}), ("hang-up", {})):
        refused = await other.send(page, f"{page}/call/{action}", **fields)
        assert refused.status_code == 409, action
    assert len(exchange.told) == 2


async def test_who_hung_up_is_rung_back_as_often_as_it_takes(
    enter: Enter, app: FastAPI, exchange: Exchange
) -> None:
    conversation = await _ringing(app)
    async with app.state.database.unit_of_work() as session:
        await has_left(session, await found(session, conversation), "missed_call")
    async with app.state.database.unit_of_work() as session:
        [entry] = (await session.scalars(select(SeatCallback))).all()
    seat, page = await enter("seat"), "/console/seat/callbacks"
    await seat.send(page, f"{page}/{entry.id}/take")
    # Where the seat is rung is asked for where it rings.
    assert "您的座机或分机" in (await seat.get(page)).text
    for fields in ({}, {"telephone": "nonsense"}):
        refused = await seat.send(page, f"{page}/{entry.id}/dial", **fields)
        assert refused.status_code == 422 and 'role="alert"' in refused.text
    exchange.down = True
    refused = await seat.send(page, f"{page}/{entry.id}/dial", telephone=SEAT)
    assert refused.status_code == 503 and "电话平台没有回应" in refused.text
    exchange.down = False
    await seat.send(page, f"{page}/{entry.id}/try", result="no_answer")
    assert (await seat.send(page, f"{page}/{entry.id}/dial")).status_code == 409
    for _ in range(2):
        await seat.send(page, f"{page}/{entry.id}/take")
        done = await seat.send(page, f"{page}/{entry.id}/dial")
        assert done.headers["location"] == f"{page}?done=dialled"
        await seat.send(page, f"{page}/{entry.id}/try", result="no_answer")
    assert exchange.told == [("invite", SEAT), ("invite", PHONE)] * 2
