"""What the seat's pages say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

STATES = {"on": "在席", "break": "小休", "wrap": "话后处理", "off": "离席"}
CALL_STATES = {
    "assistant": "与智能助手通话中",
    "waiting": "等候接听",
    "seat": "与座席通话中",
    "left": "座席已离开，市民还在线",
    "emergency": "已转接紧急电话",
    "ended": "已挂断",
}
_PREVIEW = 40


@dataclass(frozen=True)
class NoteLine:
    """An internal note with the name of whoever wrote it."""

    by: str
    text: str
    at: datetime


def lasted(time: timedelta) -> str:
    """A short time to the second: 35 秒, 3 分 20 秒, 2 小时 5 分."""
    minutes, seconds = divmod(max(int(time.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分"
    return f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"


def preview(text: str) -> str:
    """The beginning of a line, for lists."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _PREVIEW else f"{flat[:_PREVIEW]}…"
