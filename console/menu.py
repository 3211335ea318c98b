"""Which desks a role has: its home and its menu. Pure."""

from __future__ import annotations

from core.identity import UNIT_ROLES, Role

DISPATCH_ROLES = frozenset({Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR, Role.ADMINISTRATOR})
SEAT_ROLES = frozenset({Role.SEAT, Role.SUPERVISOR})
# Whoever may know the citizen of a secret case may read the conversation it came from.
TRANSCRIPT_ROLES = SEAT_ROLES | {Role.DISPATCHER}
REVIEW_ROLES = frozenset(Role) - {Role.KNOWLEDGE_EDITOR}
CALENDAR_ROLES = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
STAFF_ROLES = frozenset({Role.ADMINISTRATOR})
CATALOGUE_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})
SUCCESSION_ROLES = frozenset({Role.ADMINISTRATOR})

_MENU = [
    ("/console/dispatch", "派单台", frozenset({Role.DISPATCHER, Role.SUPERVISOR})),
    ("/console/dispatch", "工单", frozenset({Role.SEAT, Role.ADMINISTRATOR})),
    ("/console/unit", "单位工作台", UNIT_ROLES),
    ("/console/seat", "坐席台", SEAT_ROLES),
    ("/console/reviews", "评价", REVIEW_ROLES),
    ("/console/items", "事项", frozenset(Role)),
    ("/console/catalogue", "派单目录", CATALOGUE_ROLES),
    ("/console/calendar", "工作日历", CALENDAR_ROLES),
    ("/console/staff", "人员", STAFF_ROLES),
]


def menu_of(role: Role) -> list[tuple[str, str]]:
    """Addresses and names of the pages that ``role`` may open, in order."""
    return [(address, name) for address, name, roles in _MENU if role in roles]


def home_of(role: Role) -> str:
    """Address of the desk on which ``role`` starts the day."""
    if role is Role.SEAT:
        return "/console/seat"
    return menu_of(role)[0][0]
