"""Several matters in one message: where one ends and the next begins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Counted matters: 一是…二是…, 第一…第二…, 1、…2、…, ①…②…
_COUNTED = re.compile(
    r"(?:^|(?<=[，,。；;：:！!？?\s]))(?:[一二三四五六]是|第[一二三四五六](?:个|件|条|点)?(?:事|问题|是)?"
    r"|其[一二三四五六](?=[，,：:、是])|首先|其次|最后|[1-6](?=[、.．)）])|[①②③④⑤⑥])[、.．)），,：:是]*"
    # Speech has no commas: 第一…第二…, 一个是…一个是…
    r"|第[一二三四五六](?:个|件|条|点)?(?:事情?|问题)?(?:就?是)?"
    r"(?![次天回年周期步遍排层栋轮批名季类届]|人民|医院|中学|小学|高|初|幼儿|实验|职业|百货|食堂|教学|时间|个|件|条|点|事|问题)[、，,：:]?"
    r"|(?:还有|再|另)?一(?:个|件|条)(?:事情?|问题)?就?是"
)
# 三件事：…
_ANNOUNCED = re.compile(
    r"^.{0,10}?(?:有|反映|说|投诉|问)?(?P<count>[两二三四五六2-6])(?:件|个|点|项)(?:事情?|问题|情况|诉求|意见)(?:要|想)?(?:反映|投诉|说)?(?:一下)?[：:，,。；;\s]*"
)
_BETWEEN = (re.compile(r"[；;\n]"), re.compile(r"[。！!？?\n]"), re.compile(r"[，,、\s]"))
# Matters that are added on: 还有…, 另外…
_ADDED = re.compile(
    r"(?:[，,。；;！!？?\s]|^)(?:还有(?!人|多少|多久|没有|什么|一年|几)|另外|再有|再一个|再就是|对了|顺便(?:再)?(?:说|反映|问)(?:一下|下)?)"
    r"(?:就是|还有|还想|还要|一个(?:问题|事)?|一件事?|个事儿?|也)*(?:反映|投诉|说)?(?:一下)?(?:是|[，,：:])*"
    # Speech has no commas: …坏了然后还有…再一个就是…
    r"|(?:然后|另外)还有(?:就是|一个(?:是)?)?|还有就是|还有一(?:个|件)(?:事情?|问题)?(?:就?是)?|再(?:一个)?就是|再有一个(?:就?是)?"
    r"|(?<=[了啦啊呢])(?:还有(?!人|多少|多久|没有|什么|一年|几|谁|吗)|另外)"
)
_SENTENCE = re.compile(r"[。；;！!\n]")
# What goes on about the matter before it: who is to blame, since when, what it leads to, what is wished.
_GOES_ON = re.compile(
    r"^(?:但|而|可是?|所以|因为|导致|结果|现在|一直|又|都|就|晚上|白天|每天|昨天|影响|希望|请|要求|建议|他|她|它|这|那|其|"
    r"对方|商家|老板|房东|物业|业委会|业主委员会|公司|单位|打|找|投诉|多次|问|没|我(?!家|们?小区|们?单位))|^[也还]|^(?:主要|原因|以前|之前|政府|领导|有关部门)|"
    r"不管|没人管|推[给来脱]|不处理|不解决|不承认|投诉无门|说(?:是|没|要|不|他|她|我)"
)
_LEAST = 4
_ENDS = "，,。；;、：:！!？? \n"
_NUMERAL = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_WHICH = re.compile(r"第([一二三四五六1-6])(?:个|件|条|项)(?:事|问题|工单)?")
_NOT_THIS = re.compile(r"不(?:用|要|登记|提交|反映|投诉)了?|去掉|删(?:掉|除)?|取消|算了")
_ALL_ONE = re.compile(
    r"(?:就|都|其实)?是(?:同)?一(?:件|个|回)(?:事|问题)|合(?:在)?一起|一(?:张|个)单"
)
_INHERITS = re.compile(
    r"(?:门口|楼下|隔壁|对面|院里|里面)[^，,。；;了被丢不的]{0,5}(?:站|店|摊|点|馆|铺|场|厅)"
)
_GATE = re.compile(r"[东南西北正侧后][大侧]?门$|门口$")


def counted(text: str) -> list[str]:
    """The matters that ``text`` counts off, in order; empty when it counts none."""
    marks = list(_COUNTED.finditer(text))
    if len(marks) < 2:
        return []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return _tidy(text[mark.end() : end] for mark, end in zip(marks, ends, strict=True))


def announced(text: str) -> list[tuple[int, list[str]]]:
    """How many matters ``text`` says it holds, with the pieces by each kind of mark between them,
    the strongest first; empty when it announces none."""
    head = _ANNOUNCED.match(text)
    if head is None:
        return []
    count = _NUMERAL.get(head["count"]) or int(head["count"])
    ways = (_tidy(mark.split(text[head.end() :])) for mark in _BETWEEN)
    return [(count, pieces) for pieces in ways if len(pieces) >= count]


def added(text: str) -> list[str]:
    """``text`` cut where something is added on; one piece when nothing is."""
    return _tidy(_ADDED.split(text))


def sentences(text: str) -> list[str]:
    """``text`` cut at full stops and semicolons."""
    return _tidy(_SENTENCE.split(text))


def goes_on(sentence: str) -> bool:
    """Whether ``sentence`` tells more of the matter before it, whatever else its words are about."""
    return bool(_GOES_ON.search(sentence))


def which(text: str) -> int | None:
    """The matter that ``text`` speaks of, from 1: 第二件的地点不对."""
    found = _WHICH.search(text)
    if found is None:
        return None
    return _NUMERAL.get(found[1]) or int(found[1])


def without_which(text: str) -> str:
    """``text`` without the words that point at one of several matters."""
    return _WHICH.sub("", text).lstrip("的，, ")


def is_dropped(text: str) -> bool:
    """Whether one of several is not to be filed."""
    return bool(_NOT_THIS.search(text))


def all_one(text: str) -> bool:
    """Whether the citizen says that it is one matter after all."""
    return bool(_ALL_ONE.search(text))


def inherited_place(words: str, first: str) -> str:
    """Where a matter without a place of its own lies: at the first one's, by what it says beside.

    小区门口快递站 after 锦绣家园北门 is 锦绣家园门口快递站.
    """
    base = _GATE.sub("", first)
    beside = _INHERITS.search(words)
    return base + beside[0] if beside else base


def _tidy(parts: Iterable[str]) -> list[str]:
    found = [part.strip(_ENDS) for part in parts]
    return [part for part in found if len(part) >= _LEAST]
