"""Emergencies are recognised before anything else, by rules that anyone can read.

A rule needs a danger (`intake.emergency_words`) and nothing that puts it in the past, into a fear,
into a habit, into a question about procedure, or into a figure of speech. What stands in the way must
stand near: an old story before a present danger does not hide it.
"""

from __future__ import annotations

import re

from intake.emergency_kinds import OTHERS_LIFE, SELF_HARM, UNNAMED, Emergency, advice_text
from intake.emergency_words import LEANING, PATTERNS
from intake.foreign_dangers import screen_english
from language.normalise import normalise

__all__ = ["Emergency", "advice_text", "cannot_speak", "screen", "unnamed"]

# What speech recognition and fast typing make of the words that matter here.
_MISHEARD = (
    ("煤汽", "煤气"),
    ("燃汽", "燃气"),
    ("天燃气", "天然气"),
    ("着伙", "着火"),
    ("救名", "救命"),
)
# Who is in danger does not write a letter: in one, only words of the present moment count.
_LETTER = 200
# A cry for help is short; a longer story names its danger.
_CRY = 40
_SENTENCE = re.compile(r"[。！!？?；;\n]")
_CLAUSE = re.compile(r"[，,、:：\s]")

# Water, power, gas, heat or the network is off: urgent, but nobody is in danger by that alone.
OUTAGE = re.compile(
    r"(?:没|没有|停|断)(?:水|电|气|暖气?|网|燃气|煤气|天然气)(?:了|啦|呢|吗|[，,。！!？?；;]|$)"
)
_SILENT = re.compile(
    r"(?:不(?:能|敢|方便|好)|没(?:法|办法))(?:出声|说话|讲话|打电话|接电话)|(?:别|不要)(?:说话|出声|回电|打过来|打电话|给我打)"
)
# Who should be taken to a shelter is in want; rules hear who freezes.
_SHELTER = re.compile(r"救助站")
_FIGURE_OF_SPEECH = re.compile(
    r"(?:抽|吸|戒|卖|禁|二手|油)烟|想死的心都有|吓(?:死|坏)(?:我|人)|枪打出头鸟|太吵|(?:穷|吵|气|烦|热|冷|累|急|饿|臭|笑|困|痒|忙|愁|疼|痛|折磨|逼|等)(?:得|的)?(?:我|人|大家|全家|个人)?(?:都|真|真是|快|快要|要|想|简直)*(?:想|要)?(?:死|不想活|活不下去|跳楼|发疯|自杀|疯|爆炸|中风|心脏病|昏|晕|喘不|吐血|活不下去)|"
    r"(?:没|没有|无|不是|不|未)(?:什么|任何|闻到)?(?:人)?(?:气?味道?|泄漏|漏气|着火|冒烟|受伤|断|流血|伤|明火)[啊呀吧哦]*(?:(?:没有|也没)(?:泄漏|漏气))?|(?:厂|烟囱|锅炉|烧烤.{0,3}|车尾|排气管|后厨|店|窑).{0,6}(?:冒|排|散发|飘).{0,6}烟|打不着|冒青烟|打(?:着|燃)火|点(?:着|不着)火|打我(?:的)?(?:电话|手机|这个)|打(?:我|你)[^,，。]{0,3}(?:电话|手机|号)|打(?:110|119|120|122|12345)|"
    r"死机|火(?:得|爆)|(?<!顶)(?<!楼)(?<!山)上火(?!好|很|太|势|苗)|恼火|发火|火锅|烟火|救命(?:稻草|钱)|砍(?:树|伐|价)|大出血价|差点.{0,6}(?:打|撞|摔|砸|死)|险些.{0,6}(?:打|撞|摔|砸)|要我的命|抢钱|都要犯了|防(?:走失|拐|火|溺水|诈)\w{0,2}|(?:走失|防丢)手环|打也?没用|物业费|消防(?:车|通道|栓|手续|安全|设施)"
)
# The past, a fear, a habit: in the danger's own clause or the one before it.
_PAST = re.compile(
    r"上(?:周|个?月|次|回|(?:个)?(?:星期|礼拜))|去年|前年|前(?:天|几天|阵子|段时间)|昨(?:天|晚|日)|(?<!不如)以前|之前|曾经|当年|后来|那(?:次|回|年)|(?:威胁|打|骂|跟踪|骚扰|着|淹|塌|撞)过(?!来|去)|(?:滑坡|火灾|地震|车祸|事故|塌方|爆炸|洪水|暴雨)(?:以后|之后|过后)|好多年|[一二两三四五六七八九十几\d]+年前|已经过去"
)
_FEAR = re.compile(
    r"容易|可能会?|会不会|万一|担心|(?<!好)(?<!害)怕(?!是|我)|隐患|存在.{0,6}风险|建议|防止|避免|预防|如果|要是|一旦|假如|真(?:的)?(?=着火|起火|出事|爆炸|塌)|迟早|早晚(?:要|会)|哪天|以防|为了防|真要(?=着|起火|塌|出事|爆)|看着吓人|着不着火|着火点|差一点"
)
_HABIT = re.compile(
    r"天天|每天|每晚|每次|每年|每个?月|每周|经常|常常|长期|一直以来|老是|总是|整晚|整天|三天两头|常年|好几个月|(?:一到|每到)|半夜.{0,3}都|隔三差五|动不动|老(?=吵|打|出|漏)"
)
_OVER = re.compile(
    r"已经?(?:扑灭|灭了|处理(?:好|完)|解决|出院|救(?:上|出)来|送医|报警处理|抓到|找到|回家|好了|没事|过去|挪车|调解|断电)|看着吓人|没人(?:来)?(?:收拾|清理|修|弄)|现在(?:没事|好了|已经没)|人(?:在外面)?没事|出院了|搬出来了|没(?:什么)?大碍|都没伤|两边都没|派出所调解|虚惊|不严重|(?<!不)回来了(?=,|，|$)"
)
_PROCEDURE = re.compile(
    r"怎么(?:申请|办理|赔|认定|鉴定|报销|投诉|预防|处罚|处理责任|报|识别|约|补)|如何(?:申请|预防|办|赔)|赔偿|理赔|认定书|责任认定|告诫书|多少钱|补贴|补助|报销|证明|演练|培训|手续|鉴定|算不算|算工伤|能不能(?:算|评|办)|判几年|怎么判|什么责任|救助基金|备案|开锁公司|罚多少|在哪里?(?:办|领|拿|开|补|打印|检测|换|查|预约)|去哪(?:里|儿)?(?:开|办|领|拿|补|换|查|检测|打疫苗)|门诊|科普|宣传|费用|标准|残疾证|能(?:办|评|报|领)|费.{0,8}涨|涨价|太贵|(?:办|离婚)手续"
)
_NOW = re.compile(
    r"现在(?!想|要|问|已|没|好)|正在|正(?=踹|砸|打|撬|往|给|在)|刚刚|刚才|刚(?!才)(?!开)|马上(?!要)|快(?:来|点|派|救|叫|报|去|快)|赶紧(?:来|派)|立刻|还在|这会儿|此刻|突然|忽然|叫不|喊不|不动了|还没(?:下来|出来|救)|越来越|怎么办(?!理|手续|证)|咋办|咋整|救(?:救|命)|快!|一直(?:响|在漏|流血|没人应)|不敢出声"
)


def screen(text: str) -> Emergency | None:
    """The emergency in ``text``, or None. ``text`` is one message, any length, as it was said.

    Each sentence stands for itself; of its dangers the first kind in `PATTERNS` wins.
    """
    in_english = screen_english(text)
    if in_english is not None:
        return in_english
    plain = normalise(text)
    for heard, meant in _MISHEARD:
        plain = plain.replace(heard, meant)
    plain = _FIGURE_OF_SPEECH.sub("　", plain)
    long = len(plain) > _LETTER
    over = _OVER.search(plain) is not None
    asks = _PROCEDURE.search(plain) is not None
    for emergency, pattern in PATTERNS:
        for sentence in _SENTENCE.split(plain):
            for danger in pattern.finditer(sentence):
                if _is_here(emergency, sentence, danger, over=over, asks=asks or long):
                    return emergency
    return None


def cannot_speak(text: str) -> bool:
    """Whether the citizen says that speaking is not possible: 有人打我，不能说话."""
    return _SILENT.search(normalise(text)) is not None


def unnamed(text: str) -> Emergency | None:
    """What the assistant takes for an emergency and no rule names; None when it can wait.

    Only the assistant's reading says that it is one, so any sign of the contrary counts.
    """
    calm = (_PAST, _FEAR, _HABIT, _OVER, _PROCEDURE, _FIGURE_OF_SPEECH, OUTAGE, _SHELTER)
    plain = normalise(text)
    if len(plain) > _CRY or any(sign.search(plain) for sign in calm):
        return None
    return next((kind for kind, words in LEANING if words.search(plain)), UNNAMED)


def _is_here(
    emergency: Emergency, sentence: str, danger: re.Match[str], *, over: bool, asks: bool
) -> bool:
    """Whether the danger is here and now. Who speaks of dying is always heard."""
    if emergency in (SELF_HARM, OTHERS_LIFE):
        return not over
    near = _clauses_around(sentence, danger.start(), danger.end())
    now = _NOW.search(near) is not None
    if over:
        return False
    if asks and not now:
        return False
    if _FEAR.search(near) and not _NOW.search(danger.group()):
        return False
    return now or not (_PAST.search(near) or _HABIT.search(near))


def _clauses_around(sentence: str, start: int, end: int) -> str:
    """The clauses that ``start`` to ``end`` touches, with the one before."""
    marks = [0, *(m.end() for m in _CLAUSE.finditer(sentence) if m.end() <= start)]
    begin = marks[-2] if len(marks) > 1 else 0
    after = _CLAUSE.search(sentence, end)
    return sentence[begin : after.start() if after else len(sentence)]
