"""Rating any service in the talk: 我要给昨天办居住证打差评.

Grade, what it is about, and the reason of a bad one are taken from what was said; only what is
missing is asked. Of a record that is shown to be the citizen's own the review is its review; else it
is kept with what was said, and the rules of linking find what it is about.
"""

from __future__ import annotations

import re
from typing import Any

from bot.actions import naming, review_words, take_in
from bot.actions.dialogue import is_yes, looks_like_question
from bot.actions.own_phone import own_phone
from bot.actions.own_services import dated, meant_by, why_not
from bot.actions.patience import missed
from bot.actions.review_keeping import keep
from bot.actions.review_words import NO_REASON, grade_of, reason_of
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from core.replies import say
from intake.facts import find_phone, without_contact
from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade

ABOUT, GRADE, REASON = "service_about", "service_grade", "service_reason"
WHETHER, EITHER = "service_whether", "service_either"
AWAITING = (ABOUT, GRADE, REASON, WHETHER, EITHER)
# Which tags of a bad grade are offered: by voice and thumb nobody goes through eight.
_TAGS_OFFERED = 4
_CALLS_OFF = re.compile(r"算了|不(?:想|用|要)?(?:评|打|给)|取消|退出|没事了?$")
_YES = re.compile(r"(?:是|对|就|嗯|没错)")
_NO = re.compile(r"不|(?<!错)没(?!错)|否|别的|另|(?<!没)错")
_NO_GRADE = "没有听出等级。"
_EXAMPLE = "请说办了什么，例如“昨天在政务中心办的居住证”；有办件编号也可以只说编号。"
# Words of a greeting.
_SMALL = 8
_WHICH = "请说评价的是哪件事：什么时候、在哪个单位或窗口办了什么。有办件编号请一起说。"


def wants(talk: Talk) -> bool:
    """Whether the turn rates a service that is no case of this talk."""
    asks = talk.act == "review" or bool(review_words.ASKS_TO_RATE.search(talk.text))
    if not asks or talk.draft is not None or looks_like_question(talk.text):
        return False
    if talk.act != "review" and review_words.SELLERS.search(talk.text):
        return False
    if _matter(talk) or talk.context.get("record"):
        return True
    return not talk.context.get("case") and not review_words.COMPLAINS.search(talk.text)


async def begin(talk: Talk) -> Replies:
    """Take what the turn says, and ask for what is missing."""
    if review_words.COMPLAINS.search(talk.text):
        return _complaint_or_review(talk, {"words": talk.text})
    return await _begin(talk)


def _complaint_or_review(talk: Talk, review: dict[str, Any]) -> Replies:
    return _ask(
        talk,
        review,
        EITHER,
        "评价会交承办单位核实整改；投诉会登记成工单，派有关单位调查后答复您。您要哪一种？",
        ("评价这次服务", "rate:only"),
        ("投诉，登记工单", "rate:complain"),
    )


async def _begin(talk: Talk) -> Replies:
    said, grade = _matter(talk), grade_of(talk.text)
    talk.remember(misses=None, consent=None)
    review: dict[str, Any] = {"said": said, "grade": int(grade) if grade else None}
    review["text"] = reason_of(talk.text, said, units_of(talk)) if said or grade else ""
    if not said and talk.context.get("record"):
        review["record"] = talk.context["record"]
    if wrong := review_words.impossible_date(talk.text):
        return _ask(talk, {**review, "said": {}}, ABOUT, f"没有“{wrong}”这一天。{_WHICH}")
    return await _next(talk, review)


async def go_on(talk: Talk) -> Replies | None:
    """The turn answers what was asked; None when it is about something else."""
    waiting = talk.context.get("awaiting")
    review = dict(talk.context.get("rating") or {})
    asks = talk.act in ("ask_guide", "ask_policy") and looks_like_question(talk.text)
    if not review or asks or talk.act == "handoff":
        talk.remember(awaiting=None, rating=None)
        return None
    if _CALLS_OFF.match(talk.text):
        talk.remember(awaiting=None, rating=None)
        return [say("好的，这次不评价。", *HELP_CHOICES)]
    if waiting == EITHER:
        return await _either(talk, review, complain="投诉" in talk.text)
    if phone := find_phone(talk.text):
        review["phone"] = phone
    words = without_contact(talk.text) if phone else talk.text
    match waiting:
        case "service_grade":
            return await _graded(talk, review, words)
        case "service_whether":
            return await _answered(talk, review, words)
        case "service_about":
            return await _named(talk, review, words)
        case _:
            return await _reasoned(talk, review, words)


async def resume(talk: Talk) -> Replies:
    """Ask again what was asked last of the review under way; nothing when there is none."""
    review = dict(talk.context.get("rating") or {})
    if not review:
        return []
    return _complaint_or_review(talk, review) if review.get("words") else await _next(talk, review)


async def _graded(talk: Talk, review: dict[str, Any], words: str) -> Replies:
    grade = grade_of(words)
    if grade is None:
        return _given_up(talk) if missed(talk) else await _next(talk, review, _NO_GRADE)
    review["grade"] = int(grade)
    review["text"] = review.get("text") or reason_of(words, {})
    return await _next(talk, review)


async def _answered(talk: Talk, review: dict[str, Any], words: str) -> Replies:
    denied = _NO.search(words)
    if is_yes(words) or (_YES.match(words) and not denied):
        return await _whether(talk, review, yes=True)
    if not denied and not missed(talk):
        rest = {name: kept for name, kept in review.items() if name != "asked"}
        return await _next(talk, rest, "请回答是或不是。")
    return await _whether(talk, review, yes=False)


async def _named(talk: Talk, review: dict[str, Any], words: str) -> Replies:
    wrong = review_words.impossible_date(words)
    said = _matter(talk) or ({"item": words[:40]} if review_words.is_matter(words) else {})
    small = talk.act in ("greet", "thanks", "goodbye") and len(words) <= _SMALL
    if wrong or small or not said:
        if missed(talk):
            return _given_up(talk)
        why = f"没有“{wrong}”这一天。" if wrong else "没有听出是哪件事。"
        return _ask(talk, review, ABOUT, f"{why}{_EXAMPLE}")
    review["said"] = said
    review["grade"] = review.get("grade") or _grade(words)
    return await _next(talk, review)


async def _reasoned(talk: Talk, review: dict[str, Any], words: str) -> Replies:
    if not words:
        # A telephone alone.
        return await _next(talk, review)
    if review_words.gives_no_reason(words):
        return await _next(talk, {**review, "text": NO_REASON})
    if review_words.says_something(words):
        return await _next(talk, {**review, "text": words})
    again = review if not missed(talk) else {**review, "text": NO_REASON}
    return await _next(talk, again, "没有听出原因。")


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply: ``grade:<1-5>``, ``tag:<code>``, ``none`` (no reason given), ``record:<id>``,
    ``is:yes`` or ``is:no`` (the record that was asked about), ``only`` or ``complain``, ``new``,
    ``named`` (the unit may know whose the review just given is)."""
    kind, _, rest = value.partition(":")
    if kind == "new":
        return await _next(talk, {"said": {}})
    if kind == "named":
        return await naming.agree(talk)
    review = dict(talk.context.get("rating") or {})
    if kind == "record":
        if rest not in [str(one) for one in talk.context.get("records", [])]:
            return [say("请先查到这个办件再评价。", ("查办件", "record:ask"))]
        return await _next(talk, {"record": int(rest), "said": {}})
    if kind in ("only", "complain") and review.get("words"):
        return await _either(talk, review, complain=kind == "complain")
    if not review:
        return [say("请说评价的是哪件事，例如“昨天在政务中心办的居住证，给差评”。")]
    if kind == "grade" and rest in {str(int(grade)) for grade in Grade}:
        review["grade"] = int(rest)
    elif kind == "tag" and review.get("grade") and rest in TAGS[Grade(int(review["grade"]))]:
        review["tags"] = [rest]
    elif kind == "is" and review.get("asked"):
        return await _whether(talk, review, rest == "yes")
    elif kind == "none":
        review["text"] = NO_REASON
    return await _next(talk, review)


async def _next(talk: Talk, review: dict[str, Any], before: str = "") -> Replies:
    """Ask for what is missing, ``before`` said first; store the review once nothing is."""
    said = review.get("said") or {}
    if not said and not review.get("record"):
        return _ask(talk, review, ABOUT, before + _WHICH)
    if review.get("record") and (refused := await _refused(talk, int(str(review["record"])))):
        return refused
    if not review.get("record") and "asked" not in review:
        meant = await meant_by(talk, said)
        if meant is not None:
            return await _refused(talk, meant.id) or _ask(
                talk,
                {**review, "asked": meant.id},
                WHETHER,
                f"{before}您评价的是{dated(meant)}吗？",
                ("是这次", "rate:is:yes"),
                ("不是", "rate:is:no"),
            )
    if not review.get("grade"):
        grades = [(GRADE_NAMES[g], f"rate:grade:{int(g)}") for g in sorted(Grade, reverse=True)]
        return _ask(talk, review, GRADE, f"{before}{_about(review)}，请选一个等级：", *grades)
    grade = Grade(int(str(review["grade"])))
    if grade in BAD and not review.get("text") and not review.get("tags"):
        tags = list(TAGS[grade].items())[-_TAGS_OFFERED:]
        known = review.get("record") or await _phone(talk, review)
        phone = "" if known else "也请留下办理时的手机号，好找到这次办理。"
        return _ask(
            talk,
            review,
            REASON,
            f"{before}记为“{GRADE_NAMES[grade]}”：{_about(review)}。请说说哪里不满意。{phone}",
            *[(title, f"rate:tag:{code}") for code, title in tags],
            ("不说原因", "rate:none"),
        )
    return await keep(talk, review, grade, await _phone(talk, review))


async def _refused(talk: Talk, record_id: int) -> Replies | None:
    """What is said instead of taking the review of a service that cannot be rated (any more)."""
    why = await why_not(talk, record_id)
    if why is None:
        return None
    talk.remember(awaiting=None, rating=None)
    return [say(why, ("再评价一件事", "rate:new"), *HELP_CHOICES)]


def _given_up(talk: Talk) -> Replies:
    """Nothing is stored of a review that cannot be understood; other ways are shown."""
    talk.remember(awaiting=None, rating=None)
    return [
        say(
            "还是没能听懂，先不记评价。可以先查到办件再评价，也可以转人工。",
            ("查办件", "record:ask"),
            ("转人工", "handoff"),
            *HELP_CHOICES[:3],
        )
    ]


async def _either(talk: Talk, review: dict[str, Any], *, complain: bool) -> Replies:
    """What was said at first, taken as the review or as the complaint that it was both."""
    talk.text = str(review["words"])
    talk.remember(awaiting=None, rating=None)
    if not complain:
        return await _begin(talk)
    talk.act = "file_case"
    return await take_in.take_in(talk)


async def _whether(talk: Talk, review: dict[str, Any], yes: bool) -> Replies:
    """The record that was asked about is meant, or not: then what was said stays as it is."""
    return await _next(talk, {**review, "record": review["asked"]} if yes else review)


def _ask(
    talk: Talk, review: dict[str, Any], awaiting: str, text: str, *choices: tuple[str, str]
) -> Replies:
    if awaiting != talk.context.get("awaiting"):
        talk.remember(misses=None)
    talk.remember(awaiting=awaiting, rating=review)
    return [say(text, *choices)]


def _about(review: dict[str, Any]) -> str:
    said = review.get("said")
    return review_words.told(said) if isinstance(said, dict) and said else "刚才查到的办件"


def _grade(text: str) -> int | None:
    found = grade_of(text)
    return int(found) if found else None


async def _phone(talk: Talk, review: dict[str, Any]) -> str:
    """The telephone of the review: said with it, shown to be the own, or seen by the door."""
    said = review.get("phone") or find_phone(talk.text)
    return str(said or await own_phone(talk) or talk.caller or "")


def units_of(talk: Talk) -> dict[str, str]:
    """The proper names of units by every name that a citizen may use."""
    return {
        name: unit.name
        for unit in talk.line.city.tree.units.values()
        for name in (unit.name, unit.short, *unit.aliases)
        if name
    }


def _matter(talk: Talk) -> dict[str, str]:
    items = [name for item in talk.line.knowledge.items() for name in (item.name, *item.aliases)]
    return review_words.matter_of(talk.text, items, units_of(talk))
