"""What is wrong or missing in entries: rules of domain.md §4 (data-quality checks) and our own. Pure.

A fault is what may mislead a citizen or breaks a rule of the national catalogue; a gap is what would
make the entry better. A rule says nothing where the guide leaves out what the rule is about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kb.schemas import (
    Content,
    ItemContent,
    Kind,
    LifeEventContent,
    NoticeContent,
    PolicyContent,
    kind_of,
    validity_of,
)

# Days before its end on which an entry is pointed out [D].
ENDS_WITHIN = 30
# Steps of the process that the national catalogue asks of a licence at least (domain.md §4).
LICENCE_STEPS = 5


class Severity(StrEnum):
    """``fault``: wrong; ``gap``: could be better."""

    FAULT = "fault"
    GAP = "gap"


@dataclass(frozen=True)
class Known:
    """What an entry is held against: the day, the codes there are, and who is called what."""

    today: date
    kinds: Mapping[str, Kind]
    called: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, contents: Iterable[Content], today: date) -> Known:
        """What is known when ``contents`` are all entries."""
        kinds: dict[str, Kind] = {}
        called: dict[str, set[str]] = defaultdict(set)
        for content in contents:
            kinds[content.code] = kind_of(content)
            for name in (content.name, *content.aliases):
                called[name].add(content.code)
        return cls(today, kinds, {name: frozenset(codes) for name, codes in called.items()})


@dataclass(frozen=True)
class Rule:
    """``told`` gives what is wrong with an entry, or None; ``advice`` what its unit should do."""

    id: str
    severity: Severity
    advice: str
    told: Callable[[Content, Known], str | None]


@dataclass(frozen=True)
class Finding:
    """A rule that an entry does not keep."""

    code: str
    name: str
    unit: str
    rule: str
    severity: Severity
    text: str
    advice: str


def check(contents: Iterable[Content], today: date) -> list[Finding]:
    """Every finding about ``contents``, which are all entries there are, in their order."""
    listed = list(contents)
    known = Known.of(listed, today)
    return [finding for content in listed for finding in findings(content, known)]


def findings(content: Content, known: Known) -> Iterator[Finding]:
    """What is to be said about one entry, faults first."""
    for rule in RULES:
        text = rule.told(content, known)
        if text is not None:
            yield Finding(
                content.code, content.name, content.unit, rule.id, rule.severity, text, rule.advice
            )


def phone_problem(text: str) -> str | None:
    """What is wrong with a phone as the guide writes it; the first number counts."""
    found = re.search(r"\d[\d\- ]*\d", re.sub(r"[(（](0\d{2,3})[)）]-?", r"\1-", text))
    number = re.sub(r"\s", "", found[0]) if found else ""
    if _PHONE.fullmatch(number):
        return None
    return "没有区号" if re.fullmatch(r"\d{7,8}", number) else "不像电话号码"


_PHONE = re.compile(
    r"0\d{2,3}-?\d{7,8}(?:-\d{1,6})?|1[3-9]\d{9}|[48]00-?\d{3,4}-?\d{3,4}"
    r"|(?:0\d{2,3}-?)?(?:1[12]\d|12\d{3}|95\d{3,4}|96\d{3,4})"
)


def _of_items(told: Callable[[ItemContent], str | None]) -> Callable[[Content, Known], str | None]:
    return lambda content, _: told(content) if isinstance(content, ItemContent) else None


def _ended(content: Content, known: Known) -> str | None:
    last = validity_of(content)[1]
    if last is None or last >= known.today or isinstance(content, NoticeContent):
        return None
    if isinstance(content, PolicyContent) and (content.superseded_by or content.void_on):
        return None
    return f"已于 {last.isoformat()} 失效，市民问到时不再回答"


def _ends_soon(content: Content, known: Known) -> str | None:
    last = validity_of(content)[1]
    if last is None or isinstance(content, NoticeContent):
        return None
    soon = known.today <= last <= known.today + timedelta(days=ENDS_WITHIN)
    return f"将于 {last.isoformat()} 失效" if soon else None


def _broken_link(content: Content, known: Known) -> str | None:
    missing = [
        code
        for code, kind in _links(content)
        if known.kinds.get(code) is not kind or code == content.code
    ]
    return f"指向不存在的条目：{'、'.join(dict.fromkeys(missing))}" if missing else None


def _links(content: Content) -> list[tuple[str, Kind]]:
    match content:
        case ItemContent():
            codes = [content.superseded_by] if content.superseded_by else []
            return [(code, Kind.ITEM) for code in codes]
        case PolicyContent():
            after = [content.superseded_by] if content.superseded_by else []
            items = [(code, Kind.ITEM) for code in content.items]
            return [*((code, Kind.POLICY) for code in after), *items]
        case LifeEventContent():
            return [(step.item, Kind.ITEM) for step in content.steps]
        case NoticeContent():
            return []


def _shared_name(content: Content, known: Known) -> str | None:
    for name in (content.name, *content.aliases):
        others = sorted(known.called.get(name, frozenset()) - {content.code})
        if others:
            more = f" 等 {len(others)} 条" if len(others) > 1 else ""
            return f"“{name}”也是 {others[0]}{more}的名称"
    return None


def _no_wordings(content: Content, _: Known) -> str | None:
    if isinstance(content, NoticeContent) or content.aliases or content.questions:
        return None
    return "没有其他名称，也没有市民问法"


def _phones(content: Content, _: Known) -> str | None:
    wrong = [f"{text}（{why}）" for text in _numbers(content) if (why := phone_problem(text))]
    return f"电话：{'、'.join(wrong)}" if wrong else None


def _numbers(content: Content) -> list[str]:
    if isinstance(content, NoticeContent):
        return [content.phone] if content.phone else []
    said = [content.phones.inquiry, content.phones.complaint]
    if isinstance(content, ItemContent | LifeEventContent):
        said += [window.phone for window in content.windows]
    if isinstance(content, ItemContent):
        said += [agent.phone for agent in content.agents]
    return list(dict.fromkeys(text for text in said if text))


def _instant(item: ItemContent) -> str | None:
    promised = item.limits.promised
    if item.handling_type is None or promised is None:
        return None
    if item.handling_type == "即办件" and promised.days:
        return f"是即办件，承诺时限却是 {promised.days} 个{promised.unit}"
    if item.handling_type == "承诺件" and not promised.days:
        return "是承诺件，承诺时限却是即时办结"
    return None


def _promise_over_legal(item: ItemContent) -> str | None:
    legal, promised = item.limits.legal, item.limits.promised
    if legal is None or promised is None or promised.days <= legal.days:
        return None
    # As many natural days may still be fewer working days.
    if (promised.unit, legal.unit) == ("自然日", "工作日"):
        return None
    return f"承诺 {promised.days} 个{promised.unit}，长于法定 {legal.days} 个{legal.unit}"


def _visit_reason(item: ItemContent) -> str | None:
    return (
        f"要到现场 {item.visits} 次，没有写原因" if item.visits and not item.visits_reason else None
    )


def _no_way_in(item: ItemContent) -> str | None:
    if item.visits != 0 or item.online.available or item.handling.courier:
        return None
    return "不用到现场，又不能网上办，也没有写支持邮寄"


def _online_but_visits(item: ItemContent) -> str | None:
    return (
        f"全程网办，却要到现场 {item.visits} 次" if item.online.complete and item.visits else None
    )


def _fee_basis(item: ItemContent) -> str | None:
    return "收费，没有写收费依据" if item.fees.charged and not item.fees.basis else None


def _pay_nothing(item: ItemContent) -> str | None:
    return "不收费，却支持网上支付" if item.fees.charged is False and item.online.payment else None


def _same_phone(item: ItemContent) -> str | None:
    same = item.phones.inquiry is not None and item.phones.inquiry == item.phones.complaint
    return f"咨询和监督是同一个电话 {item.phones.inquiry}" if same else None


def _licence_faq(item: ItemContent) -> str | None:
    return "是行政许可，没有常见问题" if item.type == "行政许可" and not item.faq else None


def _licence_steps(item: ItemContent) -> str | None:
    if item.type != "行政许可" or len(item.process) >= LICENCE_STEPS:
        return None
    return f"是行政许可，办理流程只有 {len(item.process)} 个环节"


def _themes(item: ItemContent) -> str | None:
    persons = "自然人" in item.audience
    others = any(who != "自然人" for who in item.audience)
    if item.person_themes and not persons:
        return "有自然人主题，服务对象里没有自然人"
    if item.company_themes and not others:
        return "有法人主题，服务对象里没有法人和其他组织"
    if item.company_themes and persons and not item.person_themes:
        return "服务对象有自然人，没有自然人主题"
    if item.person_themes and others and not item.company_themes:
        return "服务对象有法人和其他组织，没有法人主题"
    return None


def _result_sample(item: ItemContent) -> str | None:
    return f"结果是“{item.result}”，没有样本" if item.result and not item.result_sample else None


def _not_said(item: ItemContent) -> str | None:
    """The eight things that are to be public (八公开, domain.md §8)."""
    said = {
        "设定依据": item.legal_basis,
        "申请材料": item.materials,
        "办理流程": item.process,
        "承诺时限": item.limits.promised,
        "是否收费": item.fees.charged is not None,
        "办理窗口或网上办理": item.windows or item.online.available,
        "咨询电话": item.phones.inquiry,
    }
    missing = [name for name, value in said.items() if not value]
    return f"没有写明：{'、'.join(missing)}" if missing else None


def _rules() -> Iterator[Rule]:
    fault, gap = Severity.FAULT, Severity.GAP
    yield Rule("ended", fault, "续期、更新或撤下", _ended)
    yield Rule("broken_link", fault, "改成现有条目的编码，或删去", _broken_link)
    yield Rule("phone_format", fault, "写全区号和号码", _phones)
    item = _of_items
    yield Rule("instant", fault, "核对办件类型和承诺时限", item(_instant))
    yield Rule("promise_over_legal", fault, "承诺时限不得长于法定时限", item(_promise_over_legal))
    yield Rule("no_way_in", fault, "写明网办方式或支持邮寄，否则改跑动次数", item(_no_way_in))
    yield Rule("online_but_visits", fault, "全程网办的跑动次数应为 0", item(_online_but_visits))
    yield Rule("fee_basis", fault, "补收费依据", item(_fee_basis))
    yield Rule("pay_nothing", fault, "核对是否收费", item(_pay_nothing))
    yield Rule("same_phone", fault, "分别写咨询电话和监督投诉电话", item(_same_phone))
    yield Rule("themes", fault, "使服务对象与主题一致", item(_themes))
    yield Rule("ends_soon", gap, "到期前续期或更新", _ends_soon)
    yield Rule("visit_reason", gap, "写明必须到现场的原因", item(_visit_reason))
    yield Rule("licence_faq", gap, "补至少一个常见问题", item(_licence_faq))
    yield Rule("licence_steps", gap, f"写全至少 {LICENCE_STEPS} 个环节", item(_licence_steps))
    yield Rule("result_sample", gap, "补结果样本的地址", item(_result_sample))
    yield Rule("not_said", gap, "按办事指南补全", item(_not_said))
    yield Rule("shared_name", gap, "写清区别，或改用各自的名称", _shared_name)
    yield Rule("no_wordings", gap, "补市民常用的叫法和问法", _no_wordings)


RULES = tuple(_rules())
