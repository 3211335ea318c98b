"""A month of a city's services and reviews for ``hotline bench reviews``: invented, its truth known.

Services: items are as unequally popular as in life (Zipf), a third is done online, the rest at a
window of one of four halls in office hours; numbers of a day are consecutive; one person in a
hundred is an agent who comes again and again. A share of the services belongs to a register that
is never delivered: reviews of those belong to nothing.

Reviews come in four ways. Each knows other things and errs in its own way (`_WAYS`), on top of it
every field is damaged as in `_NOISE`. Who reviews speaks of items by everyday names. The number is
given, rightly, in 40 %; some of the others give it with one or two slips. Four in a hundred
are bad and say why. Nothing of a review is taken from how linking works, and the truth stands in no file that is imported.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from core.calendar import LOCAL
from language.homophones import syllables
from reviews.grades import BAD, TAGS, Grade

FIRST_DAY = date(2026, 7, 1)
DAYS = 31
WITH_NUMBER, NOTHING = 0.40, 0.05
# Of the reviews without a right number: how many give one with a slip.
_SLIPPED = 0.12
_NOISE = {"missing": 0.06, "wrong": 0.02, "misspelt": 0.12, "short": 0.35}
_SHIFTED = {0: 0.82, 1: 0.12, 2: 0.04, 5: 0.02}
# [D] No figure of a city was found: four in a hundred are bad.
_GRADES = {5: 0.765, 4: 0.135, 3: 0.06, 2: 0.025, 1: 0.015}
_COMPLAINTS = (
    "等了一个多小时才轮到",
    "来回跑了三趟",
    "一次没有说清楚要带什么",
    "说好当天办完，拖了好几天",
    "工作人员爱答不理",
    "电话一直打不通",
)
# Of the bad ones: ticked and written, written only; the rest is ticked only.
_TICKED_AND_WRITTEN, _WRITTEN = 0.3, 0.2
_ONLINE, _AGENTS, _AGENT_SHARE, _FIRMS = 0.35, 0.01, 0.12, 0.25
_HALLS = ("城东区政务服务中心", "城西区政务服务中心", "临江区政务服务中心", "青石县政务服务中心")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建文志国春梅海波宇浩然子轩雨欣佳怡"


@dataclass(frozen=True)
class Way:
    """How reviews of one kind come: their share, channel, delay, and what they know how often."""

    share: float
    channel: int
    minutes: tuple[int, int]
    phone: float
    name: float
    item: float
    unit: float
    window: float
    place: float
    day: float
    hour: float
    other_phone: float = 0.0


_WAYS = (
    # A device at the counter: knows where it stands, and that it is now.
    Way(0.30, 4, (1, 12), 0.40, 0.25, 0.35, 0.90, 0.97, 0.97, 0.0, 0.0),
    # Logged in, from home.
    Way(0.33, 2, (30, 5 * 1440), 0.93, 0.80, 0.92, 0.80, 0.10, 0.40, 0.60, 0.10),
    # By phone: sometimes a relative's.
    Way(0.22, 6, (60, 6 * 1440), 0.96, 0.45, 0.88, 0.75, 0.10, 0.45, 0.80, 0.15, 0.08),
    # On paper at the hall, typed in by staff.
    Way(0.15, 5, (10, 2 * 1440), 0.85, 0.88, 0.90, 0.85, 0.65, 0.90, 0.90, 0.30),
)


@dataclass(frozen=True)
class Person:
    name: str
    phone: str
    kind: int


@dataclass(frozen=True)
class City:
    """Items with their everyday names, and the units that do them with their names."""

    items: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    units: dict[str, tuple[str, ...]]

    @classmethod
    def read(cls, folder: Path) -> City:
        """From the files of the sample city."""
        items = []
        for file in sorted((folder / "items").glob("*.yml")):
            for entry in yaml.load(file.read_text("utf-8"), yaml.CSafeLoader):
                aliases = tuple(entry.get("aliases", ()))
                items.append((entry["code"], entry["name"], entry["unit"], aliases))
        units = yaml.load((folder / "units.yml").read_text("utf-8"), yaml.CSafeLoader)
        names = {u["code"]: (u["name"], u["short"], *u["aliases"]) for u in units}
        return cls(tuple(items), names)


@dataclass
class Month:
    """Rows for import, and the number of the service behind each review; None behind nothing.

    ``numbered`` are the reviews that give it themselves.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    truth: dict[str, str | None] = field(default_factory=dict)
    numbered: set[str] = field(default_factory=set)


class Generator:
    """Makes a month. The same seed and sizes give the same month."""

    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self.chance = random.Random(seed)
        # Apart, so that the reasons of bad reviews leave everything else of a month as it is.
        self.reasons = random.Random(f"reasons {seed}")
        self.order = list(city.items)
        self.chance.shuffle(self.order)
        self.popularity = [1 / (rank + 4) for rank in range(len(self.order))]
        self.sounds = _by_sound(name for _, name, _, _ in city.items)

    def month(self, records: int, reviews: int) -> Month:
        """So many services delivered, and so many reviews."""
        month = Month()
        people = self._people(max(records * 6 // 10, 10))
        agents = people[: max(int(len(people) * _AGENTS), 1)]
        strangers = round(reviews * NOTHING)
        done = [self._record(people, agents) for _ in range(records + strangers)]
        self.chance.shuffle(done)
        done.sort(key=lambda one: str(one["acceptDate"])[:10])
        sequence: dict[str, int] = defaultdict(int)
        for one in done:
            day = f"{one['acceptDate']:%y%m%d}"
            sequence[day] += 1
            one["projectNo"] = f"SL{day}{sequence[day]:06d}"
        self.chance.shuffle(done)
        unknown, known = done[:strangers], done[strangers:]
        rated = [*unknown, *self.chance.sample(known, reviews - strangers)]
        self.chance.shuffle(rated)
        missing = {one["projectNo"] for one in unknown}
        for place, one in enumerate(rated, 1):
            id = f"E{place:06d}"
            row, numbered = self._review(one, people)
            month.reviews.append({"evaluationId": id, **row})
            month.truth[id] = None if one["projectNo"] in missing else str(one["projectNo"])
            if numbered:
                month.numbered.add(id)
        month.reviews.sort(key=lambda row: str(row["assessTime"]))
        month.records = [_plain(one) for one in known]
        month.reviews = [_plain(row) for row in month.reviews]
        return month

    def _people(self, number: int) -> list[Person]:
        chance = self.chance
        phones = chance.sample(range(10**8), number)
        return [
            Person(
                chance.choice(_SURNAMES)
                + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2)))),
                f"138{phone:08d}",
                2 if chance.random() < _FIRMS else 1,
            )
            for phone in phones
        ]

    def _record(self, people: Sequence[Person], agents: Sequence[Person]) -> dict[str, Any]:
        chance = self.chance
        code, name, unit, _ = chance.choices(self.order, self.popularity)[0]
        person = chance.choice(agents if chance.random() < _AGENT_SHARE else people)
        online = chance.random() < _ONLINE
        accepted = self._moment()
        at_once = chance.random() < 0.7
        later = chance.randint(4, 35) if at_once else chance.randint(1, 6) * 1440
        hall = chance.randrange(len(_HALLS))
        desks = random.Random(f"{unit}{hall}")
        window = f"{desks.choice('ABCD')}{desks.randint(1, 30) + chance.randint(0, 4):02d}"
        return {
            "taskCode": code,
            "taskName": name,
            "deptName": self.city.units[unit][0],
            "unit": unit,
            "proDepart": "" if online else window,
            "transactAddr": "" if online else _HALLS[hall],
            "userName": person.name,
            "mobile": person.phone,
            "userProp": person.kind,
            "pf": chance.choice((1, 2)) if online else 5,
            "projectType": 1 if at_once else 2,
            "proStatus": 3,
            "acceptDate": accepted,
            "resultDate": accepted + timedelta(minutes=later),
            "online": online,
        }

    def _moment(self) -> datetime:
        chance = self.chance
        while True:
            day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
            if day.weekday() < 5:
                break
        hour = chance.choices((9, 10, 11, 13, 14, 15, 16), (3, 4, 3, 2, 4, 3, 2))[0]
        minute = chance.randint(30, 59) if hour == 13 else chance.randrange(60)
        return datetime.combine(day, time(hour, minute, chance.randrange(60)), LOCAL)

    def _review(self, one: dict[str, Any], people: Sequence[Person]) -> tuple[dict[str, Any], bool]:
        chance = self.chance
        ways = _WAYS[1:3] if one["online"] else _WAYS
        way = chance.choices(ways, [way.share for way in ways])[0]
        assessed = one["resultDate"] + timedelta(minutes=chance.randint(*way.minutes))
        numbered = chance.random() < WITH_NUMBER
        row = {
            **self._grade(),
            "pf": way.channel,
            "assessTime": assessed,
            "userProp": one["userProp"],
            **self._person(one, way, people),
            **self._place(one, way),
            **self._time(one, way),
        }
        if numbered:
            row["projectNo"] = one["projectNo"]
        elif chance.random() < _SLIPPED:
            row["projectNo"] = self._slipped(one["projectNo"])
        return row, numbered

    def _grade(self) -> dict[str, Any]:
        """A grade; a bad one with what was ticked, or in words that name no service."""
        grade = self.chance.choices(list(_GRADES), list(_GRADES.values()))[0]
        found: dict[str, Any] = {"satisfaction": grade}
        if Grade(grade) in BAD:
            how = self.reasons.random()
            if how >= _WRITTEN:
                ticked = self.reasons.sample(sorted(TAGS[Grade(grade)]), k=2)
                found["evalDetail"] = ticked[: self.reasons.choice((1, 1, 2))]
            if how < _WRITTEN + _TICKED_AND_WRITTEN:
                found["writingEvaluation"] = self.reasons.choice(_COMPLAINTS)
        return found

    def _person(self, one: dict[str, Any], way: Way, people: Sequence[Person]) -> dict[str, str]:
        chance, found = self.chance, {}
        if chance.random() < way.phone:
            phone = one["mobile"]
            if chance.random() < way.other_phone:
                phone = chance.choice(people).phone
            elif chance.random() < _NOISE["wrong"]:
                place = chance.randrange(3, 11)
                phone = phone[:place] + chance.choice("0123456789") + phone[place + 1 :]
            found["mobile"] = phone
        if chance.random() < way.name:
            name = one["userName"]
            if chance.random() < _NOISE["misspelt"] / 3:
                name = name[:-1] + chance.choice(_GIVEN)
            found["userName"] = name
        return found

    def _place(self, one: dict[str, Any], way: Way) -> dict[str, str]:
        chance, found = self.chance, {}
        names = self.city.units[one["unit"]]
        item = next(item for item in self.city.items if item[0] == one["taskCode"])
        if chance.random() < way.item * (1 - _NOISE["missing"]):
            other = chance.choice([i for i in self.city.items if i[2] == item[2]])
            meant = other if chance.random() < _NOISE["wrong"] else item
            short = meant[3] and chance.random() < _NOISE["short"]
            found["taskName"] = self._spelt(chance.choice(meant[3]) if short else meant[1])
        if chance.random() < way.unit * (1 - _NOISE["missing"]):
            if chance.random() < _NOISE["wrong"]:
                names = self.city.units[chance.choice(self.city.items)[2]]
            found["deptName"] = self._spelt(
                chance.choice(names) if chance.random() < _NOISE["short"] else names[0]
            )
        if chance.random() < way.window:
            wrong = chance.random() < _NOISE["wrong"]
            found["proDepart"] = f"A{chance.randint(1, 30):02d}" if wrong else one["proDepart"]
        if chance.random() < way.place:
            wrong = chance.random() < _NOISE["wrong"]
            found["transactAddr"] = chance.choice(_HALLS) if wrong else one["transactAddr"]
        return {name: value for name, value in found.items() if value}

    def _time(self, one: dict[str, Any], way: Way) -> dict[str, str]:
        chance = self.chance
        if chance.random() >= way.day:
            return {}
        shift = chance.choices(list(_SHIFTED), list(_SHIFTED.values()))[0] * chance.choice((-1, 1))
        at = one["resultDate"] + timedelta(days=shift)
        if chance.random() < way.hour / way.day:
            at += timedelta(minutes=chance.randint(-40, 40))
            return {"handleTime": f"{at:%Y-%m-%dT%H:%M}"}
        return {"handleTime": f"{at:%Y-%m-%d}"}

    def _spelt(self, text: str) -> str:
        """``text``, sometimes with a sign of the same sound, one left out, or two swapped."""
        chance = self.chance
        if chance.random() >= _NOISE["misspelt"] or len(text) < 3:
            return text
        place = chance.randrange(len(text) - 1)
        alike = self.sounds.get(text[place], ())
        if alike and chance.random() < 0.6:
            return text[:place] + chance.choice(alike) + text[place + 1 :]
        if chance.random() < 0.5:
            return text[:place] + text[place + 1 :]
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    def _slipped(self, number: str) -> str:
        chance = self.chance
        for _ in range(1 if chance.random() < 0.7 else 2):
            place = chance.randrange(2, len(number) - 1)
            kind = chance.randrange(4)
            if kind == 0:
                number = number[:place] + number[place + 1 :]
            elif kind == 1:
                number = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            else:
                number = number[:place] + chance.choice("0123456789") + number[place + 1 :]
        return number


def _by_sound(names: Any) -> dict[str, list[str]]:
    signs = sorted({sign for name in names for sign in name if "\u4e00" <= sign <= "\u9fff"})
    sounds: dict[str, list[str]] = defaultdict(list)
    for sign in signs:
        sounds[syllables(sign)[0]].append(sign)
    return {s: [o for o in alike if o != s] for alike in sounds.values() for s in alike}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("unit", "online") and value != ""
    }
