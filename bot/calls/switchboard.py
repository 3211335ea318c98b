"""What a seat can do with a call: take it, bring in a third, end it, ring back.

The exchange is asked between two units of work, never within one. A room is a conference of the
exchange: caller, seat and whoever is added stand in it together.
"""

from __future__ import annotations

import uuid
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls.models import Call
from bot.calls.repository import ENDED, number_of
from bot.models import Conversation
from core.database import Database, now
from core.errors import Conflict, NotFound, Unavailable


class Exchange(Protocol):
    """How a carrier is told to do something. Each raises Unavailable when it does not."""

    name: str

    async def join(self, call_id: str, room: str, step: int) -> None:
        """Put the caller into ``room``; leaving it is told with ``step``."""

    async def invite(self, room: str, number: str, *, leads: bool) -> None:
        """Ring ``number`` and put who answers into ``room``, which ends when who ``leads`` leaves."""

    async def hang_up(self, call_id: str) -> None:
        """End the call."""


class Switchboard:
    """The exchanges of this process. Every method raises NotFound or Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._exchanges: dict[str, Exchange] = {}

    def register(self, exchange: Exchange) -> None:
        """Let calls of this carrier be acted on."""
        self._exchanges[exchange.name] = exchange

    async def transfer(self, call: int, seat_number: str, login: str) -> None:
        """Connect the caller with a seat's telephone. Raises Conflict when the call has ended.

        Nothing is left changed when the exchange refuses.
        """
        async with self._database.unit_of_work() as session:
            found = await _going_on(session, call)
            if found.state == "seat":
                raise Conflict("这个电话已有坐席接听")
            before, step = (found.state, found.step), found.step + 1
            room = f"call-{uuid.uuid4().hex}"
            found.state, found.room, found.seat, found.step = "seat", room, login, step
        exchange = self._exchange(found)
        try:
            await exchange.join(found.call_id, room, step)
            await exchange.invite(room, seat_number, leads=True)
        except Unavailable:
            async with self._database.unit_of_work() as session:
                undone = await session.get_one(Call, call, with_for_update=True)
                if undone.room == room and undone.state == "seat":
                    undone.state, undone.step = before
                    undone.room, undone.seat = None, None
            raise
        async with self._database.unit_of_work() as session:
            taken = await session.get_one(Call, call, with_for_update=True)
            taken.connected_at = now()
            await _take(session, taken.conversation_id, login)

    async def three_way(self, call: int, number: str) -> None:
        """Bring one more person in. Raises Conflict unless a seat is talking with the caller."""
        async with self._database.unit_of_work() as session:
            found = await _going_on(session, call)
        if found.state != "seat" or found.room is None:
            raise Conflict("先接听，再加入第三方")
        await self._exchange(found).invite(found.room, number, leads=False)

    async def hang_up(self, call: int) -> None:
        """End a call. Raises Conflict when it has ended."""
        async with self._database.unit_of_work() as session:
            found = await _going_on(session, call)
        await self._exchange(found).hang_up(found.call_id)

    async def call_back(self, call: int, seat_number: str, login: str) -> None:
        """Ring a seat and the citizen of a missed call into a new room.

        Raises Conflict when the number was withheld, or somebody else rings already.
        """
        async with self._database.unit_of_work() as session:
            found = await session.get(Call, call, with_for_update=True)
            if found is None:
                raise NotFound("没有这个电话")
            number = number_of(found)
            if number is None:
                raise Conflict("来电没有显示号码，无法回拨")
            if found.called_back_at is not None:
                raise Conflict("已经有人回拨")
            exchange = self._exchange(found)
            found.called_back_at, found.called_back_by = now(), login
        room = f"back-{uuid.uuid4().hex}"
        try:
            await exchange.invite(room, seat_number, leads=True)
            await exchange.invite(room, number, leads=True)
        except Unavailable:
            async with self._database.unit_of_work() as session:
                undone = await session.get_one(Call, call, with_for_update=True)
                undone.called_back_at, undone.called_back_by = None, None
            raise

    def _exchange(self, call: Call) -> Exchange:
        exchange = self._exchanges.get(call.carrier)
        if exchange is None:
            raise Unavailable("电话平台没有接入")
        return exchange


async def _going_on(session: AsyncSession, call: int) -> Call:
    found = await session.get(Call, call, with_for_update=True)
    if found is None:
        raise NotFound("没有这个电话")
    if found.state == ENDED:
        raise Conflict("电话已经挂断")
    return found


async def _take(session: AsyncSession, conversation_id: uuid.UUID, login: str) -> None:
    talk = await session.get_one(Conversation, conversation_id, with_for_update=True)
    talk.owner, talk.seat = "person", login
    talk.handed_over_at = talk.handed_over_at or now()
