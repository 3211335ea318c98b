"""Whether a matter lies in another city of China, and that city's hotline. Pure.

12345 answers in every city; from elsewhere it is reached through the city's area code
(区号+12345). ``other_cities.tsv`` lists the prefecture-level cities with their area codes and those
districts and counties whose name occurs in one city only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "other_cities.tsv"


@dataclass(frozen=True)
class OtherCity:
    """A city by its full name; ``hotline`` is what to dial from here, such as 0571-12345."""

    name: str
    area_code: str

    @property
    def hotline(self) -> str:
        return f"{self.area_code}-12345"


# Names that are also everyday words, places elsewhere or roads: only their full form counts.
_NOT_SHORT = frozenset(
    {
        "朝阳", "来宾", "海东", "海南", "海北", "海西", "山南", "白山", "白城", "安康", "吉安", "和田",
        "黄南", "长春", "长治", "中山", "江门", "文山", "玉林", "宝山", "黄山", "通化", "德宏",
        "阿里", "兴安", "东方", "昌都", "平凉", "定西", "固原", "仙桃", "天门", "鸡西", "百色", "保山",
    }
)  # fmt: skip
_SUFFIX = re.compile(
    r"(?:市|地区|盟|(?:(?:布依|土家|傣|景颇|哈尼|彝|苗|侗|壮|回|藏|羌|蒙古|哈萨克|朝鲜|白|傈僳|柯尔克孜)族?)*自治州)$"
)
# What stands before a city where the matter does not happen.
_NOT_THERE_BEFORE = re.compile(
    r"(?:从|自|由|来自|发往|寄往|寄到|发到|去|到|飞|飞往|回|往|跟|比|像|学|学习|参考|借鉴|例如|比如|像是|人家"
    r"|祖籍|籍贯|原籍|老家|老家是|老家在|户口|户口在|户籍在|户籍|社保在|医保在|公积金在|学籍在|单位在|总部在|总公司在|人在|嫁到|调到"
    r"|以前在|之前在|原来在|曾在|过去在|买的|经过|途经|原先在|先前在|开往|回到|连锁|孩子在|儿子在|女儿在|父母在|开车到|坐车到)$"
)
_NOT_THERE_AFTER = re.compile(
    r"^(?:人(?!民)|籍|户口|户籍|牌照|车牌|牌子|牌|号牌|号码|医保|社保|公积金|公司|总公司|总部|银行|卖家|商家|厂家|发货|产的?|生产|过来"
    r"|来的|搬|回来|回到|转|调|迁|嫁|引进|那边(?:转|搬|调|迁|寄|发)|寄|路|街(?!道)|大道|巷|小吃|火锅|拉面|烤鸭|啤酒|板鸭|牛肉面|菜馆|饭店"
    r"|打工|务工|工作|上班|上学|读书|读大学|念书|出差|旅游|做生意|的(?:亲戚|朋友|同学|牌|公司|商家|卖家|医保|社保|公积金|户口|店家|网店|医院|经验|做法)"
    r"|一样|那样|大学|学院|交的|缴的|买的|办的|参保|退休|到|至|、|和|飞|方向|(?:的)?(?:航班|高铁|火车|列车|车票|机票))"
)
_THERE_BEFORE = re.compile(
    r"(?:^|[,，。！!？?；;:：\s]|你好|您好)(?:那个|嗯|就是)?(?:我们?|咱们?|俺们?|这里|这儿|地址|地点|事情|事发地?|位置|家)?"
    r"(?:们)?(?:就|都|现在|目前|人)?(?:是|在|住在?|位于|家住|发生在|为|:|：)?$"
    r"|(?:位于|住在|家住|发生在|地址是|地点是|地址在|地点在|这里是|这儿是|我在|我们在|我是|我住|(?<![商店卖厂专])家在|事发|就在|正在|开在|都在)$"
)


def other_city(text: str, own_city: str, own_names: Collection[str] = ()) -> OtherCity | None:
    """The other city in which the matter of ``text`` lies, None when it lies here or nobody knows.

    ``own_city`` (示例市) and ``own_names`` (districts, roads, estates …) are here, whatever city
    has a place of that name too; a text that names one of them is about here. A city that is only
    spoken of ("我从杭州搬来", "上海牌照", "南京路") does not count.
    """
    own = own_city.removesuffix("市")
    if own_city in text or re.search(r"(?:本|咱们|我们这个)市(?!场|民)", text):
        return None
    for start, name, city in _mentions(text):
        if city.name in (own_city, own) or name in own_names:
            continue
        if _is_there(text, start, start + len(name), name, city):
            rest = text[:start] + "　" * len(name) + text[start + len(name) :]
            return None if _names_here(rest, own_names) else city
    return None


def _is_there(text: str, start: int, end: int, name: str, city: OtherCity) -> bool:
    before, after = text[:start], text[end:]
    if _NOT_THERE_BEFORE.search(before):
        return False
    # 杭州市西湖区, 上海浦东: the district belongs to the address.
    district = re.match(r"(?:市)?([\u4e00-\u9fff]{1,6}?(?:新区|自治县|区|县|旗|市))", after)
    follows = after[district.end() :] if district else after
    if _NOT_THERE_AFTER.match(after) or _NOT_THERE_AFTER.match(follows):
        return False
    return _THERE_BEFORE.search(before) is not None


def _names_here(text: str, own_names: Collection[str]) -> bool:
    return any(len(name) >= 3 and name in text for name in own_names)


def _mentions(text: str) -> Iterator[tuple[int, str, OtherCity]]:
    """Cities, districts and counties named in ``text``, the longest name at each place."""
    cities = _cities()
    position = 0
    while position < len(text) - 1:
        names = cities.get(text[position : position + 2], {})
        name = next((name for name in names if text.startswith(name, position)), None)
        if name is None:
            position += 1
            continue
        yield position, name, names[name]
        position += len(name)


@cache
def _cities() -> dict[str, dict[str, OtherCity]]:
    """First two characters → the names that begin so, longest first, with their city."""
    names: dict[str, OtherCity] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        area_code, full, counties = line.split("\t")
        city = OtherCity(full, area_code)
        names[full] = city
        short = _SUFFIX.sub("", full)
        if short not in _NOT_SHORT and len(short) >= 2:
            names.setdefault(short, city)
        for county in counties.split():
            names.setdefault(county, city)
    index: dict[str, dict[str, OtherCity]] = {}
    for name in sorted(names, key=len, reverse=True):
        index.setdefault(name[:2], {})[name] = names[name]
    return index
