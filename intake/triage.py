"""The five ways a message can go, each with its reason. Pure.

国办函〔2025〕66号 第二条: what is in scope is accepted; what belongs to 110, 119, 120 or 122 is passed on
at once; what has a legal way of its own is told that way; what is unlawful, secret, private or not the
line's business is explained; deliberate disruption is passed to the police as a clue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from intake.emergencies import screen, unnamed
from intake.emergency_kinds import Emergency
from intake.refusals import is_disruption, is_private
from intake.routes import Route, decisive_route, find_route


class Way(StrEnum):
    """The five ways of 66号 第二条."""

    ACCEPT = "accept"
    TRANSFER = "transfer"
    LEGAL_ROUTE = "legal_route"
    EXPLAIN = "explain"
    POLICE_CLUE = "police_clue"


@dataclass(frozen=True)
class Decision:
    """Where a message goes and why; ``emergency`` and ``route`` say to whom."""

    way: Way
    reason: str
    emergency: Emergency | None = None
    route: Route | None = None

    @property
    def label(self) -> str:
        """The way in one word, with the number for a transfer: accept, transfer_119 …"""
        return f"{self.way}_{self.emergency.number}" if self.emergency else str(self.way)


# Below this (0–1) the assistant's word alone raises no alarm.
SURE_ALARM = 0.45
# Talk that is no matter of its own goes no way.
_MERE_TALK = frozenset(
    {"greet", "thanks", "goodbye", "affirm", "deny", "chitchat", "handoff", "abuse"}
)
# Matters of any kind that decisive words may turn into a legal or private one.
_MATTERS = frozenset({"file_case", "ask_guide", "ask_policy", "out_of_scope", "nlu_fallback"})


def gate(text: str) -> Decision | None:
    """What is decided by the words alone, before anything else: an emergency."""
    found = screen(text)
    if found is None:
        return None
    return Decision(Way.TRANSFER, f"紧急：{found.kind}", emergency=found)


def triage(text: str, act: str | None, confidence: float = 1.0) -> Decision | None:
    """The way of a message that the assistant takes for ``act``; None for mere talk.

    ``confidence`` (0–1) is the assistant's.
    """
    at_gate = gate(text)
    if at_gate is not None:
        return at_gate
    if is_disruption(text):
        return Decision(Way.POLICE_CLUE, "恶意扰乱热线秩序")
    if act == "emergency":
        alarm = unnamed(text) if confidence >= SURE_ALARM else None
        if alarm is not None:
            return Decision(Way.TRANSFER, "紧急：助手判断", emergency=alarm)
        return Decision(Way.ACCEPT, "没有现实危险，按诉求受理")
    if act in _MERE_TALK:
        return None
    if is_private(text) and (act in _MATTERS or act == "privacy_or_illegal"):
        return Decision(Way.EXPLAIN, "涉及他人个人信息或隐私")
    route = decisive_route(text) if act in _MATTERS else None
    if act == "legal_route" or route is not None:
        route = route or find_route(text)
        return Decision(
            Way.LEGAL_ROUTE, f"法定途径：{route.name if route else '未定'}", route=route
        )
    if act == "privacy_or_illegal":
        return Decision(Way.EXPLAIN, "违法或涉密的要求")
    if act == "out_of_scope":
        return Decision(Way.EXPLAIN, "不属于热线受理范围")
    return Decision(Way.ACCEPT, "受理范围内")
