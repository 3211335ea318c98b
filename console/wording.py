"""What the console says about what happened to a case. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cases.states import ACTION_NAMES, Action, SubState
from cases.views import EventView
from cases.vocabulary import APPROVAL_NAMES, RESULT_NAMES, ActorKind, ApprovalKind, Result
from core.calendar import LOCAL
from reviews.grades import GRADE_NAMES, Grade
from units.tree import UnitTree

# Said once after an action, by the word in the address.
DONE = {
    "recall": "已撤回，工单回到待派单。",
    "dispatch": "已派单，等承办单位签收。",
    "designate": "已指定承办单位，该单位不能再退单。",
    "reassign": "已改派，等新的承办单位签收。",
    "add_assist": "已加派协办单位，等其签收。",
    "correct": "已更正，改动记在办理记录里。",
    "accept": "已签收，请先联系市民，再在期限内办理并答复。",
    "contact": "已记下联系情况。",
    "interim": "阶段答复已发给市民，办理期限不变。",
    "delegate": "已下派，答复和退单都会回到本单位。",
    "redo": "已退回下级单位重办。",
    "return": "退单申请已提交；批准之前仍由本单位办理，期限照常计算。",
    "extend": "延期申请已提交；批准之前期限不变。",
    "suspend": "挂账申请已提交；批准之前期限照常计算。",
    "claim_unreasonable": "认定申请已提交，等督办员审批。",
    "exclude": "剔除申诉已提交，等督办员审批。",
    "approve": "已同意，申请单位会收到通知。",
    "refuse": "已退回申请，申请单位会收到通知。",
    "attach": "图片已上传。",
    "answer": "答复已提交。",
    "sign": "已签发。",
    "send_back": "已退回承办人修改。",
    "pass": "审核通过，答复已发给市民。",
    "reject": "已退回承办单位继续办理，期限不变。",
    "close": "已结案。",
    "rework": "已要求承办单位重办，市民会收到通知。",
    "reopen": "已重新交办，承办单位会再次答复。",
    "supervise": "已列入督办，承办单位会收到通知。",
    "resume": "已恢复办理，期限重新计算。",
    "urge": "已记下催办，承办单位会收到通知。",
    "supplement": "已记下补充的情况，承办单位会收到通知。",
    "withdraw": "已按市民要求撤回。",
    "known": "这项请求先前已经记下，没有重复登记。",
    "hand_back": "对话已交还智能助手。",
    "end": "人工服务已结束。",
    "settle": "已分类办结，人工服务已结束。",
    "transfer": "对话已转出，对方会看到您的说明。",
    "nobody": "您的队列里现在没有人在等候。",
    "filed": "已登记，编号和查询码已发给市民。",
    "filed_call": "已登记。请把编号和查询码念给来电人。",
    "cited": "已把办事指南发给市民。",
    "answered": "告警已应答；对话由其他座席或智能助手接待，请跟进处置。",
    "alarm_closed": "告警已办结。",
    "tried": "已记下通话结果。",
    "callback_closed": "已办结，不再回拨。",
    "dialled": "正在呼叫您的座机，接起后会接通市民。",
    "skills": "队列已更新。",
    "answer_saved": "常用语已更新。",
    "day": "日历已更新。",
    "removed": "已删除，这一天恢复按星期计算。",
    "announced": "年度安排状态已更新。",
}

# What a correction changed, by the name of the fact.
FACT_NAMES = {
    "type": "诉求类型",
    "category": "类别",
    "urgency": "紧急程度",
    "complex": "复杂事项",
    "place_text": "地点",
    "place_code": "地点编码",
    "street": "街道",
    "district": "区县",
    "about_unit": "被反映单位",
}
_UNITS = frozenset({"street", "district", "about_unit"})
_ENDED = frozenset({SubState.ENDED, SubState.WITHDRAWN})


def happened(event: EventView, tree: UnitTree, names: dict[str, str]) -> str:
    """One line of the history as staff read it: who did what, with which unit.

    ``names`` are names of staff by login.
    """
    unit = tree.name(event.data.get("unit"))
    by_the_way = event.actor_kind is ActorKind.SYSTEM and event.sub_case_id is not None
    if by_the_way and event.to_state in _ENDED:
        return f"{unit}的办理随主单结束"
    return f"{_who(event, tree, names)} {_what(event, tree, unit)}"


def _what(event: EventView, tree: UnitTree, unit: str) -> str:
    data = event.data
    before = tree.name(data.get("from_unit"))
    match event.action:
        case Action.REGISTER:
            return "登记了工单"
        case Action.DISPATCH:
            return f"派给{unit}"
        case Action.DESIGNATE:
            return f"经会商指定{unit}办理"
        case Action.REASSIGN:
            moved = f"由{before}改派{unit}" if before else f"改派{unit}"
            dropped = "、".join(tree.name(code) for code in data.get("dropped", []))
            return f"{moved}，{dropped}不再协办" if dropped else moved
        case Action.ADD_ASSIST:
            return f"请{unit}协办"
        case Action.DELEGATE:
            return f"下派{unit}"
        case Action.REDO:
            return f"退回{unit}重办"
        case Action.CORRECT:
            return f"更正了{_changes(data, tree)}"
        case Action.CONTACT:
            return "联系了市民" if data.get("reached") else "联系市民，没有联系上"
        case Action.INTERIM:
            return "阶段答复"
        case Action.ANSWER:
            return f"答复（{_result(data)}）" if data.get("result") else "答复"
        case Action.SUPPLEMENT:
            return "补充了情况"
        case Action.REVIEW:
            return f"评价：{_grade(event)}"
        case Action.REWORK | Action.REOPEN:
            name = ACTION_NAMES[event.action]
            return f"要求{name}（第 {data['round']} 次办理）" if "round" in data else name
    return _about_a_request(event, tree, unit) or _about_the_clock(data, event.action, unit)


def _about_a_request(event: EventView, tree: UnitTree, unit: str) -> str:
    """What a unit asked for, how that was decided, and what came of it; else empty."""
    data, action = event.data, event.action
    if action in (Action.APPROVE, Action.REFUSE):
        kind = data.get("kind")
        name = APPROVAL_NAMES[ApprovalKind(kind)] if kind in tuple(ApprovalKind) else "申请"
        return f"{'同意' if action is Action.APPROVE else '不同意'}{unit}的{name}申请"
    asked = "approval" in data
    if action is Action.RETURN:
        proposed = tree.name(data.get("proposed_unit"))
        wanted = f"申请退单，建议由{proposed}承办" if proposed else "申请退单"
        return wanted if asked else f"{unit}退单"
    if action is Action.EXTEND and not asked:
        return f"办理期限延长到 {_moment(data.get('due'))}"
    if action is Action.SUSPEND and not asked:
        return f"挂账，{data.get('until', '约定日期')} 前再看"
    return ""


def _about_the_clock(data: dict[str, Any], action: Action, unit: str) -> str:
    name = ACTION_NAMES[action]
    clock = data.get("clock")
    whose = f"{unit}的" if unit else ""
    match action:
        case Action.YELLOW if clock:
            return f"{name}：{whose}{clock}将于 {_moment(data.get('due'))} 到期"
        case Action.RED | Action.ESCALATE if clock:
            return f"{name}：{whose}{clock}期限 {_moment(data.get('due'))} 已过"
        case Action.RECOMPUTE if clock:
            return f"{clock}期限由 {_moment(data.get('from'))} 调整为 {_moment(data.get('due'))}"
        case Action.MERGE | Action.UNMERGE | Action.SPLIT if data.get("number"):
            return f"{name}：工单 {data['number']}"
        case Action.SUCCEED if unit:
            return f"{name}，由{unit}接办"
    return name


def _changes(data: dict[str, Any], tree: UnitTree) -> str:
    changes: dict[str, list[Any]] = data.get("changes", {})
    said = [
        f"{FACT_NAMES.get(name, name)}（{_fact(name, was, tree)} → {_fact(name, now, tree)}）"
        for name, (was, now) in changes.items()
        if name != "place_code"
    ]
    return "、".join(said) or "登记内容"


def _fact(name: str, value: Any, tree: UnitTree) -> str:
    if name == "complex":
        return "是" if value else "否"
    if not value:
        return "无"
    return tree.short(str(value)) if name in _UNITS else str(value)


def _result(data: dict[str, Any]) -> str:
    result = data["result"]
    return RESULT_NAMES[Result(result)] if result in tuple(Result) else str(result)


def _moment(iso: str | None) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(LOCAL):%Y-%m-%d %H:%M}" if iso else "新的日期"


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
