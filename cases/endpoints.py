"""The public way to a case: its progress, and what the citizen asks of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from cases.citizen_requests import Wanted, carry_out
from cases.progress import NOT_FOUND, PublicCase, Wish, look_up
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


class CitizenRequest(Lookup):
    """What is asked of the case; ``key`` makes a repeat harmless."""

    key: str = Field(min_length=8, max_length=64, description="本次请求的唯一编号")
    wish: Wish = Field(description="催办、补充、撤回或重新办理")
    text: str = Field("", max_length=4000, description="补充的情况、重新办理或撤回的原因")


@router.post(
    "/requests",
    summary="凭工单编号和查询码催办、补充、撤回或要求重新办理",
    responses=error_responses(
        {
            400: "请求内容无法读取",
            404: "编号或查询码不对（两者不作区分）",
            409: "工单现在的状态不能这样做",
            410: "重新办理的期限已过，请另行反映",
            422: "请求格式不对，或缺少内容",
            429: "输错五次，该编号锁定 15 分钟",
        }
    ),
)
async def request_of_citizen(request: Request, body: CitizenRequest) -> PublicCase:
    """Do it, and show the case as it is then."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        units = await UnitTree.load(session)
        wanted = Wanted(body.wish, body.key, body.text)
        found = await carry_out(session, body.number, body.code, wanted, units, now())
    if found is None:
        raise NotFound(NOT_FOUND)
    return found
