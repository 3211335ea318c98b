"""Kinds of emergencies: which number takes them over, and what the citizen is told until help comes.

110/119/120/122 stay separate from the line and are passed on at once (国办函〔2025〕66号 第二条,
国办发〔2022〕12号). 12110 takes short messages of who cannot speak, where a city has it; 12356 is the
line for the mind (心理援助), never instead of 110 or 120 when a life is in danger.
"""

from __future__ import annotations

from dataclasses import dataclass

SILENT = "12110（短信报警）"
MIND = "12356（心理援助）"


@dataclass(frozen=True)
class Emergency:
    """Which number takes it over, what kind it is, and what the citizen is told first.

    A ``hazard`` (险情) threatens many or later: whoever is on duty is alarmed at once, and what the
    citizen said is kept as a draft besides, because the unit responsible has to act too.
    """

    number: str
    kind: str
    advice: str
    also: tuple[str, ...] = ()
    hazard: bool = False


GAS = Emergency(
    "119",
    "燃气泄漏",
    "请马上开窗通风，关闭燃气阀门，不要开关电器、不要用明火，人先撤到室外，再拨打电话。",
    ("0000-12349777（燃气公司24小时抢修）",),
    hazard=True,
)
FIRE = Emergency("119", "火灾", "请先撤离到安全的地方，弯腰捂住口鼻，不要乘电梯，不要返回取物。")
TRAPPED = Emergency("119", "人员被困", "请保持冷静，不要强行扒门或攀爬，告诉消防员您的位置和人数。")
WATER = Emergency("119", "溺水或洪水险情", "请不要盲目下水，先抛救生圈、绳子或长杆，并大声呼救。")
DAM = Emergency(
    "119",
    "堤坝险情",
    "请马上离开坝脚和下游低洼处，往高处走，并喊附近的人一起撤。",
    ("110",),
    hazard=True,
)
STRUCTURE = Emergency(
    "119", "倒塌险情", "请马上离开危险区域，到空旷的地方，并提醒附近的人。", hazard=True
)
WIRE = Emergency(
    "110",
    "电线垂落",
    "请离开断线至少 8 米，不要触碰，也请提醒别人绕行。",
    ("119",),
    hazard=True,
)
LEAK = Emergency(
    "119",
    "危险品泄漏",
    "请往上风方向撤离，捂住口鼻，不要靠近，不要用明火。",
    ("110",),
    hazard=True,
)
MEDICAL = Emergency(
    "120", "急病或受伤", "请让病人平躺、保持呼吸通畅，不要随意搬动，派人在路口等救护车。"
)
POISON = Emergency("120", "中毒", "请带好吃过的东西或药瓶，不要自行催吐昏迷的人。")
TRAFFIC = Emergency(
    "122",
    "交通事故",
    "请打开双闪、在车后放警示牌，人员撤到路边。有人受伤请同时拨打 120。",
    ("120", "110"),
)
VIOLENCE = Emergency(
    "110",
    "人身危险",
    "请先到安全的地方。不方便说话时，可以发短信到 12110 报警，写明地点和情况。",
    (SILENT,),
)
DOMESTIC = Emergency(
    "110",
    "家庭暴力",
    "请先离开或躲到能锁门的房间，带上孩子和手机。打人是违法的，不是家务事，警察可以出具告诫书。"
    "不方便说话时，发短信到 12110，写明地点。",
    (SILENT, "12338（妇女维权）"),
)
CHILD = Emergency(
    "110",
    "孩子正受伤害",
    "请先记下楼栋和门牌，不要独自上门，警察会立即到场。孩子的事任何人都可以报警，您的身份会保密。",
    ("120",),
)
CRIME = Emergency("110", "正在发生的违法犯罪", "请先保证自身安全，记住对方特征，不要追赶。")
SUSPICIOUS = Emergency(
    "110", "可疑物品或情况", "请不要触碰，离远一些，也不要让别人靠近。", ("119",)
)
MISSING = Emergency(
    "110", "人员走失", "请准备走失人的照片、衣着和最后出现的地点，报警不需要等 24 小时。"
)
FRAUD = Emergency(
    "110", "正在遭遇诈骗", "请马上停止转账，保留聊天和转账记录。也可以拨打 96110。", ("96110",)
)
SELF_HARM = Emergency(
    "120",
    "生命危险",
    "您现在的感受很重要，请先别一个人扛着。请离开危险的地方，让身边的人陪着您。"
    "12356 心理援助热线全天都有人听您说。",
    ("110", MIND),
)
OTHERS_LIFE = Emergency(
    "110",
    "有人要轻生",
    "请不要刺激他，也不要突然靠近，远远地和他说话，等警察和消防到场。"
    "如果已经受伤或服了药，同时拨打 120。",
    ("120", "119", MIND),
)
UNNAMED = Emergency(
    "110",
    "紧急情况",
    "请先到安全的地方。有人受伤或发病请拨 120，着火或被困请拨 119，交通事故请拨 122。",
    ("119", "120", "122"),
)


def advice_text(emergency: Emergency, *, by_phone: bool = False, silent: bool = False) -> str:
    """What the citizen reads, or hears: the number first, then what to do until help comes.

    A call is connected to the number; a text asks to dial it, unless who needs the police is
    ``silent``, because speaking would be heard: then to send a text.
    """
    if by_phone:
        return (
            f"这是紧急情况，正在为您转接 {emergency.number}，请不要挂断。{emergency.advice}"
            "请说出现在的具体位置。"
        )
    if silent and SILENT in emergency.also:
        return (
            "这是紧急情况。不能说话，就发短信到 12110 报警，写明地点和情况；能说话时拨打 110。\n"
            "把手机调成静音，先到能锁门的地方。\n"
            "这里已经记下您说的情况并通知值班人员。如果方便，请打字告诉我现在的具体位置。"
        )
    also = f"也可联系：{'、'.join(emergency.also)}。" if emergency.also else ""
    return (
        f"这是紧急情况，请立即拨打 {emergency.number}（{emergency.kind}）。\n"
        f"{emergency.advice}{also}\n"
        "这里已经记下您说的情况并通知值班人员。如果方便，请告诉我现在的具体位置。"
    )
