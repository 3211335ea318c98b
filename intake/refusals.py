"""Requests that are explained instead of taken in, and disruption that is passed to the police. Pure.

66号(二): ④ what is unlawful, secret, private or against good morals is explained; ⑤ who disrupts the
line on purpose is a clue for the police (线索移送公安).
"""

from __future__ import annotations

import re

_PERSON = (
    r"(?:别人|他|她|老公|老婆|丈夫|妻子|前夫|前妻|前男友|前女友|对象|男朋友|女朋友|邻居|某人|那个人|这个人|对方|老板|领导|车主|机主|儿媳妇?|同事|"
    r"举报人|投诉人|(?:打电话)?(?:告|举报|投诉)我的(?:那个)?人|市长|书记)"
)
_PERSONAL = r"(?:电话|手机号?|号码|住址|住哪|地址|工资|收入|身份证|行踪|开房|存款|余额|户籍|名字|姓名|通话|病历|前科|征信|定位|社保记录|几套房|是谁|结过婚|上班)"
_PRIVATE = re.compile(
    rf"(?:查|告诉我|给我|想知道|看看|看一下|打听|定位|调|要知道).{{0,14}}{_PERSON}.{{0,10}}{_PERSONAL}|{_PERSON}的?{_PERSONAL}.{{0,6}}(?:查|告诉我|(?<!还)给我)|"
    r"(?:所有|其他|别的|全部|别人).{0,6}(?:工单|投诉人|市民).{0,8}(?:电话|信息|姓名|导出|显示|列出|给我)|"
    r"把.{0,20}(?:号码|电话|名字|地址|住址).{0,4}(?:发(?:给)?|告诉|给)我|(?:是)?谁(?:打电话)?(?:举报|投诉|告)(?:了)?(?:的)?我|(?:号码|车牌号?|身份证号?).{0,8}(?:查|是谁|登记在谁|车主|机主|实名)|实名.{0,4}(?:是谁|谁的)"
)
# "把我的电话保密" asks the contrary.
_OWN = re.compile(r"保密|(?:不要|别)(?:告诉|透露)|我(?:自己|本人)的")
_DISRUPTION = re.compile(
    r"(?:打爆|打瘫|占满|堵死|搞瘫|弄瘫).{0,6}(?:热线|电话|你们|12345|线路)|(?:热线|12345|你们).{0,6}(?:打爆|打瘫|瘫痪|打不进来)|"
    r"(?:就是|故意|专门).{0,6}(?:来|打).{0,6}(?:骂|捣乱|骚扰|玩你们|耍你们|占线)|(?:每天|天天|一天).{0,4}打.{0,6}(?:几百|一百|上百|一千|几十)(?:个|遍|次).{0,10}(?:骂|烦|骚扰|玩|占)|"
    r"报(?:个|了个)?假(?:警|案)|编(?:个|造).{0,6}(?:投诉|举报|谎)|(?:我要|老子|信不信).{0,6}(?:炸|烧|砸)(?:了|掉|平)?.{0,4}(?:政府|大厅|你们单位|12345|信访局|派出所|法院)|让你们(?:都)?(?:不得安宁|干不下去)"
)


def is_private(text: str) -> bool:
    """Whether ``text`` asks for what belongs to somebody else (个人信息、隐私)."""
    return bool(_PRIVATE.search(text)) and not _OWN.search(text)


def is_disruption(text: str) -> bool:
    """Whether ``text`` announces or admits disruption of the line (恶意扰乱)."""
    return bool(_DISRUPTION.search(text))


PRIVATE_TEXT = (
    "这涉及他人的个人信息或隐私，依法不能提供。如果您的权益受到侵害，可以说说发生了什么，我帮您登记；"
    "需要法律帮助请拨打 12348。"
)
UNLAWFUL_TEXT = (
    "这样的要求不符合法律规定，热线不能办，也不能告诉您办法。如果遇到了实际困难，可以说说是什么事，"
    "我看看有没有合规的途径；需要法律帮助请拨打 12348。"
)
DISRUPTION_TEXT = (
    "热线是大家求助用的，恶意占线、虚假报警会影响别人，情况会记录并按规定移送公安机关。"
    "如果确实有事，请直接说，我马上为您登记，也可以转人工。"
)
