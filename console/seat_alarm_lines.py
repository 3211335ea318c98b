"""An alarm as a seat reads it: the words, the place, and who is on duty for a hazard."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request

from bot.seats.models import Alarm
from console.case_advice import intake_of
from console.seat_words import lasted
from console.staff import tree_of
from console.transcript import mask_codes
from core.calendar import LOCAL
from core.database import now
from core.privacy import decrypt
from core.settings import get_settings
from intake.form import UNKNOWN, Place
from intake.placing import recommend

_WORDS_SHOWN = 200


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


def climbs_after() -> timedelta:
    """How long an alarm rings at the seats alone."""
    return timedelta(seconds=get_settings().alarm_climbs_after)


def alarm_line(
    request: Request, alarm: Alarm, at: datetime, names: dict[str, str], left: bool = False
) -> AlarmLine:
    """The alarm in words; ``names`` are names of staff by login."""
    words = mask_codes(decrypt(alarm.words))
    places = intake_of(request).hear(words, "inform").places
    return AlarmLine(
        alarm.id,
        alarm.conversation_id,
        left,
        alarm.kind,
        alarm.number,
        alarm.hazard,
        words if len(words) <= _WORDS_SHOWN else f"…{words[-_WORDS_SHOWN:]}",
        "；".join(dict.fromkeys(_where(place) for place in places)),
        _duty(request, alarm.kind, words) if alarm.hazard else "",
        alarm.raised_at,
        lasted((alarm.taken_at or at) - alarm.raised_at),
        at - alarm.raised_at >= climbs_after(),
        names.get(alarm.taken_by or "", alarm.taken_by or ""),
        alarm.taken_at,
        names.get(alarm.closed_by or "", alarm.closed_by or ""),
        alarm.closed_at,
        alarm.note,
    )


def _duty(request: Request, kind: str, words: str) -> str:
    """The unit that has to act on a hazard (险情), with the number of whoever is on duty there."""
    intake, tree = intake_of(request), tree_of(request)
    places = intake.hear(words, "inform").places
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
