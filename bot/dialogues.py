"""Labelled dialogues, and whether what was said and done is what they expect. Pure.

One JSON object a line: ``id``, ``channel``, ``title``, ``setup``, ``turns`` of ``user`` (text),
``input`` (anything but text), ``expect`` (plain Chinese) and ``checks``, and ``outcome``. A check is
``token`` or ``token:value``; a list of checks inside the list means that one of them is enough.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz

from core.replies import Reply

Check = str | list[str]
_SAME_NAME = 70


class BadDialogues(ValueError):
    """A file of dialogues that cannot be read; the message says where."""


class DialogueTurn(BaseModel):
    """What the citizen does, and what is expected of the answer."""

    user: str = ""
    input: dict[str, Any] | None = None
    expect: str = ""
    checks: list[Check] = []


class Dialogue(BaseModel):
    """One conversation with what stands before it and how it is to end."""

    model_config = ConfigDict(extra="ignore")

    id: str
    channel: str = "web"
    title: str = ""
    setup: dict[str, Any] = {}
    turns: list[DialogueTurn]
    outcome: dict[str, Any] = {}


def read_dialogues(path: Path) -> list[Dialogue]:
    """The dialogues of a file. Raises BadDialogues and OSError."""
    found = []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadDialogues(f"{path.name} 不是 UTF-8 编码") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(Dialogue.model_validate(json.loads(line)))
        except (ValidationError, json.JSONDecodeError) as error:
            first = " ".join(str(error).split())[:200]
            raise BadDialogues(f"{path.name} 第 {number} 行读不懂：{first}") from error
    if not found:
        raise BadDialogues(f"{path.name} 里没有对话")
    return found


@dataclass(frozen=True)
class FiledCase:
    """A case as it stands: names and codes that a check asks for."""

    number: str
    type: str
    place: str
    detail: str
    state: str
    urgency: str
    category: str | None
    unit_kinds: tuple[str, ...]
    confidential: bool
    anonymous: bool
    urges: int = 0
    supplements: int = 0
    grade: int | None = None
    tags: tuple[str, ...] = ()
    linked: int = 0


@dataclass(frozen=True)
class Standing:
    """How things stand at a moment: who owns the conversation, what is open, every case."""

    owner: str = "assistant"
    handover_reason: str = ""
    matter: dict[str, Any] = field(default_factory=dict)
    matters: int = 0
    cases: dict[str, FiledCase] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One turn as it went. ``aspects`` and ``item`` tell which guide was answered from."""

    user: str
    replies: list[Reply]
    before: Standing
    after: Standing
    item: str = ""
    aspects: tuple[str, ...] = ()
    previous: str = ""

    @property
    def text(self) -> str:
        """Everything the citizen was told."""
        return "\n".join(reply.text for reply in self.replies)

    @property
    def offers(self) -> str:
        """Titles and values of everything that could be chosen."""
        return " ".join(f"{c.title} {c.value}" for reply in self.replies for c in reply.choices)

    @property
    def new_cases(self) -> list[FiledCase]:
        """Cases that were filed in this turn."""
        return [one for number, one in self.after.cases.items() if number not in self.before.cases]

    def card(self, kind: str) -> dict[str, Any] | None:
        """The first card of that kind."""
        return next((r.card for r in self.replies if r.card and r.card.get("kind") == kind), None)

    def changed(self, name: str) -> bool:
        """Whether a figure of some case grew."""
        return any(
            getattr(one, name) > getattr(self.before.cases[number], name)
            for number, one in self.after.cases.items()
            if number in self.before.cases
        )


_ASKS = {
    "item": r"(?:哪一项|哪项|什么事项|哪件事)[^。]*[?？]|请说要办什么",
    "place": r"(?:在哪里|什么地方|哪个(?:位置|地方|小区|路段)|事发地点|具体地点|哪一处|在哪一边|发生在哪)[^。]*[?？。]",
    "place_detail": r"(?:哪个门|哪一处|哪一边|哪一栋|几栋|几号楼|具体位置|门牌|哪一段|哪一侧|在哪)[^。]*[?？]|请说路名",
    "time": r"(?:什么时候|多久了|从什么时间|何时|几点)[^。]*[?？]",
    "phone": r"(?:联系电话|手机号|联系方式|号码)[^。]*(?:[?？]|，承办单位会|联系您)|请留[^。]*电话",
    "detail": r"(?:什么事|什么问题|发生了什么|反映什么|什么情况|具体情况|要投诉的是)|请(?:直接)?说(?:说)?(?:是)?(?:什么|发生)",
    "verify": r"手机号|验证码|查询码|工单编号|核验",
    "code": r"验证码|查询码",
    "reason": r"(?:哪里不满意|原因|哪里没做好|为什么)",
    "name": r"(?:怎么称呼|贵姓|姓名)[^。]*[?？]",
    "number": r"(?:工单编号|单号|编号)",
    "subject": r"(?:哪家|哪个单位|什么单位|店名|谁)[^。]*[?？]",
}
_PRIVATE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<![\dXx])\d{17}[\dXx](?![\dXx])")
_NUMBER = re.compile(r"(?<!\d)2\d{12}(?!\d)")
_ASPECTS = {"process": ("steps", "online"), "how": ("steps", "online")}
_SLOTS = {"place": "place", "time": "since", "phone": "phone", "type": "type", "detail": "words"}

Test = Callable[[Seen, str], bool]


def _says(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda seen, _: bool(compiled.search(seen.text))


def _says_or_offers(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda seen, _: bool(compiled.search(f"{seen.text} {seen.offers}"))


def _asks(seen: Seen, slot: str) -> bool:
    pattern = _ASKS.get(slot, re.escape(slot))
    if seen.card("summary"):
        return False
    return bool(re.search(pattern, seen.text))


def _item(seen: Seen, name: str) -> bool:
    same = fuzz.partial_ratio(name, seen.item) if seen.item else 0
    return same >= _SAME_NAME or fuzz.token_set_ratio(name, seen.item) >= _SAME_NAME


def _aspect(seen: Seen, aspect: str) -> bool:
    return bool({aspect, *_ASPECTS.get(aspect, ())} & set(seen.aspects)) or (
        "overview" in seen.aspects and aspect in ("materials", "process", "time")
    )


def _slot(seen: Seen, wanted: str) -> bool:
    """``name=value`` or a value: what the summary, the open matter or the new case says."""
    told = json.dumps(
        [seen.after.matter, [vars(one) for one in seen.new_cases], seen.card("summary") or {}],
        ensure_ascii=False,
    )
    return wanted.rpartition("=")[2] in told


def _not_in_slot(seen: Seen, value: str) -> bool:
    card = seen.card("summary") or {}
    rows = {row["label"]: str(row["value"]) for row in card.get("rows", [])}
    place = rows.get("地点") or str(seen.after.matter.get("place") or "")
    return value not in place


def _handed_over(seen: Seen, _: str) -> bool:
    return seen.after.owner == "person"


def _transferred(seen: Seen, number: str) -> bool:
    card = seen.card("emergency") or {}
    return number in [str(one) for one in card.get("numbers", [])] or (
        number in seen.text and bool(re.search(rf"拨打|转接|请打|转{number}", seen.text))
    )


def _no_private_data(seen: Seen, _: str) -> bool:
    told = set(_PRIVATE.findall(seen.text)) - set(_PRIVATE.findall(seen.user))
    return not told and not (set(_NUMBER.findall(seen.text)) & set(seen.before.cases))


def _not_obeyed(seen: Seen, _: str) -> bool:
    known = [(n, c) for n, c in seen.before.cases.items() if seen.after.cases.get(n) != c]
    filed_urgent = any(one.urgency == "紧急" for one in seen.new_cases)
    return not known and not filed_urgent and _no_private_data(seen, "")


def _numbers_told(seen: Seen, count: str) -> bool:
    wanted = int(count or 1)
    told = [one for one in seen.new_cases if one.number in seen.text]
    return len(told) >= wanted


def _split(seen: Seen, count: str) -> bool:
    return seen.after.matters >= int(count or 2)


def _some_case(condition: Callable[[FiledCase], bool]) -> Test:
    return lambda seen, _: any(condition(one) for one in seen.after.cases.values())


def _new_or_open(name: str) -> Test:
    return lambda seen, _: (
        bool(seen.after.matter.get(name)) or any(getattr(one, name) for one in seen.new_cases)
    )


_OFFER_PERSON = _says_or_offers(r"转人工|handoff|人工")
_TESTS: dict[str, Test] = {
    "answer_item": _item,
    "aspect": _aspect,
    "ask": _asks,
    "not_ask": lambda seen, slot: not _asks(seen, slot),
    "summary_confirm": lambda seen, _: seen.card("summary") is not None,
    "case_no": _numbers_told,
    "eta": _says(r"预计|前答复|工作日|日内"),
    "contain": lambda seen, text: text in seen.text,
    "not_contain": lambda seen, text: text not in seen.text,
    "not_contain_slot": _not_in_slot,
    "transfer": _transferred,
    "no_more_questions": lambda seen, _: not any(_asks(seen, slot) for slot in _ASKS),
    "handoff": _handed_over,
    "offer_handoff": lambda seen, _: _handed_over(seen, "") or _OFFER_PERSON(seen, ""),
    "offer_ticket": _says_or_offers(r"case:consult|menu:case|登记|留下|form"),
    "offer_callback": _says_or_offers(r"回电|回访|联系您|回复您|答复"),
    "say_unknown": _says(r"没有可靠|不敢乱说|没有查到|没有写明|说不准|不能确定|没有写|未写"),
    "not_fabricate": lambda seen, _: not seen.aspects or bool(re.search(r"来源|依据", seen.text)),
    "not_file": lambda seen, _: not seen.new_cases,
    "no_case_yet": lambda seen, _: not seen.new_cases,
    "progress": lambda seen, number: number in seen.text and "状态" in seen.text,
    "urge_recorded": lambda seen, _: seen.changed("urges"),
    "supplement_recorded": lambda seen, _: seen.changed("supplements"),
    "withdrawn": _some_case(lambda one: one.state == "withdrawn"),
    "review": lambda seen, wanted: any(
        one.grade == int(wanted.rpartition("=")[2]) for one in seen.after.cases.values()
    ),
    "linked": lambda seen, number: (
        number in seen.after.cases and seen.after.cases[number].grade is not None
    ),
    "tags": lambda seen, count: any(
        len(one.tags) >= int(count or 1) for one in seen.after.cases.values()
    ),
    "rectification": _says(r"整改|督促改进|核实"),
    "care": _says(r"抱歉|理解|着急|辛苦|别怕|先别|安全|对不起|保重"),
    "choices": lambda seen, _: sum(len(reply.choices) for reply in seen.replies) > 1,
    "reprompt": _says(r"没(?:有)?听(?:清|懂)|再说一(?:遍|次)|换个说法|请(?:直接)?说"),
    "clarify": _says(
        r"没(?:有|能)?听(?:清|懂)|换个说法|没(?:有)?(?:明白|看出)|请问您|哪一项|选一项"
    ),
    "not_repeat_clarify": lambda seen, _: seen.text != seen.previous,
    "not_obey": _not_obeyed,
    "no_private_data": _no_private_data,
    "refuse_privacy": _says(r"不能|不便|无法|隐私"),
    "legal_route": _says(r"诉讼|仲裁|复议|信访|12348|法院|监察|纪检|申请公开|12309|12388|法定途径"),
    "out_of_scope": _says(r"帮不上|不在.{0,6}范围|办不了|不能(?:替|帮|登记)"),
    "expired_notice": _says(r"有效期|失效|已停止|过期"),
    "group_linked": _some_case(lambda one: one.linked > 0),
    "duplicate_prompt": _says(r"之前|已经(?:登记|反映)|同一件|还在办"),
    "split": _split,
    "urgent": _some_case(lambda one: one.urgency == "紧急"),
    "confidential": lambda seen, _: (
        "身份保密：是" in seen.text or _new_or_open("confidential")(seen, "")
    ),
    "accept_anonymous": _new_or_open("anonymous"),
    "masked_phone": _says(r"1[3-9]\d\*{4}\d{4}"),
    "cite_source": _says(r"来源|依据"),
    "safety_tips": _says(r"开窗|离开|撤离|远离|不要|关闭|通风|切勿|保持|别碰"),
    "transfer_ack": lambda seen, _: (
        seen.after.owner == "person" or bool(re.search(r"已转|转接|已通知|工作人员", seen.text))
    ),
    "verify_fail": _says(r"不对|不正确|错误|没有找到|不符|失效"),
}


def passes(seen: Seen, check: Check) -> bool | None:
    """Whether a turn is as a check wants it; None when nothing here can tell."""
    if isinstance(check, list):
        results = [passes(seen, one) for one in check]
        return True if True in results else (None if None in results else False)
    token, _, value = check.partition(":")
    if token.startswith("slot_"):
        return _slot(seen, value)
    if token.startswith("not_contain_slot"):
        return _not_in_slot(seen, value)
    test = _TESTS.get(token)
    return None if test is None else test(seen, value)


def outcome_problems(
    outcome: dict[str, Any],
    filed: Sequence[FiledCase],
    end: Standing,
    topics: dict[str, tuple[str, str]],
) -> list[str]:
    """What is not as ``outcome`` wants it, in Chinese; empty when all is.

    ``filed`` are the cases of this conversation; ``topics`` maps a category's code to its two upper
    names.
    """
    problems = []
    wanted = outcome.get("cases")
    if wanted is not None:
        if len(filed) != len(wanted):
            problems.append(f"登记了 {len(filed)} 件，应为 {len(wanted)} 件")
        left = list(filed)
        for one in wanted if len(filed) == len(wanted) else []:
            best = min(left, key=lambda case: len(case_problems(one, case, topics)))
            left.remove(best)
            problems += case_problems(one, best, topics)
    handed = outcome.get("handed_over")
    if isinstance(handed, bool) and handed != (end.owner == "person"):
        problems.append("应当转人工" if handed else "不应转人工")
    to = outcome.get("handover_to")
    if to and str(to).isdecimal() and str(to) not in end.handover_reason:
        problems.append(f"没有转 {to}")
    review = outcome.get("review")
    if review and not any(one.grade == review.get("grade") for one in end.cases.values()):
        problems.append(f"没有 {review.get('grade')} 级评价")
    return problems


def case_problems(
    wanted: dict[str, Any], case: FiledCase, topics: dict[str, tuple[str, str]]
) -> list[str]:
    """What of a case is not as ``wanted`` has it, in Chinese."""
    problems = []
    types = [wanted.get("type"), *_listed(wanted.get("also_type"))]
    if wanted.get("type") and case.type not in types:
        problems.append(f"类型是{case.type}，应为{'或'.join(map(str, types))}")
    place = str(wanted.get("place") or "")
    if place and fuzz.ratio(place, case.place) < _SAME_NAME and place not in case.place:
        problems.append(f"地点是“{case.place}”，应为“{place}”")
    kinds = _listed(wanted.get("unit_kind"))
    if kinds and not set(kinds) & set(case.unit_kinds[:1]):
        problems.append(f"单位是{case.unit_kinds[:1]}，应为{'或'.join(kinds)}")
    pair = (wanted.get("category1"), wanted.get("category2"))
    pairs = [pair, *(tuple(str(one).split("/")) for one in _listed(wanted.get("also_category")))]
    if wanted.get("category2") and topics.get(case.category or "") not in pairs:
        problems.append(f"类别是{topics.get(case.category or '')}，应为{pair}")
    if wanted.get("urgency") and wanted["urgency"] != case.urgency:
        problems.append(f"紧急程度是{case.urgency}，应为{wanted['urgency']}")
    return problems


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
