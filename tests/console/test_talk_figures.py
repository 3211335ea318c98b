"""Figures of talks by the grades at their end, equal to the same counted in plain Python."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pytest
from console_app import Enter
from fastapi import FastAPI

from bot.models import Conversation, Turn
from bot.repository import append
from bot.talk_figures import TalkAxis, TalkFigures, TalkTally
from cases.measures import Span
from core.calendar import LOCAL
from core.database import now
from core.privacy import encrypt
from core.replies import say

PAGE = "/console/talk-figures"
TODAY = now().astimezone(LOCAL).date()
SPAN = Span(TODAY - timedelta(days=9), TODAY)


@dataclass(frozen=True)
class Talk:
    """One of the generated talks, as it is known here."""

    id: uuid.UUID
    day: date
    channel: str
    served: str
    way: str | None
    grade: int | None


@pytest.fixture
async def talks(app: FastAPI) -> list[Talk]:
    """120 talks over 14 days by a fixed seed, and one in which nothing was said."""
    dice, made = random.Random(7), []
    async with app.state.database.unit_of_work() as session:
        for number in range(121):
            at = now() - timedelta(hours=dice.randint(0, 24 * 14))
            grade = dice.choice([None, None, 1, 2, 3, 4, 5])
            talk = Conversation(
                token_hash="",
                channel=dice.choice(["web", "phone"]),
                created_at=at,
                rating=grade,
                context={"displeased": ["slow"]} if grade == 1 else {},
            )
            session.add(talk)
            await session.flush()
            if number == 120:
                break
            way, served = dice.choice([None, "accept", "transfer_119"]), dice.choice([True, False])
            for order, each in enumerate((None, "explain", way) if way else (None,)):
                session.add(
                    Turn(
                        conversation_id=talk.id,
                        client_id=str(order),
                        kind="text",
                        heard=encrypt("您好"),
                        way=each,
                        at=at + timedelta(minutes=order),
                    )
                )
            if served:
                await append(session, talk.id, "person", [say("您好")])
            made.append(
                Talk(
                    talk.id,
                    at.astimezone(LOCAL).date(),
                    talk.channel,
                    "person" if served else "assistant",
                    "transfer" if way == "transfer_119" else way,
                    grade,
                )
            )
    return [talk for talk in made if SPAN.first <= talk.day <= SPAN.last]


def plain(talks: list[Talk], fits: Callable[[Talk], bool]) -> TalkTally:
    grades = [talk.grade for talk in talks if fits(talk)]
    given = [grade for grade in grades if grade is not None]
    good = sum(grade >= 3 for grade in given)
    return TalkTally(len(grades), len(given), good, len(given) - good, given.count(1))


async def test_the_same_by_another_way(app: FastAPI, talks: list[Talk]) -> None:
    async with app.state.database.unit_of_work() as session:
        figures = TalkFigures(session)
        assert await figures.total(SPAN) == plain(talks, lambda talk: True)
        for axis in TalkAxis:
            found = await figures.by(SPAN, axis)
            values = {asdict(talk)[axis.value] for talk in talks}
            assert found == {
                value: plain(talks, lambda talk, v=value, a=axis: asdict(talk)[a.value] == v)
                for value in values
            }
            assert len(values) > 1


async def test_the_way_down_leads_to_as_many(app: FastAPI, enter: Enter, talks: list[Talk]) -> None:
    browser = await enter("supervisor")
    span = {"from": str(SPAN.first), "to": str(SPAN.last)}
    page = (await browser.get(PAGE, **span, view="served")).text
    assert "等得太久" in page.split("为什么不满意")[1].split("</section>")[0]
    bad = [talk for talk in talks if talk.grade in (1, 2) and talk.served == "person"]
    address = re.search(rf'href="([^"]+)"[^>]*>看 {len(bad)} 段', page)
    assert address is not None
    listed = (await browser.get(address[1].replace("&amp;", "&"))).text
    assert f"共 {len(bad)} 段" in listed
    assert {*re.findall(r"/console/seat/([0-9a-f-]+)", listed)} == {str(t.id) for t in bad[:30]}
    for wrong in ({"which": "x"}, {"by": "x"}, {"by": "day", "value": "x"}):
        assert (await browser.get(f"{PAGE}/talks", **wrong)).status_code == 404


async def test_only_the_supervisor_reads_them(enter: Enter) -> None:
    for login in ("seat", "urban.leader", "dispatcher"):
        browser = await enter(login)
        for path in (PAGE, f"{PAGE}/talks"):
            assert (await browser.get(path)).status_code == 403
    nothing = (await (await enter("supervisor")).get(PAGE)).text
    assert "没有对话" in nothing
