"""Where the matter of a message is: one place, or the few it can be, with a question to ask. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from units.addresses import plain_numbers
from units.gazetteer import AREAS, Area, Gazetteer, PlaceMatch
from units.place_patterns import crossing_end, is_denied

SAME_NAME = "同名地点"
BOUNDARY = "交界地点"

_EXACT, _UNKNOWN, _BUILDING = 6.0, 3.0, 1.0
_AREA = {"community": 3.5, "street": 1.5, "district": 1.0}
# The citizen's home, way and past are not where the matter is, unless nothing else is named.
_FROM_OR_TO = re.compile(
    r"(?:从|自|由|离开|路过|经过|通往|开往|去往|前往|到达|直达|发往|回到|赶往|去|往|(?<![看见遇碰听等走闻感])到|搬到|搬去|调到|转到)$"
)
_HOME = re.compile(
    r"(?:我|俺|咱|本人|我们|我家|家里?|父母|爸妈|老人|孩子|以前|原来|之前|一直|现在)?(?:就|都|是|也)?"
    r"(?:住在|家住|住|家在|户口在|老家在|户籍在|老家|上班在|工作在|开店在)$"
)
_WORK = re.compile(
    r"^(?:上班|工作|上学|读书|买菜|买的|办公|打工|当保安|做保洁|的?(?:业主|居民|住户|村民|商户|老板|租户)[,，。！])"
)
_PAST = re.compile(r"(?:以前|原来|之前|当年|过去|曾经)[^,，。；]{0,4}$")
_AS_BAD_AS = re.compile(r"(?:像|跟|比|不如|学学|人家)$")
_RELATION = re.compile(
    r"的?(?:斜对面|正对面|对面|对过|旁边|旁|边上|隔壁|附近|周边|周围|门前|门口|后门口?|后面|后边|背后|后身|前面|前边|楼下|楼上|里面|里头)"
)


@dataclass(frozen=True)
class Candidate:
    """One possible place: ``label`` says where it lies (城东区望湖街道), empty when unknown."""

    code: str | None
    street: str | None
    district: str | None
    label: str


@dataclass(frozen=True)
class Located:
    """Where the matter of a text is.

    ``text`` is what was said (house number, gate and "对面" included), ``address`` the same with
    numbers in digits. ``street`` and ``district`` are unit codes, None where the ``candidates``
    differ. ``reason`` says why there are several: the same name twice, or a boundary. ``question``
    asks for what tells them apart; None when they share a district.
    """

    text: str
    address: str
    name: str
    kind: str
    candidates: tuple[Candidate, ...]
    reason: str = ""
    question: str | None = None

    @property
    def street(self) -> str | None:
        streets = {candidate.street for candidate in self.candidates}
        return streets.pop() if len(streets) == 1 else None

    @property
    def district(self) -> str | None:
        districts = {candidate.district for candidate in self.candidates}
        return districts.pop() if len(districts) == 1 else None

    @property
    def label(self) -> str:
        """Where it lies, as people say it; both sides of a boundary."""
        return "、".join(dict.fromkeys(c.label for c in self.candidates if c.label))


def locate(gazetteer: Gazetteer, text: str) -> Located | None:
    """The place of the matter in ``text``; None when no place is named.

    Of several places the exact one wins over its area, and the scene over home, work and way.
    """
    matches = gazetteer.find(text)
    scored = [(_score(text, match), match) for match in matches]
    kept = [(score, match) for score, match in scored if not is_denied(text, match.start)]
    if not kept:
        return None
    best = max(kept, key=lambda pair: (pair[0], -pair[1].start))[1]
    same = [match for match in matches if match.start == best.start]
    crossed = _crossed(matches, best)
    if crossed and not {a.street for m in same for a in m.lies_in} & {
        a.street for m in crossed for a in m.lies_in if m.start != best.start
    }:
        # Roads of two streets that touch nowhere else: the crossing is on the boundary.
        same = [match for match in matches if match.start in {m.start for m in crossed}]
    said, address = _wording(text, best, crossed)
    candidates = _candidates(gazetteer, same, matches)
    reason = _reason(same, candidates)
    named = said if crossed else text[best.start : best.name_end]
    return Located(
        said,
        address,
        best.name,
        best.kind,
        candidates,
        reason,
        _question(named, reason, candidates),
    )


def without_names(gazetteer: Gazetteer, text: str, located: Located | None) -> str:
    """``text`` without the names that say nothing of the matter, for reading what it is about.

    The names of roads (纺织路) and of places beside the scene (湿地公园旁边的路灯) speak of other
    matters; the scene itself stays, because a park or a school may be what it is about.
    """
    scene = located.text if located else ""
    names = {
        (match.start, match.name_end)
        for match in gazetteer.find(text)
        if match.kind == "road"
        or (
            match.kind in ("estate", "village", "landmark")
            and match.name_end
            and match.code
            and not scene.startswith(text[match.start : match.name_end])
        )
    }
    for start, end in sorted(names, reverse=True):
        text = text[:start] + text[end:]
    return text


def _score(text: str, match: PlaceMatch) -> float:
    before, after = text[: match.start], text[match.end :]
    if match.code is None:
        score = _BUILDING if match.kind == "building" else _UNKNOWN
    else:
        score = _AREA.get(match.kind, _EXACT)
    if re.match(r"(?:号|栋|幢|弄|\d)", text[match.name_end :]) or match.crossing:
        score += 0.5
    if _AS_BAD_AS.search(before) or _PAST.search(before):
        return score - 5
    if _FROM_OR_TO.search(before) and not _WORK.match(after):
        score -= 2.5
    if _HOME.search(before) or _WORK.match(after):
        score -= 2.0
    return score


def _crossed(matches: list[PlaceMatch], best: PlaceMatch) -> list[PlaceMatch]:
    """The two roads of a crossing that ``best`` is one of; empty for any other place."""
    if not best.crossing:
        return []
    roads = {m.start: m for m in matches if m.crossing}
    starts = sorted(roads)
    here = starts.index(best.start)
    pair = starts[here : here + 2] if here % 2 == 0 else starts[here - 1 : here + 1]
    return [roads[start] for start in pair]


def _wording(text: str, best: PlaceMatch, crossed: list[PlaceMatch]) -> tuple[str, str]:
    if len(crossed) == 2:
        first, second = crossed
        said = text[first.start : max(second.end, crossing_end(text, second.name_end))]
        return said, f"{first.name}与{second.name}交叉口"
    relation = _RELATION.match(text, best.end)
    end = relation.end() if relation else best.end
    tail = plain_numbers(text[best.name_end : best.end])
    return text[best.start : end], text[best.start : best.name_end] + tail + text[best.end : end]


def _candidates(
    gazetteer: Gazetteer, same: list[PlaceMatch], matches: list[PlaceMatch]
) -> tuple[Candidate, ...]:
    found: dict[tuple[str | None, Area], Candidate] = {}
    for match in same:
        areas = match.lies_in or (_setting(match, matches),)
        for area in areas:
            label = gazetteer.label(area)
            found[match.code, area] = Candidate(match.code, area.street, area.district, label)
    return tuple(found.values())


def _setting(unknown: PlaceMatch, matches: list[PlaceMatch]) -> Area:
    """Where a name that the territory does not know lies, by the areas named beside it."""
    areas = [m for m in matches if m.kind in AREAS and m.code]
    streets = {m.street for m in areas if m.street}
    districts = {m.district for m in areas if m.district}
    return Area(
        streets.pop() if len(streets) == 1 else None,
        districts.pop() if len(districts) == 1 else None,
    )


def _reason(same: list[PlaceMatch], candidates: tuple[Candidate, ...]) -> str:
    if len({match.code for match in same}) > 1 and len({match.start for match in same}) == 1:
        return SAME_NAME
    return BOUNDARY if len(candidates) > 1 else ""


def _question(name: str, reason: str, candidates: tuple[Candidate, ...]) -> str | None:
    if len({candidate.district for candidate in candidates}) < 2:
        return None
    labels = "、".join(dict.fromkeys(c.label for c in candidates if c.label))
    if reason == SAME_NAME:
        return f"有不止一处叫“{name}”：{labels}，请问是哪一处？"
    return f"“{name}”跨{labels}，请问在哪一边，或者门牌号是多少？"
