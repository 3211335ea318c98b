"""Replies for doors without a screen: telephone and text message. Pure."""

from __future__ import annotations

import re

from core.replies import Choice, Reply

HANDOFF = "handoff"
# The choice of a grade. It is called by its own number at every door: 5 is the best.
GRADE = re.compile(r"^(?:review|second|rate:grade):([1-5])$")
MOST_CHOICES = 7
SENTENCE = re.compile(r"[^。！？!?；;]+[。！？!?；;]?")
_NEEDS_SCREEN = ("form", "assistant")
_ON_SCREEN = re.compile(r"填表|页面|链接|点击|网址|打字|扫码|二维码|下面的按钮")
_URL = re.compile(r"https?://[^\s，。；）]+|(?<![\w/])/[a-z][\w/\-?=&.]*")


def without_screen(text: str) -> str:
    """``text`` without addresses and without the sentences that speak of a screen."""
    return "".join(s for s in SENTENCE.findall(_URL.sub("", text)) if not _ON_SCREEN.search(s))


def keys_of(reply: Reply) -> list[Choice]:
    """The quick replies in the order of their keys from 1 on.

    A summary is confirmed by 1 and amended by 2, whatever else it offers. A person is always 0.
    """
    offered = [c for c in reply.choices if c.value not in (*_NEEDS_SCREEN, HANDOFF)]
    if all(GRADE.match(c.value) for c in offered):
        offered.sort(key=lambda c: c.value)
    first = [c for value in ("intake:confirm", "intake:edit") for c in offered if c.value == value]
    return [*first, *(c for c in offered if c not in first)][:MOST_CHOICES]
