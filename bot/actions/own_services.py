"""Which of a citizen's own services with authorities a review is about, and whether it can be rated."""

from __future__ import annotations

from collections.abc import Mapping

from bot.actions.own_phone import own_phone
from bot.actions.talk import Talk
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.database import now
from reviews.models import ServiceRecord
from reviews.own_records import fitting, of_phone, of_several, proved
from reviews.said import is_finished, is_rated

# How many records of a telephone are looked at.
_LOOKED_AT = 50


async def meant_by(talk: Talk, said: Mapping[str, str]) -> ServiceRecord | None:
    """The one own service that fits ``said`` (as `Review.said`); of several the one looked at last."""
    names = {item.name: tuple(item.aliases) for item in talk.line.knowledge.items()}
    fits = fitting(await _own(talk), said, now(), names)
    seen = [one for one in fits if one.id == talk.context.get("record")]
    chosen = seen or fits
    return chosen[0] if len(chosen) == 1 else None


async def why_not(talk: Talk, record_id: int) -> str | None:
    """Why a service cannot be rated (any more), in words; None when it can."""
    record = await proved(talk.session, record_id)
    if record is None:
        return None
    if not is_finished(record):
        return f"“{record.item_name}”还没有办结，办结后才能评价。"
    if await is_rated(talk.session, record.id):
        return f"{dated(record)}已经评价过了，每次服务只评价一次。"
    return None


def dated(record: ServiceRecord) -> str:
    """A service in words, by its day."""
    at = (record.finished_at or record.accepted_at).astimezone(LOCAL)
    return f"{at.month} 月 {at.day} 日的“{record.item_name}”"


async def _own(talk: Talk) -> list[ServiceRecord]:
    """Records that are shown to be this citizen's: looked up here, or of the telephone in the own
    hand, unless several people left it."""
    ids = [int(one) for one in talk.context.get("records", [])]
    records = [one for id in ids if (one := await proved(talk.session, id)) is not None]
    phone = await own_phone(talk)
    if phone is not None:
        found = await of_phone(talk.session, phone_hash(phone), _LOOKED_AT)
        if not of_several(found):
            records += [one for one in found if one.id not in ids]
    return records
