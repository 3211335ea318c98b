"""What kind of matter a text is: 求助, 投诉, 举报, 建议, 表扬, 咨询. Pure rules over its words.

投诉: a unit, a person or a nuisance is blamed; 举报: unlawful conduct is reported; 求助: repair, help or
payment is wanted without blame; 建议: something better is wished for; 表扬: somebody is praised; 咨询:
nothing but a question. The borders are soft in life too, and the citizen can say another at the summary.
"""

from __future__ import annotations

import re

from cases.vocabulary import CaseType

_PRAISE = re.compile(
    r"表扬|点(?:个|一个)?赞|锦旗|好人好事|好样的|夸(?:一?夸|一下|奖)|(?:^|[，,。！!？?\s]|想|要|非常|十分|特别|衷心|真心|由衷)感谢(?!您|你们|市民热线)|谢谢(?:他|她|那位|这位)"
)
# Thanks in advance, and praise that is missing, are no praise.
_NO_PRAISE = re.compile(r"投诉|举报|不(?:值得)?表扬|希望.{0,12}(?:处理|解决|尽快)|恳请|盼复")
_SAYS = (
    (
        CaseType.REPORT,
        re.compile(
            r"(?:我要|我想|要|来|实名|匿名|特此|向.{0,6})?(?:举报|检举)(?!了|过|信|电话|我|人)"
        ),
    ),
    (
        CaseType.COMPLAINT,
        re.compile(r"(?:我要|我想|要|来|特此|进行)投诉|^(?:关于)?投诉|投诉(?:一下|你们|他们|那)"),
    ),
    (
        CaseType.SUGGESTION,
        re.compile(
            r"建议(?!书)|提(?:个|点|一个|几点)?(?:意见|想法)|(?:我)?有(?:个|一个)(?:想法|意见|提议)"
        ),
    ),
    (
        CaseType.HELP,
        re.compile(r"(?:我要|我想|来|紧急)?求助|求(?:求)?(?:你们|政府|领导).{0,6}(?:帮|想)|报修"),
    ),
)
_BETTER = r"增加|增设|加装|加(?:个|一|几|长|快|点|密)|多(?:放|装|建|修|设|开|派|安排|几|一些)|开通|开一|延长|延(?:到|后|迟)|改(?:成|到|造|为|进)|换(?:成|一批)|修(?:个|一个|一条|建|座)|建(?:个|一个|座)|装(?:个|上|几|一)|设(?:个|一个|立|置)|搞(?:个|一个)|出(?:个|一个)|来(?:个|一条|一趟)|搬到|晚(?:一点|点)|早(?:一点|点)|调(?:一?调|长|短|整)|也(?:开门|开|能)|开到|推出|优化|放宽"
_WISH = re.compile(
    rf"(?:希望|盼望|盼着|要是|如果|最好|可否|能否|能不能|可不可以|可以(?=.{{0,20}}吗)|什么时候能|啥时候能|应该).{{0,24}}(?:{_BETTER})|(?:{_BETTER}).{{0,12}}(?:行不行|可以吗|好不好|吧$|就好了)"
)
_BROKEN = re.compile(
    r"坏|不亮|堵(?:了|住|塞|死)|漏|停(?:水|电|气|暖|运)|断(?:电|水|气|网|了)|没(?:水|电|气|暖气|网)|不热|冰凉|不通|破损|破了|塌|缺失|井盖|松(?:动|了)|积水|倒(?:了|下)|故障|黑(?:灯|着|了)|掉(?:皮|了|下|漆)|裂|浑|歪|锈"
)
_NEEDS = re.compile(
    r"求助|帮(?:帮|忙|我|他|她|一)|救助|维修|修(?:一?修|剪|好|复)|欠(?:薪|我们|着)|拖欠|没(?:发|到账|结清|给结)|停发|低保|补贴.{0,6}(?:没|停|少)|申请.{0,10}(?:没|不)|没人(?:来)?(?:修|装)|想(?:点|个)?办法|请.{0,8}(?:来看|来人|派人|检查|化验|鉴定|看看|修)|能不能.{0,10}(?:拖走|修|看看|帮|接|处理一下)|怕|担心|不(?:便|方便)|困难|吃水|饮水|挑水"
)
_BLAME = re.compile(
    r"态度|物业|开发商|商家|老板(?!欠)|店|公司|司机|医院|医生|老师|学校|幼儿园|邻居|楼上|楼下|对门|隔壁|不管|不(?:退|赔|认|让|给)|推(?:诿|来|三|卸)|踢皮球|乱收|扣|骗|跑路|失联|吵|噪|扰|臭|脏|味|油烟|占(?:道|了|满)|违停|欺|敷衍|气人|讨个?说法|不满|凭什么|到底|管不管|骂|挂我电话|人走|强(?:制|迫|买)|收费|没人管|反映(?:了)?(?:好几|多|几|三|两)"
)
_UNLAWFUL = re.compile(
    r"无证|没(?:有)?(?:任何)?(?:营业)?(?:执照|证(?!件)|手续|资质)|啥证都没|偷(?:偷)?(?:排|倒|挖|砍|电鱼)|往.{0,4}(?:河|沟|江|水库|井)里?.{0,4}(?:排|倒|放)|违建|违章(?:建筑|搭建)|私搭|(?:楼顶|院子|露台).{0,12}(?:搭|盖)|非法|黑(?:网吧|诊所|作坊|车|中介|加油)|小作坊|造假|假冒|(?:卖|是)假|假(?:货|药|酒|烟)|过期|赌(?:博|钱)|传销|偷税|逃税|套取|骗取|超载|排污|粪水|焚烧|烧(?:秸秆|垃圾|电缆)|挖沙|采砂|飞线|拉(?:非|飞)?线.{0,8}充|拎上楼充|高空抛物|往下扔|消防(?:通道|门|栓).{0,8}(?:占|堵|停|锁)|(?:占|堵|停).{0,8}消防|安全出口.{0,8}锁|承重墙|补(?:课|习班)|有偿补|未成年|陪酒|存了.{0,6}烟花|不(?:给)?(?:交|缴)社保|拆了.{0,6}(?:墙|旧址|古)|文物|群租|隔成|有毒|毒气|拔牙|电鱼"
)
_CONSULTS = re.compile(
    r"^(?:(?:你好|您好|领导|尊敬的领导)[，,:：!！。]?)?(?:我)?(?:想)?(?:请问|咨询|问一下|了解|询问|请教)|[。，,！!？?\n]\s*(?:请问|咨询一下|想咨询|想了解|想问)|(?:何时|什么时候|啥时候).{0,30}(?:[？?]|$)"
)
# Who demands something does not only ask.
_DEMANDS = re.compile(
    r"投诉|举报|强烈|扰民|不管|没人|坏了|停了|求助|恳请|要求|苦不堪言|可恶|态度|骗|拖欠|乱|尽快|尽早|希望|建议|不作为|敷衍|能来|谁来"
)


def guess_type(text: str, hint: CaseType | None = None) -> CaseType:
    """What kind of matter ``text`` is; ``hint`` is what its category usually is."""
    if _PRAISE.search(text) and not _NO_PRAISE.search(text):
        return CaseType.PRAISE
    for kind, pattern in _SAYS:
        if pattern.search(text):
            return kind
    if _CONSULTS.search(text) and not _DEMANDS.search(text):
        return CaseType.CONSULTATION
    if _WISH.search(text) and not _BROKEN.search(text):
        return CaseType.SUGGESTION
    if _UNLAWFUL.search(text):
        return CaseType.REPORT
    if hint in (CaseType.HELP, CaseType.COMPLAINT) and not _BLAME.search(text):
        return hint
    asks = _BROKEN.search(text) or _NEEDS.search(text)
    return CaseType.HELP if asks and not _BLAME.search(text) else CaseType.COMPLAINT


_NUISANCE = re.compile(
    r"噪[音声]|大坑|坑洼|没人(?:清|修|管)|太?吵|扰民|臭|油烟|垃圾|污水|脏乱|乱[停堆扔倒收]|占道|占用|堵[车路住]|拖欠|不[给退还]|态度|黑心|骗|欺"
)


def tells_trouble(text: str) -> bool:
    """Whether ``text`` tells that something is broken, unlawful or a nuisance."""
    return any(pattern.search(text) for pattern in (_BROKEN, _UNLAWFUL, _NUISANCE))


_ANGER = re.compile(
    r"废物|混蛋|垃圾(?:部门|单位|热线)|王八|他妈|妈的|狗屁|滚蛋|吃干饭|气死|八百遍|没人管我"
)


def is_angry(text: str) -> bool:
    """Whether ``text`` scolds: it is met with an apology and the way to a person."""
    return bool(_ANGER.search(text))
