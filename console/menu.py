"""Which desks a role has: its home and its menu. Pure."""

from __future__ import annotations

from core.identity import UNIT_ROLES, Role
from kb.permissions import DESK_ROLES
from reviews.link_desk import DESK_ROLES as LINKING

DISPATCH_ROLES = frozenset({Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR, Role.ADMINISTRATOR})
SEAT_ROLES = frozenset({Role.SEAT, Role.SUPERVISOR})
# Whoever may know the citizen of a secret case may read the conversation it came from.
TRANSCRIPT_ROLES = SEAT_ROLES | {Role.DISPATCHER}
REVIEW_ROLES = frozenset(Role) - {Role.KNOWLEDGE_EDITOR}
CALLBACK_ROLES = frozenset({Role.CALLBACK_CLERK, Role.SUPERVISOR})
MEASURE_ROLES = frozenset({Role.SUPERVISOR, Role.UNIT_LEADER})
SUPERVISION_ROLES = frozenset({Role.SUPERVISOR})
APPROVAL_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR}) | UNIT_ROLES
REGISTRATION_ROLES = frozenset({Role.SEAT, Role.DISPATCHER, Role.SUPERVISOR})
NOTICE_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR}) | UNIT_ROLES
SENT_ROLES = TRANSCRIPT_ROLES
CALENDAR_ROLES = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
TERRITORY_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})
STAFF_ROLES = frozenset({Role.ADMINISTRATOR})
CATALOGUE_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})
SUCCESSION_ROLES = frozenset({Role.ADMINISTRATOR})

KNOWLEDGE_ROLES = DESK_ROLES
LINK_ROLES = frozenset(LINKING)

_MENU = [
    ("/console/supervision", "督办台", SUPERVISION_ROLES),
    ("/console/dispatch", "派单台", frozenset({Role.DISPATCHER, Role.SUPERVISOR})),
    ("/console/dispatch", "工单", frozenset({Role.SEAT, Role.ADMINISTRATOR})),
    ("/console/unit", "单位工作台", UNIT_ROLES),
    ("/console/approvals", "审批", APPROVAL_ROLES),
    ("/console/notices", "提醒", NOTICE_ROLES),
    ("/console/register", "登记", REGISTRATION_ROLES),
    ("/console/seat", "坐席台", SEAT_ROLES),
    ("/console/sent", "已发通知", SENT_ROLES),
    ("/console/callback", "回访台", CALLBACK_ROLES),
    ("/console/measures", "统计", MEASURE_ROLES),
    ("/console/reviews", "评价", REVIEW_ROLES),
    ("/console/links", "评价关联", LINK_ROLES),
    ("/console/knowledge", "知识库", KNOWLEDGE_ROLES),
    ("/console/items", "事项", frozenset(Role)),
    ("/console/catalogue", "派单目录", CATALOGUE_ROLES),
    ("/console/territory", "地名库", TERRITORY_ROLES),
    ("/console/calendar", "工作日历", CALENDAR_ROLES),
    ("/console/staff", "人员", STAFF_ROLES),
    ("/console/succession", "单位变更", SUCCESSION_ROLES),
]


# Pages without an entry of their own, by the entry that they belong to.
_BELOW = {
    "/console/reviews": (
        "/console/rectifications",
        "/console/review-figures",
        "/console/talk-figures",
        "/console/paper",
        "/console/windows",
        "/console/record-links",
    )
}


def is_current(address: str, path: str) -> bool:
    """Whether the page ``path`` belongs to the entry of the menu with ``address``."""
    return any(
        path == one or path.startswith(f"{one}/") for one in (address, *_BELOW.get(address, ()))
    )


def menu_of(role: Role) -> list[tuple[str, str]]:
    """Addresses and names of the pages that ``role`` may open, in order."""
    return [(address, name) for address, name, roles in _MENU if role in roles]


def home_of(role: Role) -> str:
    """Address of the desk on which ``role`` starts the day."""
    if role is Role.SEAT:
        return "/console/seat"
    return menu_of(role)[0][0]
