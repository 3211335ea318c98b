"""What citizens type into the pages' forms, checked field by field. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from cases.vocabulary import CaseType
from intake.facts import find_phone
from intake.service import FormInput
from reviews.grades import BAD, TAGS, Grade, problems

MAX_DETAIL = 4000
MAX_REVIEW = 2000
_KEY = re.compile(r"[0-9a-f-]{36}")
_LIMITS = {"place": 300, "since": 100, "name": 40, "phone": 30, "on_behalf_of": 40}
_TOO_LONG = "太长了，请控制在 {} 字以内"


@dataclass(frozen=True)
class ReadForm:
    """The written form as typed: ``entry`` to file, or what is wrong by field."""

    entry: FormInput | None
    problems: dict[str, str] = field(default_factory=dict)


def new_key() -> str:
    """What a form carries so that sending it twice files once."""
    return str(uuid.uuid4())


def known_key(text: str) -> str:
    """``text`` if it is a key of ours, else a new one."""
    return text if _KEY.fullmatch(text) else new_key()


def read_form(typed: Mapping[str, str]) -> ReadForm:
    """Check the written form. ``contact`` is ``phone`` or ``anonymous``; a name or number that was
    typed before choosing to stay anonymous is dropped."""
    values = {name: text.strip() for name, text in typed.items()}
    wrong: dict[str, str] = {}
    detail = values.get("detail", "")
    if len(detail) < 4:
        wrong["detail"] = "请写明发生了什么（至少 4 个字）"
    elif len(detail) > MAX_DETAIL:
        wrong["detail"] = _TOO_LONG.format(MAX_DETAIL)
    if not values.get("place"):
        wrong["place"] = "请写明地点，不清楚的可以写“不清楚”"
    for name, limit in _LIMITS.items():
        if len(values.get(name, "")) > limit:
            wrong[name] = _TOO_LONG.format(limit)
    contact = values.get("contact")
    if contact not in ("phone", "anonymous"):
        wrong["contact"] = "请选择留联系电话或者匿名"
    elif (
        contact == "phone" and "phone" not in wrong and find_phone(values.get("phone", "")) is None
    ):
        wrong["phone"] = "请填写手机号，或带区号的固定电话"
    kind = values.get("type", "")
    if wrong:
        return ReadForm(None, wrong)
    anonymous = contact == "anonymous"
    return ReadForm(
        FormInput(
            key=known_key(values.get("key", "")),
            type=CaseType(kind) if kind in set(CaseType) else None,
            detail=detail,
            place=values["place"],
            since=values.get("since", ""),
            name="" if anonymous else values.get("name", ""),
            phone="" if anonymous else values.get("phone", ""),
            anonymous=anonymous,
            confidential=bool(values.get("confidential")),
            sms=not anonymous and bool(values.get("sms")),
            on_behalf_of=values.get("on_behalf_of", ""),
        )
    )


@dataclass(frozen=True)
class ReadReview:
    """A rating as typed; ``grade`` is None when none was chosen."""

    grade: Grade | None
    tags: list[str]
    text: str
    problems: dict[str, str] = field(default_factory=dict)


def read_review(grade: str, tags: list[str], text: str) -> ReadReview:
    """Check a rating. Tags of another grade are dropped: they were ticked before the citizen
    changed the grade, and the page no longer shows them."""
    text = text.strip()
    if grade not in {str(int(known)) for known in Grade}:
        return ReadReview(None, [], text, {"grade": "请选择满意程度"})
    chosen = Grade(int(grade))
    kept = [tag for tag in dict.fromkeys(tags) if tag in TAGS[chosen]]
    wrong = problems(chosen, kept, text)
    if len(text) > MAX_REVIEW:
        wrong["text"] = _TOO_LONG.format(MAX_REVIEW)
    if wrong.get("text") and chosen in BAD and not text:
        wrong["text"] = "请勾选原因或写几句，便于查实整改"
    return ReadReview(chosen, kept, text, wrong)
