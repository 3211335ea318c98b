"""What waits for somebody at the knowledge desk, for its own page and for the notice board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.identity import Actor
from kb.complaints import count_complaints
from kb.desk_repository import DeskRepository, Wanted
from kb.drafts_repository import DraftRepository
from kb.feedback_repository import FeedbackRepository, QuestionRepository
from kb.permissions import APPROVERS, EDITORS, units_seen
from kb.states import EntryState


@dataclass(frozen=True)
class Waiting:
    """A pile of work; ``late`` of its ``count`` are past their time."""

    name: str
    count: int
    address: str
    late: int = 0


async def waiting_for(session: AsyncSession, actor: Actor, moment: datetime) -> list[Waiting]:
    """The actor's piles that are not empty. Raises NotAllowed for roles without the desk."""
    units = units_seen(actor)
    today = moment.astimezone(LOCAL).date()
    feedback = FeedbackRepository(session, units)
    drafts = DraftRepository(session, units)
    piles = [
        Waiting(
            "市民反馈待处理",
            await feedback.count("open"),
            "/console/knowledge/feedback",
            await feedback.count("open", due_before=moment),
        ),
        Waiting(
            "被差评的指南",
            await count_complaints(session, actor, "open"),
            "/console/knowledge/complaints",
            await count_complaints(session, actor, "open", moment),
        ),
        Waiting(
            "即将到期的条目",
            await DeskRepository(session, units).count(Wanted(state=EntryState.ENDING), today),
            "/console/knowledge?state=ending",
        ),
        Waiting(
            "我的草稿被退回",
            await drafts.count(("rejected",), author=actor.login),
            "/console/knowledge/drafts?tab=mine",
        ),
    ]
    if actor.role in APPROVERS:
        waiting = await drafts.count(("submitted",), not_author=actor.login)
        piles.append(Waiting("草稿待我审核", waiting, "/console/knowledge/drafts"))
    if actor.role in EDITORS:
        questions = await QuestionRepository(session).open_count()
        piles.append(Waiting("没答好的问题", questions, "/console/knowledge/questions"))
    return [pile for pile in piles if pile.count]
