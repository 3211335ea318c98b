"""A policy as the answer a citizen reads: who, how much, until when, how. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from kb.choices import choice_value
from kb.schemas import Kind, PolicyRecord
from language.normalise import normalise


class PolicyPart(StrEnum):
    """A part of a policy that may be asked for. The order is the order of a full answer."""

    WHO = "who"
    AMOUNT = "amount"
    DEADLINE = "deadline"
    HOW = "how"
    MATERIALS = "materials"
    CHANGES = "changes"
    PHONE = "phone"
    BASIS = "basis"


_RULES = {
    PolicyPart.WHO: re.compile(
        r"谁(?:能|可以|有)|(?:什么|哪些|啥)(?:样的)?(?:人|企业|单位|公司|家庭)|条件|资格|对象|符[不]?符?合|要求|"
        r"(?<!还)(?:能不能|可不可以|能|可以|算)(?:领|申请|享受|报|拿|补)?(?:到)?[吗么不]"
    ),
    PolicyPart.AMOUNT: re.compile(
        r"多少|几百|几千|几成|几万|比例|标准|额度|金额|最[多高]|(?:给|发|补)几"
    ),
    PolicyPart.DEADLINE: re.compile(
        r"截止|期限|有效期|什么时候(?!到账|发|能拿)|啥时候(?!到账|发)|到(?:几月|哪天|几号)|几月|最后一?天|最晚|"
        r"还(?:能|可以)(?:申请|申报|报|领)|来得及|过期|申报时间|哪天(?:前|之前)"
    ),
    PolicyPart.HOW: re.compile(
        r"(?:怎么|如何|咋|怎样)(?:个)?(?:领|申请|申领|申报|办|拿|报|弄|享受|操作)|流程|步骤|手续|程序|"
        r"(?:在|去|到|上)哪|哪[里儿]|(?:要不要|需不需要|需要|用不用|要|用)(?:自己)?(?:申请|申报|报)|自动|网上|手机|线上"
    ),
    PolicyPart.MATERIALS: re.compile(r"材料|(?:带|交|拿|准备|提供|提交)(?:什么|啥|哪些)|资料"),
    PolicyPart.CHANGES: re.compile(
        r"(?:跟|和|与|比)?(?:以前|原来|之前|过去|旧的?|老的?|去年).{0,6}(?:不同|不一样|区别|变|差|多|少|涨|比)|新旧|"
        r"有(?:什么|啥|哪些)?(?:变化|不同|变动|调整)|变了|改了|涨了|调整了"
    ),
    PolicyPart.PHONE: re.compile(r"电话|联系(?:方式|谁|哪)|打给|热线"),
    PolicyPart.BASIS: re.compile(r"依据|文号|(?:哪个|什么|啥|哪份)(?:文件|规定|法律)|根据什么"),
}
_OFFERED = {
    PolicyPart.AMOUNT: "给多少",
    PolicyPart.WHO: "要什么条件",
    PolicyPart.HOW: "怎么申请",
    PolicyPart.DEADLINE: "什么时候截止",
    PolicyPart.MATERIALS: "要什么材料",
    PolicyPart.CHANGES: "和以前有什么不同",
}
# Told when nothing in particular is asked.
_IN_OVERVIEW = (PolicyPart.AMOUNT, PolicyPart.DEADLINE, PolicyPart.HOW)


def policy_asked(text: str) -> tuple[PolicyPart, ...]:
    """The parts of a policy that ``text`` asks for; empty when none in particular."""
    plain = normalise(text)
    return tuple(part for part in PolicyPart if part in _RULES and _RULES[part].search(plain))


def without_asked(text: str) -> str:
    """``text`` without the words that ask for a part of a policy."""
    plain = normalise(text)
    for rule in _RULES.values():
        plain = rule.sub("", plain)
    return plain


def policy_text(policy: PolicyRecord, today: date, parts: Sequence[PolicyPart] = ()) -> str:
    """The answer to ``parts`` of a policy in force, the gist without any, and its source.

    Of a policy that does not hold on ``today`` it only says that it lapsed.
    """
    if not policy.valid_on(today):
        return lapsed_text(policy, today)
    if not parts:
        lines = [f"【{policy.name}】{policy.summary}", *_audience(policy)]
        lines += [line for part in _IN_OVERVIEW for line in _tell(policy, today, part)]
        return "\n".join([*lines, policy_source(policy)])
    lines = [f"【{policy.name}】"]
    for part in parts:
        lines += _tell(policy, today, part) or [_missing(policy)]
    return "\n".join([*lines, policy_source(policy)])


def policy_offers(
    policy: PolicyRecord, today: date, told: Sequence[PolicyPart], limit: int = 3
) -> list[tuple[str, str]]:
    """Up to ``limit`` quick replies for parts not told yet."""
    known = set(told or _IN_OVERVIEW)
    rest = [part for part in _OFFERED if part not in known and _tell(policy, today, part)]
    return [
        (_OFFERED[part], choice_value(policy.code, (part,), Kind.POLICY)) for part in rest[:limit]
    ]


def deadline_text(policy: PolicyRecord, today: date) -> str | None:
    """Until when it can be applied for; a deadline that is past is said plainly."""
    if policy.deadline is None:
        return policy.deadline_note
    if policy.deadline < today:
        return f"申报已于{policy.deadline.isoformat()}截止，现在不能再申报。"
    note = f"（{policy.deadline_note}）" if policy.deadline_note else ""
    return f"申报截止：{policy.deadline.isoformat()}{note}"


def lapsed_text(policy: PolicyRecord, today: date, successor: str | None = None) -> str:
    """Why ``policy`` is not answered from on ``today``; ``successor`` is the name of what holds."""
    end = policy.ends_on
    if today < policy.valid_from:
        why = f"自{policy.valid_from.isoformat()}起才施行"
    elif policy.void_on is not None and policy.void_on <= today:
        why = f"已于{policy.void_on.isoformat()}宣布失效（{policy.void_reason}）"
    elif policy.superseded_by is not None:
        why = "已被新的政策取代"
    else:
        why = f"已于{end.isoformat()}到期" if end else "目前不在有效期内"
    then = f"现行的是“{successor}”。" if successor else ""
    return f"“{policy.name}”{why}，我不能再据此回答。{then}"


def policy_source(policy: PolicyRecord) -> str:
    """Name, number, version, validity and unit."""
    number = f"，{policy.document_number}" if policy.document_number else ""
    end = policy.ends_on
    until = f"至{end.isoformat()}" if end else ""
    return (
        f"来源：{policy.name}（{policy.code}{number}，第{policy.version}版，"
        f"有效期自{policy.valid_from.isoformat()}{until}）· {policy.unit_name}"
    )


def _tell(policy: PolicyRecord, today: date, part: PolicyPart) -> list[str]:
    match part:
        case PolicyPart.WHO:
            return _audience(policy) + [_condition(c.when, c.text) for c in policy.conditions]
        case PolicyPart.AMOUNT:
            return [_benefit(b.name, b.who, b.amount) for b in policy.benefits]
        case PolicyPart.DEADLINE:
            said = deadline_text(policy, today)
            return [said] if said else []
        case PolicyPart.HOW:
            where = policy.online.url if policy.online.available else None
            return [f"办理方式：{_how(policy)}", *([f"网上：{where}"] if where else [])]
        case PolicyPart.MATERIALS:
            return [f"· {m.name}" + (f"（{m.note}）" if m.note else "") for m in policy.materials]
        case PolicyPart.CHANGES:
            return [f"· {d.topic}：原来{d.before}，现在{d.after}" for d in policy.differences]
        case PolicyPart.PHONE:
            return [f"咨询电话：{policy.phone}"] if policy.phone else []
        case PolicyPart.BASIS:
            number = [f"文号：{policy.document_number}"] if policy.document_number else []
            return number + [f"· {basis}" for basis in policy.legal_basis]


def _audience(policy: PolicyRecord) -> list[str]:
    return [f"适用对象：{'、'.join(policy.audience)}"] if policy.audience else []


def _condition(when: str | None, text: str) -> str:
    return f"· {when}：{text}" if when else f"· {text}"


def _benefit(name: str, who: str | None, amount: str) -> str:
    return f"· {name}{f'（{who}）' if who else ''}：{amount}"


def _missing(policy: PolicyRecord) -> str:
    call = f"请致电 {policy.phone} 核实" if policy.phone else "请拨打 12345 转人工核实"
    return f"政策文件没有写明这一点，{call}。"


def _how(policy: PolicyRecord) -> str:
    if policy.mode == "免申即享":
        return "免申即享，不用申请"
    if policy.mode == "普遍适用":
        return "普遍适用，不用单独申请"
    return "；".join(["需要申请", *policy.process])
