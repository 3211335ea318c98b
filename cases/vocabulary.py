"""The words of contacts and cases: stable codes for programs, Chinese names for people."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """How something reached the line (domain: 来源)."""

    PHONE = "phone"
    WEB = "web"
    WECHAT = "wechat"
    SMS = "sms"
    MAILBOX = "mailbox"
    VISIT = "visit"
    REFERRED = "referred"


SOURCE_NAMES = {
    Source.PHONE: "电话",
    Source.WEB: "网站",
    Source.WECHAT: "微信",
    Source.SMS: "短信",
    Source.MAILBOX: "信箱",
    Source.VISIT: "来访",
    Source.REFERRED: "批转",
}


class CaseType(StrEnum):
    """What a citizen wants from the line (domain: 诉求类型)."""

    CONSULTATION = "consultation"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


TYPE_NAMES = {
    CaseType.CONSULTATION: "咨询",
    CaseType.HELP: "求助",
    CaseType.COMPLAINT: "投诉",
    CaseType.REPORT: "举报",
    CaseType.SUGGESTION: "建议",
    CaseType.PRAISE: "表扬",
    CaseType.OTHER: "其他",
}


class Outcome(StrEnum):
    """How a contact ended; an open contact has none yet."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    REFERRED = "referred"
    EMERGENCY = "emergency"
    INVALID = "invalid"


OUTCOME_NAMES = {
    Outcome.ANSWERED: "直接答复",
    Outcome.TRANSFERRED: "转办",
    Outcome.REFERRED: "告知途径",
    Outcome.EMERGENCY: "转紧急",
    Outcome.INVALID: "无效",
}


class Urgency(StrEnum):
    """How fast: 特急 is danger to life or many people, 紧急 danger or damage going on."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


URGENCY_NAMES = {Urgency.NORMAL: "一般", Urgency.URGENT: "紧急", Urgency.CRITICAL: "特急"}
# Order of work in every queue, first things first.
PRIORITY = {Urgency.CRITICAL: 0, Urgency.URGENT: 1, Urgency.NORMAL: 2}


class Part(StrEnum):
    """What a unit is in a case: it leads, it assists, or it works for a unit above it (经办)."""

    LEAD = "lead"
    ASSIST = "assist"
    DELEGATE = "delegate"


PART_NAMES = {Part.LEAD: "主办", Part.ASSIST: "协办", Part.DELEGATE: "经办"}


class Result(StrEnum):
    """What the unit says came of the matter. The last three are for suggestions."""

    SOLVED = "solved"
    PARTLY = "partly"
    UNSOLVED = "unsolved"
    EXPLAINED = "explained"
    ADOPTED = "adopted"
    PARTLY_ADOPTED = "partly_adopted"
    NOT_ADOPTED = "not_adopted"


RESULT_NAMES = {
    Result.SOLVED: "已解决",
    Result.PARTLY: "部分解决",
    Result.UNSOLVED: "未解决",
    Result.EXPLAINED: "已解释说明",
    Result.ADOPTED: "采纳",
    Result.PARTLY_ADOPTED: "部分采纳",
    Result.NOT_ADOPTED: "不采纳",
}
ADOPTION = frozenset({Result.ADOPTED, Result.PARTLY_ADOPTED, Result.NOT_ADOPTED})
# What must be explained: the citizen did not get all of what was asked for.
NEEDS_REASON = frozenset({Result.PARTLY, Result.UNSOLVED}) | ADOPTION


class ApprovalKind(StrEnum):
    """What a unit asks for and somebody else decides, while the clock runs on (domain 2.2, 8)."""

    RETURN = "return"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    UNREASONABLE = "unreasonable"
    EXCLUSION = "exclusion"


APPROVAL_NAMES = {
    ApprovalKind.RETURN: "退单",
    ApprovalKind.EXTENSION: "延期",
    ApprovalKind.SUSPENSION: "挂账",
    ApprovalKind.UNREASONABLE: "不合理诉求认定",
    ApprovalKind.EXCLUSION: "考核剔除申诉",
}


class ApprovalState(StrEnum):
    """``cancelled``: what it was about ended otherwise. Nothing is ever approved by silence."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"


APPROVAL_STATE_NAMES = {
    ApprovalState.PENDING: "待审批",
    ApprovalState.APPROVED: "同意",
    ApprovalState.REFUSED: "不同意",
    ApprovalState.CANCELLED: "已失效",
}


class ClockKind(StrEnum):
    """What a clock of a case measures.

    ``rework`` only names a limit: while a case is reworked the handling clock runs by it. Those of
    a rectification belong to a review, which need not be of a case.
    """

    DISPATCH = "dispatch"
    SIGN = "sign"
    CONTACT = "contact"
    RETURN = "return"
    HANDLE = "handle"
    REWORK = "rework"
    CHECK = "check"
    CALLBACK = "callback"
    CONSULTATION = "consultation"
    APPROVAL = "approval"
    LOOK_AGAIN = "look_again"
    STATUTORY = "statutory"
    RECTIFY_VERIFY = "rectify_verify"
    RECTIFY = "rectify"
    RECTIFY_DECISION = "rectify_decision"
    RECTIFY_CALLBACK = "rectify_callback"


CLOCK_NAMES = {
    ClockKind.DISPATCH: "派单",
    ClockKind.SIGN: "签收",
    ClockKind.CONTACT: "先行联系",
    ClockKind.RETURN: "退单",
    ClockKind.HANDLE: "办理",
    ClockKind.REWORK: "重办",
    ClockKind.CHECK: "办结审核",
    ClockKind.CALLBACK: "回访",
    ClockKind.CONSULTATION: "会商",
    ClockKind.APPROVAL: "审批",
    ClockKind.LOOK_AGAIN: "挂账复查",
    ClockKind.STATUTORY: "法定期限",
    ClockKind.RECTIFY_VERIFY: "差评核实",
    ClockKind.RECTIFY: "差评整改",
    ClockKind.RECTIFY_DECISION: "整改申请审核",
    ClockKind.RECTIFY_CALLBACK: "整改回访",
}


class ClockState(StrEnum):
    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class LinkKind(StrEnum):
    """How two cases belong together; the link points from the later one to the one it joins."""

    MERGE = "merge"
    GROUP = "group"
    SPLIT = "split"
    FOLLOW_UP = "follow_up"


LINK_NAMES = {
    LinkKind.MERGE: "并单",
    LinkKind.GROUP: "同类诉求",
    LinkKind.SPLIT: "拆单",
    LinkKind.FOLLOW_UP: "后续诉求",
}


class CallbackState(StrEnum):
    """Calling the citizen back (回访) about one round of handling."""

    WAITING = "waiting"
    DONE = "done"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"


CALLBACK_STATE_NAMES = {
    CallbackState.WAITING: "待回访",
    CallbackState.DONE: "已回访",
    CallbackState.UNREACHABLE: "联系不上",
    CallbackState.SKIPPED: "不需回访",
}


class Solved(StrEnum):
    """The citizen's own word on whether the matter is solved."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


SOLVED_NAMES = {Solved.YES: "已解决", Solved.PARTLY: "部分解决", Solved.NO: "未解决"}


class Satisfied(StrEnum):
    """The citizen's word on the handling; asked apart from `Solved`, never a review (好差评)."""

    SATISFIED = "satisfied"
    MOSTLY = "mostly"
    DISSATISFIED = "dissatisfied"


SATISFIED_NAMES = {
    Satisfied.SATISFIED: "满意",
    Satisfied.MOSTLY: "基本满意",
    Satisfied.DISSATISFIED: "不满意",
}


class ActorKind(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"


class Audience(StrEnum):
    """Who may read a line of a case's history; ``citizen`` is the one whose matter it is."""

    STAFF = "staff"
    CITIZEN = "citizen"
    PUBLIC = "public"
