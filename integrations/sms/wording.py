"""Text messages: what a citizen's words ask for, and what a reply looks like as texts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from bot.actions.review_words import grade_of
from core.replies import Choice, Reply
from integrations.plain import HANDOFF, SENTENCE, keys_of, without_screen
from reviews.grades import Grade

# The alphabet of GSM 03.38; what stands in the second line counts twice.
_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = set("^{}\\[~]|€")
# A telephone puts so many together without losing one on the way.
MOST_SEGMENTS = 5
_STOP = re.compile(
    r"(?:退订|取消订阅|TD|T|STOP|STOPALL|UNSUBSCRIBE|QUIT|END)(?:回复)?", re.IGNORECASE
)
_START = re.compile(r"(?:订阅|恢复订阅|恢复接收|START|UNSTOP)", re.IGNORECASE)
_GRADE = re.compile(r"([1-5])(\s*(?:分(?!钟)|星(?!期))?[\s，,。.:：;；、-]*)(.*)", re.DOTALL)
# What is counted or numbered by a digit right before it is no reason: 3天了, 2号楼.
_COUNTED = re.compile(r"[个天次年月周日号点楼栋幢层室户块元米]|星期|小时|分钟|单元")
_PLACE = re.compile(r"号|栋|幢|单元")
# A grade in words, said first: 非常不满意，要我多交材料; 不满意的是路灯 is no grade of what was asked.
_IN_WORDS = re.compile(
    r"(?:我|觉得|感觉|对|这次|本次|你们|办理|服务|处理|结果|评价|比较|总体|是|的|[:：，,\s])*"
    r"(?P<grade>非常不满意|很不满意|不太?满意|基本满意|非常满意|很满意|特别满意|满意|一般|差评|好评|太差(?:了|劲)?)"
    r"[了啊吧的]*(?:[\s，,。.!！;；、]+(?P<reason>.*))?",
    re.DOTALL,
)
_LIST = ("、", ".", ")", "）")
_KEY = re.compile(r"[1-9]")


# What platforms abroad obey themselves: they answer it, and let no text of ours through.
_PLATFORMS = re.compile(r"STOP|STOPALL|UNSUBSCRIBE|QUIT|END", re.IGNORECASE)


class Wish(StrEnum):
    """What a text asks of the door itself."""

    STOP = "stop"
    START = "start"


def plain(body: str) -> str:
    """``body`` with full-width digits and letters as plain ones, nothing around it."""
    return unicodedata.normalize("NFKC", body).strip().rstrip("。.!！")


def wish(body: str) -> Wish | None:
    """The wish to get no more texts, or to get them again."""
    said = plain(body)
    if _STOP.fullmatch(said):
        return Wish.STOP
    return Wish.START if _START.fullmatch(said) else None


def told_by_platform(body: str) -> bool:
    """Whether the platform itself answers this wish to get no more texts."""
    return _PLATFORMS.fullmatch(plain(body)) is not None


def graded(body: str, *, apart: bool = False) -> tuple[Grade, str] | None:
    """The grade and the reason of ``5`` or ``2 一直没人来修``; None for any other text.

    ``apart`` wants a space or a comma between the two, and takes no list (``1、…``) for a grade.
    """
    body = body.strip()
    found = _GRADE.fullmatch(unicodedata.normalize("NFKC", body[:1]) + body[1:])
    if found is None or re.match(r"\d", found[3]):
        return None
    mark, reason = found[2], found[3].strip()
    if reason and (_PLACE if mark else _COUNTED).match(reason):
        return None
    if reason and apart and (not mark or mark.lstrip().startswith(_LIST)):
        return None
    return Grade(int(found[1])), reason


def graded_in_words(body: str) -> tuple[Grade, str] | None:
    """The grade and the reason of ``非常不满意，要我多交材料``; None unless the grade comes first."""
    found = _IN_WORDS.fullmatch(body.strip())
    grade = grade_of(found["grade"]) if found is not None else None
    if found is None or grade is None:
        return None
    return grade, (found["reason"] or "").strip()


def says_something(body: str) -> bool:
    """Whether there is a word in it, not digits and signs alone."""
    return re.search(r"[^\W\d_]", body) is not None


def chosen(body: str, last: Reply | None) -> Choice | None:
    """The quick reply of ``last`` that a digit or its own title names."""
    if last is None:
        return None
    said = plain(body)
    for key, choice in keyed(last):
        if said in (key, plain(choice.title)):
            return choice
    return None


def no_such_choice(count: int) -> str:
    """Said to a digit that is none of ``count`` choices."""
    return f"没有这个选项，请回复 1 到 {count}。" if count > 1 else "没有这个选项，请回复 1。"


def unusable(body: str, last: Reply | None) -> Reply | None:
    """What is said to a digit that chooses none of the quick replies of ``last``."""
    count = len(keys_of(last)) if last is not None else 0
    if last is None or not count or re.fullmatch(r"\d", plain(body)) is None:
        return None
    if chosen(body, last) is not None:
        return None
    return last.model_copy(update={"text": no_such_choice(count)})


def keyed(reply: Reply) -> list[tuple[str, Choice]]:
    """Quick replies with the digit that chooses each."""
    return [(str(key), choice) for key, choice in enumerate(keys_of(reply), 1)]


def segments(text: str) -> int:
    """How many parts a network makes of ``text``: 160 characters of GSM 03.38 or 70 of UCS-2 in a
    single one, 153 or 67 in each of several."""
    if all(c in _GSM or c in _GSM_TWICE for c in text):
        length, single, joined = sum(1 + (c in _GSM_TWICE) for c in text), 160, 153
    else:
        length, single, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // joined)


def worded(text: str, choices: Sequence[Choice], card: dict[str, object] | None) -> str:
    """A reply in one text: no links, the quick replies by digit."""
    reply = Reply(text=text, choices=list(choices), card=card)
    told = "\n".join(filter(None, (without_screen(line).strip() for line in text.split("\n"))))
    offered = [f"{key} {choice.title}" for key, choice in keyed(reply)]
    if offered:
        told += "\n回复数字选择：" + "，".join(offered)
    if any(choice.value == HANDOFF for choice in choices):
        told += "\n需要人工请回复：转人工"
    return told


def split(text: str) -> list[str]:
    """``text`` as texts that any telephone shows whole, cut at the ends of sentences, numbered."""
    if segments(text) <= MOST_SEGMENTS:
        return [text]
    parts: list[str] = []
    for piece in _pieces(text):
        if parts and segments(f"(99/99){parts[-1]}{piece}") <= MOST_SEGMENTS:
            parts[-1] += piece
        else:
            parts.append(piece)
    parts = [part.strip() for part in parts]
    return [f"({number}/{len(parts)}){part}" for number, part in enumerate(parts, 1)]


def _pieces(text: str) -> list[str]:
    """Sentences; one that is too long for itself in pieces of equal length."""
    longest = 67 * MOST_SEGMENTS - len("(99/99)")
    pieces: list[str] = []
    for sentence in SENTENCE.findall(text):
        pieces += [sentence[at : at + longest] for at in range(0, len(sentence), longest)]
    return pieces
