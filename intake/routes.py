"""Legal and special routes: matters that have a way of their own, with its number or place.

Source: 国办函〔2025〕66号 第二条 (five-way triage) and the numbers' own notices; a city checks them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """Where a matter belongs, and what the citizen is told."""

    code: str
    name: str
    text: str
    pattern: re.Pattern[str]


def _route(code: str, name: str, text: str, pattern: str) -> Route:
    return Route(code, name, text, re.compile(pattern))


ROUTES: tuple[Route, ...] = (
    _route(
        "information_disclosure",
        "政府信息公开",
        "这属于依申请公开政府信息。请向保存该信息的单位提交《政府信息公开申请表》（网上、邮寄或当面都可以），"
        "单位自收到申请之日起 20 个工作日内答复。需要的话我可以告诉您该单位的联系方式。",
        r"信息公开|依申请公开|公开申请|申请公开",
    ),
    _route(
        "discipline",
        "纪检监察",
        "反映党员干部和公职人员违纪违法、职务犯罪的问题，请拨打纪检监察举报电话 12388，或登录其举报网站。",
        r"贪污|受贿|行贿|索贿|收(?:了)?(?:红包|好处|钱).{0,6}(?:干部|领导|主任|局长|书记)|(?:干部|领导|主任|局长|书记|公职人员|公务员).{0,14}(?:收(?:了)?(?:红包|好处|钱)|贪|腐败|违纪|吃拿卡要)|违纪|职务犯罪",
    ),
    _route(
        "police_discipline",
        "公安队伍举报",
        "反映民警、辅警违法违纪的问题，请拨打公安机关举报电话 12389。",
        r"(?:民警|警察|辅警|派出所).{0,14}(?:违纪|违法|打人|受贿|收钱|收好处|刑讯|不作为)",
    ),
    _route(
        "petition",
        "信访",
        "已经进入信访程序的事项，请按《信访工作条例》向原受理机关询问进展；对处理意见不服的，"
        "可自收到书面意见之日起 30 日内向上一级机关申请复查。市信访局电话见“办事指南”。",
        r"信访|上访|复查意见|复核意见",
    ),
    _route(
        "reconsideration",
        "行政复议",
        "对行政处罚等具体行政行为不服，可自知道该行为之日起 60 日内向复议机关申请行政复议，"
        "也可依法提起行政诉讼。法律咨询和法律援助请拨打 12348。",
        r"行政复议|复议|(?:不服|异议).{0,10}(?:处罚|决定|裁决)|(?:处罚|决定|裁决).{0,10}(?:不服|不合理)",
    ),
    _route(
        "arbitration",
        "仲裁",
        "劳动争议请在权利受侵害之日起一年内向劳动人事争议仲裁委员会申请仲裁；政策咨询可拨打 12333。",
        r"仲裁",
    ),
    _route(
        "court",
        "诉讼",
        "需要由法院审理或执行的事项，请向有管辖权的人民法院提出；诉讼服务热线 12368，法律咨询 12348。",
        r"法院|判决|起诉|打官司|诉讼|开庭|立案庭|强制执行|老赖|离婚(?:财产|协议纠纷)|债务|借(?:了)?钱不还|欠(?:我)?钱不还|遗产|继承纠纷|抚养权",
    ),
    _route("prosecution", "检察", "检察机关的事项请拨打 12309。", r"检察院|检察"),
    _route(
        "finance",
        "金融消费",
        "银行、保险等金融消费纠纷请先向该机构投诉；不服的可拨打金融消费者热线 12378。",
        r"12378|(?:银行|保险公司|信用卡).{0,12}(?:投诉|乱扣|拒赔|误导|骗保)",
    ),
    _route(
        "law",
        "法律咨询",
        "法律咨询、法律援助和人民调解请拨打 12348。",
        r"律师|法律(?:咨询|援助)|打(?:什么)?官司",
    ),
    _route(
        "mental", "心理援助", "心理援助热线 12356 全天都有人接听。", r"心理(?:咨询|援助|热线)|抑郁"
    ),
)


def find_route(text: str) -> Route | None:
    """The first route whose words stand in ``text``, or None."""
    return next((route for route in ROUTES if route.pattern.search(text)), None)


_PRIVATE = re.compile(
    r"(?:查|告诉我|给我|要).{0,12}(?:别人|他|她|老公|老婆|丈夫|妻子|邻居|某人|那个人|对方|老板|领导).{0,8}(?:电话|手机号|住址|地址|工资|收入|身份证|行踪|开房|存款|户籍|名字)|"
    r"(?:所有|其他|别的).{0,6}(?:工单|投诉人|市民).{0,8}(?:电话|信息|姓名)|谁(?:举报|投诉)(?:了)?(?:我|的)"
)


def is_private(text: str) -> bool:
    """Whether ``text`` asks for what belongs to somebody else (个人信息、隐私)."""
    return bool(_PRIVATE.search(text))


PRIVATE_TEXT = (
    "这涉及他人的个人信息或隐私，依法不能提供。如果您的权益受到侵害，可以说说发生了什么，我帮您登记；"
    "需要法律帮助请拨打 12348。"
)
