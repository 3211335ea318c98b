"""An alarm as a seat reads it: the words, the place, and who is on duty for a hazard."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from bot.seats.models import Alarm
from bot.seats.repository import SeatRepository
from console.case_advice import intake_of
from console.seat_words import lasted, preview
from console.staff import tree_of
from console.transcript import mask_codes
from core.calendar import LOCAL
from core.database import now
from core.privacy import decrypt
from core.settings import get_settings
from intake.form import UNKNOWN, Place
from intake.placing import recommend
from intake.service import Intake

NO_PLACE = "未说明"
_WORDS_SHOWN = 200
# How much of a talk is read for the place of an alarm.
_LINES_READ = 20


@dataclass(frozen=True)
class AlarmLine:
    """An alarm as a seat reads it; ``duty`` is the unit on call for a hazard, with its number;
    ``left``: the citizen was gone before a seat answered."""

    id: int
    conversation: uuid.UUID
    left: bool
    kind: str
    number: str
    hazard: bool
    words: str
    place: str
    duty: str
    raised_at: datetime
    ringing_for: str
    climbed: bool
    taken: str
    taken_at: datetime | None
    closed: str
    closed_at: datetime | None
    note: str

    @property
    def short(self) -> str:
        """The words in short and the place, for a line of a list."""
        return f"“{preview(self.words)}”　地点：{self.place or NO_PLACE}"


def climbs_after() -> timedelta:
    """How long an alarm rings at the seats alone."""
    return timedelta(seconds=get_settings().alarm_climbs_after)


async def alarm_lines(
    request: Request,
    session: AsyncSession,
    alarms: Sequence[Alarm],
    at: datetime,
    names: Mapping[str, str] | None = None,
    left: Collection[uuid.UUID] = (),
) -> list[AlarmLine]:
    """Alarms in words; ``names`` are names of staff by login, of the talks ``left`` the citizen
    was gone before a seat answered."""
    # Where a settled one was need not be found out any more.
    talks = {alarm.conversation_id for alarm in alarms if alarm.closed_at is None}
    told = await SeatRepository(session).told_in(talks, _LINES_READ)
    return [
        _line(
            request,
            alarm,
            _places(intake_of(request), alarm, told.get(alarm.conversation_id, [])),
            at,
            names or {},
            alarm.conversation_id in left,
        )
        for alarm in alarms
    ]


async def of_emergencies(
    request: Request, session: AsyncSession, talks: Collection[uuid.UUID], at: datetime
) -> dict[uuid.UUID, AlarmLine]:
    """The latest alarm of each of ``talks`` that has one, for lists: one still open before others."""
    alarms = await SeatRepository(session).alarms_in(talks)
    ranked = sorted(alarms, key=lambda alarm: (alarm.closed_at is None, alarm.id))
    latest = {alarm.conversation_id: alarm for alarm in ranked}
    lines = await alarm_lines(request, session, list(latest.values()), at)
    return {line.conversation: line for line in lines}


def _places(intake: Intake, alarm: Alarm, told: Sequence[tuple[datetime, str]]) -> list[Place]:
    """Where it is: as the alarm's own words say, else as was said next, else what was said last
    before."""
    after = [words for said, words in told if said >= alarm.raised_at]
    before = [words for said, words in told if said < alarm.raised_at]
    for words in (decrypt(alarm.words), *after, *reversed(before)):
        if places := intake.hear(mask_codes(words), "inform").places:
            return places
    return []


def _line(
    request: Request,
    alarm: Alarm,
    places: Sequence[Place],
    at: datetime,
    names: Mapping[str, str],
    left: bool,
) -> AlarmLine:
    words = mask_codes(decrypt(alarm.words))
    return AlarmLine(
        alarm.id,
        alarm.conversation_id,
        left,
        alarm.kind,
        alarm.number,
        alarm.hazard,
        words if len(words) <= _WORDS_SHOWN else f"…{words[-_WORDS_SHOWN:]}",
        "；".join(dict.fromkeys(_where(place) for place in places)),
        _duty(request, alarm.kind, words, places) if alarm.hazard else "",
        alarm.raised_at,
        lasted((alarm.taken_at or at) - alarm.raised_at),
        at - alarm.raised_at >= climbs_after(),
        names.get(alarm.taken_by or "", alarm.taken_by or ""),
        alarm.taken_at,
        names.get(alarm.closed_by or "", alarm.closed_by or ""),
        alarm.closed_at,
        alarm.note,
    )


def _duty(request: Request, kind: str, words: str, places: Sequence[Place]) -> str:
    """The unit that has to act on a hazard (险情), with the number of whoever is on duty there."""
    intake, tree = intake_of(request), tree_of(request)
    where, unsure = intake.territories(places[0] if places else Place(text=UNKNOWN))
    today = now().astimezone(LOCAL).date()
    # What kind it is says more than a citizen in danger does.
    topic = intake.about(f"{kind}。{words}")
    for one in recommend(intake.router, topic, where, today, unsure):
        unit = tree.get(one.dispatch.lead)
        if unit is not None and unit.duty_phone:
            return f"{unit.name} 值班电话 {unit.duty_phone}"
    return ""


def _where(place: Place) -> str:
    return (
        f"{place.text}（{place.label}）"
        if place.label and place.label != place.text
        else place.text
    )
