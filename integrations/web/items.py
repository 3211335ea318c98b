"""Guides of items as pages: one to search, one for each item."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from integrations.web.render import render
from kb.answers import fee_text, limit_text
from kb.deciding import OFFER_FROM
from kb.endpoints import knowledge_of
from kb.schemas import ItemRecord

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_MOST_FOUND = 20
_LONGEST_QUESTION = 200


@router.get("/items")
async def search_items(
    request: Request, q: Annotated[str, Query(max_length=2000)] = ""
) -> HTMLResponse:
    """Search guides; without a question, all of them by theme."""
    knowledge = knowledge_of(request)
    question = q.strip()[:_LONGEST_QUESTION]
    found: list[ItemRecord] = []
    themes: dict[str, list[ItemRecord]] = {}
    if question:
        hits = knowledge.search(question, _MOST_FOUND)
        found = [knowledge.get(hit.code) for hit in hits if hit.score >= OFFER_FROM]
    else:
        for item in knowledge.items():
            themes.setdefault(item.theme or "其他", []).append(item)
    return render(
        request,
        "items.html",
        question=question,
        found=found,
        themes=sorted(themes.items()),
        total=sum(map(len, themes.values())),
    )


@router.get("/items/{code}")
async def show_item(request: Request, code: str) -> HTMLResponse:
    """One guide in full, fit for print. Raises NotFound when there is none in force."""
    item = knowledge_of(request).get(code)
    return render(request, "item.html", item=item, limit=limit_text(item), fee=fee_text(item))
