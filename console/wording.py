"""What the console says about what happened to a case. Pure."""

from __future__ import annotations

from cases.states import ACTION_NAMES, Action
from cases.views import EventView
from cases.vocabulary import ActorKind
from reviews.grades import GRADE_NAMES, Grade
from units.tree import UnitTree

# Said once after an action, by the word in the address.
DONE = {
    "dispatch": "已派单，等承办单位签收。",
    "reassign": "已改派，等新的承办单位签收。",
    "accept": "已签收，请在期限内办理并答复。",
    "return": "已退回派单台，这张工单不再由本单位办理。",
    "answer": "答复已保存；核对无误后请办结，市民才看得到。",
    "close": "已办结，市民可以看到答复并评价。",
    "urge": "已记下催办。",
    "supplement": "已记下补充的情况。",
    "withdraw": "已按市民要求撤回。",
    "known": "这项请求先前已经记下，没有重复登记。",
    "say": "已发给市民。",
    "hand_back": "对话已交还智能助手。",
    "day": "日历已更新。",
    "removed": "已删除，这一天恢复按星期计算。",
    "announced": "年度安排状态已更新。",
}


def happened(event: EventView, tree: UnitTree, names: dict[str, str]) -> str:
    """One line of the history as staff read it: who did what, with which unit.

    ``names`` are names of staff by login.
    """
    unit = tree.name(event.data.get("unit"))
    before = tree.name(event.data.get("from_unit"))
    match event.action:
        case Action.REGISTER:
            what = "登记了工单"
        case Action.DISPATCH:
            what = f"派给{unit}"
        case Action.REASSIGN:
            what = f"由{before}改派{unit}" if before else f"改派{unit}"
        case Action.REVIEW:
            what = f"评价：{_grade(event)}"
        case Action.SUPPLEMENT:
            what = "补充了情况"
        case Action.CLOSE | Action.WITHDRAW if event.actor_kind is ActorKind.SYSTEM:
            return f"{unit}的办理随主单结束"
        case _:
            what = ACTION_NAMES[event.action]
    return f"{_who(event, tree, names)} {what}"


def _who(event: EventView, tree: UnitTree, names: dict[str, str]) -> str:
    match event.actor_kind:
        case ActorKind.CITIZEN:
            return "市民"
        case ActorKind.SYSTEM:
            return "系统"
        case ActorKind.STAFF:
            name = names.get(event.actor or "", event.actor or "工作人员")
            return f"{tree.short(event.actor_unit)} {name}".strip()


def _grade(event: EventView) -> str:
    grade = event.data.get("grade")
    return GRADE_NAMES[Grade(grade)] if grade in tuple(Grade) else "未知"
