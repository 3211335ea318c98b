"""The five ways a message can go, each with its reason. Pure.

国办函〔2025〕66号 第二条: what is in scope is accepted; what belongs to 110, 119, 120 or 122 is passed on
at once; what has a legal way of its own is told that way; what is unlawful, secret, private or not the
line's business is explained; deliberate disruption is passed to the police as a clue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from intake.emergencies import Emergency, screen
from intake.routes import Route, find_route


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


# Talk that is no matter of its own goes no way.
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "affirm", "deny", "chitchat", "handoff"})


def triage(text: str, act: str | None) -> Decision | None:
    """The way of a message that the assistant takes for ``act``; None for mere talk."""
    emergency = screen(text)
    if emergency is not None:
        return Decision(Way.TRANSFER, f"紧急：{emergency.kind}", emergency=emergency)
    if act in SMALL_TALK or act == "abuse":
        return None
    if act == "legal_route":
        route = find_route(text)
        return Decision(Way.LEGAL_ROUTE, f"法定途径：{route.name if route else ''}", route=route)
    if act in ("privacy_or_illegal", "out_of_scope"):
        return Decision(Way.EXPLAIN, "不在受理范围")
    return Decision(Way.ACCEPT, "受理范围内")
