"""The form behind the talk. Pure: a matter absorbs what was heard, and says what to ask next.

Five elements make a case (who, when, where, what began it, how it went); what is unclear is still
accepted when there is a way to reach the citizen, so nothing is asked more than twice.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from cases.vocabulary import TYPE_NAMES, CaseType
from intake.facts import Facts, without_facts

UNKNOWN = "未说明"
MAX_ASKED = 2
# Below this (0-1) a category names the matter worse than the citizen's own words.
_SURE_TOPIC = 0.35
# A matter of these kinds makes sense without a place and a time.
_NO_PLACE = frozenset({CaseType.CONSULTATION, CaseType.SUGGESTION, CaseType.PRAISE})
# Asked for these, 18号 is the number of a house.
_PLACE_ASKED = ("place", "place_choice", "place_detail")


class Place(BaseModel):
    """Where: ``text`` as said; the codes of the territory it was found in, if it was."""

    text: str
    code: str | None = None
    street: str | None = None
    district: str | None = None
    label: str = ""

    @property
    def choice(self) -> str:
        """What a quick reply that chooses this place carries; both sides of a boundary differ."""
        return f"{self.code}@{self.street or self.district or ''}"


class Matter(BaseModel):
    """One matter being taken in, as far as it is known.

    ``caller`` is the number that the door saw, ``spoken``: told by telephone; ``others`` are the further matters of the same
    message, filed with this one as cases of their own.
    """

    words: list[str] = []
    type: CaseType | None = None
    category: str | None = None
    category_name: str = ""
    category_score: float = 0.0
    around_the_clock: bool = False
    reasons: list[str] = []
    place: Place | None = None
    place_options: list[Place] = []
    since: str | None = None
    name: str | None = None
    phone: str | None = None
    anonymous: bool = False
    confidential: bool | None = None
    on_behalf_of: str | None = None
    urgent: bool = False
    attachments: list[str] = []
    location: dict[str, Any] | None = None
    caller: str | None = None
    spoken: bool = False
    others: list[Matter] = []
    awaiting: str | None = None
    asked: dict[str, int] = {}

    @property
    def detail(self) -> str:
        """Everything the citizen said about the matter, in order."""
        return "；".join(self.words)


class Heard(BaseModel):
    """One message with everything that was read from it."""

    text: str
    act: str = "inform"
    facts: Facts
    places: list[Place] = []
    category: tuple[str, str, float, list[str]] | None = None


_OPENING = re.compile(
    r"^(?:你好|您好|喂|那个|嗯|我)*[，, ]*(?:我)?(?:想要?|要|需要)?(?:来)?(?:打电话)?(?:投诉|举报|反映|反应|求助|报修|建议|表扬|报|提)"
    r"(?:一下|一个|个|一件|件)*(?:问题|情况|事情|事|意见|建议)?(?:一下)?[。！!，,]*$"
)
_GATE = re.compile(r"[东南西北正侧后大][大侧]?门")
_HOUSE = re.compile(
    r"(?<![月\d])(?:\d+|[一二三四五六七八九十百]+)号(?!线|楼|开始|以后|之后|到|那天|就)"
)
_AT_GATE = re.compile(r"大?门(?:口|外|前|旁)$|大门$")
_AT_A_GATE = re.compile(r"门口|大门|门(?:外|前|旁)")
_HAS_GATES = re.compile(
    r"(?:小区|花园|家园|公寓|[苑园邨村城庭府]|大学|学院|中学|小学|学校|医院|公园|市场|广场)$"
)
# What a wish to file and the facts of a form are made of: without them nothing of a matter is left.
_FRAME = re.compile(
    r"(?:事发|具体)?(?:地址|地点|位置|电话|手机号?|联系方式|联系人|姓名|时间|类型)(?:是|为|：|:)?"
    r"|(?:你好|您好|喂|请|麻烦|那个|我|想|要|需要|来|给|打电话|投诉|举报|反映|反应|求助|报修|建议|表扬|登记|一下|一个|一件|个|问题|情况|事情?|在|这里|这边|了|的|吧|啊|哈)"
)
# What stands around a time, a number, a name or a wish and says nothing itself.
_AROUND = re.compile(
    r"大概|大约|差不多|好像|应该|可能|已经|左右|前后|期间|那天|那会儿|的?时候|开始|以来|以后|之后|发生|出现|一直|持续|到现在|至今|联系|处理|可以|就行|"
    r"[从自就是有都起到打用留行好吗呢呀哦嗯吧]"
)
_THIS_NUMBER = re.compile(
    r"(?:打|用|就|留|是)?(?:我)?(?:现在)?(?:这个|本机|来电|打过来的?|打进来的?|当前)(?:的)?(?:手机)?(?:号码?|电话|手机)|^(?:就)?(?:这个|本机)(?:号|就行|可以)"
)
# A road and nothing that tells the spot in it.
_ROAD_ALONE = re.compile(
    r"[^\d、，,和与口旁边附近对面]{1,10}(?:路|街|大道|巷|胡同|公路|大街)(?:上|那边|这边|那里|这里)?"
)
# A place that has no name: whoever is not the citizen cannot find it.
_NAMELESS = re.compile(
    r"(?:我们|我们家|我家|咱们?|咱家|你们|这个?|那个?|本)?(?:小区|楼下|楼上|楼道|学校|公司|单位|村里|村口|门口|路边|隔壁|对面|附近)(?![路街巷])"
    r"[^\d路街道巷号]*"
)
_LEAD_IN = re.compile(
    r"^(?:就)?(?:是)?(?:在|位于|地址(?:是|：|:)?|地点(?:是|：|:)?|改(?:成|为)|应该是|不(?:对|是)[，, ]*(?:不对[，, ]*)?(?:是|应该是)?)+"
)
_TIME_OF_DAY = re.compile(
    r"早上|早晨|清晨|上午|中午|下午|傍晚|晚上|夜里|夜间|半夜|深夜|凌晨|大清早|现在"
)
_CORRECTION = re.compile(r"不对|不是|错了|改(?:成|为|一下)?|应该是|写错|更正|纠正")


def is_opening(text: str) -> bool:
    """True for "我要投诉" and the like: a wish to file that says nothing of the matter."""
    return bool(_OPENING.match(text.strip()))


def absorb(matter: Matter, heard: Heard) -> Matter:
    """The matter after ``heard``. Answers what was asked, then takes whatever else was said."""
    new = matter.model_copy(deep=True)
    awaiting, text = new.awaiting, heard.text.strip()
    facts, wholly = heard.facts, _is_wholly_facts(heard)
    _take_wishes(new, facts)
    _take_caller(new, heard)
    if awaiting == "confirm":
        _correct(new, heard)
        return new
    if awaiting in (None, "matter"):
        if text and not wholly and not is_opening(text) and tells_something(heard):
            new.words.append(text)
    elif not wholly and _adds_matter(new, heard):
        new.words.append(text)
    if awaiting == "place_detail":
        _take_detail(new, heard)
    else:
        better = _is_place(heard) and new.place is not None and new.place.code is None
        _take_place(new, heard, asked=better or awaiting in ("place", "place_choice"))
    vague = new.since == UNKNOWN or bool(_TIME_OF_DAY.fullmatch(new.since or ""))
    if facts.since and (new.since is None or awaiting == "since" or (wholly and vague)):
        if not (awaiting in _PLACE_ASKED and _is_house(heard)):
            new.since = _since(new.since, facts.since)
    elif awaiting == "since" and not (
        wholly or facts.phone or _gate_of(text) or _is_place(heard) or _adds_matter(new, heard)
    ):
        new.since = _since(new.since, UNKNOWN if facts.dont_know else text[:60])
    if awaiting == "contact" and not (wholly or facts.phone or facts.anonymous):
        if heard.act == "deny" or facts.dont_know or re.match(r"^不(?:用|想|要|留|方便)", text):
            new.anonymous = True
        elif new.name is None and re.fullmatch(r"[一-龥·]{2,4}", text):
            new.name = text
    return new


def _since(known: str | None, said: str) -> str:
    """ "半夜" tells the time of day; since when comes beside it."""
    if known and _TIME_OF_DAY.fullmatch(known) and known not in said:
        return known if said == UNKNOWN else f"{known}，{said}"
    return said


def _take_wishes(new: Matter, facts: Facts) -> None:
    if facts.phone:
        new.phone, new.anonymous = facts.phone, False
    if facts.name:
        new.name = facts.name
    if facts.anonymous:
        new.anonymous, new.phone, new.name = True, None, None
    if facts.confidential is not None:
        new.confidential = facts.confidential
    if facts.on_behalf_of is not None:
        new.on_behalf_of = facts.on_behalf_of or None


def tells_something(heard: Heard) -> bool:
    """Whether a message says what the matter is, besides a wish to file and where, when, who."""
    rest = heard.text
    for fact in (heard.facts.since, heard.facts.phone, heard.facts.name):
        rest = rest.replace(fact, "") if fact else rest
    for place in heard.places:
        rest = rest.replace(place.text, "")
    return len(re.sub(r"[\W\d_]", "", _FRAME.sub("", rest))) >= 2


def _is_wholly_facts(heard: Heard) -> bool:
    """Whether a message is nothing but times, telephone numbers, names and wishes: no answer to a
    question for anything else."""
    facts = heard.facts
    told = bool(facts.phone or facts.name or facts.since or facts.anonymous or facts.on_behalf_of)
    told = told or facts.confidential is not None or bool(_THIS_NUMBER.search(heard.text))
    if not told or heard.places or _gate_of(heard.text):
        return False
    rest = _THIS_NUMBER.sub("", without_facts(heard.text))
    return not re.sub(r"[\W_]", "", _FRAME.sub("", _AROUND.sub("", rest)))


def _is_place(heard: Heard) -> bool:
    """Whether a message is the name of a place and nothing else."""
    rest = _LEAD_IN.sub("", heard.text.strip())
    for place in heard.places:
        rest = rest.replace(place.text, "")
    return bool(heard.places) and not re.sub(r"[\W_]", "", _AROUND.sub("", rest))


def is_nameless(place: Place) -> bool:
    """Whether a place has no name that others know it by: 小区门口烧烤店."""
    return place.code is None and place.street is None and bool(_NAMELESS.fullmatch(place.text))


def _is_house(heard: Heard) -> bool:
    """Whether what looks like a date may be the number of a house: 18号, but not 18号开始."""
    house = _HOUSE.search(heard.text)
    return house is not None and house[0] == heard.facts.since


def _take_caller(new: Matter, heard: Heard) -> None:
    """The number that the citizen calls from, when it is said to be the one."""
    if new.caller is None or heard.facts.phone:
        return
    agreed = new.awaiting == "contact" and heard.act == "affirm"
    if agreed or _THIS_NUMBER.search(heard.text):
        new.phone, new.anonymous = new.caller, False


def _gate_of(text: str) -> str | None:
    found = _GATE.search(text)
    return found[0] if found else None


def _take_detail(new: Matter, heard: Heard) -> None:
    """Which gate it is, or whatever else tells the spot; more of it belongs to the matter."""
    assert new.place is not None
    text, gate = heard.text.strip(), _gate_of(heard.text)
    if wants_spot(new):
        road = new.place.text
        whole = next((p for p in heard.places if p.text.startswith(road) and p.text != road), None)
        if whole is not None:
            new.place = whole
            return
    if gate is None:
        wholly = _is_wholly_facts(heard) and not _is_house(heard)
        wholly = wholly or heard.act in ("affirm", "deny")
        if not (wholly or heard.facts.dont_know or heard.facts.phone) and len(text) <= 20:
            spot = _LEAD_IN.sub("", text.rstrip("，。 ")) or text
            new.place = new.place.model_copy(update={"text": new.place.text + spot})
        return
    new.place = new.place.model_copy(update={"text": premises(new.place.text) + gate})
    beside = _LEAD_IN.sub("", text.replace(gate, "", 1)).strip("，,。 ")
    if len(beside) >= 3:
        new.words.append(beside)


def _wants_gate(new: Matter) -> bool:
    """Whether the matter is at a gate of a place that has several, and it is not said which."""
    place = new.place
    if place is None or _gate_of(place.text) or not _HAS_GATES.search(premises(place.text)):
        return False
    after = new.detail.partition(premises(place.text))[2][:6]
    return _gate_of(after) is None and bool(_AT_A_GATE.search(after))


def wants_spot(new: Matter) -> bool:
    """Whether all that is known of the place is a road. Who tells it by telephone sends no picture and
    no position, so where in the road is asked, once."""
    return new.spoken and new.place is not None and bool(_ROAD_ALONE.fullmatch(new.place.text))


def premises(place: str) -> str:
    """The place itself of one that is said to be at its gate: 云溪苑 of 云溪苑门口."""
    return _AT_GATE.sub("", place)


def _adds_matter(new: Matter, heard: Heard) -> bool:
    """Whether an answer tells something of the matter besides what was asked."""
    return (heard.act == "file_case" and len(heard.text) >= 8) or not new.words


def _take_place(new: Matter, heard: Heard, *, asked: bool) -> None:
    text = heard.text.strip()
    if asked and new.place_options:
        chosen = [p for p in new.place_options if p.label and _mentions(text, p.label)]
        areas = all(p.code in (p.street, p.district) for p in heard.places)
        if len(chosen) == 1:
            new.place, new.place_options = chosen[0], []
            return
        if areas:
            # Another district, or nothing that tells them apart: asked once more.
            return
    if heard.places and (new.place is None or asked):
        _settle_place(new, heard.places)
    elif asked and heard.facts.dont_know:
        new.place = new.place or Place(text=UNKNOWN)
    elif _is_wholly_facts(heard) and not _is_house(heard):
        return
    elif asked and text and not heard.facts.phone and len(text) <= 60:
        new.place = Place(text=_LEAD_IN.sub("", text) or text)


def _settle_place(new: Matter, places: list[Place]) -> None:
    """Take the first place, or leave several of its name to be told apart."""
    same_name = [p for p in places if p.text == places[0].text]
    new.place_options = same_name if len(same_name) > 1 else []
    new.place = None if new.place_options else places[0]


def _mentions(text: str, label: str) -> bool:
    """Whether ``text`` names a part of ``label``: 城东 or 春晖 of 城东区春晖街道."""
    parts = re.findall(r"[^区县街道镇乡]{2,}(?:区|县|街道|镇|乡)", label) or [label]
    return any(re.sub(r"(?:区|县|街道|镇|乡)$", "", part) in text for part in parts)


def _names(heard: Heard) -> bool:
    """Whether a place is named, and not by a number alone."""
    return any(
        re.search(r"[一-龥]{2}", _HOUSE.sub("", p.text).replace("门口", "")) for p in heard.places
    )


def _correct(new: Matter, heard: Heard) -> None:
    text, facts = heard.text.strip(), heard.facts
    changed = facts.phone or facts.name or facts.anonymous or facts.confidential is not None
    changed = changed or facts.on_behalf_of is not None
    gate, house = _GATE.search(text), _HOUSE.search(text)
    since = facts.since
    if house and new.place is not None and _HOUSE.search(new.place.text) and not _names(heard):
        # "应该是20号": another number in the same road, no date.
        new.place = new.place.model_copy(update={"text": _HOUSE.sub(house[0], new.place.text)})
        since, changed = None if since and since in house[0] else since, True
    elif heard.places:
        _settle_place(new, heard.places)
        changed = True
    elif gate and new.place is not None:
        old = new.place.text
        renamed = _GATE.sub(gate[0], old) if _GATE.search(old) else premises(old) + gate[0]
        new.place = new.place.model_copy(update={"text": renamed})
        changed = True
    if since:
        new.since = since
        changed = True
    for kind, name in TYPE_NAMES.items():
        if re.search(rf"(?:是|改成|改为|算){name}", text):
            new.type = kind
            changed = True
    if not changed and heard.act not in ("affirm", "deny") and len(text) >= 4:
        cleaned = re.sub(r"^(?:还有|补充|另外)(?:一下|一点)?[，,：:]?", "", text)
        if not _CORRECTION.fullmatch(text):
            new.words.append(cleaned or text)


def settle(matter: Matter) -> Matter:
    """Decide what the next question is and count it; afterwards ``awaiting`` says which."""
    new = matter.model_copy(deep=True)
    new.awaiting = _next(new)
    if new.awaiting != "confirm":
        new.asked[new.awaiting] = new.asked.get(new.awaiting, 0) + 1
    return new


def _next(new: Matter) -> str:
    def may_ask(slot: str) -> bool:
        return new.asked.get(slot, 0) < MAX_ASKED

    if not new.words:
        return "matter"
    if new.place_options and may_ask("place_choice"):
        return "place_choice"
    if new.place_options:
        # Not told apart after being asked: the name stands, the dispatcher finds out which.
        new.place, new.place_options = Place(text=new.place_options[0].text), []
    needs_place = new.type not in _NO_PLACE
    if new.place is None and needs_place:
        if may_ask("place"):
            return "place"
        new.place = Place(text=UNKNOWN)
    nameless = needs_place and new.place is not None and is_nameless(new.place)
    if nameless and not new.location and not new.asked.get("place"):
        return "place"
    vague = needs_place and wants_spot(new) and not new.location
    if (_wants_gate(new) or vague) and not new.asked.get("place_detail"):
        return "place_detail"
    # Who reports unlawful conduct says when it can be seen; since when is for the inspectors.
    enough = new.type is CaseType.REPORT
    if needs_place and (new.since is None or (_TIME_OF_DAY.fullmatch(new.since) and not enough)):
        if may_ask("since") and not (new.since and new.asked.get("since")):
            return "since"
        new.since = new.since or UNKNOWN
    if new.phone is None and not new.anonymous:
        if may_ask("contact"):
            return "contact"
        new.anonymous = True
    return "confirm"


def contact_of(given: Matter, before: Matter) -> dict[str, Any]:
    """Who speaks and how, of several matters: what one of them was just told, else as before."""
    names = ("phone", "name", "anonymous", "confidential", "on_behalf_of")
    return {name: getattr(given, name) or getattr(before, name) for name in names}


def each(matter: Matter) -> list[Matter]:
    """The matter and its others, each whole: the same person speaks in all of them."""
    shared = {
        "phone": matter.phone,
        "name": matter.name,
        "anonymous": matter.anonymous,
        "confidential": matter.confidential,
        "on_behalf_of": matter.on_behalf_of,
    }
    first = matter.model_copy(update={"others": []})
    return [first, *(other.model_copy(update=shared) for other in matter.others)]


def is_confidential(matter: Matter) -> bool:
    """Secrecy as wished; a report (举报) is confidential unless the citizen says otherwise."""
    if matter.confidential is not None:
        return matter.confidential
    return matter.type is CaseType.REPORT


def _first_words(detail: str, place: str) -> str:
    """The first clause that says what the matter is: not who speaks, and not where alone."""
    clauses = [c for c in re.split(r"[，。,；;！!？?\s]", detail) if c]
    for clause in clauses:
        rest = _FRAME.sub("", without_facts(clause.replace(place, "") if place else clause))
        if len(re.sub(r"[\W\d_住]", "", rest)) >= 3:
            return clause[:30]
    return clauses[0][:30] if clauses else ""


def title(matter: Matter) -> str:
    """A short title for lists: place and category, or the first words when that is a guess."""
    place = matter.place.text if matter.place and matter.place.text != UNKNOWN else ""
    first = _first_words(matter.detail, place)
    sure = matter.category_name and matter.category_score >= _SURE_TOPIC
    what = matter.category_name if sure else first
    return (what if place and place in what else f"{place} {what}").strip()[:60]
