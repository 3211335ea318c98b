"""What somebody reads whose rating link is used, late, replaced or early: no error of theirs."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from core.errors import Conflict, Gone
from integrations.web.render import render

# code of the refusal -> heading, and what to say instead of its message
_WORDS = {
    "already_rated": (
        "您已经评价过了，谢谢",
        "您的评价已经记下，不用再交一次。还有意见，可以再次反映",
    ),
    "too_late": ("评价时间已经过了", ""),
    "superseded": ("请用最近一次的评价链接", ""),
}


def rating_over(
    request: Request, refused: Gone | Conflict, *, number: str = "", answer: str = ""
) -> HTMLResponse:
    """The page for ``refused``, with its status; ``answer`` is what the unit says it put right,
    ``number`` that of the case."""
    heading, lead = _WORDS.get(refused.code, ("现在还不能评价", ""))
    return render(
        request,
        "rating_over.html",
        refused.status,
        heading=heading,
        lead=f"{lead or refused.message}。",
        number=number,
        answer=answer,
    )
