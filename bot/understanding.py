"""One message as the line understands it: emergencies and wishes for a person by rule, the assistant's
act for everything else, and the way it goes. The same for every door and for the evaluation. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from intake.refusals import is_private
from intake.triage import Decision, Way, gate, triage

HANDOFF_TEXT = re.compile(
    r"^(?:我要|请|帮我|给我)?(?:转|找|接|换)(?:个|一个|到|接)?(?:人工|真人|话务员|客服)(?:服务|客服|坐席)?[。！!吧]?$|^人工(?:服务|客服)?$"
)
# A decision by the words alone names the act, whatever the assistant took the message for.
_ACTS = {Way.TRANSFER: "emergency", Way.LEGAL_ROUTE: "legal_route"}
_LONGEST_ANSWER = 40


@dataclass(frozen=True)
class Understanding:
    """The act of a message with its confidence (0–1), and where it goes; None for mere talk."""

    act: str | None
    confidence: float
    decision: Decision | None


def at_the_gate(text: str) -> Understanding | None:
    """What needs no assistant: an emergency, or the plain wish for a person; else None."""
    decision = gate(text)
    if decision is not None:
        return Understanding("emergency", 1.0, decision)
    return Understanding("handoff", 1.0, None) if HANDOFF_TEXT.match(text) else None


def understand(text: str, act: str | None, confidence: float) -> Understanding:
    """What the assistant took for ``act`` with ``confidence``, weighed with the rules."""
    decision = triage(text, act, confidence)
    if decision is None:
        return Understanding(act, confidence, None)
    if decision.way is Way.EXPLAIN and act != "out_of_scope":
        return Understanding("privacy_or_illegal", confidence, decision)
    if decision.way is Way.EXPLAIN and is_private(text):
        return Understanding("privacy_or_illegal", confidence, decision)
    if decision.way is Way.ACCEPT and (
        act == "emergency" or (act == "inform" and len(text) > _LONGEST_ANSWER)
    ):
        # What only sounds like an emergency, and what is too long for an answer, is a matter.
        return Understanding("file_case", confidence, decision)
    return Understanding(_ACTS.get(decision.way, act), confidence, decision)
