"""How places look in Chinese text: endings of names, house numbers, buildings, gates."""

from __future__ import annotations

import re
from dataclasses import dataclass

from units.addresses import SPOKEN

NUMERALS = f"0123456789{SPOKEN}"
_NUMBER = rf"(?:[A-Za-z]?\d+[A-Za-z]?(?:[-—]\d+)*|[{SPOKEN}]+|[A-Za-z])"
_COUNTER = r"(?:号院|号楼|号|弄|栋|幢|座|楼|单元|层|室|户|期|区|组|#)"
_GATE = (
    r"(?:(?:东|南|西|北|东南|东北|西南|西北|正|前|后|侧|大|小|[一二三四1-4]号)门口?|门口|路口|巷口)"
)
# A room without its counter: 1002, 一零零二, 一千零二; 三百二十户 counts households.
_ROOM = rf"(?:\s?(?:\d{{3,4}}(?!\d)|[{SPOKEN}]{{3,7}}(?![{SPOKEN}天年月日个户家人次块元点多几分来])))室?"
_NUMBERS = rf"(?:\s?{_NUMBER}\s?{_COUNTER}(?:之[一二三四五])?(?:{_ROOM})?)"
_TAIL = re.compile(rf"{_NUMBERS}*(?:的?{_GATE})?")
_GATE_ONLY = re.compile(rf"(?:的?{_GATE})?")
BUILDING = re.compile(rf"{_NUMBER}\s?(?:栋|幢|号楼)(?:\s?{_NUMBER}\s?{_COUNTER})*(?:{_ROOM})?")

_BETWEEN_ROADS = re.compile(r"[和与跟同、,，/\s]|和那个|跟那个|与那个|[-—]|那边和|")
_CROSSING = re.compile(
    r"(?:的|那个|这个|相交的?|交叉的?)*"
    r"(?:十字路口|丁字路口|三岔路口|交叉路口|交叉口|交叉|交汇处?|交会处?|交界处?|相交处?|路口|交口"
    r"|拐角处?|转角处?|拐弯处?|口(?!碑|罩)|红绿灯|转盘|环岛)"
)
_BETWEEN_AREA_AND_NAME = re.compile(
    r"[的 ，,]?|(?:这|那)边的?|(?:这|那)(?:个|条)?|的?那[个条]|境内的?|辖区的?"
)
_DENIED = re.compile(r"(?:不是|不在|别弄成|别派到|别派给|不归|不属于)(?:我们|咱们|咱)?$")

# Ending → least number of characters before it.
_ENDINGS = {
    "大道": 1, "大街": 1, "公路": 2, "国道": 1, "省道": 1, "高速": 2, "胡同": 1,
    "路": 2, "街": 2, "巷": 2,
    "小区": 1, "花园": 1, "家园": 2, "新村": 1, "新城": 1, "山庄": 1, "公寓": 1, "家属院": 1,
    "苑": 2, "村": 2,
    "大厦": 1, "广场": 1, "公园": 1, "市场": 1, "商场": 1, "超市": 2, "工业园": 1,
    "小学": 1, "中学": 1, "学校": 1, "幼儿园": 1, "学院": 1, "大学": 1,
    "医院": 1, "卫生院": 1, "卫生站": 1, "社区": 1, "火车站": 1, "地铁站": 1, "汽车站": 1,
}  # fmt: skip
_AREA_ENDINGS = ("区", "县", "街道", "镇", "乡", "居委会", "村委会", "组")
_ENDING = re.compile("|".join(sorted(_ENDINGS, key=len, reverse=True)))

_STEM = re.compile(r"([\u4e00-\u9fff]{2,4}?)(?:社区|居委会|小区|花园|新村|新城|苑|路|街|巷|村)")
_AROUND = re.compile(r"(?:那|这)(?:边|段|一带|片|一片|块儿?|附近|头|儿)|一带|附近")

# 路灯, 路面, 村民 …: the ending is the head of another word.
_NOT_AFTER = {
    "路": "灯面障况基政程费由途标线人段过",
    "街": "道坊头",
    "巷": "道",
    "村": "民里委干医口镇庄",
    "苑": "",
}
# Where a name cannot reach back over: little words that stand before a place, never in one.
_STOPS = set(
    "在是到去住我你您他她它们这那哪有的从把被跟与了着就都也还很又要想请问说往没不每条个某整让给叫为"
    "只所处几各座该此另过，。！？、；：,.!?;:（）()“”\"' \t\n"
)
# No names of places: what people call a place without naming it.
_NO_NAMES = {
    "", "老旧", "隔壁", "附近", "旁边", "对面", "周边", "本", "全", "住宅", "居民", "回迁",
    "安置", "高档", "封闭", "封闭式", "城中", "农", "小", "大", "老", "新", "旧", "农贸", "菜",
    "批发", "购物", "休闲", "文化", "中心", "街心", "市", "省", "县", "区", "公立", "私立",
    "民办", "公办", "重点", "人民", "三甲", "专科", "口腔", "社区", "街道", "乡", "镇", "乡镇",
    "马", "马路", "公", "道", "步行", "商业", "整条", "一条", "两条", "沿", "沿路", "修", "铺",
    "堵", "走", "半", "家", "外来", "别的", "其他", "多条", "同一", "辅", "主", "主干", "双",
    "十字", "出", "进", "上", "下", "门口", "技工", "职业", "驾驶", "培训", "大型", "小型",
    "生鲜", "村里", "镇上", "乡里", "小区里", "门前", "家门口", "坑洼", "水泥", "柏油", "泥巴", "新修", "断头",
    "楼下", "回家", "下班", "上班", "放学", "上学", "赶",
}  # fmt: skip
# What a sentence begins with before it names a place.
_NOT_THE_NAME = re.compile(
    r"(?:投诉|举报|反映|咨询|关于|对于|建议|请问|请求|希望|过问|强烈|我家|你好|您好|感谢|表扬|求助|靠近|位于)*"
)
_LONGEST_STEM = 8
_CHINESE_OR_CODE = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]")


@dataclass(frozen=True)
class Span:
    """A stretch of text: the name alone ends at ``name_end``, with number or gate at ``end``."""

    start: int
    name_end: int
    end: int
    name: str
    kind: str = "unknown"


def tail_end(text: str, position: int, *, numbers: bool) -> int:
    """Where house number, building and gate after a name end; ``position`` if there is none.

    Without ``numbers`` only a gate counts: an area has no house numbers.
    """
    match = (_TAIL if numbers else _GATE_ONLY).match(text, position)
    return match.end() if match else position


def ends_like_a_place(name: str) -> bool:
    """True for 望湖路 or 城东区, False for a bare 望湖 that longer names may begin with."""
    return name.endswith(_AREA_ENDINGS) or any(
        name.endswith(ending) and len(name) > len(ending) for ending in _ENDINGS
    )


def stem_of(name: str) -> str | None:
    """江湾 of 江湾社区 or 江湾路; None when the name has no ending or little before it."""
    match = _STEM.fullmatch(name)
    return match[1] if match else None


def is_road_ending(rest: str) -> bool:
    """Whether a name with ``rest`` after it is that of a road: 路, 大道, but not 征地修路."""
    return rest in ("路", "街", "巷", "大道", "大街", "公路", "东路", "西路", "南路", "北路")


def means_around(text: str, position: int) -> bool:
    """Whether 那边, 一带 and the like follow."""
    return _AROUND.match(text, position) is not None


def followed_by_a_longer_word(text: str, end: int, name: str) -> bool:
    """True when the last character of ``name`` belongs to the next word: 望湖|路灯."""
    return name[-1] == "路" and text[end : end + 1] == "灯"


def crosses(text: str, first_end: int, second_start: int, second_name_end: int) -> bool:
    """Whether two roads are named with their crossing: 春晖路与百花路交叉口, 春晖路百花路路口."""
    return bool(
        _BETWEEN_ROADS.fullmatch(text[first_end:second_start])
        and _CROSSING.match(text, second_name_end)
    )


def crossing_end(text: str, position: int) -> int:
    """Where 的交叉口 after the second road ends."""
    match = _CROSSING.match(text, position)
    return match.end() if match else position


def stands_before(text: str, end: int, start: int) -> bool:
    """Whether what ends at ``end`` is written right before ``start``: 城西区的建设路."""
    return end <= start and _BETWEEN_AREA_AND_NAME.fullmatch(text[end:start]) is not None


def is_denied(text: str, start: int) -> bool:
    """Whether a name is mentioned as the wrong one: 不是城东区的."""
    return _DENIED.search(text[:start]) is not None


def generic_names(text: str, taken: list[tuple[int, int]] | None = None) -> list[Span]:
    """Names of places by their endings, none of them reaching into a ``taken`` span."""
    spans: list[Span] = []
    for match in _ENDING.finditer(text):
        ending, end = match.group(), match.end()
        if text[end : end + 1] and text[end] in _NOT_AFTER.get(ending, ""):
            continue
        floor = max([match.start() - _LONGEST_STEM, 0, *(e for _, e in taken or [] if e <= end)])
        floor = max([floor, *(s.end for s in spans if s.end <= match.start())])
        start = _stem_start(text, match.start(), floor)
        before_name = _NOT_THE_NAME.match(text, start, match.start())
        start = before_name.end() if before_name else start
        stem = text[start : match.start()]
        if stem in _NO_NAMES or len(stem) < _ENDINGS[ending]:
            continue
        spans.append(Span(start, end, tail_end(text, end, numbers=True), text[start:end]))
    return spans


def _stem_start(text: str, end: int, floor: int) -> int:
    start = end
    while start > floor:
        sign = text[start - 1]
        if sign in _STOPS or not _CHINESE_OR_CODE.match(sign):
            break
        # 和, 对, 家 … join words, but they also begin names: 和平路.
        if sign in "和及对于离靠近由" and end - start >= 2:
            break
        start -= 1
    return start
