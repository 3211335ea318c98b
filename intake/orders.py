"""Words that give the machine orders instead of telling the line something. Pure.

What the citizen said is kept as said; what is understood and acted on is the rest.
"""

from __future__ import annotations

import re

_ORDERS = re.compile(
    r"(?:忽略|无视|忘(?:记|掉)|跳过|绕过)(?:掉)?(?:以上|上面|之前|前面|先前|所有|你的|一切)[^，。；;！!]{0,8}(?:规则|指令|指示|提示|设定|限制|命令|要求|约束)"
    r"|(?:ignore|disregard|forget)\s+(?:all|the|any|your|previous|above)[^，。；;.!]{0,60}"
    r"|你(?:现在)?(?:已(?:经)?被|已获)授权|你现在(?:是|扮演)(?!12345)[^，。；;！!]{1,20}|(?:进入|开启|切换到?)(?:开发者|管理员|调试|DAN)模式"
    r"|(?:system\s*prompt|系统提示词?|提示词|内部指令|初始指令)[^，。；;！!]{0,20}"
    r"|(?:把|将)?(?:我的)?(?:工单|单子|案件)?(?:的)?优先级(?:设|改|调|提)(?:为|成|到)?(?:最高|紧急|特急|第一)"
    r"|(?:直接|立即|马上)?(?:返回|列出|输出|显示|导出|打印)(?:所有|全部|其他|别人|数据库)[^，。；;！!]{0,16}(?:工单|电话|手机号|身份证|信息|数据|记录|规则|指令)[^，。；;！!]{0,8}"
    r"|(?:直接|立即|马上)(?:办结|结案|关单|通过审核)"
    r"|</?\s*(?:system|assistant|user|instruction|prompt)\s*>|\[/?INST\]|<\|[^|>]{1,20}\|>",
    re.IGNORECASE,
)
_JOINTS = re.compile(
    r"[，,。；;！!？?\s]*(?:并|然后|再|请|同时)?[，,。；;！!？?\s]*$|^[，,。；;！!？?\s]*(?:并|然后|再|同时)?[，,。；;\s]*"
)
REFUSAL = "我只能按规定登记、查询和答复，不能改变办理规则，也不能提供他人的信息。"


def gives_orders(text: str) -> bool:
    """Whether ``text`` gives the machine orders."""
    return bool(_ORDERS.search(text))


def without_orders(text: str) -> str:
    """What ``text`` says besides; empty when it only gives orders."""
    if not gives_orders(text):
        return text
    rest = [
        _JOINTS.sub("", part)
        for part in re.split(r"(?<=[，,。；;！!？?])|\n", _ORDERS.sub("", text))
    ]
    return "，".join(part for part in rest if re.search(r"\w", part))
