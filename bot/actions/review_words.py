"""What a citizen says of a service in order to rate it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from intake.facts import find_time
from reviews.grades import Grade
from reviews.own_records import find_number

DIGIT = re.compile(r"^\s*([1-5])\s*(?:分|星)?[。！!]?$")
_GRADES = (
    (Grade.VERY_DISSATISFIED, re.compile(r"非常不满意|很不满意|太差|差劲|极差")),
    (Grade.DISSATISFIED, re.compile(r"不(?:太)?满意|差评|没解决|不行")),
    (Grade.FAIR, re.compile(r"基本满意|一般|还行|凑合")),
    (Grade.VERY_SATISFIED, re.compile(r"非常满意|很满意|特别满意|五星|好评")),
    (Grade.SATISFIED, re.compile(r"满意|不错|挺好")),
)
ASKS_TO_RATE = re.compile(
    r"(?:打|给|写|点|评)[^，,。]{0,6}(?:差评|好评|[一二三四五1-5两]?颗?星|[一二三四五1-5两]分)"
    r"|(?:要|想|来|做)(?:个|一下)?评价|差评|好评"
)
# A complaint beside a review is a case of its own, and the citizen says which is meant.
COMPLAINS = re.compile(
    r"(?:要|想|来|得|再)(?:个|一下)?(?:投诉|举报)|投诉(?:他|她|这|那|你|工作人员|窗口)"
)
# Reviews of shops and apps are theirs: 商家因为我给了差评打电话骂我 is a matter.
SELLERS = re.compile(r"商家|店家|老板|外卖|骑手|网购|网店|淘宝|卖家|司机|快递|酒店|宾馆|饭店|餐馆")
_DIGITS = {name: str(at) for at, name in enumerate("零一二三四五六七八九")}
_WINDOW = re.compile(r"([A-Za-z]?\d{1,3}|[一二三四五六七八九十]{1,3})\s*号?(?:窗口|窗|台|柜台)")
_PLACE = re.compile(
    r"([^\W给在去到对要了的评价办天午投诉]{0,8}(?:政务(?:服务)?(?:中心|大厅)|办事大厅|办税厅|便民中心|大厅))"
)
_DONE = re.compile(
    r"(?:办理?|申请|申领|领|换|补办)(?:的|了|过)?(?:个|那个)?"
    r"(?P<item>[\u4e00-\u9fffA-Za-z]{2,16}?)(?=的|了|那|，|,|。|！|!|打|给|评|很|太|不|差|好|态度|服务|窗口|慢|$)"
)
_NO_ITEM = re.compile(r"^(?:事|业务|手续|证件|完|好|得|理|成|的|下来|一件事|事情|态度|服务)+$")


def grade_of(text: str) -> Grade | None:
    """The grade that ``text`` gives, by digit (5 best) or by word."""
    digit = DIGIT.match(text)
    if digit:
        return Grade(int(digit[1]))
    return next((grade for grade, pattern in _GRADES if pattern.search(text)), None)


def matter_of(text: str, items: Iterable[str], units: Mapping[str, str]) -> dict[str, str]:
    """What ``text`` says it is about, by the names of `Review.said`; empty when it does not say.

    ``items`` are names of items, proper and everyday ones; ``units`` names of units with the proper
    one of each. What is named is kept as said: several items may go by one everyday name. A day alone says nothing and is left out.
    """
    found: dict[str, str] = {}
    if number := find_number(text):
        found["number"] = number
    if item := _item(text, items):
        found["item"] = item
    named = [name for name in units if len(name) >= 3 and name in text]
    if named:
        found["unit"] = units[max(named, key=len)]
    if window := _WINDOW.search(text):
        found["window"] = _window(window[1])
    if place := _PLACE.search(text):
        found["place"] = place[1]
    if found and (day := find_time(text)):
        found["time"] = day
    return found


def _item(text: str, items: Iterable[str]) -> str | None:
    best = max((name for name in items if len(name) >= 2 and name in text), key=len, default="")
    if best:
        return best
    done = _DONE.search(text)
    return done["item"] if done and not _NO_ITEM.match(done["item"]) else None


def _window(said: str) -> str:
    if said.isascii():
        return said.upper()
    tens, ten, ones = said.rpartition("十")
    if ten:
        return (_DIGITS.get(tens, "1") if tens else "1") + (_DIGITS.get(ones, "0") if ones else "0")
    return "".join(_DIGITS[one] for one in said)


def told(said: Mapping[str, str]) -> str:
    """The same in words: 昨天在示例市政务服务中心 3 号窗口办的居住证."""
    at = said.get("place") or said.get("unit") or ""
    window = f"{said['window']}号窗口" if said.get("window") else ""
    where = f"在{at}{window}" if at or window else ""
    item = said.get("item") or (f"办件{said['number']}" if said.get("number") else "事")
    return f"{said.get('time', '')}{where}办的{item}"
