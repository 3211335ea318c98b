"""Rating any service in the talk: 我要给昨天办居住证打差评.

Grade, what it is about, and the reason of a bad one are taken from what was said; only what is
missing is asked. Of a record that is shown to be the citizen's own the review is its review; else it
is kept with what was said, and the rules of linking find what it is about.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.actions import naming, review_words, take_in
from bot.actions.dialogue import is_yes, looks_like_question
from bot.actions.own_phone import own_phone
from bot.actions.review_words import grade_of
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.database import now
from core.replies import say
from intake.facts import find_phone, without_contact
from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade
from reviews.models import ServiceRecord
from reviews.own_records import fitting, of_phone, of_several, proved
from reviews.rectification_repository import RectificationRepository
from reviews.said import Given, is_rated, submit_for_record, submit_told

ABOUT, GRADE, REASON = "service_about", "service_grade", "service_reason"
WHETHER, EITHER = "service_whether", "service_either"
AWAITING = (ABOUT, GRADE, REASON, WHETHER, EITHER)
# Which tags of a bad grade are offered: by voice and thumb nobody goes through eight.
_TAGS_OFFERED = 4
# How many records of a telephone are looked at.
_LOOKED_AT = 50
_BARE_GRADE = re.compile(
    r"(?:我)?(?:要|想)?(?:给|对|打|写|点|评价?|来)+(?:个|一个|一下)?|非常|很|不?(?:太)?满意|差评|好评|"
    r"[一二三四五1-5两]?颗?星|[一二三四五1-5两]分|[。！!，,了吧的]"
)
# What else stands around grade and matter without being a reason.
_FILLER = re.compile(
    r"[一二三四五六七八九十\d]+号?(?:窗口|窗)|窗口|大厅|刚才|刚刚|今天|昨天|上午|下午|在|去|到|那个|这个|评价|一下|"
    r"办(?:理|的|了|事|完)?|[我们的了得]"
)
# Words of a reason beside grade and matter; fewer are none.
_REASON_WORDS = 3


def wants(talk: Talk) -> bool:
    """Whether the turn rates a service that is no case of this talk."""
    asks = talk.act == "review" or bool(review_words.ASKS_TO_RATE.search(talk.text))
    if not asks or talk.draft is not None or looks_like_question(talk.text):
        return False
    if talk.act != "review" and review_words.SELLERS.search(talk.text):
        return False
    if _matter(talk):
        return True
    return not talk.context.get("case") and not review_words.COMPLAINS.search(talk.text)


async def begin(talk: Talk) -> Replies:
    """Take what the turn says, and ask for what is missing."""
    if review_words.COMPLAINS.search(talk.text):
        return _ask(
            talk,
            {"words": talk.text},
            EITHER,
            "评价会交承办单位核实整改；投诉会登记成工单，派有关单位调查后答复您。您要哪一种？",
            ("评价这次服务", "rate:only"),
            ("投诉，登记工单", "rate:complain"),
        )
    return await _begin(talk)


async def _begin(talk: Talk) -> Replies:
    said, grade = _matter(talk), grade_of(talk.text)
    talk.remember(rated=None)
    review: dict[str, Any] = {"said": said, "grade": int(grade) if grade else None}
    review["text"] = _reason(talk.text, said) if said or grade else ""
    if not said and talk.context.get("record"):
        review["record"] = talk.context["record"]
    return await _next(talk, review)


async def go_on(talk: Talk) -> Replies | None:
    """The turn answers what was asked; None when it is about something else."""
    waiting = talk.context.get("awaiting")
    review = dict(talk.context.get("rating") or {})
    stop = talk.act == "handoff" or (talk.act == "ask_guide" and looks_like_question(talk.text))
    if not review or stop or re.match(r"(?:算了|不评|不打|取消)", talk.text):
        talk.remember(awaiting=None, rating=None)
        return None if stop or not review else [say("好的，这次不评价。", *HELP_CHOICES)]
    if waiting == EITHER:
        return await _either(talk, review, complain="投诉" in talk.text)
    phone = find_phone(talk.text)
    if phone:
        review["phone"] = phone
    words = without_contact(talk.text) if phone else talk.text
    if waiting == GRADE:
        grade = grade_of(words)
        review["grade"] = int(grade) if grade else None
        review["text"] = review.get("text") or _reason(words, {})
    elif waiting == WHETHER:
        return await _whether(talk, review, is_yes(words))
    elif waiting == ABOUT:
        review["said"] = _matter(talk) or {"item": words[:40]}
        review["grade"] = review.get("grade") or _grade(words)
    else:
        review["text"] = words or "没有说原因"
    return await _next(talk, review)


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply: ``grade:<1-5>``, ``tag:<code>``, ``none`` (no reason given), ``record:<id>``,
    ``is:yes`` or ``is:no`` (the record that was asked about), ``only`` or ``complain``, ``named``
    (the unit may know whose the review just given is)."""
    kind, _, rest = value.partition(":")
    if kind == "named":
        return await naming.agree(talk)
    review = dict(talk.context.get("rating") or {})
    if kind == "record":
        if rest not in [str(one) for one in talk.context.get("records", [])]:
            return [say("请先查到这个办件再评价。", ("查办件", "record:ask"))]
        if await is_rated(talk.session, int(rest)):
            return [say("这次办理已经评价过了，每次服务只评价一次。", *HELP_CHOICES)]
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
        review["text"] = "没有说原因"
    return await _next(talk, review)


async def _next(talk: Talk, review: dict[str, Any]) -> Replies:
    said = review.get("said") or {}
    if not said and not review.get("record"):
        return _ask(
            talk,
            review,
            ABOUT,
            "请说评价的是哪件事：什么时候、在哪个单位或窗口办了什么。有办件编号请一起说。",
        )
    if not review.get("grade"):
        grades = [(GRADE_NAMES[g], f"rate:grade:{int(g)}") for g in sorted(Grade, reverse=True)]
        return _ask(talk, review, GRADE, f"{_about(review)}，请选一个等级：", *grades)
    grade = Grade(int(str(review["grade"])))
    if grade in BAD and not review.get("text") and not review.get("tags"):
        tags = list(TAGS[grade].items())[-_TAGS_OFFERED:]
        phone = "" if _phone(talk, review) else "也请留下办理时的手机号，好找到这次办理。"
        return _ask(
            talk,
            review,
            REASON,
            f"记为“{GRADE_NAMES[grade]}”：{_about(review)}。请说说哪里不满意。{phone}",
            *[(title, f"rate:tag:{code}") for code, title in tags],
            ("不说原因", "rate:none"),
        )
    if not review.get("record") and "asked" not in review:
        names = {item.name: tuple(item.aliases) for item in talk.line.knowledge.items()}
        fits = fitting(await _own(talk), said, now(), names)
        if len(fits) == 1:
            [one] = fits
            if await is_rated(talk.session, one.id):
                talk.remember(awaiting=None, rating=None)
                return [say(f"{_dated(one)}已经评价过了，每次服务只评价一次。", *HELP_CHOICES)]
            return _ask(
                talk,
                {**review, "asked": one.id},
                WHETHER,
                f"您评价的是{_dated(one)}吗？",
                ("是这次", "rate:is:yes"),
                ("不是", "rate:is:no"),
            )
    return await _store(talk, review, grade)


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


async def _own(talk: Talk) -> list[ServiceRecord]:
    """Records that are shown to be this citizen's: looked up here, or of the telephone that the
    door vouches for, unless several people left it."""
    ids = [int(one) for one in talk.context.get("records", [])]
    records = [one for id in ids if (one := await proved(talk.session, id)) is not None]
    phone = await own_phone(talk)
    if phone is not None:
        found = await of_phone(talk.session, phone_hash(phone), _LOOKED_AT)
        if not of_several(found):
            records += [one for one in found if one.id not in ids]
    return records


def _dated(record: ServiceRecord) -> str:
    at = (record.finished_at or record.accepted_at).astimezone(LOCAL)
    return f"{at.month} 月 {at.day} 日的“{record.item_name}”"


def _ask(
    talk: Talk, review: dict[str, Any], awaiting: str, text: str, *choices: tuple[str, str]
) -> Replies:
    talk.remember(awaiting=awaiting, rating=review)
    return [say(text, *choices)]


async def _store(talk: Talk, review: dict[str, Any], grade: Grade) -> Replies:
    tags = review.get("tags") or []
    said = review.get("said") or {}
    given = Given(
        key=f"turn:{talk.turn_id}",
        grade=grade,
        channel=talk.conversation.channel,
        tags=tags,
        text=str(review.get("text") or ""),
        said=said,
        phone=_phone(talk, review) or "",
    )
    talk.remember(awaiting=None, rating=None, failures=None)
    record = (
        await proved(talk.session, int(str(review["record"]))) if review.get("record") else None
    )
    if record is not None:
        rated = await submit_for_record(talk.session, record, given, now())
        after = await _what_follows(talk, rated.id) if grade in BAD else "感谢您的评价。"
        told = f"已收到对“{record.item_name}”的评价（{GRADE_NAMES[grade]}）。{after}"
        return [await naming.asked(talk, rated, say(told, *HELP_CHOICES))]
    at = now()
    stored = await submit_told(talk.session, replace(given, key=str(talk.conversation.id)), at)
    if stored.created_at < at:
        told = f"今天已经收到您的这条评价（{GRADE_NAMES[Grade(stored.grade)]}）"
        return [say(f"{told}：{review_words.told(said)}。同一件事一天只记一次。", *HELP_CHOICES)]
    after = (
        "会按您说的核对是哪次办理；对上以后，承办单位要核实整改。"
        if grade in BAD
        else "会按您说的核对是哪次办理。"
    )
    told = f"已收到您的评价（{GRADE_NAMES[grade]}）：{review_words.told(said)}。{after}"
    return [await naming.asked(talk, stored, say(told, *HELP_CHOICES))]


async def _what_follows(talk: Talk, review_id: int) -> str:
    """What is done about a bad review that is tied: by whom, and until when."""
    one = await RectificationRepository(talk.session, None).of_review(review_id)
    if one is None:
        return "办理单位还没有接入热线，由工作人员转交核实。"
    due = one.due_at.astimezone(LOCAL)
    unit = talk.line.city.tree.name(one.unit)
    return f"已转{unit}核实整改，{due.month} 月 {due.day} 日前办结，之后会有人回访您。"


def _about(review: dict[str, Any]) -> str:
    said = review.get("said")
    return review_words.told(said) if isinstance(said, dict) and said else "刚才查到的办件"


def _grade(text: str) -> int | None:
    found = grade_of(text)
    return int(found) if found else None


def _phone(talk: Talk, review: dict[str, Any]) -> str | None:
    said = review.get("phone")
    return str(said) if said else find_phone(talk.text) or talk.caller


def _matter(talk: Talk) -> dict[str, str]:
    items = [name for item in talk.line.knowledge.items() for name in (item.name, *item.aliases)]
    units = {
        name: unit.name
        for unit in talk.line.city.tree.units.values()
        for name in (unit.name, unit.short, *unit.aliases)
        if name
    }
    return review_words.matter_of(talk.text, items, units)


def _reason(text: str, said: dict[str, str]) -> str:
    rest = without_contact(text)
    for words in said.values():
        rest = rest.replace(words, "")
    return text if len(_FILLER.sub("", _BARE_GRADE.sub("", rest))) >= _REASON_WORDS else ""
