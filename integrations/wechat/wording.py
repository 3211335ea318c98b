"""How a reply reads in WeChat: plain text, numbered choices, limits in bytes.

Source: 微信公众平台《客服接口》《被动回复》: text of a message at most 2048 bytes of UTF-8.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from core.replies import Choice
from integrations.plain import GRADE

TEXT_BYTES = 2048
# Who cannot speak must not be led to a call.
_POLICE_BY_TEXT = "12110"
_PICK = re.compile(r"^(?:选|第|选择)?\s*(\d{1,2})\s*(?:个|项|号|[.。、)])?$")
# The only marks that XML 1.0 cannot carry, and that have no business in a sentence.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")


def numbered(choices: Sequence[Choice]) -> list[tuple[int, Choice]]:
    """The digit to answer with for each choice. A grade keeps its own: 5 is the best."""
    grades = [GRADE.match(choice.value) for choice in choices]
    if choices and all(grades):
        return [
            (int(grade[1]), choice) for grade, choice in zip(grades, choices, strict=True) if grade
        ]
    return list(enumerate(choices, 1))


def picked(text: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that ``text`` names by its digit or its title, if any."""
    said = unicodedata.normalize("NFKC", text).strip()
    by_title = next((choice for choice in choices if choice.title == text.strip()), None)
    digit = _PICK.match(said)
    if by_title is not None or digit is None:
        return by_title
    return dict(numbered(choices)).get(int(digit[1]))


def worded(
    lines: Sequence[str],
    choices: Sequence[Choice],
    cards: Sequence[dict[str, Any] | None],
    address: str,
) -> str:
    """One text of several lines, what their cards add, and the choices of the last.

    ``address`` is the line's public base URL, for links.
    """
    parts = [clean(line) for line in lines]
    parts += [added for card in cards if card and (added := _card(card, address))]
    if choices:
        listed = "\n".join(f"{digit}. {clean(choice.title)}" for digit, choice in numbered(choices))
        parts.append(f"回复数字选择：\n{listed}")
    return "\n\n".join(part for part in parts if part)


def clean(text: str) -> str:
    """Without what XML cannot carry, and without marks that WeChat would take for a link."""
    return _CONTROL.sub("", text).replace("<", "＜").strip()


def _card(card: dict[str, Any], address: str) -> str:
    match card.get("kind"):
        case "emergency":
            numbers = [re.match(r"[\d-]+", str(number)) for number in card.get("numbers", [])]
            return "\n".join(_call(number[0]) for number in numbers if number)
        case "link" | "review" | "item" | "policy" | "life_event":
            return _link(str(card.get("title") or _TITLES.get(card["kind"], "")), card, address)
        case "case":
            # Number and query code stand in the text already.
            return _link("查进度", card, address)
        case _:
            return ""


def _call(number: str) -> str:
    if number == _POLICE_BY_TEXT:
        return f"发短信到 {number}"
    return f'<a href="tel:{number}">拨打 {number}</a>'


_TITLES = {
    "review": "打开评价页面",
    "item": "办事指南全文",
    "policy": "政策全文",
    "life_event": "全部步骤",
}


def _link(title: str, card: dict[str, Any], address: str) -> str:
    url = str(card.get("url") or "")
    if url.startswith("/") and not url.startswith("//"):
        url = address + url
    return f"{title}：{url}" if url.startswith(address) else ""


def pieces(text: str, limit: int = TEXT_BYTES) -> list[str]:
    """``text`` in pieces of at most ``limit`` bytes, cut at line ends or sentences if possible."""
    found = []
    while len(text.encode()) > limit:
        head = text.encode()[:limit].decode("utf-8", "ignore")
        cut = max(head.rfind("\n"), head.rfind("。") + 1)
        head = head[:cut] if cut > len(head) // 2 else head
        found.append(head.strip())
        text = text[len(head) :].strip()
    return [*found, text] if text else found
