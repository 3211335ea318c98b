"""What a citizen says of a service in order to rate it. Pure."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping

from intake.facts import find_time, without_contact, without_facts
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
    r"(?>办理|办|申请|申领|领|换|补办)(?:的|了|过)?+(?:个|那个)?+(?!事?情?(?:打|给|评|点|写|差评|好评))"
    r"(?P<item>[\u4e00-\u9fffA-Za-z]{2,16}?)(?=的|了|那|，|,|。|！|!|打|给|评|很|太|不|差|好|态度|服务|窗口|慢|$)"
)
# 给行政审批局打差评: an authority that the line does not know by name is kept as said.
_AUTHORITY = re.compile(
    r"[给对在去到]([\u4e00-\u9fff]{2,10}?(?:局|委|中心|派出所|大队|支队|分局|街道办|居委会|社区))"
)
# 办居住证 is the everyday name of an item, whose records are called 居住证签注.
_DOING = re.compile(r"^(?:办理|申请|办)(?=..)")
_DATE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?:(\d{1,3})[日号])?")
_BARE_GRADE = re.compile(
    r"(?:我)?(?:要|想)?(?:给|对|打|写|点|评价?|来)+(?:个|一个|一下)?|非常|很|不?(?:太)?满意|差评|好评|"
    r"[一二三四五1-5两]?颗?星|[一二三四五1-5两]分|[。！!，,了吧的]"
)
# What else stands around grade and matter without being a reason.
_FILLER = re.compile(
    r"[一二三四五六七八九十\d]*号?(?:窗口|窗)|窗口|大厅|刚才|刚刚|今天|昨天|上午|下午|在|去|到|那个|这个|那次|这次|评价|一下|"
    r"办(?:理|的|了|事|完)?|[我们的了得]"
)
# Words of a reason beside grade and matter; fewer are none.
_REASON_WORDS = 3
# Kept as the reason of a bad grade for which none was told.
NO_REASON = "没有说原因"
_NO_REASON = re.compile(
    r"(?:我)?(?:不(?:想|愿意?)?(?:说|讲|写|填)(?:原因|理由|了)?|(?:没(?:有|啥|什么)?|无)(?:什么)?(?:原因|理由|好说的|可说的)?|"
    r"(?:就是|反正)?(?:不爽|不高兴|不开心|不满意|不喜欢)|没有?为什么|[，,。！!\s吧啊呀了])+"
)
# What is no matter: greetings, a yes or no, not knowing.
_NO_MATTER = re.compile(
    r"(?:你好|您好|在吗|喂|嗯|哦|啊|好的?|行|可以|是的?|不是|对|没有?|不知道|不清楚|不记得|忘了?|记不清|随便|谢谢|再见|"
    r"什么|哪件|这次|那次|评价|差评|好评|打分|(?:不|非常|很)?满意|那件|这件|那个|这个|事情?|我|要|想|的|了|吗|吧|呢|呀|就|给|打)*"
)
WITHDRAWS = re.compile(
    r"(?:撤回|撤销|撤掉|收回|取消|删(?:除|掉|了)?|作废|改(?:一下|成|掉)?|修改).{0,8}(?:评价|差评|好评|评分|打分)|"
    r"(?:评价|差评|好评|评分).{0,6}(?:撤回|撤销|撤掉|收回|删掉|删除|作废|评错|打错|点错)|(?:评|打)错(?:分|评价|差评)?了"
)
ASKS_RECEIVED = re.compile(
    r"(?:收到|记上|记下|记录|登记|提交|评(?:上|成)|生效)(?:我的|我|这条|了|成功|评价|差评|好评|上)*(?:了)?(?:吗|没有?|么|不)[？?。]*$"
)


def plain(text: str) -> str:
    """``text`` with full-width digits and signs as plain ones, no space around it."""
    return unicodedata.normalize("NFKC", text).strip()


def impossible_date(text: str) -> str | None:
    """A date in ``text`` that no calendar has, as said: 13月45日."""
    for found in _DATE.finditer(plain(text)):
        year, month, day = int(found[1] or 2000), int(found[2]), int(found[3] or 1)
        if not 1 <= month <= 12 or not 1 <= day <= monthrange(max(year, 1), month)[1]:
            return found[0]
    return None


def is_matter(text: str) -> bool:
    """Whether ``text``, asked for what is rated, can be that: 养老金, not 5 or 你好."""
    return says_something(_FILLER.sub("", _BARE_GRADE.sub("", without_facts(text))))


def says_something(text: str) -> bool:
    """Whether ``text``, asked for a reason, can be one: 太慢, not 5 or 你好."""
    rest = re.sub(r"[\W\d_]", "", text)
    return len(rest) >= 2 and _NO_MATTER.fullmatch(rest) is None


def gives_no_reason(text: str) -> bool:
    """Whether ``text``, asked for a reason, says that there is none to be told: 没什么，就是不爽."""
    return _NO_REASON.fullmatch(text.strip()) is not None


def reason_of(text: str, said: Mapping[str, str], units: Mapping[str, str] | None = None) -> str:
    """``text`` when it tells more than grade and matter (``said``), else nothing.

    ``units`` as for `matter_of`: by whichever of its names the unit is called, it is no reason.
    """
    return text if len(_beside(text, said, units)) >= _REASON_WORDS else ""


def only_names(text: str, said: Mapping[str, str], units: Mapping[str, str]) -> bool:
    """Whether ``text`` is no more than the name of a unit or place that ``said`` was taken from."""
    rest = re.sub(r"[\W_]", "", _beside(text, said, units))
    return bool({"unit", "place", "window"} & said.keys()) and "item" not in said and not rest


def _beside(text: str, said: Mapping[str, str], units: Mapping[str, str] | None) -> str:
    rest = without_contact(text)
    names = [name for name, proper in (units or {}).items() if proper == said.get("unit")]
    for words in sorted([*said.values(), *names], key=len, reverse=True):
        rest = rest.replace(words, "")
    return _FILLER.sub("", _BARE_GRADE.sub("", rest))


_NO_ITEM = re.compile(r"^(?:事|业务|手续|证件|完|好|得|理|成|的|下来|一件事|事情|态度|服务)+$")


def grade_of(text: str) -> Grade | None:
    """The grade that ``text`` gives, by digit (5 best) or by word."""
    text = plain(text)
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
    elif (authority := _AUTHORITY.search(text)) and not _PLACE.search(text):
        found["unit"] = authority[1]
    if window := _WINDOW.search(text):
        found["window"] = _window(window[1])
    if place := _PLACE.search(text):
        found["place"] = place[1]
    if found and (day := find_time(text)) and not impossible_date(day):
        found["time"] = day
    return found


def _item(text: str, items: Iterable[str]) -> str | None:
    best = max((name for name in items if len(name) >= 2 and name in text), key=len, default="")
    if best:
        return _DOING.sub("", best)
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
