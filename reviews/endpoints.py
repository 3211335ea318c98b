"""The public way to rate a closed case."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from cases.vocabulary import Source
from core.database import Database, now
from core.wire import error_responses
from reviews.grades import GRADE_NAMES, TAGS, Grade
from reviews.service import MAX_TEXT, rated_thing, submit
from units.tree import UnitTree

router = APIRouter(prefix="/api/reviews", tags=["评价"])

_NUMBER = "工单编号"
_TOKEN = "评价链接中的口令"
_LINK_ERRORS = {
    404: "评价链接不对",
    409: "工单还没有办结",
    410: "评价链接已用过、已过期或已被新的链接取代",
    422: "请求格式不对，或差评没有写明原因",
}


class NewReview(BaseModel):
    number: str = Field(min_length=1, max_length=40, description=_NUMBER)
    token: str = Field(min_length=1, max_length=100, description=_TOKEN)
    grade: Grade = Field(description="5 非常满意，4 满意，3 基本满意，2 不满意，1 非常不满意")
    tags: list[str] = Field(default_factory=list, max_length=10, description="该等级的标签代码")
    text: str = Field("", max_length=MAX_TEXT, description="想说的话；1、2 级须有标签或文字")
    named: bool = Field(
        False, description="同意让承办单位知道是谁评价的；保密、匿名和举报的工单不起作用"
    )


class StoredReview(BaseModel):
    id: int
    grade: Grade
    grade_name: str
    case_number: str


class Tag(BaseModel):
    code: str
    text: str


class GradeChoice(BaseModel):
    grade: Grade
    name: str
    tags: list[Tag]


class ReviewForm(BaseModel):
    """What is rated, and what can be chosen; ``title`` is empty when the case is confidential."""

    case_number: str
    title: str
    unit: str | None
    answered_at: datetime
    open_until: datetime
    grades: list[GradeChoice]


@router.post(
    "",
    status_code=201,
    summary="评价一次办理",
    responses=error_responses({400: "请求内容无法读取", **_LINK_ERRORS}),
)
async def create_review(request: Request, body: NewReview) -> StoredReview:
    """One review for each closing of a case."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        done = await submit(
            session,
            body.number,
            body.token,
            body.grade,
            body.tags,
            body.text,
            Source.WEB,
            now(),
            named=body.named,
        )
    return StoredReview(
        id=done.id,
        grade=done.grade,
        grade_name=done.grade_name,
        case_number=done.case_number,
    )


@router.get(
    "/form",
    summary="评价页要显示的内容",
    responses=error_responses(_LINK_ERRORS),
)
async def review_form(
    request: Request,
    number: Annotated[str, Query(min_length=1, max_length=40, description=_NUMBER)],
    token: Annotated[str, Query(min_length=1, max_length=100, description=_TOKEN)],
) -> ReviewForm:
    """What the link is about, and the tags of each grade."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        thing = await rated_thing(session, number, token, now())
        units = await UnitTree.load(session)
    return ReviewForm(
        case_number=thing.case_number,
        title=thing.title,
        unit=units.name(thing.unit) if thing.unit else None,
        answered_at=thing.answered_at,
        open_until=thing.open_until,
        grades=grade_choices(),
    )


def grade_choices() -> list[GradeChoice]:
    """Every grade from best to worst with its tags."""
    return [
        GradeChoice(
            grade=grade,
            name=GRADE_NAMES[grade],
            tags=[Tag(code=code, text=text) for code, text in TAGS[grade].items()],
        )
        for grade in sorted(Grade, reverse=True)
    ]
