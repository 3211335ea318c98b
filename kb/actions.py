"""What is to be done, and whose or which field's matter it is: 补办, 换证, 首次; 台湾, 公证, 水利.

Items of one family share all words but one, and the one that decides is easily lost in a sentence. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.float64]

_ACTIONS = {
    "lost": r"丢|遗失|不见了|找不到|弄没|没了|被偷|被摸|挂失|补[办领发证换]|补一|增补|损毁|毁坏|烂|坏了|泡|掉了",
    "renew": r"到期|过期|期满|快满|失效|换[领证发]|续|签注|延期|延续|延长|复审|再次|年检|年审|换新|接着用|多住|多待",
    "first": r"首次|第一次|头一[回次]|初次|初始|新[办增]|新申请|没办过|刚出生|新生|设立|成立|开办|新装|报装|刚考",
    "change": r"变更|改名|改成|换个|更改|更名|跳槽|换单位|换公司|换到|改到|调[低高整]",
    "cancel": r"注销|销户|销掉|不开了|不干了|不做了|不想干|取消|撤[销掉回]|免职|终止|作废|关门",
    "pause": r"暂停|停业|暂时|停一停|先停|歇业|报停|停掉|暂拆",
    "resume": r"恢复|重新发|复业|重新开",
    "transfer": r"过户|转移|转让|迁|转到|转过|转入|转学|投靠|接续|带过来|移交|合并|并到|衔接|互转",
    "progress": r"进度|到哪一步|好了没|批到哪|办好没|什么时候[能好]|审到|没消息|做好了",
    "query": r"查询|查一?下|查查|哪里查|怎么查|在哪查|能查|想查|查看|看看我名下|名单|名录|有哪些|哪几家|核实|怎么知道|是不是真|有没有资|公示|公布|目录|发布",
    "exam": r"考试|报名|报考|想考|参加",
    "score": r"成绩|分数|看分|出分|过没过|过了没",
    "notary": r"公证|公正",
    "reward": r"奖励|表彰|奖金|资助|给不给钱|有钱|有没有钱|给钱",
    "withdraw": r"提取|取出来|拿出来|取公积金",
    "borrow": r"贷款|借钱|借款",
    "report": r"投诉|举报|检举|反映|信访|申诉|不服|异议|复核|拖欠|欠薪|不给.{0,3}钱|不发工资",
    "book": r"预约|约[一个]?下?时间|先约|占个号|怎么约|约不|约一下|想约",
    "consult": r"咨询|问问|请教",
    "download": r"下载",
    "filing": r"备案|报备|备没备",
    "train": r"培训|班|学习",
    "recognise": r"认定|鉴定|评定|评审",
}  # fmt: skip
_FIELDS = (
    "台湾|台胞|大陆", "香港|澳门|港澳|内地", r"外国|外籍|境外|外商|国际|老外|洋|涉外|[A-Z]\d?字",
    "民族", "残疾", "退役|退伍|军|部队|士兵", "水利|水电|水文|水资源", "律师",
    "农业|农村|农产|农机|农民|种", "林|树", "海|渔|船", "公证", "企业|公司|单位|法人",
    "体育|运动|球", "医|药|护士|卫生", "教师|学校|学生|考生|高校|学历", "省外|外省|跨省|异地",
)  # fmt: skip
# An action that a name says and the question does not speaks against it, each kind by its own weight.
EXTRA_ACTIONS = {
    "unasked_progress": ("progress",),
    "unasked_query": ("query", "download", "consult"),
    "unasked_notary": ("notary",),
    "unasked_step": ("lost", "renew", "change", "cancel", "pause", "resume", "transfer"),
    "unasked_first": ("first",),
    "unasked_reward": ("reward", "recognise"),
    "unasked_booking": ("book",),
    "unasked_exam": ("exam", "score", "train"),
    "unasked_report": ("report",),
}
_RULES = {name: re.compile(rule) for name, rule in _ACTIONS.items()}
_FIELD_RULES = tuple(re.compile(rule) for rule in _FIELDS)
# The sample city's own families: what follows from these changes what is looked for.
_STEPS = ("lost", "renew", "first", "change", "cancel", "pause", "resume", "transfer", "query",
          "withdraw", "borrow", "report")  # fmt: skip
_ORDER = {name: number for number, name in enumerate(_ACTIONS)}
EXTRA_COLUMNS = {
    name: [_ORDER[action] for action in actions] for name, actions in EXTRA_ACTIONS.items()
}


def action_flags(text: str) -> Flags:
    """1.0 for each family of actions that ``text`` names, else 0.0."""
    return np.array([bool(rule.search(text)) for rule in _RULES.values()], dtype=np.float64)


def field_flags(texts: Sequence[str]) -> Flags:
    """1.0 for each field or group of people that any of ``texts`` names, else 0.0."""
    return np.array(
        [any(rule.search(text) for text in texts) for rule in _FIELD_RULES], dtype=np.float64
    )


def without_action(text: str) -> str:
    """What a text is about, without what is to be done: 居民身份证到期换领 → 居民身份证."""
    for name in _STEPS:
        text = _RULES[name].sub("", text)
    return text.strip("（）() 、，")


def has_action(text: str) -> bool:
    """Whether ``text`` says what is to be done: 丢了, 过户 …"""
    return any(_RULES[name].search(text) for name in _STEPS)
