"""An alarm hands the talk to a person, says what to do, and keeps a hazard for the unit responsible;
the decision stays on the turn with its reason."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.alarms import raise_alarm
from bot.models import Conversation, Turn
from cases.registration import open_contact
from cases.vocabulary import Source
from core.database import Database, now
from intake.service import open_draft, read
from intake.triage import triage


async def _conversation(session: AsyncSession, channel: str) -> Conversation:
    opened = Conversation(id=uuid.uuid4(), channel=channel, token_hash="x", context={})
    session.add(opened)
    await session.flush()
    await open_contact(session, Source(channel), opened.id, now())
    return opened


@pytest.mark.parametrize(
    ("text", "number", "kept"),
    [("水库的坝脚在渗浑水", "119", True), ("我爸突然晕倒了叫不醒", "120", False)],
)
async def test_a_hazard_is_kept_and_a_person_takes_over(
    database: Database, text: str, number: str, kept: bool
) -> None:
    decision = triage(text, None)
    assert decision is not None
    assert decision.emergency is not None
    async with database.unit_of_work() as session:
        talk = await _conversation(session, "web")
        reply = await raise_alarm(session, talk, text, decision.emergency)
        assert reply.card is not None
        assert reply.card["numbers"][0] == number
        assert talk.owner == "person"
        assert talk.handover_reason == f"紧急：{decision.emergency.kind}（{number}）"
        draft = await open_draft(session, talk.id)
        assert (draft is not None) is kept
        if draft is not None:
            assert read(draft).words == [text]
            assert read(draft).urgent


async def test_a_call_is_told_that_it_is_connected(database: Database) -> None:
    decision = triage("我家着火了", None)
    assert decision is not None
    assert decision.emergency is not None
    async with database.unit_of_work() as session:
        talk = await _conversation(session, "phone")
        reply = await raise_alarm(session, talk, "我家着火了", decision.emergency)
        assert "正在为您转接 119" in reply.text


async def test_a_decision_stays_on_its_turn_with_its_reason(database: Database) -> None:
    decision = triage("村主任把低保都给自家亲戚", "file_case")
    assert decision is not None
    async with database.unit_of_work() as session:
        talk = await _conversation(session, "web")
        turn, _ = await repository.store_turn(session, talk.id, "one", "text", "村主任")
        await repository.record_decision(session, turn.id, decision)
    async with database.unit_of_work() as session:
        stored = await session.get(Turn, turn.id)
        assert stored is not None
        assert (stored.way, stored.way_reason) == ("legal_route", "法定途径：纪检监察")
