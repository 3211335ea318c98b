"""The life of a case as a table: who may do what, from where, to where, and what must be given.

Pure. A case (主单) has a state, and so has the part of each unit in it (子单). What a unit does
changes its own part; the case follows the part of the leading unit (`main_state`). Sources: the
closed loop of 国办发〔2020〕53号 (受理, 派单, 办理, 答复, 督办, 办结, 回访, 评价) and the defaults of
the domain's rule set 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cases.vocabulary import ActorKind, ApprovalKind, Part
from core.identity import Role


class MainState(StrEnum):
    PENDING_DISPATCH = "pending_dispatch"
    CONSULTATION = "consultation"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    SUSPENDED = "suspended"
    CALLBACK = "callback"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


MAIN_STATE_NAMES = {
    MainState.PENDING_DISPATCH: "待派单",
    MainState.CONSULTATION: "会商中",
    MainState.DISPATCHED: "待签收",
    MainState.IN_PROGRESS: "办理中",
    MainState.ANSWERED: "待审核",
    MainState.SUSPENDED: "已挂账",
    MainState.CALLBACK: "待回访",
    MainState.CLOSED: "已办结",
    MainState.WITHDRAWN: "已撤回",
    MainState.MERGED: "已并单",
}


class SubState(StrEnum):
    PENDING_ACCEPTANCE = "pending_acceptance"
    IN_PROGRESS = "in_progress"
    PENDING_SIGNATURE = "pending_signature"
    ANSWERED = "answered"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


SUB_STATE_NAMES = {
    SubState.PENDING_ACCEPTANCE: "待签收",
    SubState.IN_PROGRESS: "办理中",
    SubState.PENDING_SIGNATURE: "待签发",
    SubState.ANSWERED: "已答复",
    SubState.SUSPENDED: "已挂账",
    SubState.CLOSED: "已办结",
    SubState.RETURNED: "已退回",
    SubState.REASSIGNED: "已改派",
    SubState.WITHDRAWN: "已撤回",
    SubState.ENDED: "随主单结束",
}

# Parts that do not count any more: the unit sees the case no longer.
GONE = frozenset({SubState.RETURNED, SubState.REASSIGNED})
OPEN_PARTS = frozenset(
    {
        SubState.PENDING_ACCEPTANCE,
        SubState.IN_PROGRESS,
        SubState.PENDING_SIGNATURE,
        SubState.ANSWERED,
        SubState.SUSPENDED,
    }
)
OPEN = frozenset(MainState) - {MainState.CLOSED, MainState.WITHDRAWN, MainState.MERGED}
# Open, and the citizen has no answer yet.
UNANSWERED = OPEN - {MainState.CALLBACK}


class Action(StrEnum):
    """What happens to a case. Those without a row in the table only appear in its history."""

    REGISTER = "register"
    DISPATCH = "dispatch"
    DESIGNATE = "designate"
    REASSIGN = "reassign"
    RECALL = "recall"
    ADD_ASSIST = "add_assist"
    CORRECT = "correct"
    ACCEPT = "accept"
    CONTACT = "contact"
    INTERIM = "interim"
    DELEGATE = "delegate"
    REDO = "redo"
    RETURN = "return"
    EXTEND = "extend"
    SUSPEND = "suspend"
    CLAIM_UNREASONABLE = "claim_unreasonable"
    EXCLUDE = "exclude"
    APPROVE = "approve"
    REFUSE = "refuse"
    ATTACH = "attach"
    ANSWER = "answer"
    SIGN = "sign"
    SEND_BACK = "send_back"
    PASS = "pass"
    REJECT = "reject"
    CALL_BACK = "call_back"
    CLOSE = "close"
    REWORK = "rework"
    REOPEN = "reopen"
    SUPERVISE = "supervise"
    RESUME = "resume"
    URGE = "urge"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    OPEN_IDENTITY = "open_identity"
    REVIEW = "review"
    UNTIE_REVIEW = "untie_review"
    YELLOW = "yellow"
    RED = "red"
    ESCALATE = "escalate"
    RECOMPUTE = "recompute"
    SUCCEED = "succeed"


ACTION_NAMES = {
    Action.REGISTER: "登记",
    Action.DISPATCH: "派单",
    Action.DESIGNATE: "会商指定",
    Action.REASSIGN: "改派",
    Action.RECALL: "撤回派单",
    Action.ADD_ASSIST: "加派协办",
    Action.CORRECT: "更正",
    Action.ACCEPT: "签收",
    Action.CONTACT: "先行联系",
    Action.INTERIM: "阶段答复",
    Action.DELEGATE: "下派",
    Action.REDO: "退回下级重办",
    Action.RETURN: "申请退单",
    Action.EXTEND: "申请延期",
    Action.SUSPEND: "申请挂账",
    Action.CLAIM_UNREASONABLE: "申请认定不合理诉求",
    Action.EXCLUDE: "申诉考核剔除",
    Action.APPROVE: "同意申请",
    Action.REFUSE: "不同意申请",
    Action.ATTACH: "上传图片",
    Action.ANSWER: "答复",
    Action.SIGN: "签发",
    Action.SEND_BACK: "退回修改",
    Action.PASS: "办结审核通过",
    Action.REJECT: "办结审核退回",
    Action.CALL_BACK: "回访",
    Action.CLOSE: "结案",
    Action.REWORK: "重办",
    Action.REOPEN: "重新办理",
    Action.SUPERVISE: "督办",
    Action.RESUME: "恢复办理",
    Action.URGE: "催办",
    Action.SUPPLEMENT: "补充",
    Action.WITHDRAW: "撤回",
    Action.MERGE: "并单",
    Action.UNMERGE: "撤销并单",
    Action.SPLIT: "拆单",
    Action.OPEN_IDENTITY: "查看身份",
    Action.REVIEW: "评价",
    Action.UNTIE_REVIEW: "解除评价",
    Action.YELLOW: "黄牌提醒",
    Action.RED: "红牌超期",
    Action.ESCALATE: "升级督办",
    Action.RECOMPUTE: "期限重算",
    Action.SUCCEED: "机构变更",
}

Party = Role | ActorKind
_DESK: frozenset[Party] = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_UNIT: frozenset[Party] = frozenset({Role.UNIT_CLERK, Role.UNIT_LEADER})
_LEADER: frozenset[Party] = frozenset({Role.UNIT_LEADER})
_SPEAKER: frozenset[Party] = frozenset({ActorKind.CITIZEN, Role.SEAT})
_SYSTEM: frozenset[Party] = frozenset({ActorKind.SYSTEM})
_CALLER: frozenset[Party] = frozenset({Role.CALLBACK_CLERK, Role.SUPERVISOR})
# Who may look at the citizen of a secret case, with a reason that is kept.
IDENTITY_ROLES: frozenset[Role] = frozenset(
    {Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR, Role.CALLBACK_CLERK}
)
# Who decides what a unit asked for. A return inside a unit's own tree is decided by the unit
# above (`Approval.decided_by_unit`), everything else by the line.
DECIDES: dict[ApprovalKind, frozenset[Role]] = {
    ApprovalKind.RETURN: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    ApprovalKind.EXTENSION: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    ApprovalKind.SUSPENSION: frozenset({Role.SUPERVISOR}),
    ApprovalKind.UNREASONABLE: frozenset({Role.SUPERVISOR}),
    ApprovalKind.EXCLUSION: frozenset({Role.SUPERVISOR}),
}


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    ``main_from`` are the states of the case in which the action is possible, ``sub_from`` those of
    the acting unit's part (None: the action is not about one part). ``sub_to`` is that part's new
    state (None: it stays); when the case ends by the action, parts still open become ``rest_to``.
    ``parties`` may do it; ``needed`` names what must not be empty.
    """

    main_from: frozenset[MainState]
    parties: frozenset[Party]
    sub_from: frozenset[SubState] | None = None
    sub_to: SubState | None = None
    rest_to: SubState | None = None
    needed: tuple[str, ...] = ()


_WORKED_ON = frozenset({MainState.DISPATCHED, MainState.IN_PROGRESS})
_ANY = frozenset(MainState)

TRANSITIONS: dict[Action, Transition] = {
    Action.DISPATCH: Transition(
        main_from=frozenset({MainState.PENDING_DISPATCH}),
        parties=_DESK | _SYSTEM,
        needed=("unit",),
    ),
    Action.DESIGNATE: Transition(
        main_from=frozenset({MainState.CONSULTATION}),
        parties=_DESK,
        needed=("unit", "reason"),
    ),
    Action.REASSIGN: Transition(
        main_from=_WORKED_ON | {MainState.SUSPENDED},
        parties=_DESK,
        needed=("unit", "reason"),
    ),
    Action.RECALL: Transition(main_from=frozenset({MainState.DISPATCHED}), parties=_DESK),
    Action.ADD_ASSIST: Transition(main_from=_WORKED_ON, parties=_DESK, needed=("unit",)),
    Action.CORRECT: Transition(main_from=UNANSWERED, parties=_DESK | {Role.SEAT}),
    Action.ACCEPT: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.PENDING_ACCEPTANCE}),
        sub_to=SubState.IN_PROGRESS,
        parties=_UNIT,
    ),
    Action.CONTACT: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("note",),
    ),
    Action.INTERIM: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS, SubState.SUSPENDED}),
        parties=_UNIT,
        needed=("text",),
    ),
    Action.DELEGATE: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("unit",),
    ),
    Action.REDO: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("reason",),
    ),
    Action.RETURN: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("reason", "basis", "proposed_unit"),
    ),
    Action.EXTEND: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("reason", "days"),
    ),
    Action.SUSPEND: Transition(
        main_from=frozenset({MainState.IN_PROGRESS}),
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("reason", "until"),
    ),
    Action.CLAIM_UNREASONABLE: Transition(
        main_from=frozenset({MainState.IN_PROGRESS}),
        sub_from=frozenset({SubState.IN_PROGRESS}),
        parties=_UNIT,
        needed=("reason", "basis"),
    ),
    Action.EXCLUDE: Transition(
        main_from=frozenset({MainState.CALLBACK, MainState.CLOSED}),
        sub_from=frozenset({SubState.CLOSED}),
        parties=_LEADER,
        needed=("reason", "basis"),
    ),
    Action.ATTACH: Transition(
        main_from=OPEN, parties=_UNIT | _DESK | {Role.SEAT}, needed=("attachments",)
    ),
    Action.ANSWER: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.IN_PROGRESS, SubState.PENDING_SIGNATURE, SubState.ANSWERED}),
        sub_to=SubState.ANSWERED,
        parties=_UNIT,
        needed=("citizen_answer", "result"),
    ),
    Action.SIGN: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.PENDING_SIGNATURE}),
        sub_to=SubState.ANSWERED,
        parties=_LEADER,
    ),
    Action.SEND_BACK: Transition(
        main_from=UNANSWERED,
        sub_from=frozenset({SubState.PENDING_SIGNATURE}),
        sub_to=SubState.IN_PROGRESS,
        parties=_LEADER,
        needed=("reason",),
    ),
    Action.PASS: Transition(
        main_from=frozenset({MainState.ANSWERED}),
        rest_to=SubState.ENDED,
        parties=_DESK | _SYSTEM,
    ),
    Action.REJECT: Transition(
        main_from=frozenset({MainState.ANSWERED}), parties=_DESK, needed=("reason",)
    ),
    Action.CALL_BACK: Transition(
        main_from=frozenset({MainState.CALLBACK, MainState.CLOSED}), parties=_CALLER
    ),
    Action.CLOSE: Transition(main_from=frozenset({MainState.CALLBACK}), parties=_CALLER | _SYSTEM),
    Action.REWORK: Transition(
        main_from=frozenset({MainState.CALLBACK, MainState.CLOSED}),
        parties=_CALLER | _SYSTEM,
        needed=("reason",),
    ),
    Action.REOPEN: Transition(
        main_from=frozenset({MainState.CALLBACK, MainState.CLOSED}),
        parties=_SPEAKER | {Role.SUPERVISOR},
        needed=("reason",),
    ),
    Action.SUPERVISE: Transition(
        main_from=OPEN, parties=frozenset({Role.SUPERVISOR}) | _SYSTEM, needed=("reason",)
    ),
    Action.RESUME: Transition(
        main_from=frozenset({MainState.SUSPENDED}),
        parties=_UNIT | _SYSTEM | {Role.SUPERVISOR},
    ),
    Action.URGE: Transition(main_from=UNANSWERED | {MainState.MERGED}, parties=_SPEAKER),
    Action.SUPPLEMENT: Transition(
        main_from=OPEN | {MainState.MERGED}, parties=_SPEAKER, needed=("text",)
    ),
    Action.WITHDRAW: Transition(
        main_from=UNANSWERED - {MainState.ANSWERED} | {MainState.MERGED},
        rest_to=SubState.WITHDRAWN,
        parties=_SPEAKER,
    ),
    Action.MERGE: Transition(main_from=UNANSWERED, parties=_DESK | _SYSTEM, needed=("reason",)),
    Action.UNMERGE: Transition(
        main_from=frozenset({MainState.MERGED}), parties=_DESK, needed=("reason",)
    ),
    Action.SPLIT: Transition(main_from=UNANSWERED, parties=_DESK, needed=("matters",)),
    Action.OPEN_IDENTITY: Transition(
        main_from=_ANY, parties=frozenset(IDENTITY_ROLES), needed=("reason",)
    ),
}


class Refusal(StrEnum):
    """Why an action is not possible."""

    PARTY = "party"
    MAIN_STATE = "main_state"
    SUB_STATE = "sub_state"


def refusal(
    action: Action, party: Party, main: MainState, sub: SubState | None = None
) -> Refusal | None:
    """None when ``party`` may do ``action`` now, else the first reason against it.

    ``sub`` is the state of the acting unit's part. An action without a row in the table is
    refused to everybody.
    """
    row = TRANSITIONS.get(action)
    if row is None or party not in row.parties:
        return Refusal.PARTY
    if main not in row.main_from:
        return Refusal.MAIN_STATE
    if row.sub_from is not None and sub not in row.sub_from:
        return Refusal.SUB_STATE
    return None


def allowed_actions(
    party: Party, main: MainState, sub: SubState | None = None
) -> frozenset[Action]:
    """What ``party`` may do now; for the buttons of a page."""
    return frozenset(a for a in TRANSITIONS if refusal(a, party, main, sub) is None)


def main_state(parts: Iterable[tuple[Part, SubState]]) -> MainState:
    """The state of a case that has the given parts: that of the leading one still counting.

    Without a leading part the case waits to be dispatched (首接负责: the line keeps it). A
    withdrawn or merged case is not asked: it may never have had a part. Whether it is in
    consultation or finally closed is not a matter of its parts either.
    """
    for part, state in parts:
        if part is Part.LEAD and state in _FOLLOWS:
            return _FOLLOWS[state]
    return MainState.PENDING_DISPATCH


_FOLLOWS = {
    SubState.PENDING_ACCEPTANCE: MainState.DISPATCHED,
    SubState.IN_PROGRESS: MainState.IN_PROGRESS,
    SubState.PENDING_SIGNATURE: MainState.IN_PROGRESS,
    SubState.ANSWERED: MainState.ANSWERED,
    SubState.SUSPENDED: MainState.SUSPENDED,
    SubState.CLOSED: MainState.CALLBACK,
}
