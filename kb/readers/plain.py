"""Text of foreign registers made plain: simple formatting goes, anything that acts is refused."""

from __future__ import annotations

import html
import re

# Characters of one cell or field.
LONGEST = 100_000
_ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|style|iframe|object|embed|form|input|svg|meta|link|base)\b"
    r"|<[a-z][^<>]*\son[a-z]+\s*=|(?:javascript|vbscript|data:text/html)\s*:",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<\s*(?:br\s*/?|/p|/div|/li|/tr|/h[1-6])\s*>", re.IGNORECASE)
# A tag begins with a letter, so that "<90 平方米" and "<中华人民共和国价格法>" are text.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:[a-z]+\d?|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
# What a spreadsheet takes for a formula (OWASP: CSV injection); numbers and phones are none.
_FORMULA = re.compile(r"[=@]|[+-](?![\d\s()（）-]*$)")


class Refused(ValueError):
    """A text that may not go in; the message says in Chinese why."""


def plain(text: str) -> tuple[str, bool]:
    """``text`` without markup, and whether any was taken out. Raises Refused.

    Entities are resolved once, ends of paragraphs become line breaks.
    """
    if len(text) > LONGEST:
        raise Refused(f"有 {len(text):,} 个字，超过 {LONGEST:,}")
    if "\ufffd" in text:
        raise Refused("含有乱码（�）")
    marked = _ENTITY.search(text) is not None
    told = html.unescape(text) if marked else text
    if _ACTIVE.search(told):
        raise Refused("含有脚本或网页控件")
    if _TAG.search(told):
        marked = True
        lines = _TAG.sub("", _BREAK.sub("\n", told)).split("\n")
        told = "\n".join(line.strip() for line in lines if line.strip())
    told = told.replace("\u00a0", " ").replace("\r\n", "\n").strip()
    return told, marked


def cell_text(text: str) -> str:
    """What a cell of a table says. Raises Refused for what a spreadsheet would run.

    An apostrophe before what looks like a formula, as our own tables write it, goes.
    """
    told = text.strip()
    if told.startswith(("'=", "'+", "'-", "'@")):
        return told[1:]
    if _FORMULA.match(told):
        raise Refused("以 = + - @ 开头，像公式：请改成文字")
    return told
