"""What a turn means where it stands. Pure: the assistant's act, weighed against what was asked.

The assistant sees one sentence; "望湖路18号" is an answer while a place is asked for, and "对" files a
case while a summary awaits confirmation.
"""

from __future__ import annotations

import re
from enum import StrEnum

from intake.form import is_opening
from intake.several import which
from language.normalise import normalise


class Step(StrEnum):
    """What is done with the turn."""

    GUIDE = "guide"
    TAKE_IN = "take_in"
    CONFIRM = "confirm"
    DROP = "drop"
    PROGRESS = "progress"
    REVIEW = "review"
    HANDOFF = "handoff"
    SMALL_TALK = "small_talk"
    ROUTE = "route"
    UNCLEAR = "unclear"


# A question after progress that names no matter is no longer than this.
_SHORT = 12
# An act below this confidence (0..1) counts only as a hint.
SURE = 0.5

_QUESTION = re.compile(
    r"怎么|怎样|如何|哪里|哪儿|在哪|去哪|什么(?:材料|条件|时候|手续|证件|资料)|多久|多长时间|几天|多少钱|要钱|收费|费用|"
    r"带(?:什么|啥|哪些)|(?:要|需要)(?:什么|啥|哪些)|能不能|可不可以|可以.{0,12}(?:吗|么|不)|咋(?:办|弄|整)|[吗么呢][?？]?$|[?？]$|热线电话|咨询电话"
)
_YES = re.compile(
    r"^(?=嗯|哦|好|对|中[！!。]?$|得行|要得|是的|是$|行|可以|没错|没问题|确认|提交|正确|就(?:是)?这样|都对|[Oo][Kk]|1$|那就)"
    r"(?:嗯|哦|好|对头|对|中|得行|要得|是|行|可以|没错|没问题|确认|提交|正确|就(?:是)?这样|都对|[Oo][Kk]|1|那就|无误|就行"
    r"|啊|呀|了|吧|的|嘛|，|,|！|!|。| )+$"
)
_DROP = re.compile(
    r"^(?:算了|不(?:用|想)?(?:投诉|反映|举报|提交|登记|报|说|弄)了?|取消|不提交了?|撤销|别(?:登记|提交)了?)"
)
_CALLS_OFF = re.compile(r"撤|取消|不用|不要|不想|算了|别登|别提")
_CORRECTS = re.compile(r"不|错|改|换|是(?!的|$|[，,。！!吧啊])")
_ASKS_AT_END = re.compile(
    r"(?:想?问(?:问|一下)|想问|请问|咨询(?:一下)?|想?了解(?:一下)?)"
    r"(?P<question>[^。！!]{0,40}(?:怎么|如何|什么|多少|哪|能不能|可以|可不可以|[吗么]|咋)[^。！!]{0,12})$"
)
_HOW_TO_REPORT = re.compile(
    r"(?P<matter>[^，,。！!？?]{3,40}?)[，,\s]*(?:应该|要|该|得|可以|我)?(?:怎么|如何|咋|在哪里?|去哪里?|上哪儿?|到哪里?|往哪里?|找谁|向谁|跟谁|找哪里?|哪里可以)(?:去)?"
    r"(?:反映|反应|投诉|举报|报修|上报|报)(?:啊|呀|呢|吗|一下|问题)?[？?。！!]*$"
)
_PROGRESS = re.compile(
    r"进度|到哪(?:了|一步)|办(?:得)?怎么样了|处理(?:得)?怎么样|查.{0,6}(?:工单|单子|投诉)|工单号|查询码"
)


def looks_like_question(text: str) -> bool:
    """Whether ``text`` asks how, where, how long, how much and the like."""
    return bool(_QUESTION.search(text))


def question_at_end(text: str) -> str | None:
    """The question to the line in which a story ends: 老年人体检怎么办 of …我就想问问老年人体检怎么办."""
    found = _ASKS_AT_END.search(text)
    return found["question"] if found else None


def how_to_report(text: str) -> str | None:
    """The matter of a question how to report it: 路灯坏了 of 路灯坏了怎么反映."""
    found = _HOW_TO_REPORT.search(text.strip())
    return found["matter"] if found else None


def is_yes(text: str) -> bool:
    """A plain yes, however short."""
    return bool(_YES.match(normalise(text)))


def decide(act: str | None, confidence: float, awaiting: str | None, text: str) -> Step:
    """The step for a turn.

    ``act`` and ``confidence`` (0..1) are the assistant's; ``awaiting`` names what was asked last
    (a slot of the intake, ``progress``, ``review_reason``, or None).
    """
    if awaiting in ("progress", "urge", "withdraw") and act != "handoff" and is_vague(text):
        return Step.UNCLEAR
    if awaiting in ("progress", "urge", "supplement", "withdraw", "reopen") and not (
        act in ("ask_guide", "file_case", "handoff") and confidence >= SURE
    ):
        return Step.PROGRESS
    if awaiting == "review_reason":
        return Step.REVIEW
    if awaiting is None:
        return _fresh(act, text)
    if act == "handoff" and confidence >= SURE:
        return Step.HANDOFF
    if _DROP.match(text):
        return Step.DROP
    if awaiting == "confirm" and which(text) is not None:
        return Step.TAKE_IN
    if awaiting == "confirm":
        if is_yes(text) or (act == "affirm" and len(text) <= 12 and not _CORRECTS.search(text)):
            return Step.CONFIRM
        if act == "withdraw" and _CALLS_OFF.search(text):
            return Step.DROP
    if act in ("ask_guide", "ask_policy") and confidence >= SURE and looks_like_question(text):
        return Step.GUIDE
    if act in ("ask_progress", "urge") and _PROGRESS.search(text):
        return Step.PROGRESS
    if act in ("thanks", "greet", "goodbye") and confidence >= 0.7 and len(text) <= 8:
        return Step.SMALL_TALK
    return Step.TAKE_IN


# Who says that it is a complaint, and asks nothing, gets no guide.
_SAYS_SO = re.compile(
    r"(?:你好|您好|喂)?[，, ]*我?(?:想|要|来|得)+(?:实名|匿名)?(?:投诉|举报|反映|报修)(?!电话|热线|方式|渠道|信|制度|处理)"
)


# What says nothing of a thing: fillers, pointing words, asking to be understood.
_EMPTY = re.compile(
    r"[\W_]|嗯|啊|哎呀?|唉|呃|哦|喔|呀|嘛|撒|噻|哈|嘞|咯|喂|吧|了|的|你|我|它|他|就是|那个|这个|那种|这种|那样|这样|那回|上回|上次|"
    r"那边|东西|事情|事|晓得|知道|懂|明白|听不|听|咋个?|怎么|不|没有?|搞起|弄好|好|又|还|也|是|有|说|讲|反正|然后|搞|弄"
)


def is_vague(text: str) -> bool:
    """Whether ``text`` is words without a thing in them: 就是那个那个嘛 你晓得的."""
    return len(text) >= 4 and len(_EMPTY.sub("", text)) < 2


# A case number as it is given out: date, sequence, check digit.
_CASE_NUMBER = re.compile(r"(?<!\d)2\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{7}(?!\d)")


# Said once more after the summary was confirmed.
_SUBMITS = re.compile(
    r"(?:好的?|嗯|对|是的)?[，,]?(?:我)?(?:确认|提交)(?:提交|登记|无误|一下)?[了吧啊]?[。！!]*$"
)


def says_that_it_is_a_matter(text: str) -> bool:
    """Whether the citizen says that this is to be filed: 我要投诉半夜施工."""
    return bool(_SAYS_SO.match(text)) and not looks_like_question(text)


def _fresh(act: str | None, text: str) -> Step:
    if _SUBMITS.match(text):
        return Step.CONFIRM
    if _CASE_NUMBER.search(text):
        return Step.PROGRESS
    if is_opening(text):
        return Step.TAKE_IN
    if len(text) <= _SHORT and _PROGRESS.search(text):
        return Step.PROGRESS
    if act in ("chitchat", "ask_progress", "ask_guide", "supplement") and is_vague(text):
        return Step.UNCLEAR
    match act:
        case "ask_guide" | "ask_policy" if says_that_it_is_a_matter(text):
            return Step.TAKE_IN
        case "ask_guide" | "ask_policy":
            return Step.GUIDE
        case "file_case":
            return Step.TAKE_IN
        case "ask_progress" | "urge" | "supplement" | "withdraw":
            return Step.PROGRESS
        case "review":
            return Step.REVIEW
        case "handoff":
            return Step.HANDOFF
        case "greet" | "thanks" | "goodbye" | "chitchat" | "abuse":
            return Step.SMALL_TALK
        case "emergency" | "legal_route" | "privacy_or_illegal" | "out_of_scope":
            return Step.ROUTE
        case _:
            return Step.UNCLEAR
