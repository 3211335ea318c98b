"""What a seat does with calls, ordered from Twilio as its own description of the interface demands."""

from __future__ import annotations

from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from test_calls import LAMP, stored, talk_of

from bot import repository
from bot.calls.repository import going_on, missed, recordings
from bot.calls.switchboard import Switchboard
from core.errors import Conflict, NotFound, Unavailable
from tests.integrations.phone.call_simulator import CallSimulator
from tests.integrations.phone.carrier_peer import CarrierCall, CarrierPeer
from tests.integrations.phone.phone_line import SECRET, Ring
from tests.integrations.phone.twilio_rest import TwilioRest
from tests.integrations.phone.twiml_rules import document

SEAT = "0000-12341001"
AT_SEAT = "+8600012341001"


@pytest.fixture
def board(line: FastAPI) -> Switchboard:
    switchboard: Switchboard = line.state.switchboard
    return switchboard


async def waiting(call: Ring) -> CallSimulator:
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    await phone.press("0")
    return phone


async def test_a_seat_takes_a_call_and_brings_in_a_third(
    line: FastAPI, call: Ring, board: Switchboard, rest: TwilioRest
) -> None:
    phone = await waiting(call)
    known = await stored(line, phone)
    await board.transfer(known.id, SEAT, "seat")
    (moved, joined), (rang, invited) = rest.orders
    assert moved == f"/Calls/{phone.sid}.json"
    room = ElementTree.fromstring(joined["Twiml"]).findtext("Dial/Conference")
    assert rang == f"/Conferences/{room}/Participants.json"
    assert (invited["To"], invited["EndConferenceOnExit"].lower()) == (AT_SEAT, "true")
    await phone.follow(joined["Twiml"])
    assert phone.dialled == room
    assert phone.waiting is not None
    recorded = phone.waiting[0].attrib["recordingStatusCallback"]
    taken, talk = await stored(line, phone), await talk_of(line, phone)
    assert (taken.state, taken.seat, talk.owner, talk.seat) == ("seat", "seat", "person", "seat")
    assert taken.connected_at is not None
    await board.three_way(known.id, "120")
    assert rest.orders[-1][1]["To"] == "120"
    assert rest.orders[-1][1]["EndConferenceOnExit"].lower() == "false"
    with pytest.raises(Conflict):
        await board.transfer(known.id, SEAT, "seat2")
    assert "要继续找话务员请按2" in (await phone.dial_ends("completed"))[-1]
    assert phone.transcribed_to is None
    # Who goes on is the caller's choice; until then it is the seat's.
    assert (await talk_of(line, phone)).seat == "seat"
    assert "我们继续" in (await phone.press("1"))[-1]
    await phone.room_recorded(recorded)
    async with line.state.database.unit_of_work() as session:
        assert [one.seconds for one in await recordings(session, known.id)] == [61]
    assert (await talk_of(line, phone)).owner == "assistant"
    assert "什么时候" in (await phone.say("望湖路9号的路灯也不亮"))[-1]


async def test_a_late_request_of_the_queue_leads_into_the_room(
    line: FastAPI, call: Ring, board: Switchboard
) -> None:
    phone = await waiting(call)
    assert phone.waiting is not None
    late = phone.waiting.attrib["action"]
    await board.transfer((await stored(line, phone)).id, SEAT, "seat")
    answer = await phone.post(late, phone._fields())
    assert document(answer.text, "text/xml").find("Dial/Conference") is not None


async def test_what_twilio_refuses_changes_nothing(
    line: FastAPI, call: Ring, board: Switchboard, rest: TwilioRest
) -> None:
    phone = await waiting(call)
    rest.refuse = (400, 21220)
    with pytest.raises(Unavailable):
        await board.transfer((await stored(line, phone)).id, SEAT, "seat")
    rest.refuse, rest.silent = None, True
    with pytest.raises(Unavailable):
        await board.transfer((await stored(line, phone)).id, SEAT, "seat")
    kept = await stored(line, phone)
    assert (kept.state, kept.room, kept.seat) == ("waiting", None, None)
    assert (await talk_of(line, phone)).seat is None
    rest.silent = False
    assert "已收到" in (await phone.say("就在门口"))[-1]
    assert "我们继续" in (await phone.press("3"))[-1]


async def test_hanging_up(line: FastAPI, call: Ring, board: Switchboard, rest: TwilioRest) -> None:
    phone = await waiting(call)
    known = await stored(line, phone)
    await board.hang_up(known.id)
    assert rest.orders == [(f"/Calls/{phone.sid}.json", {"Status": "completed"})]
    await phone.hang_up()
    for act in (board.hang_up(known.id), board.three_way(known.id, "120")):
        with pytest.raises(Conflict):
            await act
    with pytest.raises(NotFound):
        await board.hang_up(known.id + 1000)


async def test_a_missed_call_is_returned_once(
    line: FastAPI, call: Ring, board: Switchboard, rest: TwilioRest
) -> None:
    phone = await waiting(call)
    async with line.state.database.unit_of_work() as session:
        assert [one.call_id for one in await going_on(session)] == [phone.sid]
    await phone.hang_up()
    known = await stored(line, phone)
    rest.refuse = (500, 20500)
    with pytest.raises(Unavailable):
        await board.call_back(known.id, SEAT, "seat")
    rest.refuse = None
    await board.call_back(known.id, SEAT, "seat")
    assert [form["To"] for _, form in rest.orders] == [AT_SEAT, "+8613800001234"]
    with pytest.raises(Conflict):
        await board.call_back(known.id, SEAT, "seat2")
    async with line.state.database.unit_of_work() as session:
        assert await missed(session) == [] and await going_on(session) == []


async def test_the_same_through_a_carrier(
    line: FastAPI, http: httpx.AsyncClient, board: Switchboard, carrier: CarrierPeer
) -> None:
    phone = CarrierCall(http, SECRET)
    await phone.ring()
    await phone.press("0")
    async with line.state.database.unit_of_work() as session:
        (known,) = await going_on(session)
    await board.transfer(known.id, SEAT, "seat")
    await board.three_way(known.id, "120")
    await board.hang_up(known.id)
    (join, joined), (_, seat), (_, third), (hung, _) = carrier.orders
    assert (join, joined["call"], hung) == ("/join", phone.id, "/hang_up")
    assert (seat["number"], seat["leads"]) == (SEAT, True)
    assert (third["number"], third["leads"]) == ("120", False)
    phone.step = joined["step"]
    heard = {"room": joined["room"], "by_caller": True}
    for number, text in ((2, "第二句"), (1, "第一句"), (2, "第二句")):
        await phone.tell("heard", **heard, number=number, text=text)
    await phone.tell("heard", **heard, number=3, text="还没说完", final=False)
    await phone.tell("heard", **{**heard, "room": "r0"}, number=4, text="别的会议")
    async with line.state.database.unit_of_work() as session:
        said = await repository.transcript(session, known.conversation_id)
    assert [one.reply.text for one in said if one.speaker == "citizen"][1:] == ["第二句", "第一句"]
    again = {"room": joined["room"]}
    for _ in range(2):
        assert "没有接起电话" in (await phone.tell("unreached", **again))[-1]
    assert phone.actions[0] == {"do": "leave", "room": joined["room"]}
    await board.transfer(known.id, SEAT, "seat")
    joined = carrier.orders[-2][1]
    phone.step = joined["step"]
    assert "要继续找话务员请按2" in (await phone.tell("returned", reached=True))[-1]
    assert phone.actions[0] == {"do": "leave", "room": joined["room"]}
    carrier.refuse = 500
    with pytest.raises(Unavailable):
        await board.hang_up(known.id)
