"""Questions nobody could answer are grouped by what they are about."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import units.loading
from core.database import Database
from core.errors import InvalidInput, NotAllowed, NotFound
from core.identity import Actor, Role
from kb.feedback import QuestionKind, record_question
from kb.feedback_repository import QuestionRepository
from kb.loading import fingerprint
from kb.models import OpenQuestion
from kb.preview import preview
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Kind, Status
from kb.service import KnowledgeBase
from kb.unanswered import (
    Group,
    by_meaning,
    dismiss_questions,
    grouped,
    open_questions,
    reopen_questions,
    settle_questions,
)
from tests.kb.samples import CITY, COMPLETE, TODAY, city_records

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
EDITOR = Actor("editor", "示例", Role.KNOWLEDGE_EDITOR, "center", frozenset({"center"}))
CLERK = Actor("clerk", "示例", Role.UNIT_CLERK, "agriculture", frozenset({"agriculture"}))


async def _groups(session: AsyncSession, actor: Actor) -> list[Group]:
    return await by_meaning(await open_questions(session, actor), None)


class _Directions:
    """An encoder for which texts with the same last character mean the same."""

    def encode(self, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        ends = sorted({text[-1] for text in texts})
        return np.array([[text[-1] == end for end in ends] for text in texts], dtype=np.float32)


def test_characters_group_wordings_of_one_matter() -> None:
    groups = grouped(
        [(3, "养蜂证怎么办？"), (2, "船证丢了去哪补"), (1, "养蜂证怎么办理")], encoder=None
    )
    assert [(group.ids, group.count) for group in groups] == [((3, 1), 2), ((2,), 1)]


def test_an_encoder_groups_by_meaning() -> None:
    groups = grouped([(1, "蜂甲"), (2, "船乙"), (3, "猫甲")], _Directions())
    assert [group.ids for group in groups] == [(1, 3), (2,)]


@pytest.mark.parametrize("questions", [[], [(1, "？")], [(1, "")]])
def test_odd_questions_break_nothing(questions: list[tuple[int, str]]) -> None:
    assert len(grouped(questions, None)) == len(questions)


async def test_a_group_is_settled_by_an_entry(database: Database) -> None:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        content = ItemContent.model_validate(COMPLETE)
        await KnowledgeRepository(session).store(
            content, Status.PUBLISHED, 1, fingerprint=fingerprint(content), author="file"
        )
        for text in ("打鱼船怎么登记", "打鱼船怎么登记呀", "坟地多少钱"):
            await record_question(session, text, QuestionKind.UNKNOWN, NOW)
    async with database.unit_of_work() as session:
        groups = await _groups(session, EDITOR)
        assert [group.count for group in groups] == [2, 1]
        with pytest.raises(NotAllowed):
            await _groups(session, CLERK)
        with pytest.raises(NotFound):
            await settle_questions(session, EDITOR, groups[0].ids, "T-404", NOW)
        assert await settle_questions(session, EDITOR, groups[0].ids, "T-001", NOW) == 2
        assert await settle_questions(session, EDITOR, groups[0].ids, "T-001", NOW) == 0
    async with database.unit_of_work() as session:
        assert [group.questions for group in await _groups(session, EDITOR)] == [("坟地多少钱",)]
        query = select(OpenQuestion.settled_code).where(OpenQuestion.settled_by == "editor")
        assert set(await session.scalars(query)) == {"T-001"}


async def test_questions_that_are_not_ours_are_put_away_with_the_reason_and_back(
    database: Database,
) -> None:
    async with database.unit_of_work() as session:
        await record_question(session, "彩票中奖怎么领", QuestionKind.UNKNOWN, NOW)
    async with database.unit_of_work() as session:
        ((ids,),) = [[group.ids] for group in await _groups(session, EDITOR)]
        with pytest.raises(InvalidInput):
            await dismiss_questions(session, EDITOR, ids, " ", NOW)
        for refused in (
            dismiss_questions(session, CLERK, ids, "不归我们", NOW),
            reopen_questions(session, CLERK, ids),
        ):
            with pytest.raises(NotAllowed):
                await refused
        assert await dismiss_questions(session, EDITOR, ids, "不归我们", NOW) == 1
        assert await _groups(session, EDITOR) == []
        repository = QuestionRepository(session)
        (put_away,) = await repository.settled(10, 0)
        assert (put_away.settled_note, put_away.settled_code) == ("不归我们", None)
        assert await repository.settled_count() == 1
        assert await reopen_questions(session, EDITOR, ids) == 1
        assert await repository.open_count() == 1


async def test_the_preview_tells_what_a_draft_would_answer() -> None:
    knowledge = KnowledgeBase(None)
    units_of_some = ("culture", "bus", "parks", "police")
    items = [record for record in city_records() if record.unit in units_of_some]
    await knowledge.take(items)
    guide = next(item for item in items if item.code == "SL-CULTURE-003")
    raw = guide.model_dump(mode="json")
    asked = [(1, "带团胸牌在哪弄"), (2, "导游证要多久办好"), (3, "热气球升空要到哪登记")]
    same = await preview(knowledge, Kind.ITEM, guide.code, raw, asked, TODAY)
    assert (same.before, same.after) == ({2}, {2})
    more = {**raw, "aliases": ["带团胸牌"], "questions": ["带团胸牌在哪弄"]}
    found = await preview(knowledge, Kind.ITEM, guide.code, more, asked, TODAY)
    assert (found.before, found.after) == ({2}, {1, 2})
    new = {"name": "热气球升空登记", "questions": [asked[2][1]], "faq": "坏", "valid_from": "不久"}
    found = await preview(knowledge, Kind.ITEM, "T-9", new, asked, TODAY)
    assert (found.before, found.after) == (set(), {3})
