"""Facts that one message carries: contact, time, wishes. Pure rules over Chinese text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.privacy import LANDLINE, MOBILE
from language.times import find_times

ANONYMOUS = re.compile(
    r"匿名|不(?:想|愿|方便)?(?:意)?留(?:下)?(?:姓名|名字|名|电话|号码|联系方式)|不(?:想|愿意|方便)透露(?:姓名|身份)?"
)
CONFIDENTIAL = re.compile(
    r"(?<!不用)(?<!不需要)(?<!不要)保密|(?:别|不要|不能|千万别)(?:把我|让(?:他们|对方|单位|老板|物业|邻居))[^，。]{0,12}(?:知道|说出去|泄露|透露)"
)
NOT_CONFIDENTIAL = re.compile(r"不(?:用|需要|要)保密|无需保密|可以公开")
_RELATIVE = (
    "我妈妈|我爸爸|我母亲|我父亲|我妈|我爸|我奶奶|我爷爷|我外婆|我外公|我姥姥|我姥爷|我爱人|我老公|我老婆|我妻子|我丈夫"
    "|我儿子|我女儿|我孩子|我小孩|我哥|我姐|我弟|我妹|我邻居|我朋友|我同事|我公公|我婆婆|我岳父|我岳母|我们老板|我家老人"
)
ON_BEHALF = re.compile(
    rf"(?:替|帮|代|给)({_RELATIVE}|邻居|朋友|同事|老人|家里老人|[^\s，。]{{2,4}}(?:大爷|大妈|奶奶|爷爷|阿姨))(?:来)?(?:反映|投诉|问|报|登记|打|说|申请|咨询|举报)"
)
FOR_SELF = re.compile(r"(?:是)?(?:为|替)?我?(?:本人|自己)(?:反映|的事|投诉)?$")
NAME = re.compile(
    r"(?:我叫|我的名字是|姓名(?:是|：|:)?|联系人(?:是|：|:)?)((?:示例·)?[一-龥·]{2,4}?)(?=[，,。；;\s\d]|$|电话|手机)"
)
# 我是王小明: a common surname and one or two more characters, and no trade or standing.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
    "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
INTRODUCED = re.compile(
    rf"(?<![不就说问])我是(?!高中|高三|高一|高二|金融|白领|文员|武警|任何|万一|常住|程序|石油|江边|马上|田里|林业|黄牛|段长)"
    rf"((?:示例·)?[{_SURNAMES}][一-龥]{{1,2}})(?=[，,。；;\s]|$)"
)
SURNAME = re.compile(r"我姓([一-龥])(?![一-龥]名)")
# 王女士, 我是李先生: a name when nothing else is said.
ADDRESSED = re.compile(
    r"(?:我是|我叫|叫我|免贵)?姓?([^\W\d_这那老位个是]{1,3}(?:先生|女士|小姐))[。！!]?"
)
DONT_KNOW = re.compile(
    r"^(?:我)?(?:也)?(?:不知道|不清楚|不晓得|记不清|记不得|忘了|说不清|不好说|没有|无|不太清楚)(?:了|啊|呀|吧|哦)?[。！!]?$"
)


# Digits read out one by one: 一三八零零…
_SPOKEN = re.compile(
    r"[〇零幺一二两三四五六七八九\d](?:[\s、-]?[〇零幺一二两三四五六七八九\d]){6,}"
)
# 不是一周，是昨天: what is denied is not meant.
_DENIED = re.compile(r"不是[^，,。]{1,12}[，,]\s*(?=(?:而|应该)?是)")
_PHONE = re.compile(
    rf"[，,。；;、\s]*(?:我的?|联系|聯繫)?(?:电话|電話|手机|手機)?(?:(?<!\d)[号號][码碼]?)?(?:是|为|為|：|:)?\s*{MOBILE.pattern}"
)
# Before a number: it belongs to whom the matter is about.
_OTHERS = re.compile(
    r"(?:(?<!我的)(?:邻居|老板|房东|房客|租客|中介|司机|经理|负责人|包工头|客服|骑手|快递员)|(?<!我)(?<!我们)(?:公司|物业|单位)"
    r"|商家|店家|店主|店里|骗子|对方|卖家|他们?|她|推销|骚扰)[^,，。;；!！?？\s我]{0,8}$"
)
_DIGITS = str.maketrans("〇零幺一二两三四五六七八九", "0011223456789")


@dataclass(frozen=True)
class Facts:
    """What a message says about these things; None or False when it says nothing."""

    phone: str | None = None
    name: str | None = None
    since: str | None = None
    anonymous: bool = False
    confidential: bool | None = None
    on_behalf_of: str | None = None
    dont_know: bool = False


def read_facts(text: str, places: tuple[str, ...] = ()) -> Facts:
    """Read every fact in ``text``; ``places`` are exact substrings that are places, not times."""
    return Facts(
        phone=own_phone(text),
        name=_name(text),
        since=find_time(text, places),
        anonymous=bool(ANONYMOUS.search(text)),
        confidential=_confidential(text),
        on_behalf_of=_on_behalf(text),
        dont_know=bool(DONT_KNOW.match(text.strip())),
    )


def find_phone(text: str) -> str | None:
    """The last mobile (11 digits) or landline number in ``text``, digits only, also when spoken."""
    text = _SPOKEN.sub(lambda spoken: spoken[0].translate(_DIGITS), text)
    mobiles = ["".join(m.groups()) for m in MOBILE.finditer(text)]
    if mobiles:
        return mobiles[-1]
    landlines = ["".join(m.groups()) for m in LANDLINE.finditer(text)]
    return landlines[-1] if landlines else None


def own_phone(text: str) -> str | None:
    """As `find_phone`, but no number that is said to be somebody else's: 老板电话13800000001."""
    spoken = _SPOKEN.sub(lambda said: said[0].translate(_DIGITS), text)
    others = [m for m in MOBILE.finditer(spoken) if _OTHERS.search(spoken, 0, m.start())]
    for other in reversed(others):
        spoken = spoken[: other.start()] + spoken[other.end() :]
    return find_phone(spoken)


def without_phone(text: str) -> str:
    """``text`` without its mobile numbers and the words that lead to them: they are no matter."""
    return _PHONE.sub("", text).lstrip("，,。；; ") or text


def without_contact(text: str) -> str:
    """``text`` without telephone numbers and the words that lead to them, which may be all of it."""
    spoken = _SPOKEN.sub(lambda said: said[0].translate(_DIGITS), text)
    return _PHONE.sub("", spoken if MOBILE.search(spoken) else text).strip("，,。；; \n")


def without_facts(text: str) -> str:
    """``text`` without its times, telephone numbers, names and wishes, which may be all of it."""
    rest = LANDLINE.sub("", without_contact(_DENIED.sub("", text)))
    if ADDRESSED.fullmatch(rest.strip()):
        return ""
    for told in (NAME, INTRODUCED, SURNAME, ANONYMOUS, NOT_CONFIDENTIAL, CONFIDENTIAL, ON_BEHALF):
        rest = told.sub("", rest)
    for said in sorted(find_times(rest), key=lambda said: -len(said.text)):
        rest = rest.replace(said.text, "")
    return rest


def find_time(text: str, places: tuple[str, ...] = ()) -> str | None:
    """The longest wording of a time or duration in ``text``, as said."""
    for place in places:
        text = text.replace(place, "　" * len(place))
    text = _DENIED.sub("", text)
    found = [said.text for said in find_times(MOBILE.sub("　", text))]
    return max(found, key=len) if found else None


def _name(text: str) -> str | None:
    match = NAME.search(text) or INTRODUCED.search(text)
    if match:
        return match[1]
    addressed = ADDRESSED.fullmatch(text.strip())
    if addressed:
        return addressed[1]
    surname = SURNAME.search(text)
    return f"{surname[1]}先生/女士" if surname else None


def _confidential(text: str) -> bool | None:
    if NOT_CONFIDENTIAL.search(text):
        return False
    return True if CONFIDENTIAL.search(text) else None


def _on_behalf(text: str) -> str | None:
    if FOR_SELF.search(text):
        return ""
    match = ON_BEHALF.search(text)
    return match[1].removeprefix("我") if match else None
