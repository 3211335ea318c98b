"""Between what is read and what is spoken: replies made speakable, spoken numbers made digits. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.replies import Choice
from integrations.plain import SENTENCE, without_screen

# A listener keeps about so much in mind; the rest comes when asked for (characters).
LONGEST_PART = 160
_BULLET = re.compile(r"^[ \t]*(?:[·•●▪\-*]|#+)[ \t]*", re.MULTILINE)
_DATE = re.compile(r"(?<!\d)(?:\d{4}-)?(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{2}))?(?!\d)")
_MASKED = re.compile(r"(\d{2,9})\*{4}(\d{4})")
_LANDLINE = re.compile(r"(?<!\d)(\d{3,4})-(\d{7,8})(?!\d)")
# An amount is said as one; so long as a case number is none.
_NUMBER = re.compile(r"(?<!\d)(?:\d{10,}|\d{5,}(?!\d|\s*[元万人平米件吨公]))")
_SHORT_CALL = re.compile(r"(?<!\d)(1[12]\d|12\d{3})(?!\d)(?=[，,。（]|$)")
_ENDS = "。！？!?；;：:，,…"
_GROUP = re.compile(r"\d{1,4}")
_CHINESE_DIGITS = str.maketrans("零〇洞一幺二两三四五六七拐八九勾", "0001122345677899")
_SPOKEN_DIGIT = "零〇洞一幺二两三四五六七拐八九勾0-9"
# From so many in a row on, spoken digits are a number and no words.
_SPOKEN_NUMBER = re.compile(rf"[{_SPOKEN_DIGIT}](?:[ ,，、.\-]?[{_SPOKEN_DIGIT}]){{4,}}")
_ONE_KEY = re.compile(r"^(?:我?(?:选|按)|第)?([一二两三四五六七八九1-9])(?:个|号|项|键)?[。.！!]?$")
_NUMBER_WANTED = re.compile(
    r"(?:请(?:告诉|留|输入|提供)|需要|要用)[^。！!？?]*(?:查询码|编号|电话|号码)"
)


def one_by_one(digits: str) -> str:
    """``261122000001`` → ``2 6 1 1，2 2 0 0，0 0 0 1``: digit by digit, four at a breath."""
    if len(digits) <= 6:
        return " ".join(digits)
    return "，".join(" ".join(group) for group in _GROUP.findall(digits))


def _date(found: re.Match[str]) -> str:
    month, day, hour, minute = found.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    said = f"{int(month)}月{int(day)}日"
    if hour is None:
        return said
    return f"{said}{int(hour)}点" + (f"{int(minute)}分" if int(minute) else "")


def speakable(text: str) -> str:
    """``text`` as it is spoken: no addresses, no bullets, nothing that needs a screen; numbers digit
    by digit, dates as words."""
    text = _MASKED.sub(r"尾号\2", text)
    text = _BULLET.sub("", text.replace("**", ""))
    text = re.sub(r"(?<=[^。！？!?；;：:，,\n])\n+", "。", text).replace("\n", "")
    text = without_screen(text)
    text = _LANDLINE.sub(lambda m: f"{one_by_one(m[1])}，{one_by_one(m[2])}", text)
    text = _DATE.sub(_date, text)
    text = _NUMBER.sub(lambda m: one_by_one(m[0]), text)
    text = re.sub(r"尾号(\d{4})", lambda m: f"尾号 {one_by_one(m[1])}", text)
    return _SHORT_CALL.sub(lambda m: " ".join(m[0]), text).strip()


def closed(text: str) -> str:
    """``text`` with a full stop where its last sentence has no end."""
    return text if not text or text[-1] in _ENDS else f"{text}。"


def in_parts(text: str) -> list[str]:
    """``text`` cut at the ends of sentences into parts that can be followed by ear."""
    parts: list[str] = []
    for sentence in SENTENCE.findall(text):
        if parts and len(parts[-1]) + len(sentence) <= LONGEST_PART:
            parts[-1] += sentence
        else:
            parts.append(sentence)
    return [part.strip() for part in parts if part.strip()]


def menu(choices: Sequence[Choice]) -> str:
    """``确认提交请按1，修改请按2。``"""
    said = "，".join(f"{speakable(c.title)}请按{key}" for key, c in enumerate(choices, 1))
    return f"{said}。" if said else ""


def expects_number(text: str) -> bool:
    """Whether ``text`` asks for a number of several digits."""
    return bool(_NUMBER_WANTED.search(text))


def with_digits(text: str) -> str:
    """Spoken numbers as digits: ``编号二六一一二二`` → ``编号261122``. Short counts stay as they are."""

    def digits(found: re.Match[str]) -> str:
        return re.sub(r"\D", "", found[0].translate(_CHINESE_DIGITS))

    return _SPOKEN_NUMBER.sub(digits, text)


def key_said(text: str) -> str | None:
    """The key that was named instead of pressed: ``按一`` → ``1``."""
    found = _ONE_KEY.match(text.strip())
    return found[1].translate(_CHINESE_DIGITS) if found else None
