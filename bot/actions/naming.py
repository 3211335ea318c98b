"""Whether the unit may know whose a review is: asked with every bad one in the talk, no by default."""

from __future__ import annotations

from bot.actions.talk import HELP_CHOICES, Replies, Talk
from core.database import now
from core.replies import Choice, Reply, say
from reviews.consent import can_consent, consent
from reviews.grades import BAD
from reviews.models import Review

_ASKED = "不会告诉承办单位您是谁；愿意让单位直接联系您核实的，请选“让单位知道是我”。"
_NOBODY = "不会告诉承办单位您是谁。"
_AGREE = Choice(title="让单位知道是我", value="rate:named")


async def asked(talk: Talk, review: Review, reply: Reply) -> Reply:
    """``reply`` to a review just stored, with the question where somebody could be named."""
    talk.remember(consent=None)
    if review.grade not in BAD or review.named:
        return reply
    if not await can_consent(talk.session, review):
        return reply.model_copy(update={"text": reply.text + _NOBODY})
    talk.remember(consent=review.id)
    choices = [_AGREE, *reply.choices]
    return reply.model_copy(update={"text": reply.text + _ASKED, "choices": choices})


async def agree(talk: Talk) -> Replies:
    """The citizen agrees for the review that was asked about last."""
    known = talk.context.get("consent")
    if known is None:
        return [say("请先评价，再选是否让单位知道。", *HELP_CHOICES)]
    await consent(talk.session, int(known), now())
    talk.remember(consent=None)
    return [say("好的，承办单位可以看到是您的评价，会直接联系您核实。", *HELP_CHOICES)]
