"""A case from a rectification: what a bad review tells of is handled as any matter, once.

Nothing here commits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.registration import Registration
from cases.vocabulary import CaseType, Source
from core.errors import Conflict
from core.identity import Actor
from reviews.grades import GRADE_NAMES, TAGS, Grade
from reviews.models import Rectification
from reviews.rectification import CASE_OPENERS, ENDED, Action, State
from reviews.rectification_history import record
from reviews.rectification_repository import RectificationRepository
from units.tree import UnitTree

# 干部作风与窗口服务: of a service (办件) it is how it was done that is complained about, not what the
# service is for, whatever clocks the law has for that.
SERVICE_MANNER = "N0101"


async def case_to_open(
    session: AsyncSession, actor: Actor, rectification_id: int, tree: UnitTree
) -> tuple[Rectification, Registration]:
    """A locked rectification from which ``actor`` may open a case, and the case: a complaint about
    the unit in the words of the review, for the dispatcher. It names neither who gave the review
    nor the case that it is of; of such a one the category is left open.

    Raises NotAllowed, NotFound, Conflict when it has ended.
    """
    actor.require(*CASE_OPENERS)
    row = await RectificationRepository(session, actor).get(rectification_id, lock=True)
    one, review = row.rectification, row.review
    if one.case_id is None and State(one.state) in ENDED:
        raise Conflict("这条整改已经结束，不能再转为工单")
    grade, unit = Grade(review.grade), tree.name(one.unit)
    tags = [TAGS[grade].get(code, code) for code in review.tags]
    about = f"{unit}办理“{row.record.item_name}”" if row.record else f"{unit}办理诉求"
    said = "；".join(filter(None, ("、".join(tags), review.text)))
    return one, Registration(
        key=f"staff:rectification-{rectification_id}",
        source=Source.REFERRED,
        type=CaseType.COMPLAINT,
        category=SERVICE_MANNER if row.record else None,
        title=f"投诉{about}：{'、'.join(tags) or GRADE_NAMES[grade]}",
        detail=f"市民对{about}的评价是“{GRADE_NAMES[grade]}”：{said}",
        anonymous=True,
        about_unit=one.unit,
        routing={"entry": None, "score": 0.0, "reasons": ["由差评转来，请派单员确定"]},
    )


def case_opened(
    session: AsyncSession,
    actor: Actor,
    one: Rectification,
    case_id: int,
    number: str,
    now: datetime,
) -> None:
    """Keep which case (with ``number``) was opened from a locked rectification; once."""
    if one.case_id is None:
        one.case_id = case_id
        one.version += 1
        data: dict[str, object] = {"number": number}
        state, unit = one.state, actor.unit
        record(session, one, state, Action.OPEN_CASE, actor.login, unit, now, data=data)
