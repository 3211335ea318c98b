"""Life events (一件事) as pages: a list, and one for each with its items in order."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from integrations.web.render import render
from kb.answers import limit_sentence
from kb.endpoints import knowledge_of
from kb.event_answers import shared_materials, stages

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/life-events")
async def list_life_events(request: Request) -> HTMLResponse:
    """Life events in force, by name."""
    return render(request, "life_events.html", events=knowledge_of(request).events())


@router.get("/life-events/{code}")
async def show_life_event(request: Request, code: str) -> HTMLResponse:
    """One life event in full. Raises NotFound when there is none in force."""
    bundle = knowledge_of(request).event(code)
    return render(
        request,
        "life_event.html",
        event=bundle.event,
        items=bundle.items,
        stages=stages(bundle),
        shared=shared_materials(bundle),
        left_out=bundle.left_out,
        limit=limit_sentence(bundle.event.limits),
    )
