"""Where something happens, as a text says it: names by their endings, numbers, gates, "对面". Pure.

Knows no city: `units.gazetteer` does. It reads what the gazetteer has no name for, and the wording
around what it has: 解放路实验小学门口, 幸福里小区南侧, 中山路和文化路那个十字路口.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """A stretch of a text: ``text`` is exactly ``source[start:end]``."""

    text: str
    start: int
    end: int


_ROADS = "大道|大街|公路|国道|省道|高速|胡同|环线|路|街|巷|弄"
_ESTATES = "小区|花园|家园|新村|新城|山庄|公寓|家属院|安置房|安置点|宿舍|别墅|花苑|花城|雅居|名邸|华府|豪庭|楼盘|苑"
_AREAS = "开发区|经开区|高新区|新区|工业园|产业园|物流园|园区|大学城|社区|街道|村|庄|寨|屯|镇|乡|县"
_PREMISES = (
    "实验小学|小学|中学|大学|学校|学院|幼儿园|早教中心|培训学校|培训中心|驾校|医院|卫生院|卫生站|卫生所|诊所|门诊部|急救中心|养老院|养护院|敬老院|"
    "农贸市场|菜市场|市场|菜场|商场|商城|超市|便利店|酒店|宾馆|饭店|餐厅|菜馆|饭馆|火锅店|烧烤店|烧烤摊|美容院|健身房|健身|网吧|网咖|KTV|酒吧|药店|大药房|药房|"
    "银行|加油站|停车场|驿站|售楼部|售楼处|家政|酒家|洗浴|影院|图书馆|博物馆|体育馆|文化馆|政务服务中心|政务大厅|服务中心|办事大厅|派出所|街道办|居委会|村委会|"
    "大厦|写字楼|广场|公园|步行街|夜市|景区|公墓|殡仪馆|旧址|遗址|祠堂|教堂|水库|火车站|高铁站|客运站|汽车站|地铁站|公交站|收费站|机场|码头|大桥|立交桥|隧道|"
    "老粮库|粮站|工地|模具厂|服装厂|化工厂|造纸厂|加工厂|塑料厂|养殖场|养猪场"
)
_SHORT = "里|园|城|府|湾|郡|庭|轩|阁|居|坊|厂|桥|河|江|湖|溪|山|站|塘|坪|堤|中心|公司|之家|天街"
# Of these a city or a town has one, so that no name is needed.
_ONLY = re.compile(
    r"政务服务中心|政务大厅|办事大厅|经开区|高新区|开发区|火车站|高铁站|客运站|汽车站"
)
_TOWNS = frozenset({"市", "县", "区", "镇", "乡"})
_OF_THE_TOWN = re.compile(
    r"医院|卫生院|急救中心|政务服务中心|政务大厅|图书馆|体育馆|博物馆|文化馆|敬老院|殡仪馆"
)
_ENDING = re.compile(f"{_PREMISES}|{_ESTATES}|{_AREAS}|{_ROADS}|{_SHORT}")
_IS_SHORT = re.compile(_SHORT)
_IS_ROAD = re.compile(_ROADS)

_COMMON = frozenset(
    [
        "社区",
        "街道",
        "学校",
        "菜馆",
        "饭馆",
        "餐厅",
        "超市",
        "市场",
        "驿站",
        "工地",
        "公司",
        "家政",
        "洗浴",
        "健身",
    ]
)
_DIGITS = r"(?:[A-Za-z]?\d+[A-Za-z]?(?:[-—]\d+)*|[零〇一二三四五六七八九十百两]+|[A-Za-z])"
_COUNTER = r"(?:号窗口|号厂房|号楼|号院|号线|号|栋|幢|座|单元|楼|层|室|期|组|队|弄|房|厂房|窗口|#)"
_NUMBERS = rf"(?:\d+公里处?|\s?{_DIGITS}\s?{_COUNTER}(?:\s?\d{{3,4}}(?!\d)(?!元|块|斤))?|(?<=[栋幢楼园苑里区轩阁寓])\s?\d{{3,4}}(?!\d)(?![年月元块]))"
_SIDE = r"(?:东南|西南|东北|西北|东|南|西|北|左|右|前|后|正|侧)"
_RELATION = (
    rf"(?:{_SIDE}(?:门|侧|边|头|面|口|角|段|院|巷|广场)(?:口|外头|外面)?(?!那[部台户家])|[A-Za-z]口|门口|门前|门外|路口|巷口|街口|村口|桥头|桥下|桥底下?|大门口?|出口|入口|站口|地库口|"
    r"斜对面|对面|对过|旁边?|边上|隔壁|附近|周边|后面|后头|背后|后院|前面|前头|外面|外头|里面|里头|底下|楼下|楼顶|下面(?!的)|窗外|上游|下游|中段|水塘边上?|河边|租的房子|旁|(?<=[楼栋院店])[前后](?!面|头|天|来))"
)
_TAIL = re.compile(
    rf"(?:(?<=[路街巷])口(?!碑|罩|子)(?:外面)?)?(?:[一-龥]{{2,3}}窗口)?(?:的?(?:{_NUMBERS}|{_SIDE}段))*(?:的?{_RELATION})*"
)
_CROSSING = re.compile(
    r"(?:的|那个|这个|相交的?)*(?:十字路口|丁字路口|三岔路口|交叉路口|交叉口|交汇处|交会处|交界处|路口(?!碑)|红绿灯路口)"
)
_BETWEEN_ROADS = re.compile(r"\s?[和与跟同、,，]\s?")

# Where a name cannot reach back over.
_STOPS = frozenset(
    "在是到去住我你您他她它们这那哪的从把被跟与了着就都也还很又要想请问说往没不每条个某整让给叫为只所处几各座该此另过"
    "等向由，。！？、；：,.!?;:（）()“”\"'《》【】 \t\n　找问帮有"
)
# Words of names that begin with such a sign.
_BEGINS = frozenset(
    {"向阳", "向东", "向荣", "向前", "对山", "有余", "为民", "和平", "和谐", "从化", "都市"}
)
_JOINS = "和及对于离"
_NOT_THE_NAME = re.compile(
    r"(?:你好|您好|喂|投诉|举报|反映|咨询|关于|建议|请求|希望|过问|强烈|感谢|表扬|求助|匿名|位于|靠近|沿着?|路过|经过|其中|就|家|咱|俺|整个|一家|一个|一条|一辆|出租车|现在|刚才|昨天|今天|均显示|显示|"
    r"有人|有个|老师|师傅|工人|司机|女儿|儿子|孩子|我家|我妈|老公|家里|住|坐|买|卖|来|走|去|说|上|叫|因|半夜|晚上|早上|下午|傍晚|凌晨|已经|里头|楼下|那边|这边|吃了?|交|快递|放|骑|闻|看|堆|扔|堵|孩|摔|迷|掉进?|困|卡|骗|一群|摩托车|渣土车)+"
)
# What people call a place without naming it.
_NO_NAMES = frozenset(
    {
        "", "老旧", "隔壁", "附近", "旁边", "对面", "周边", "本", "全", "住宅", "居民", "回迁", "安置", "高档", "城中", "农", "小", "大",
        "老", "新", "旧", "菜", "批发", "购物", "街心", "市", "省", "县", "区", "镇", "乡", "公立", "私立", "民办", "公办", "重点", "三甲",
        "专科", "口腔", "马", "公", "道", "步行", "整条", "一条", "两条", "沿", "修", "铺", "半", "别的", "其他", "多条", "主", "主干", "双",
        "十字", "出", "进", "上", "下", "门口", "大型", "小型", "村里", "镇上", "小区", "社区", "街道", "学", "开", "丁字", "三岔", "高铁", "三",
        "非机动车", "机动车", "汽车", "人行", "盲", "车行", "一半", "网", "思", "出租", "门", "电", "线", "回", "短", "套", "电信诈骗", "网红",
        "家", "外地", "我们", "同", "这", "那", "首", "心", "手机", "网上", "服", "快", "工", "城", "商", "某", "别人", "自己", "孩", "农村", "每", "全市",
        "一起走了好几里", "公里", "几公", "物业", "养老", "健身", "美容", "洗车", "理发", "汽修", "奶茶", "开发商", "房产", "家政", "驾校", "快递",
        "燃气", "供电", "供热", "自来水", "保险", "公交", "物流", "装修", "培训", "早教",
    }
)  # fmt: skip
_NO_STEM = re.compile(r"^[\d一二三四五六七八九十]+$|[一跑让走问带迷]$")
_NOT_AFTER = {
    "路": "灯面障况基政程费由途标线人段过登上边修窄不", "街": "道坊头舞", "巷": "道子", "村": "民里委干医镇庄主支书子集会上", "里": "面头外边",
    "城": "管市里乡", "河": "道里水滩", "江": "堤边", "山": "上体里", "站": "着在台起出", "园": "区林丁", "厂": "里子家商", "桥": "洞下面",
    "湖": "里边面", "学校": "老", "小区": "", "中心": "城区", "公司": "", "市场": "监", "街道": "", "县": "", "镇": "上里政", "乡": "里下政",
    "居": "然住民委", "府": "", "社区": "医", "塘": "里", "工地": "上", "银行": "卡", "坊": "", "弄": "得坏脏丢", "庄": "稼", "广场": "舞", "堤": "上",
}  # fmt: skip
_LONGEST = 9
# What a sentence tells before it comes to the name.
_TOLD = re.compile(
    r"显示|公示|直接|排入|排放|排到|流入|配合|周边|避免|再次|这次|变成|污染|治理|整治|建设(?!路|街|大道|社区|小区|新村|村)|列入|期间|放到|能不能|可不可以|调转|转到|以及|还有|但是?|由于|因为|其中|包括|经过|按照|听说"
)

_BARE = re.compile(
    r"(?<![\d一二三四五六七八九十])(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:号楼|栋|幢|单元|楼)(?:\s?"
    + _DIGITS
    + r"\s?(?:单元|楼|室|号|层))*(?:\d{3,4})?(?:外面|窗外|门口|楼顶|天台|和[一二三四五六七八九十]+楼中间|中间)?"
    rf"|小区(?:的)?{_SIDE}门(?:口)?|[一-龥]{{1,4}}(?:第?[一二三四五六七八九十\d]{{1,3}}中)(?=[初高的门食]|学生|老师|[，,。]|$)|(?:第|市|区|县)?[一二三四五六七八九十]{{1,2}}中(?=[初高门食]|学生|老师)|[一-龥]{0, 2}?(?:实验|师范|中心)?[一二三四五六七八九十]小(?=门口|学生|老师|旁|对面)(?:门口)?|地铁(?:[A-Za-z\d]+口|\d{1, 2}号线)"
)
_ELSEWHERE = re.compile(r"(?:从|自|离开|通往|开往|去往|前往|发往|搬到|搬去|调到|转到)$")
_HOME = re.compile(r"(?:我|俺|咱)?(?:就|都|是)?(?:住在?|家住|户口在|老家在?|上班在|工作在)$")
_CORRECTED = re.compile(
    r"(?<![一-龥])(?:不对[，, ]*)+(?:是|应该是|$)|说错了|错了[，,]?是|[哦噢啊]不(?:是|对)?[，,]|不是[，,](?:是|应该是)"
)


def find_places(text: str, times: Iterable[tuple[int, int]] = ()) -> list[Said]:
    """The places that ``text`` names as where the matter is, in reading order, longest wording.

    ``times`` are stretches that tell a time and belong to no name. What the citizen took back
    (不对，是…) and where he comes from or goes to is left out, unless nothing else is named.
    """
    masked = _masked(text, times)
    spans = _joined(masked, _crossed(masked, _names(masked)))
    spans += [
        (m.start(), m.end())
        for m in _BARE.finditer(masked)
        if not any(start < m.end() and m.start() < end for start, end in spans)
        and (m.group()[-1] not in "楼元栋幢" or _is_clause(masked, m.start(), m.end()))
    ]
    said = [Said(text[start:end], start, end) for start, end in sorted(spans)]
    kept = [place for place in said if not _is_beside(text, place)]
    return _after_correction(text, kept or said)


def was_corrected(text: str) -> bool:
    """Whether the citizen takes something back: 不对，是东门."""
    return _CORRECTED.search(text) is not None


def _masked(text: str, times: Iterable[tuple[int, int]]) -> str:
    for start, end in times:
        text = text[:start] + "　" * (end - start) + text[end:]
    return text


def _names(text: str) -> list[tuple[int, int]]:
    """Names by their endings; one that follows another directly is joined with it later."""
    found: list[tuple[int, int]] = []
    for match in _ENDING.finditer(text):
        end = match.end()
        following = text[end : end + 1]
        if following and following in _NOT_AFTER.get(match.group(), ""):
            continue
        floor = max([0, match.start() - _LONGEST, *(e for _, e in found)])
        start = _start(text, match.start(), floor)
        stem = text[start : match.start()]
        follows = bool(found) and found[-1][1] == start
        if not (follows or _names_one(match.group(), stem, text[end:])):
            continue
        if _IS_SHORT.fullmatch(match.group()) and not _is_marked(text, start, end, follows):
            continue
        found.append((start, end))
    return found


def _names_one(ending: str, stem: str, following: str) -> bool:
    """Whether ``stem`` and ``ending`` are the name of one place: 步行街3号楼, but no 步行街."""
    if _ONLY.fullmatch(ending) or (stem in _TOWNS and _OF_THE_TOWN.fullmatch(ending)):
        return True
    if len(stem + ending) > 2 and re.match(_NUMBERS, following) and not _NO_STEM.search(stem):
        return True
    return not (stem in _NO_NAMES or not _long_enough(ending, stem) or _NO_STEM.search(stem))


def _start(text: str, end: int, floor: int) -> int:
    start = end
    while start > floor and (
        text[start - 1] not in _STOPS or text[start - 1 : start + 1] in _BEGINS
    ):
        if not ("一" <= text[start - 1] <= "龥" or text[start - 1].isalnum()):
            break
        if text[start - 1] in _JOINS and end - start >= 2:
            break
        start -= 1
    told = [match.end() for match in _TOLD.finditer(text, start, end)]
    start = told[-1] if told else start
    before = _NOT_THE_NAME.match(text, start, end)
    return before.end() if before else start


def _long_enough(ending: str, stem: str) -> bool:
    return len(stem) >= (2 if len(ending) == 1 or ending in _COMMON else 1)


def _is_marked(text: str, start: int, end: int, follows: bool) -> bool:
    """A short ending (里, 湾, 桥) ends a name only before a number, a side or a pause."""
    tail = _TAIL.match(text, end)
    if text[end - 1] in "里山":
        numbered = re.match(_NUMBERS, text[end:])
        return numbered is not None or _is_clause(text, start, end)
    if follows or (tail and tail.group()):
        return True
    if text[end - 1] in "河江湖溪" and (start == 0 or text[start - 1] in _STOPS):
        return True
    return end == len(text) or text[end] in "，,。！!？?；; 　、的"


def _is_clause(text: str, start: int, end: int) -> bool:
    marks = "，,。！!？?；; 　\n"
    return (start == 0 or text[start - 1] in marks) and (end == len(text) or text[end] in marks)


def _crossed(text: str, names: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Two roads named with what joins them are one place."""
    result: list[tuple[int, int]] = []
    for start, end in names:
        if result and _IS_ROAD.fullmatch(text[end - 1]):
            before = result[-1]
            road = _IS_ROAD.search(text[max(0, before[1] - 2) : before[1]])
            if road and _BETWEEN_ROADS.fullmatch(text[before[1] : start]):
                result[-1] = (before[0], end)
                continue
        result.append((start, end))
    return result


def _joined(text: str, names: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each name with its numbers, sides and relations; names that touch become one."""
    result: list[tuple[int, int]] = []
    for start, end in names:
        crossing = _CROSSING.match(text, end)
        tail = _TAIL.match(text, end)
        stop = crossing.end() if crossing else tail.end() if tail else end
        if result and (
            start <= result[-1][1] or (text[result[-1][1] : start] == "的" and stop > end)
        ):
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((start, stop))
    return result


def _is_beside(text: str, place: Said) -> bool:
    before = text[: place.start]
    return bool(_ELSEWHERE.search(before) or _HOME.search(before))


def _after_correction(text: str, places: list[Said]) -> list[Said]:
    for mark in _CORRECTED.finditer(text):
        later = [place for place in places if place.start >= mark.end()]
        if later:
            places = later
    return list({place.text: place for place in places}.values())
