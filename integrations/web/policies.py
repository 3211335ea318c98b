"""Policies as pages: a list, and one for each; one that lapsed is shown as what it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from integrations.web.render import render
from kb.endpoints import knowledge_of
from kb.policy_answers import deadline_text, lapsed_text
from kb.service import local_today

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/policies")
async def list_policies(request: Request) -> HTMLResponse:
    """Policies in force first, then those that lapsed, each by name."""
    today = local_today()
    policies = knowledge_of(request).policies()
    return render(
        request,
        "policies.html",
        current=[one for one in policies if one.valid_on(today)],
        lapsed=[one for one in policies if not one.valid_on(today)],
    )


@router.get("/policies/{code}")
async def show_policy(request: Request, code: str) -> HTMLResponse:
    """One policy in full. Raises NotFound when there is none."""
    today = local_today()
    knowledge = knowledge_of(request)
    policy = knowledge.policy(code)
    return render(
        request,
        "policy.html",
        policy=policy,
        deadline=deadline_text(policy, today),
        lapsed=None if policy.valid_on(today) else lapsed_text(policy, today),
        successor=knowledge.successor(policy, today),
    )
