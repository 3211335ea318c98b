"""What reached the line by phone, letter, visit or order from above, written down by staff."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cases.service import Registered
from cases.vocabulary import CaseType, Source, Urgency
from core.errors import InvalidInput
from core.identity import Actor
from intake import form
from intake.emergencies import Emergency, screen
from intake.facts import find_phone
from intake.form import Matter, Place
from intake.service import Intake, register_matter

# Below this (0-1) a category is left for the clerk to choose.
_SURE_TOPIC = 0.35
# What the assistant asked for stands against what was only said in passing.
_KEPT = (
    "place", "since", "name", "phone", "anonymous", "confidential", "on_behalf_of", "urgent",
    "attachments", "type",
)  # fmt: skip


class StaffEntry(BaseModel):
    """The form as filled in; type, category and urgency are read from the words where not given.

    ``place_code`` is one of the places that an ambiguous name stands for. ``key`` makes a repeat
    harmless.
    """

    key: str = Field(min_length=8, max_length=64)
    source: Source
    detail: str = Field(min_length=4, max_length=10_000)
    type: CaseType | None = None
    category: str | None = Field(None, max_length=16)
    urgency: Urgency | None = None
    place: str = Field("", max_length=300)
    place_choice: str = Field("", max_length=200)
    since: str = Field("", max_length=100)
    name: str = Field("", max_length=40)
    phone: str = Field("", max_length=30)
    anonymous: bool = False
    confidential: bool = False
    on_behalf_of: str = Field("", max_length=40)


def places_of(intake: Intake, entry: StaffEntry) -> list[Place]:
    """Where the matter may lie: one place, several to choose from, or none that is known."""
    found = intake.hear(entry.place or entry.detail, "inform").places
    chosen = [place for place in found if place.choice == entry.place_choice]
    return chosen or found


def matter_of(intake: Intake, entry: StaffEntry) -> Matter:
    """The form as a matter, with what was left open read from the words."""
    found = places_of(intake, entry)
    # Of a name that stands for several places only the words are kept; the desk sees them all.
    said = entry.place.strip() or (found[0].text if found else form.UNKNOWN)
    place = found[0] if len(found) == 1 else Place(text=said)
    if entry.place.strip():
        place = place.model_copy(update={"text": entry.place.strip()})
    matter = intake.classify(
        Matter(
            words=[entry.detail.strip()],
            type=entry.type,
            place=place,
            since=entry.since.strip() or form.UNKNOWN,
            name=entry.name.strip() or None,
            phone=find_phone(entry.phone),
            anonymous=entry.anonymous,
            confidential=entry.confidential or None,
            on_behalf_of=entry.on_behalf_of.strip() or None,
        )
    )
    if entry.category and (facts := intake.router.categories.get(entry.category)):
        matter.category, matter.category_name = facts.code, facts.name
        matter.category_score = 1.0
        matter.around_the_clock = facts.around_the_clock
    if entry.urgency is not None:
        matter.urgent = entry.urgency is not Urgency.NORMAL
    elif emergency_of(entry) is not None:
        matter.urgent = True
    return matter


def emergency_of(entry: StaffEntry) -> Emergency | None:
    """The danger that the words tell of: it goes to 110, 119, 120 or 122 before anything else."""
    return screen(entry.detail)


def matter_from_talk(intake: Intake, words: Sequence[str], draft: Matter | None) -> Matter:
    """What a talk with a person says of the matter; what the ``draft`` of the talk with the
    assistant knows already stands, for it was asked for and confirmed."""
    matter = Matter()
    for text in words:
        matter = form.absorb(
            matter.model_copy(update={"awaiting": None}), intake.hear(text, "inform")
        )
    known = draft or Matter()
    kept = {name: said for name in _KEPT if (said := getattr(known, name))}
    if not matter.words:
        kept["words"] = known.words
    return intake.classify(matter.model_copy(update=kept))


def entry_of(matter: Matter, source: Source, key: str) -> dict[str, Any]:
    """The form filled in with ``matter``, by the names of `StaffEntry`."""
    since = matter.since if matter.since != form.UNKNOWN else ""
    place = matter.place.text if matter.place and matter.place.text != form.UNKNOWN else ""
    return dict.fromkeys(StaffEntry.model_fields, "") | {
        "key": key,
        "source": source,
        "detail": matter.detail,
        "type": matter.type or "",
        "category": (matter.category or "") if matter.category_score >= _SURE_TOPIC else "",
        "urgency": Urgency.URGENT if matter.urgent else "",
        "place": place,
        "since": since or "",
        "name": matter.name or "",
        "phone": matter.phone or "",
        "anonymous": matter.anonymous,
        "confidential": bool(matter.confidential),
        "on_behalf_of": matter.on_behalf_of or "",
    }


async def register_by_staff(
    session: AsyncSession,
    intake: Intake,
    entry: StaffEntry,
    actor: Actor,
    at: datetime,
    *,
    conversation: uuid.UUID | None = None,
    attachments: Sequence[str] = (),
) -> Registered:
    """File a case that a member of staff wrote down; the same key again gives the same case.

    ``conversation`` is the talk it was told in, ``attachments`` (ids) are the pictures sent there.

    Raises InvalidInput for a phone number that is none, and without one unless it is anonymous or
    came on paper.
    """
    phone = find_phone(entry.phone)
    if entry.phone.strip() and phone is None:
        raise InvalidInput("电话号码不对", fields={"phone": "请填写手机号或带区号的电话号码"})
    if phone is None and entry.source is Source.PHONE and not entry.anonymous:
        raise InvalidInput("请填写联系电话", fields={"phone": "来电人要求匿名时请勾选“匿名”"})
    matter = matter_of(intake, entry).model_copy(update={"attachments": list(attachments)})
    return await register_matter(
        session, intake, matter, f"staff:{entry.key}", conversation, entry.source, at, by=actor
    )
