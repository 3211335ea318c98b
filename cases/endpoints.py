"""The public way to a case's progress."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from cases.progress import NOT_FOUND, PublicCase, look_up
from core.database import Database, now
from core.errors import NotFound
from core.wire import error_responses
from units.tree import UnitTree

router = APIRouter(prefix="/api/cases", tags=["工单"])


class Lookup(BaseModel):
    """What the citizen holds in hand; spaces, dashes and full-width digits do no harm."""

    number: str = Field(min_length=1, max_length=40, description="工单编号")
    code: str = Field(min_length=1, max_length=20, description="六位查询码")


@router.post(
    "/lookup",
    summary="凭工单编号和查询码查进度",
    responses=error_responses(
        {
            400: "请求内容无法读取",
            404: "编号或查询码不对（两者不作区分）",
            422: "请求格式不对",
            429: "输错五次，该编号锁定 15 分钟",
        }
    ),
)
async def lookup(request: Request, body: Lookup) -> PublicCase:
    """State, dates and public answer of a case; nothing about who filed it."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        units = await UnitTree.load(session)
        found = await look_up(session, body.number, body.code, units, now())
    # Raised only here: the failed try must have been committed.
    if found is None:
        raise NotFound(NOT_FOUND)
    return found
