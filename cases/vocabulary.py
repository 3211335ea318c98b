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
    NORMAL = "normal"
    URGENT = "urgent"


URGENCY_NAMES = {Urgency.NORMAL: "一般", Urgency.URGENT: "紧急"}


class Part(StrEnum):
    """What a unit is in a case: it leads, or it assists."""

    LEAD = "lead"
    ASSIST = "assist"


PART_NAMES = {Part.LEAD: "主办", Part.ASSIST: "协办"}


class ActorKind(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"


class Audience(StrEnum):
    """Who may read a line of a case's history; ``citizen`` is the one whose matter it is."""

    STAFF = "staff"
    CITIZEN = "citizen"
    PUBLIC = "public"
