"""Public interface: items by question and by code."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request

from core.wire import error_responses
from kb.reply import entry_url
from kb.schemas import ItemList, ItemOut, ItemRecord, ItemSummary
from kb.service import KnowledgeBase

router = APIRouter(prefix="/api/items", tags=["事项"])


def knowledge_of(request: Request) -> KnowledgeBase:
    """The knowledge base of this process."""
    return cast(KnowledgeBase, request.app.state.knowledge)


@router.get(
    "",
    summary="查找事项",
    responses=error_responses({422: "参数不符合要求"}),
)
async def list_items(
    request: Request,
    q: Annotated[str, Query(max_length=500, description="市民的问题；为空时按名称列出")] = "",
    limit: Annotated[int, Query(ge=1, le=50, description="最多返回多少条")] = 10,
) -> ItemList:
    """Items that may answer ``q``, best first; all items by name without one."""
    knowledge = knowledge_of(request)
    if not q.strip():
        items = knowledge.items()
        return ItemList(items=[summary(item) for item in items[:limit]], total=len(items))
    hits = knowledge.search(q, limit)
    found = [summary(knowledge.get(hit.code), round(hit.score, 4)) for hit in hits]
    return ItemList(items=found, total=len(found))


@router.get(
    "/{code}",
    summary="查看一个事项的办事指南",
    responses=error_responses({404: "没有这个事项，或它的指南已失效", 422: "参数不符合要求"}),
)
async def get_item(
    request: Request,
    code: Annotated[str, Path(max_length=64, description="事项编码", examples=["SL-POLICE-001"])],
) -> ItemOut:
    """The guide of one item in full."""
    item = knowledge_of(request).get(code)
    return ItemOut(**item.model_dump(), url=entry_url(item.code))


def summary(item: ItemRecord, score: float | None = None) -> ItemSummary:
    """The item as it stands in a list."""
    return ItemSummary(
        code=item.code,
        name=item.name,
        unit=item.unit,
        unit_name=item.unit_name,
        type=item.type,
        theme=item.theme,
        summary=item.summary,
        version=item.version,
        valid_from=item.valid_from,
        valid_to=item.valid_to,
        url=entry_url(item.code),
        score=score,
    )
