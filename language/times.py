"""When something happens, as a text says it, and which days that means. Pure, over a given now.

Times are kept as they were said (每晚十一点以后); `resolve` says which days a relative one means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from language.places import Said

_N = r"(?:\d+|好几|[一二两三四五六七八九十几半多]+|[二三四五六七八九]?十[一二三四五六七八九几来]?)"
_YEAR = r"(?:(?:19|20)\d\d年(?:的)?|二零[零一二]\S年|去年|今年|前年|大前年|当年|明年)"
_MONTH = r"(?:腊月|正月|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月份?(?:初|底|中旬|上旬|下旬)?|上个?月(?:初|底)?|这个月|本月|月初|月底)"
_DATE = r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})[号日](?!楼|院|线|门|店|桌|房|地|口|公馆|窗|那?栋|厂|车|单元))"
_DAY = (
    r"(?:大前天|前天|昨[天日]|今天|今日|[今昨前][早晚夜](?!上)|[今昨](?=早上|晚上)|前几天|前阵子|前段时间|那天|(?:这|前)(?:几|两|些)天|(?:这|上)两天|最近|近期|近来|这段时间|"
    r"(?:上|这|本|下)(?:个)?(?:周|星期|礼拜)(?:[一二三四五六日天末])?|(?:周|星期|礼拜)[一二三四五六日天](?:[、和到至]?(?:周|星期|礼拜)?[一二三四五六日天])?|周末|双休日|节假日|工作日|"
    r"大年(?:三十|初[一二三])|春节|国庆|五一|元旦|端午|中秋|清明|除夕|暑假|寒假|开学|入(?:夏|冬|秋|春)|(?:今年|去年)?(?:夏|冬|秋|春)天|白天|大白天|大晚上|白天晚上|上下学|早晚高峰|早高峰|晚高峰|下班(?:那会儿|的时候|时间|高峰)|上班(?:那会儿|的时候|高峰)|放学(?:的时候|那会儿)?|饭点)"
)
_PART = r"(?:大清早|清早|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|夜里|夜间|后半夜|大半夜|半夜|深夜|凌晨|[早晚夜](?=\d|[一二三四五六七八九十]))"
_CLOCK = r"(?:(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点(?!(?:名|评|赞|外卖|火|钱|事|了|儿|也|都|心|击|像|头|半点|\S{0,2}办法))(?:半|多钟?|钟|左右|来钟|\d{1,2}分?|[一二三四五]?十[一二三四五六七八九]?分?)?|\d{1,2}[:：]\d\d)"
_EVERY = r"(?:(?:每|天天)(?:天|晚|日|夜|周|年|个月|个?星期|个?周末)|天天|夜夜|整天|整晚|整夜|一天到晚|隔三差五|三天两头)"
_UNTIL = r"(?:到|至|—|-|~|－)"
_AFTER = r"(?:以后|之后|以来|左右|前后|那天|的时候|开始|起)"
_POINT = rf"(?:{_EVERY}(?:{_DAY})?{_PART}?{_CLOCK}?|(?:{_YEAR}(?:{_MONTH}{_DATE}?|{_DAY})?|{_MONTH}{_DATE}?|{_DATE}|{_DAY}){_PART}?{_CLOCK}?|{_PART}{_CLOCK}?|{_CLOCK})"
_RANGE = (
    rf"{_POINT}(?:{_UNTIL}(?:{_DAY})?{_PART}?(?:{_CLOCK}|半夜|天亮))?(?:以后|之后|那天|那会儿)?"
)
_SPAN = (
    rf"(?:(?:得有|将近|差不多|大概|快)?(?:{_N}(?:来|多)?个(?:半|多)?(?:月|季度)(?:多)?|{_N}(?:来|多)?个?(?:半|多)?(?:小时|钟头|星期|礼拜)(?:多)?|"
    rf"{_N}(?:来|多)?(?:天|周|年|夜|分钟)(?:多)?|半(?:个)?(?:多)?(?:月|年|天|小时|钟头)(?:多)?))"
)
_JUST = r"(?:刚刚|刚才|方才|这会儿)"
_TIMES = re.compile(
    rf"(?<=一到){_PART}|{_EVERY}{_PART}?{_CLOCK}?(?:{_UNTIL}{_PART}?{_CLOCK})?(?:以后|之后)?|{_SPAN}(?![前后内](?:来|交|办|答|到)|期|卡|级|岁|租|费|假|票|收|一?(?:班|趟|次|块|个人|{_N}块))(?:以前|之前|前(?![来交办答到半后]))?|{_JUST}|{_RANGE}"
)
_COUNTED = re.compile(
    r"(?:第|[质保修]{2}期?|合同|交了|办了|签了|租了|充了|买了|吃了|喝了|年卡|每月扣|满)$"
)
# Ages, deadlines, prices and waits that are no time of the matter.
_NOT_AFTER = re.compile(
    r"^(?:岁|以?内(?:答复|办结)|的?(?:保修|质保|合同|年卡|会员|课|学费|租金|房租)|\s?\d|的定金|就没了|给(?:我)?(?:答复|信))"
)
_NOT_BEFORE = re.compile(
    r"(?:才|不到|不超过|只有|只剩|窗口|验收|保修期?|约好|承诺|说好|规定|答应|延到|延长到|开到|改到|等(?:了)?|排队?(?:排)?(?:了)?|排(?:了)?|干了|工作了|交房|住了|用了|都快|抢|尾号|挂|二零一|打他?就|截止|赔|我家)$"
)
# The year of a purchase or a birth; beside it the time of the matter stands.
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d年|二零[零一二]\S年")
# 晚一点, 加长一点: no clock.
_A_LITTLE = re.compile(r"晚?[一二]点")
_LASTS = re.compile(r"[月年天周夜期拜时头]多?$")
# 一个礼拜透析三回, 一个月六百块: how often, and what it costs.
_RATE = re.compile(r"[^，,。]{0,3}[一二三四五六七八九十几百千\d]+(?:次|回|趟|块|个人|个钱)")
_HABIT = re.compile(r"每|天天|夜夜|隔三差五|三天两头")
_DEADLINE = re.compile(r"(?:延到|延长到|改到|开到|承诺|说好|规定|答应|限)[^，,。]{0,2}$")


def find_times(text: str, places: Iterable[tuple[int, int]] = ()) -> list[Said]:
    """The times in ``text`` at which the matter happens, since when, or how long, as said.

    ``places`` are stretches that are places: 18号 of a road is no date.
    """
    masked = text
    for start, end in places:
        masked = masked[:start] + "　" * (end - start) + masked[end:]
    found = []
    for match in _TIMES.finditer(masked):
        said = _trimmed(match)
        if said is not None and not _is_other(masked, said):
            found.append(said)
    dated = [said for said in found if not _YEAR_ALONE.fullmatch(said.text)]
    return list({said.text: said for said in dated or found}.values())


def _trimmed(match: re.Match[str]) -> Said | None:
    said = re.sub(
        r"^(?:得有|将近|差不多|大概|快)(?=[一二两三四五六七八九十几半\d])", _kept, match[0]
    )
    start = match.end() - len(said)
    said = said.strip("的了 ")
    return Said(said, start, start + len(said)) if len(said) > 1 else None


def _kept(lead: re.Match[str]) -> str:
    return lead[0] if lead[0] in ("得有", "快") else ""


def _is_other(text: str, said: Said) -> bool:
    before, after = text[: said.start], text[said.end :]
    if _A_LITTLE.fullmatch(said.text):
        return True
    if _HABIT.match(said.text):
        return False
    if (
        _LASTS.search(said.text)
        and _RATE.match(after)
        and not re.match(r"[上这本下去今前昨]", said.text)
    ):
        return True
    if _DEADLINE.search(before) or _COUNTED.search(before) or _NOT_BEFORE.search(before):
        return True
    return bool(_NOT_AFTER.match(after))


_DAYS_AGO = {"今": 0, "昨": 1, "前天": 2, "大前天": 3}
_WEEKDAYS = {sign: place for place, sign in enumerate("一二三四五六日")} | {"天": 6}
_NUMERALS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"天": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "年": 365}


@dataclass(frozen=True)
class Days:
    """The days that a time means, ``first`` and ``last`` included."""

    first: date
    last: date


def resolve(said: str, now: datetime) -> Days | None:
    """Which days ``said`` means at ``now``; None for a habit, or when it cannot be told.

    A month and day without a year lie in the past: 12月31日 said in January is last year's.
    """
    today = now.date()
    return (
        _by_day(said, today)
        or _by_week(said, today)
        or _by_month(said, today)
        or _by_span(said, today)
    )


def _by_day(said: str, today: date) -> Days | None:
    if re.match(r"刚|方才|这会儿|现在", said):
        return Days(today, today)
    for word in ("大前天", "前天", "昨", "今"):
        if said.startswith(word) and not said.startswith("今年"):
            day = today - timedelta(_DAYS_AGO[word])
            return Days(day, day)
    return (
        Days(today - timedelta(7), today)
        if re.match(r"(?:这|前)(?:几|两|些)天|最近|近", said)
        else None
    )


def _by_week(said: str, today: date) -> Days | None:
    found = re.match(r"(上|这|本)个?(?:周|星期|礼拜)([一二三四五六日天])?", said)
    if not found:
        return None
    monday = today - timedelta(today.weekday() + (7 if found[1] == "上" else 0))
    if found[2]:
        day = monday + timedelta(_WEEKDAYS[found[2]])
        return Days(day, day)
    return Days(monday, min(today, monday + timedelta(6)))


def _by_month(said: str, today: date) -> Days | None:
    found = re.match(
        r"(?:((?:19|20)\d\d)年|(去年|前年|今年))?(?:(\d{1,2}|[一二三四五六七八九十]{1,2})月份?)?(?:(\d{1,2}|[一二三四五六七八九十]{1,3})[号日])?",
        said,
    )
    last_month = re.match(r"上个?月", said)
    if last_month:
        end = today.replace(day=1) - timedelta(1)
        return Days(end.replace(day=1), end)
    if not found or not (found[1] or found[2] or found[3]):
        return None
    back = {"去年": 1, "前年": 2, "今年": 0}.get(found[2] or "", 0)
    year = int(found[1]) if found[1] else today.year - back
    month, day = _number(found[3] or ""), _number(found[4] or "")
    try:
        if month is None:
            return Days(date(year, 1, 1), min(today, date(year, 12, 31)))
        first = date(year, month, day or 1)
        if first > today and not (found[1] or found[2]):
            first = first.replace(year=year - 1)
    except ValueError:
        return None
    return Days(first, first if day else _month_end(first))


def _month_end(first: date) -> date:
    return (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)


def _by_span(said: str, today: date) -> Days | None:
    found = re.search(
        r"(\d+|[一二两三四五六七八九十]+|半)(?:来|多)?(?:个(?:半|多)?)?(?:(?<=个)(月)|(?<=[半多])(月)|(天|周|星期|礼拜|年))",
        said,
    )
    if not found:
        return None
    count = 0.5 if found[1] == "半" else _number(found[1])
    if count is None:
        return None
    unit = found[2] or found[3] or found[4]
    then = today - timedelta(round(count * _UNITS[unit]))
    return Days(then, then if said.endswith("前") and unit == "天" else today)


def _number(said: str) -> int | None:
    """三 → 3, 十二 → 12, 二十 → 20, 18 → 18; None for anything else."""
    if said.isdigit():
        return int(said)
    if not said or not set(said) <= {*_NUMERALS, "十"}:
        return None
    if "十" not in said:
        return _NUMERALS[said] if len(said) == 1 else None
    tens, _, ones = said.partition("十")
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)
