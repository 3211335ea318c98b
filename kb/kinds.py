"""Which kind of entry a question means, when several kinds have one that fits. Pure.

The strengths of entries of different kinds compare; what the words ask for tips the scale: a
happening ("我想开个小饭馆") means the life event, money or rules a policy, anything else an item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.schemas import Kind
from kb.search import Hit
from language.normalise import normalise

_HAPPENS = re.compile(
    r"(?:我|我们|俩|家|人|朋友)?(?:想|要|准备|打算|计划|快|马上|即将|刚|今年|明年).{0,6}"
    r"(?:开(?!具|证明|户|票|通|锁)|盘|结婚|买|卖|退休|退役|退伍|复员|毕业|上学|上小学|上一年级|上初中|入学|创业|当爸|当妈|单干|不干)"
    r"|(?:去世|过世|病逝)|(?:生|出生|走|没|退伍|退役|转业|毕业|失业|下岗|裁员|被裁|倒闭|残疾|退休|结婚)(?:了|完|后)"
    r"|后事|身后|当兵|开.{0,6}(?:店|馆|铺|厅|超市|公司)"
)
_WHOLE = re.compile(
    r"一件事|哪些(?!材料|证件|条件|人|资料|地方能)|(?:都|还|总共|一共|接下来)(?:要|得|需要|该|能|可以|怎么)(?:办|弄|准备|跑|走|做|申请)|"
    r"一[起块并].{0,3}(?:办|弄|申请|交)|一次.{0,3}办|都办了|从头|全套|全部|(?:什么|啥|怎么个)手续|要[办弄做走跑](?:些|点)?(?:什么|啥)|"
    r"弄[些点]?(?:啥|什么)|哪些部门|从哪[里儿]?(?:办起|开始)|先办|怎么一起|各种"
)
# Papers and payments that are items of their own: a question after one of them is no happening.
# Side by side they are one thing: 公积金贷款.
_ONE_THING = re.compile(
    r"(?:执照|许可|[^一]证(?!件|照)|户口|落户|社保|医保|公积金|过户|网签|养老金|失业金|津贴|补[贴助]|贷款|招牌|"
    r"消防|纳税|缴税|报销|登记|发票|注册(?!.{0,4}(?:公司|企业))|食品经营|商标|墓|公证|火化|殡葬|居住证|报名|学籍)+"
)
_MONEY = re.compile(
    r"政策|标准|优惠|减免|免费|贴息|返还|奖励|奖补|新规|新政|办法|规定|最[多高]|额度|"
    r"(?:补|津贴|奖|给|发|领|报|贷|免|减).{0,8}(?:多少|几百|几千|几成|比例|吗|么|不$|没有)|"
    r"有(?:没有|没|什么|啥)?.{0,6}(?:补|奖|扶持|支持)|(?:补[贴助]|扶持).{0,4}(?:吗|么|多少)|国家.{0,4}(?:补|给)"
)
_APPLY = re.compile(
    r"(?:怎么|如何|咋|哪里|哪儿|在哪|去哪)(?:个)?(?:申请|申领|申报|办|弄|报名)|材料|带什么|带啥|窗口|代办|几趟"
)
_PRIOR = 1.0
_TIP = 2.0
# A policy or life event that the words do not ask for must fit at least this well.
_UNASKED = 14.0
# Entries of two kinds this near to each other in strength are equally likely.
_ALIKE = 0.5


def meant_kinds(text: str, best: Mapping[Kind, Hit]) -> tuple[Kind, ...]:
    """The kinds whose best entries ``text`` may mean, likeliest first; more than one when alike."""
    plain = normalise(text)
    tips = {
        Kind.ITEM: _PRIOR,
        Kind.POLICY: _for_policy(plain),
        Kind.LIFE_EVENT: _for_event(plain),
    }
    tipped = {
        kind: best[kind].strength + tip
        for kind, tip in tips.items()
        if kind in best and (tip >= 0 or best[kind].strength >= _UNASKED)
    }
    order = sorted(tipped, key=lambda kind: -tipped[kind])
    return tuple(kind for kind in order if tipped[kind] >= tipped[order[0]] - _ALIKE)


def happening(text: str) -> bool:
    """Whether ``text`` clearly describes what happens in a life rather than one item."""
    return _for_event(normalise(text)) >= _TIP


def _for_event(plain: str) -> float:
    whole = bool(_WHOLE.search(plain))
    things = len(set(_ONE_THING.findall(plain)))
    if not whole and (things == 1 or _MONEY.search(plain)):
        return -_TIP
    tip = whole * _TIP + bool(_HAPPENS.search(plain)) * _TIP + (things > 1) * _PRIOR
    return tip or -_PRIOR


def _for_policy(plain: str) -> float:
    if not _MONEY.search(plain):
        return -_TIP
    return -_PRIOR if _APPLY.search(plain) else _TIP + _PRIOR
