"""The console: web pages of the staff. Composes what several rooms know about one case."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from console import (
    approvals_page,
    calendar_page,
    callback_page,
    case_actions,
    case_page,
    catalogue_drafts,
    catalogue_form,
    catalogue_page,
    categories_page,
    desk_actions,
    desks,
    joining_page,
    knowledge_complaints,
    knowledge_drafts,
    knowledge_editing,
    knowledge_feedback,
    knowledge_notices,
    knowledge_page,
    knowledge_questions,
    links_page,
    live,
    login,
    measures_page,
    notices_page,
    office,
    paper_page,
    record_links_page,
    rectification_actions,
    rectification_case,
    rectifications_page,
    register_page,
    review_figures_page,
    reviews_page,
    seat,
    seat_actions,
    seat_advice,
    seat_answers,
    seat_callbacks,
    seat_calls,
    seat_case,
    seat_news,
    sent_page,
    splitting_page,
    succession_page,
    talk_figures_page,
    territory_page,
    windows_page,
)
from console.render import HERE, error_page

__all__ = ["error_page", "mount_static", "router"]

router = APIRouter()
for _pages in (
    login,
    desks,
    desk_actions,
    approvals_page,
    notices_page,
    live,
    register_page,
    case_page,
    # Before the actions of a case: those take any word in its place.
    joining_page,
    splitting_page,
    case_actions,
    # Before the talk: its actions take any word in its place.
    seat_actions,
    seat_calls,
    seat_news,
    seat_callbacks,
    seat_answers,
    seat_advice,
    seat_case,
    seat,
    sent_page,
    office,
    rectifications_page,
    reviews_page,
    # Before the other actions: those take any word in its place.
    rectification_case,
    rectification_actions,
    review_figures_page,
    links_page,
    paper_page,
    windows_page,
    record_links_page,
    calendar_page,
    callback_page,
    measures_page,
    catalogue_page,
    catalogue_form,
    catalogue_drafts,
    categories_page,
    succession_page,
    talk_figures_page,
    territory_page,
    knowledge_page,
    knowledge_editing,
    # After the form of a draft: its actions take any word in its place.
    knowledge_drafts,
    knowledge_questions,
    knowledge_notices,
    knowledge_feedback,
    knowledge_complaints,
):
    router.include_router(_pages.router)


class _Checked(StaticFiles):
    """Static files that a browser asks about each time, so an update reaches everybody at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount_static(app: FastAPI) -> None:
    """Serve ``static/`` at ``/console/static``."""
    app.mount("/console/static", _Checked(directory=HERE / "static"), name="console-static")
