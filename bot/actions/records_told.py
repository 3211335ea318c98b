"""How far a service record (办件) is, in words."""

from __future__ import annotations

from bot.actions.talk import HELP_CHOICES
from core.calendar import LOCAL
from core.database import now
from core.replies import Reply, say
from reviews.models import ServiceRecord
from reviews.own_records import STATUS_NAMES
from reviews.said import is_finished


def is_late(record: ServiceRecord) -> bool:
    """Whether it is not finished though the promised day is over."""
    promised = record.promised_on
    return (
        promised is not None
        and not is_finished(record)
        and now().astimezone(LOCAL).date() > promised
    )


def in_words(record: ServiceRecord, unit: str, choices: list[tuple[str, str]]) -> Reply:
    """How far a record is; ``unit`` is the name of the one that handles it."""
    where = "，".join(
        part for part in (record.place, record.window and f"{record.window}窗口") if part
    )
    lines = [
        f"办件 {record.project_no}：{record.item_name}",
        f"办理单位：{unit if record.unit else record.dept_name}"
        + (f"（{where}）" if where else ""),
        f"受理：{record.accepted_at.astimezone(LOCAL):%Y-%m-%d}",
    ]
    if record.finished_at is not None:
        lines.append(f"状态：已办结（{record.finished_at.astimezone(LOCAL):%Y-%m-%d}）")
    else:
        promised = f"，承诺 {record.promised_on:%Y-%m-%d} 前办结" if record.promised_on else ""
        lines.append(f"状态：{STATUS_NAMES.get(record.status, '办理中')}{promised}")
    if is_late(record):
        lines.append("已经超过承诺的时间，可以向我们反映。")
    return say("\n".join(lines), *choices, *HELP_CHOICES[:2])
