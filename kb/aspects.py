"""Which part of a guide a question asks for: materials, time, fee … Pure rules, no model."""

from __future__ import annotations

import re
from enum import StrEnum

from language.normalise import normalise


class Aspect(StrEnum):
    """A part of an item's guide. The order is the order of a full answer."""

    OVERVIEW = "overview"
    CONDITIONS = "conditions"
    MATERIALS = "materials"
    STEPS = "steps"
    PLACE = "place"
    ONLINE = "online"
    AGENT = "agent"
    VISITS = "visits"
    TIME = "time"
    FEE = "fee"
    RESULT = "result"
    PHONE = "phone"
    BASIS = "basis"


_WHAT = "(?:什么|啥子?|哪些|哪几样|点什么|点啥|甚么|些什么|些啥|嘛)"
_HOW_LONG = "(?:多久|多长时间|多少时间|几天|多少天|几个月|几年|多少个?工作日|几个工作日)"
_PERSON = (
    "(?:我|他|她|爸|妈|爸爸|妈妈|父母|老公|老婆|爱人|丈夫|妻子|家人|家里人|家属|亲戚|朋友|别人|"
    "他人|孩子|儿子|女儿|老人|爷爷|奶奶|哥|姐|弟|妹|同事|村干部|中介|室友|对象|男朋友|女朋友)"
)
# What people ask about money they get or a right they have is not the fee nor the time to wait.
_BENEFIT = re.compile(
    r"(?:(?<![申补代换认])领|补(?![办领换发证卡交缴开录])|补贴|补助|补偿|(?<![核签])发放?|给|奖|报销|"
    r"贷款?|提取|退(?!休)|津贴|低保|失业金|养老金|退休金).{0,8}?(?:多少|几百|几千|几成|比例)"
    rf"|(?:领|有效期?|管|享受|发|停|用|保留|贷|住|续){{1,2}}(?:是|有|到|取|个|期限|得)*{_HOW_LONG}"
    r"|(?:补贴|补助|津贴|贷款?|报销|低保|待遇)(?:的)?(?:金额|标准|额度)"
)
_RULES: dict[Aspect, re.Pattern[str]] = {
    Aspect.CONDITIONS: re.compile(
        r"(?:什么|啥|哪些|有何)?(?:申请|办理|申领)?条件|符合[^,。?]{0,6}(?:吗|么|不)|够不够格|够格|"
        r"有?资格(?!认定|证|考试|审|确认)|门槛|(?:什么|啥|哪些)(?:样的)?人(?:能|可以|才能|才可以|群)?|"
        r"谁(?:能|可以|才能)(?:办|申请|领|享受)|(?:有|什么|啥)(?:限制|要求)|"
        r"我(?:这种情况)?(?:能不能|可不可以|能|可以)(?:办|申请|领|申领)(?=$|[吗么嘛不?,。了])|"
        r"(?:符不符合|满足)(?:要求)?"
    ),
    Aspect.MATERIALS: re.compile(
        rf"(?:办理|申请|所需)?材料|资料(?!查询)|手续(?!费)|(?:还)?(?:要|得|需要|需|该|应该|应|用)?(?:带|拿|备齐?|准备|提供|"
        rf"提交|递交|交|出示|携带){_WHAT}(?!时候|地方|钱|部门|费)(?:东西|证件|证明|手续)?|"
        rf"(?:需要|要|得有|需|须){_WHAT}(?!条件|时候|时间|地方|流程|步骤|资格|要求|人|部门|单位|钱|费)"
        rf"(?:东西|证件|证明|证|手续)?|{_WHAT}(?:证件|证明|东西)|带齐|"
        r"(?:要不要|用不用|需不需要|要|需要|还要|得)(?:带|交|拿)(?:上|着)?[^,。?]{1,10}(?:吗|么|嘛|不$)|"
        r"(?:身份证|户口本|户口簿|结婚证|照片|复印件|原件)(?:要不要|用不用|要|需要)带(?:吗|么|不|$)|"
        r"(?:需不需要|需要|要不要|还要|要|用)(?:身份证|户口本|户口簿|结婚证|房产证|照片|复印件|原件|证明|合同)(?:吗|么|不)|"
        r"(?:缺|少)(?:一样|材料)|几(?:份|张)(?:复印件|照片)|复印件"
    ),
    Aspect.STEPS: re.compile(
        r"流程|步骤|程序(?!员)|手续(?!费)|怎么(?:个)?(?:申请|申办|申领|操作|走法|办法)|"
        r"(?:如何|怎样|咋|怎么)(?:办理|申请|申领|操作|报名|登记)|先.{1,8}再.{1,8}|分几步|"
        r"第一步|下一步"
    ),
    Aspect.PLACE: re.compile(
        r"(?:在|去|到)?哪(?:点|哈|凯|搭)儿?(?:可以|能|去)?(?:办|领|弄|交|整)|"
        r"(?:在|去|到|上|往|跑)(?:哪|那)(?:个|些|儿|里|边|块)?(?:地方|部门|单位|局|大厅|窗口|科室|派出所|银行|街道|医院)?"
        r"(?:可以|能)?(?:办理?|申请|领取?|弄|问|交|报名|登记|换|补|查|找)?|"
        r"哪(?:里|儿|个地方|块)(?:可以|能|去)?(?:办|申请|领|交|弄|报名|登记|换|补|查)|哪(?:能|可以)(?:办|申请)|"
        r"(?:什么|啥)(?:地方|部门|单位)|(?:详细)?地址|地点|窗口|哪个(?:部门|单位|局|大厅|科室|派出所|机关)|"
        r"找谁|归(?:谁|哪)|位置|怎么走(?!流程)|就近|几点(?:上班|下班|开门|关门|到几点)?|"
        r"上班时间|办公时间|营业时间|(?:周末|周六|周日|星期六|星期天|节假日|中午|礼拜[六天])"
        r"(?:也|还|能|可以|上班|办|开|休)[^,。?]{0,6}"
    ),
    Aspect.ONLINE: re.compile(
        r"(?:在|从|用|通过)?(?:网上|线上|在线|网络|手机上?|微信上?|支付宝上?|小程序|app|APP|电脑上?)"
        r"(?:可不可以|能不能|可以|能|也能|就能|直接|上|怎么)?(?:办理?|申请|操作|弄|搞定?|报名|登记|提交|交|预约|申领)?|"
        r"网办|网址|链接|上网|(?:不用|不去|不到|不跑)(?:去)?(?:现场|窗口|大厅)|足不出户|在家(?:里)?(?:就|能|可以)办|"
        r"远程|异地(?=办|能|可以)|邮寄|快递"
    ),
    Aspect.AGENT: re.compile(
        rf"代办|代领|代替|代理|代为|代交|代取|委托|(?:替|帮){_PERSON}?[^,。?]{{0,4}}(?:办|领|弄|交|拿|去|申请|跑)|"
        rf"(?:让|叫|请|由|找){_PERSON}{{1,2}}[^,。?]{{0,6}}(?:办|领|去|交|拿|弄|跑|来)|"
        rf"{_PERSON}(?:能|可以|能不能|可不可以)(?:去|来|帮|替|代)|"
        r"(?:必须|一定要|非得|要不要|是不是要|需要|需不需要|要|得)(?:是)?本人(?:去|来|到)?(?:现场|场|窗口)?|"
        r"本人(?:不|没|能不|必须|一定|要|得|亲自|到场|去|来|在外)|亲自|(?:别人|他人|家属|家人)(?:去|办|代|领)|"
        r"(?:人|本人)(?:不在|在外地|在外面|回不)|没法(?:亲自)?(?:去|到场)|不能(?:亲自)?到场"
    ),
    Aspect.VISITS: re.compile(
        r"(?:跑|去|来|要去|要跑)(?:几|多少)(?:趟|次|回)|几趟|来回跑|(?:一|1)次(?:就)?(?:能|可以)?(?:办完|办好|搞定|办成)|"
        r"只跑一次|跑腿|(?:要不要|用不用|需不需要|是不是要|需要|要)(?:去|到|跑)(?:一趟)?(?:现场|窗口|大厅)"
    ),
    Aspect.TIME: re.compile(
        r"(?:要|得|需要|大概)(?:等|办)?好久(?![没不])(?:能|才|嘛|哦|办好|办完|拿到)*|"
        rf"(?:要|得|需要|大概|一般|大约|最快|最慢|等)*{_HOW_LONG}(?:能|可以|才|才能)?(?:办好|办完|下来|拿到|到手|出来|到账|好)?|"
        r"(?:什么|啥|何)时候?(?:才|才能|能|可以|会)*(?:拿到?|领到?|办好|办完|办下来|下来|出来|到账|发下来|到|好|取)|"
        r"(?:办理|办结|审批|法定|承诺)?时限|(?:办理|审批|审核)(?:时间|周期)|"
        r"当天|当场|立等可取|多快|加急|要等(?:很久|多)|马上能|快不快|今天办.{0,6}(?:拿|取)"
    ),
    Aspect.FEE: re.compile(
        r"(?:要|得|花|交|收)?(?:好多|几多)(?:钱|费)|"
        r"(?:要|得|需要|需|会|大概|一共|总共|还|办)*(?:花|交|付|收|掏|缴)?(?:多少|几块|几十块?|几百块?)(?:块)?钱|"
        r"(?:要不要|用不用|需不需要|要|需要|得|花|交|收|付|掏)(?:花|交|收|付|掏)?(?:费|钱)(?:用)?(?:吗|么|嘛|不)?|"
        r"收费(?:标准|吗)?|费用|工本费|手续费|免费|贵不贵|贵吗|价格|多少费|什么价|收多少|交多少|缴多少"
    ),
    Aspect.RESULT: re.compile(
        r"(?:拿到|领到|得到|发|给)(?:一个)?(?:什么|啥|哪种)(?:证|东西|文件|结果)?|办(?:好|完)(?:了|后|之后)?(?:会)?(?:给|有|发|拿)(?:什么|啥)(?:证|东西)?|"
        r"办理结果|结果是|出什么证|证(?:件)?(?:长)?(?:什么|啥)样"
    ),
    Aspect.PHONE: re.compile(
        r"(?:咨询|投诉|联系|监督|办公|服务)?电话(?:号码?)?(?:是)?(?:多少)?|联系方式|联系(?:哪|谁)|"
        r"打(?:给|哪个|什么)(?:谁|号码|号)?|(?:咨询)?热线"
    ),
    Aspect.BASIS: re.compile(
        r"(?:法律|政策|设定|文件)?依据|(?:哪条|什么|哪部|哪个|啥)(?:法律?|法规|规定|政策|文件|条例)|"
        r"根据(?:什么|哪)|凭什么|有(?:文件|规定)(?:吗|么)|法规|哪里规定"
    ),
}  # fmt: skip
_NOT_WITH = {
    # 在网上哪里办 asks for the way online, not for the window.
    Aspect.PLACE: re.compile(r"(?:网上|线上|手机上?|小程序|app|APP).{0,3}哪"),
}
# Their words contain words of the others.
_TAKEN_FIRST = (Aspect.ONLINE, Aspect.AGENT)
_POLITE = re.compile(
    r"(?:你好|您好|在吗|请问一?下?|麻烦(?:你|您)?(?:问|咨询|查|帮)?(?:一?下)?|我?想?(?:要)?(?:咨询|了解|打听|请教|问问?|知道)"
    r"(?:你们?|您)?(?:一?下|一声)?|谢谢(?:你|您)?|多谢|老师|同志|客服|帮我?(?:查|看|问)(?:一?下)?|急急|求助|告诉我|"
    r"有没有人知道|想问的是)"
)
# Little words that carry no matter of their own; what is left over names something.
_EMPTY = re.compile(
    r"啥子|[这那哪]儿|中不中|中不|得行不?|要得不|成不成|成不|嘞|咯|噻|哟|那么?|这个?|这种|这样|它|他们|这边|这里|那边|呢|吗|么|嘛|呀|啊|哦|噢|吧|的话|的|了|是|我们?|你们?|您|要|还|都|也|就|又|再|"
    r"需要|可以|能够?|会|得|应该|一般|大概|到底|具体|详细|怎么样?|怎样|咋样?|如何|什么|啥|哪|几|多少|办理?|办这个|弄|"
    r"做|有没有|有|没有|不|行|好|然后|另外|还有|和|跟|以及|或者|一下|下|时候|现在|刚才|刚刚|上面|说|事项|事情?|东西|"
    r"如果|要是|补贴|补助|标准|金额|额度|一个月|每月|每年|钱|假如|是不是|能不能|可不可以|需不需要|申请|自己|本人|必须|一定|去|来|到|在|对|给|[\s,。!?;:、~.…\-]"
)
# Whose matter it is, and under what circumstances: a detail of the item that was talked about.
_DETAIL = re.compile(
    r"娃儿|娃娃|[头一二两三]胎|小孩子?|孩子|小朋友|宝宝|未成年人?|老人家?|父母|爸爸?|妈妈?|家人|家里人?|老公|老婆|学生|农村|城镇|城市|外地人?|外省|"
    r"本地人?|异地|户籍|户口|外国人|港澳台|残疾人|单位|公司|个人|急用|很?急|照片|复印件|原件|委托书|证明|周末|节假日|"
    r"腿脚|行动|方便|便|年纪大?|岁数大?|卧床|住院|没空|走开|忙|她|他|"
    r"之前|以前|已经|过期|逾期|地|外面|现场|领|拿|交|取|寄|查|改|退|继续|重新|最新|今年|明年"
)
_NO_TIME_ASKED = re.compile(r"(?:前|这|那|过|好|头|没)(?:了)?几(?:天|个月|年)")
_CLAUSE_END = re.compile(r"[,。!?;]")
_LONG = 40
_LAST_CLAUSES = 2
_POINTING = re.compile(r"^(?:那|这|它|这个|那个|还|再|另外|还有|对了|然后)")


def asked(text: str) -> tuple[Aspect, ...]:
    """The aspects that ``text`` asks for, in the order of a full answer.

    Empty when it asks for none in particular ("身份证丢了怎么办"); what it is about is then told
    in an overview. Of a long text only its end is read.
    """
    plain = _NO_TIME_ASKED.sub("", _question_in(normalise(text)))
    if not plain:
        return ()
    benefit = _BENEFIT.search(plain)
    rest = _BENEFIT.sub("", plain)
    found = {aspect for aspect, rule in _RULES.items() if rule.search(rest)}
    found -= {aspect for aspect, rule in _NOT_WITH.items() if rule.search(rest)}
    if benefit and re.search(r"多少|几百|几千|几成|比例|金额|标准|额度", benefit.group()):
        found.add(Aspect.RESULT)
    # 要本人到现场吗 is about sending someone else; 现场 in it is not a second question.
    if Aspect.AGENT in found and Aspect.VISITS in found and not re.search("趟|次", rest):
        found.discard(Aspect.VISITS)
    if Aspect.VISITS in found and Aspect.PLACE in found and not re.search("哪|址|点", rest):
        found.discard(Aspect.PLACE)
    return tuple(aspect for aspect in Aspect if aspect in found)


def _question_in(plain: str) -> str:
    """The last clauses of a situation described at length: there stands what is asked."""
    clauses = [clause for clause in _CLAUSE_END.split(plain) if clause.strip()]
    return plain if len(plain) <= _LONG else ",".join(clauses[-_LAST_CLAUSES:])


def matter(text: str) -> str:
    """``text`` without politeness and without the words that ask for an aspect; maybe empty."""
    rest = _POLITE.sub(" ", normalise(text))
    rest = _BENEFIT.sub(lambda m: re.sub(r"多少钱?|几百|几千|几成", "", m.group()), rest)
    for aspect in _TAKEN_FIRST:
        rest = _RULES[aspect].sub(" ", rest)
    for aspect, rule in _RULES.items():
        if aspect not in _TAKEN_FIRST:
            rest = rule.sub(" ", rest)
    rest = re.sub(r"[\s,。!?;:、]+", " ", rest).strip()
    return re.sub(r"^的|(?:[的呢吗了]|(?<!什)么)+$", "", rest).strip()


def leftover(text: str) -> str:
    """What of ``text`` could name a matter, once all little words are taken away as well."""
    return _EMPTY.sub("", matter(text))


def only_detail(rest: str) -> bool:
    """Whether a leftover only tells whose matter it is or how: 小孩, 外地, 急用 …"""
    return not _DETAIL.sub("", rest)


def points_back(text: str) -> bool:
    """Whether ``text`` begins like a remark on what was said before: "那…", "这个…"."""
    return bool(_POINTING.match(_POLITE.sub("", normalise(text)).strip(" ,")))
