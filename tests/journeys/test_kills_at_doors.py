"""Kill -9 of every part while fifty citizens talk at every door: whatever was taken is answered or
waits for a person, nothing is told twice, and no matter is filed twice."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest

from tests.integrations.wechat.peer import ACCOUNT, OUT_OF_SERVICE, Request, WeChatPeer
from tests.journeys.doors import Door, Doors, PhoneDoor, WebDoor, WeChatDoor, open_doors, tell
from tests.journeys.test_kills import Persistent

pytestmark = pytest.mark.proof

CITIZENS = 50
# Longer than a kill takes to recover from, and what was kept then to be taken up.
PATIENCE = 150.0


class Platform(WeChatPeer):
    """The platform, for which a line that refuses the connection is one that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        # The keys under which the line keeps what it said that it has.
        self.acknowledged: set[str] = set()

    def post(self, request: Request) -> httpx.Response | None:
        try:
            return super().post(request)
        except httpx.TransportError:
            return None

    def deliver(self, fields: dict[str, str]) -> str | None:
        shown = super().deliver(fields)
        if shown != OUT_OF_SERVICE:
            named = (ACCOUNT, fields["FromUserName"], fields["MsgType"], fields["MsgId"])
            self.acknowledged.add(sha256("|".join(named).encode()).hexdigest())
        return shown


class PatientFollower(WeChatDoor):
    """A follower who writes again when the platform says that the account is out of service."""

    unanswered = 0

    async def say(self, text: str) -> str:
        while True:
            seen = await asyncio.to_thread(self.platform.say, text, self.user, PATIENCE)
            if not seen:
                type(self).unanswered += 1
                return ""
            if OUT_OF_SERVICE not in seen:
                return "\n".join(seen)
            await asyncio.to_thread(threading.Event().wait, 1)


class PatientVisitor(WebDoor):
    """A visitor whose page sends again, under the same id, until it is answered."""

    def __init__(self, address: str) -> None:
        self.citizen = Persistent(address)


@dataclass
class Crowd:
    """Citizens who report one broken lamp after another until they are told to stop."""

    doors: Doors
    over: asyncio.Event = field(default_factory=asyncio.Event)
    house: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    heard: list[str] = field(default_factory=list)
    told: int = 0

    async def talk(self, citizen: Door) -> None:
        """One citizen; a caller whose call broke off rings again."""
        while not self.over.is_set():
            words = f"望湖路{next(self.house)}号的路灯昨天晚上开始不亮了"
            try:
                self.heard.append(await tell(citizen, words))
                self.told += 1
            except (httpx.TransportError, AssertionError):
                assert isinstance(citizen, PhoneDoor)
                await asyncio.to_thread(threading.Event().wait, 1)
            if isinstance(citizen, PhoneDoor):
                citizen = PhoneDoor(self.doors.twilio)


@pytest.fixture(scope="module")
async def doors() -> AsyncIterator[Doors]:
    async with open_doors(Platform()) as opened:
        yield opened


async def test_what_was_taken_at_any_door_is_answered_once(doors: Doors) -> None:
    kinds = itertools.cycle([_visitor, _follower, _caller])
    citizens = [next(kinds)(doors) for _ in range(CITIZENS)]
    crowd = Crowd(doors)
    talking = [asyncio.create_task(crowd.talk(one)) for one in citizens]
    chance = random.Random(CITIZENS)
    for part in ("service", "assistant", "database"):
        await asyncio.to_thread(threading.Event().wait, chance.uniform(3, 8))
        before = crowd.told
        seen = doors.stack.kill(part)
        await asyncio.to_thread(doors.stack.wait_recovered, seen)
        async with asyncio.timeout(PATIENCE):
            while crowd.told == before:
                await asyncio.to_thread(threading.Event().wait, 0.5)
    crowd.over.set()
    await asyncio.gather(*talking)
    await asyncio.to_thread(_settled, doors)
    platform = doors.platform
    assert isinstance(platform, Platform)
    found = _numbers(doors)
    assert platform.acknowledged - found["keys"] == set()
    assert found["silent"] == 0
    assert found["twice"] == 0
    assert PatientFollower.unanswered <= found["unknown"]
    receipts = Counter(
        text
        for user in platform.users.values()
        for shown in user.shown
        for text in shown.split("\n\n")
        if "已登记" in text
    )
    assert [text for text, times in receipts.items() if times > 1] == []
    print(f"\n{crowd.told} talks, {found['turns']} turns, {found['cases']} cases")


def _visitor(doors: Doors) -> Door:
    return PatientVisitor(doors.stack.address)


def _follower(doors: Doors) -> Door:
    return PatientFollower(doors.platform)


def _caller(doors: Doors) -> Door:
    return PhoneDoor(doors.twilio)


_WAITING = """
    SELECT (SELECT count(*) FROM turns WHERE state = 'received')
         + (SELECT count(*) FROM wechat_messages WHERE done_at IS NULL)
         + (SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending') AND kind = 'line')
"""
_SILENT = """
    SELECT count(*) FROM turns t JOIN conversations c ON c.id = t.conversation_id
    WHERE c.owner <> 'person' AND NOT EXISTS (
        SELECT 1 FROM messages m WHERE m.turn_id = t.id AND m.speaker <> 'citizen')
"""
_TWICE = """
    SELECT count(*) FROM (
        SELECT place_text FROM cases WHERE NOT is_group
        GROUP BY place_text HAVING count(*) > 1) AS twice
"""


def _settled(doors: Doors) -> None:
    """Wait until nothing that was taken waits any more."""
    pause = threading.Event()
    for _ in range(240):
        if _count(doors, _WAITING) == 0:
            return
        pause.wait(0.5)
    raise AssertionError("something still waits")


def _numbers(doors: Doors) -> dict[str, Any]:
    with psycopg.connect(doors.stack.ready["database_url"]) as connection:
        keys = {row[0] for row in connection.execute("SELECT client_id FROM turns")}
    return {
        "keys": keys,
        "silent": _count(doors, _SILENT),
        "twice": _count(doors, _TWICE),
        "unknown": _count(doors, "SELECT count(*) FROM deliveries WHERE state = 'unknown'"),
        "turns": _count(doors, "SELECT count(*) FROM turns"),
        "cases": _count(doors, "SELECT count(*) FROM cases"),
    }


def _count(doors: Doors, query: str) -> int:
    with psycopg.connect(doors.stack.ready["database_url"]) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
