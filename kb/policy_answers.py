"""A policy as the answer a citizen reads: who, how much, until when, how. Pure."""

from __future__ import annotations

from datetime import date

from kb.schemas import PolicyRecord


def policy_text(policy: PolicyRecord, today: date) -> str:
    """The answer from a policy in force, or, of one that is not, that it lapsed and what follows.

    A policy that does not hold on ``today`` is never answered from.
    """
    if not policy.valid_on(today):
        return lapsed_text(policy, today)
    lines = [f"【{policy.name}】{policy.summary}"]
    if policy.audience:
        lines.append(f"适用对象：{'、'.join(policy.audience)}")
    for benefit in policy.benefits:
        who = f"（{benefit.who}）" if benefit.who else ""
        lines.append(f"· {benefit.name}{who}：{benefit.amount}")
    lines += [f"· {c.when}：{c.text}" if c.when else f"· {c.text}" for c in policy.conditions]
    if deadline := deadline_text(policy, today):
        lines.append(deadline)
    lines.append(f"办理方式：{_how(policy)}")
    return "\n".join([*lines, policy_source(policy)])


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


def difference_text(policy: PolicyRecord) -> str:
    """What it changed against the one before, without the source line."""
    if not policy.differences:
        return f"“{policy.name}”没有写明与此前政策的不同。"
    changed = [f"· {d.topic}：原来{d.before}，现在{d.after}" for d in policy.differences]
    return "\n".join([f"【{policy.name}】与此前政策相比：", *changed])


def policy_source(policy: PolicyRecord) -> str:
    """Name, number, version, validity and unit."""
    number = f"，{policy.document_number}" if policy.document_number else ""
    end = policy.ends_on
    until = f"至{end.isoformat()}" if end else ""
    return (
        f"来源：{policy.name}（{policy.code}{number}，第{policy.version}版，"
        f"有效期自{policy.valid_from.isoformat()}{until}）· {policy.unit_name}"
    )


def _how(policy: PolicyRecord) -> str:
    if policy.mode == "免申即享":
        return "免申即享，不用申请"
    if policy.mode == "普遍适用":
        return "普遍适用，不用单独申请"
    return "；".join(["需要申请", *policy.process])
