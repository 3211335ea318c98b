"""How a due date reads at a desk: time left or late, yellow within a day, red when late. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SOON = timedelta(days=1)


class Light(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    OFF = "off"


@dataclass(frozen=True)
class Clock:
    """``text`` says what the colour of ``light`` says, for whoever does not see colours."""

    light: Light
    text: str


def clock(due_at: datetime, now: datetime, *, stopped: bool = False) -> Clock:
    """The clock of something due at ``due_at``; ``stopped`` when it is closed or withdrawn."""
    if stopped:
        return Clock(Light.OFF, "已停表")
    left = due_at - now
    if left < timedelta(0):
        return Clock(Light.RED, f"超期 {duration(-left)}")
    return Clock(Light.YELLOW if left <= SOON else Light.GREEN, f"剩余 {duration(left)}")


def duration(length: timedelta) -> str:
    """``2 天 3 小时``, ``5 小时 10 分``, ``8 分钟``: the two largest units that matter."""
    minutes = int(length.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
    return f"{rest} 分钟"
