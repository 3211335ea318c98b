"""Keeping a review that was given in the talk, and what is told of it: at once and when asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.actions import naming, review_words
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from core.calendar import LOCAL
from core.database import now
from core.replies import say
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.own_records import proved
from reviews.rectification_repository import RectificationRepository
from reviews.said import Given, submit_for_record, submit_told

_PERSON = ("转人工", "handoff")


async def keep(talk: Talk, review: dict[str, Any], grade: Grade, phone: str) -> Replies:
    """Store ``review`` (`service_review`) of the record or of what was said; ``phone`` may be empty."""
    said = review.get("said") or {}
    given = Given(
        key=f"turn:{talk.turn_id}",
        grade=grade,
        channel=talk.conversation.channel,
        tags=review.get("tags") or [],
        text=str(review.get("text") or ""),
        said=said,
        phone=phone,
    )
    talk.remember(awaiting=None, rating=None, failures=None)
    record = (
        await proved(talk.session, int(str(review["record"]))) if review.get("record") else None
    )
    if record is not None:
        rated = await submit_for_record(talk.session, record, given, now())
        _remember(talk, f"对“{record.item_name}”的评价", grade)
        after = await _what_follows(talk, rated.id) if grade in BAD else "感谢您的评价。"
        told = f"已收到对“{record.item_name}”的评价（{GRADE_NAMES[grade]}）。{after}"
        return [await naming.asked(talk, rated, say(told, *HELP_CHOICES))]
    at = now()
    stored = await submit_told(talk.session, replace(given, key=str(talk.conversation.id)), at)
    about = review_words.told(said)
    _remember(talk, f"对{about}的评价", Grade(stored.grade))
    if stored.created_at < at:
        told = f"今天已经收到您的这条评价（{GRADE_NAMES[Grade(stored.grade)]}）"
        return [say(f"{told}：{about}。同一件事一天只记一次。", *HELP_CHOICES)]
    after = "会按您说的核对是哪次办理" + (
        "；对上以后，承办单位要核实整改。" if grade in BAD else "。"
    )
    told = f"已收到您的评价（{GRADE_NAMES[grade]}）：{about}。{after}"
    return [await naming.asked(talk, stored, say(told, *HELP_CHOICES))]


def asked_after(talk: Talk) -> Replies | None:
    """Asked to take a review back, or whether it was received; None for a turn about something else."""
    if review_words.WITHDRAWS.search(talk.text):
        return [
            say(
                "评价提交后不能自己撤回或修改，每次服务只评价一次。"
                "确实评错了，请转人工说明，由工作人员核实。",
                _PERSON,
                *HELP_CHOICES[:3],
            )
        ]
    kept = talk.context.get("reviewed")
    if kept and review_words.ASKS_RECEIVED.search(talk.text):
        return [say(f"收到了：{kept['about']}（{kept['grade']}）已经记录。", *HELP_CHOICES)]
    return None


def named_again(talk: Talk, units: dict[str, str]) -> Replies | None:
    """The bare name of a unit or place after a review is neither a new review nor a complaint."""
    said = review_words.matter_of(talk.text, (), units) if talk.context.get("reviewed") else {}
    if not said or not review_words.only_names(talk.text, said, units):
        return None
    where = said.get("place") or said.get("unit") or f"{said['window']}号窗口"
    return [
        say(
            f"刚才的评价已经收到。您说的是{where}，是要再评价一件事、问怎么办事，还是反映问题？",
            ("再评价一件事", "rate:new"),
            *HELP_CHOICES,
        )
    ]


def _remember(talk: Talk, about: str, grade: Grade) -> None:
    talk.remember(reviewed={"about": about, "grade": GRADE_NAMES[grade]})


async def _what_follows(talk: Talk, review_id: int) -> str:
    """What is done about a bad review that is tied: by whom, and until when."""
    one = await RectificationRepository(talk.session, None).of_review(review_id)
    if one is None:
        return "办理单位还没有接入热线，由工作人员转交核实。"
    due = one.due_at.astimezone(LOCAL)
    unit = talk.line.city.tree.name(one.unit)
    return f"已转{unit}核实整改，{due.month} 月 {due.day} 日前办结，之后会有人回访您。"
