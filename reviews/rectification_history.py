"""What is kept of a rectification, and who is told: history, cards and notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.notices import tell_of_page
from core.calendar import LOCAL
from core.identity import Role
from reviews.models import Rectification, RectificationEvent, Review, ServiceRecord
from reviews.rectification import Action
from reviews.reviewer import HIDDEN_CASE

# Who else than a login stands in the history.
CITIZEN, LINE = "citizen", "line"


def record(
    session: AsyncSession,
    one: Rectification,
    before: str | None,
    action: Action,
    by: str,
    unit: str | None,
    now: datetime,
    note: str = "",
    data: dict[str, object] | None = None,
) -> None:
    """Append one line; the present state is the one after it."""
    session.add(
        RectificationEvent(
            rectification_id=one.id,
            at=now,
            by=by,
            unit=unit,
            action=action,
            from_state=before,
            to_state=one.state,
            note=note,
            data=data or {},
        )
    )


async def warn(session: AsyncSession, one: Rectification, now: datetime) -> Action:
    """Send the card that is due of a locked open rectification; returns which it was."""
    card = Action.RED if now >= one.due_at else Action.YELLOW
    if card is Action.RED:
        one.red_sent_at, one.late = now, True
    # A warning that comes after the red card is none: it counts as sent.
    one.yellow_sent_at = one.yellow_sent_at or now
    due = f"{one.due_at.astimezone(LOCAL):%m月%d日 %H:%M}"
    record(session, one, one.state, card, LINE, None, now, f"整改期限 {due}")
    review = await session.get_one(Review, one.review_id)
    text = f"差评整改，期限 {due}"
    await tell(session, one, review, card.value, now, text=text)
    if card is Action.RED:
        await tell(session, one, review, card.value, now, Role.SUPERVISOR, text=text)
    return card


async def tell(
    session: AsyncSession,
    one: Rectification,
    review: Review,
    kind: str,
    now: datetime,
    role: Role | None = None,
    text: str = "",
) -> None:
    """A notice to the unit, or to a role of the line, that leads to the rectification.

    It names no case: a unit may not know whose review it is.
    """
    record = (
        await session.get(ServiceRecord, review.service_record_id)
        if review.service_record_id
        else None
    )
    about = record.item_name if record else HIDDEN_CASE
    key = f"rectification:{one.id}:{one.version}:{kind}:{role or one.unit}"
    await tell_of_page(
        session,
        "" if role else one.unit,
        role,
        kind,
        key,
        now,
        f"{about}的差评",
        f"/console/rectifications/{one.id}",
        text,
    )
