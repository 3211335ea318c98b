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


def clock(
    due_at: datetime, now: datetime, *, stopped: bool = False, closed_at: datetime | None = None
) -> Clock:
    """The clock of something due at ``due_at``; ``stopped`` when it is closed or withdrawn,
    ``closed_at`` when it was closed, if that is known."""
    if stopped and closed_at:
        late = closed_at > due_at
        return Clock(Light.RED if late else Light.OFF, "超期办结" if late else "按期办结")
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
