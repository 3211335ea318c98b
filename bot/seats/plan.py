"""Which queue a citizen waits in, and when that queue is open. Pure, over the city's file of queues."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import yaml

from core.calendar import LOCAL, WorkCalendar
from core.settings import get_settings

GENERAL = "general"
_LETTERS = re.compile(r"[A-Za-z]")
_HAN = re.compile(r"[一-鿿]")
# Words of Latin letters make a language, a name or a brand does not.
_LEAST_LETTERS = 12
_LOOK_AHEAD = 30


class Priority(IntEnum):
    """Who is served first; within one, whoever waits longest."""

    EMERGENCY = 0
    URGENT = 1
    NORMAL = 2


@dataclass(frozen=True)
class Queue:
    """A queue and its hours (local time of day; None: around the clock)."""

    code: str
    name: str
    working_days: bool = False
    opens: time | None = None
    closes: time | None = None
    words: re.Pattern[str] | None = None
    categories: tuple[str, ...] = ()
    latin: bool = False

    def is_open(self, at: datetime, calendar: WorkCalendar) -> bool:
        """Whether its seats are there at ``at`` (aware)."""
        if self.opens is None or self.closes is None:
            return True
        local = at.astimezone(LOCAL)
        day_counts = not self.working_days or calendar.is_workday(local.date())
        return day_counts and self.opens <= local.time() < self.closes

    def next_opening(self, at: datetime, calendar: WorkCalendar) -> datetime:
        """The first moment from ``at`` (aware) on at which it is open."""
        if self.opens is None or self.is_open(at, calendar):
            return at
        local = at.astimezone(LOCAL)
        for ahead in range(_LOOK_AHEAD):
            day = local.date() + timedelta(days=ahead)
            opening = datetime.combine(day, self.opens, LOCAL)
            if opening >= local and (not self.working_days or calendar.is_workday(day)):
                return opening
        return at

    @property
    def hours(self) -> str:
        """Its hours in words."""
        if self.opens is None or self.closes is None:
            return "7×24 小时"
        return f"{'工作日' if self.working_days else '每天'} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def is_wanted(self, words: str, category: str | None) -> bool:
        """Whether a talk of these ``words`` about ``category`` (code) belongs here."""
        if self.latin and _is_latin(words):
            return True
        if self.words is not None and self.words.search(words):
            return True
        return category is not None and category.startswith(self.categories or ("\0",))


@dataclass(frozen=True)
class Plan:
    """Every queue, the general one among them, and how many talks a seat has at once."""

    queues: tuple[Queue, ...]
    capacity: int
    answers: tuple[tuple[str, str], ...] = ()

    def get(self, code: str) -> Queue:
        """The queue of ``code``; the general one when it is gone."""
        return next((q for q in self.queues if q.code == code), self.general)

    @property
    def general(self) -> Queue:
        return next(q for q in self.queues if q.code == GENERAL)

    @property
    def special(self) -> tuple[Queue, ...]:
        return tuple(q for q in self.queues if q.code != GENERAL)

    def wanted(self, words: str, category: str | None) -> Queue:
        """The first special queue that fits, else the general one."""
        return next((q for q in self.special if q.is_wanted(words, category)), self.general)

    def placed(
        self, words: str, category: str | None, at: datetime, calendar: WorkCalendar
    ) -> tuple[Queue, Queue]:
        """The queue to wait in at ``at``, and the one that was wanted: a special one that is closed
        leaves its citizens to the general one."""
        wanted = self.wanted(words, category)
        return (wanted if wanted.is_open(at, calendar) else self.general), wanted


def may_serve(skills: Sequence[str], queue: str) -> bool:
    """Whether a seat with ``skills`` (codes of queues) serves ``queue``."""
    return queue == GENERAL or queue in skills


def load_plan() -> Plan:
    """The queues of this city (``seats.yml``). Raises OSError, KeyError or ValueError for a file
    that cannot be used."""
    return _read(get_settings().city_dir / "seats.yml")


@functools.cache
def _read(file: Path) -> Plan:
    content = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    queues = tuple(_queue(row) for row in content["queues"])
    if GENERAL not in {queue.code for queue in queues}:
        raise ValueError(f"{file.name} names no queue {GENERAL}")
    answers = tuple((row["title"], row["text"]) for row in content.get("answers", []))
    return Plan(queues, int(content["capacity"]), answers)


def _queue(row: dict[str, Any]) -> Queue:
    return Queue(
        code=row["code"],
        name=row["name"],
        working_days=row.get("days") == "working",
        opens=time.fromisoformat(row["opens"]) if "opens" in row else None,
        closes=time.fromisoformat(row["closes"]) if "closes" in row else None,
        words=re.compile(row["words"]) if "words" in row else None,
        categories=tuple(row.get("categories", ())),
        latin=row.get("script") == "latin",
    )


def _is_latin(words: str) -> bool:
    letters = len(_LETTERS.findall(words))
    return letters >= _LEAST_LETTERS and letters > 2 * len(_HAN.findall(words))
