"""One spelling for what citizens type and say, so that the same words compare equal.

Only for understanding and searching: what is stored and shown stays as it was said.
Runs under Python 3.10 (assistant) and 3.11 (service), standard library only.
"""

from __future__ import annotations

import re
import unicodedata

# Traditional form followed by simplified form. The commonest in everyday messages; characters
# whose traditional form is also a simplified one (著, 藉, 乾) are left alone.
_PAIRS = """
們们來来個个這这說说時时會会過过對对還还後后國国為为麼么沒没樣样裡里裏里頭头話话實实現现開开關关點点
電电車车門门問问間间見见觀观買买賣卖錢钱長长東东業业動动務务員员馬马號号給给經经發发髮发無无應应該该
當当從从種种體体學学機机場场書书報报費费資资產产質质貨货貴贵購购貼贴貸贷賠赔賬账賺赚賴赖賽赛
證证認认記记計计訂订訊讯託托訓训討讨許许設设訪访評评詐诈詢询試试詳详誇夸誌志誠诚誤误請请諒谅論论調调談谈
諮咨謝谢謊谎講讲護护譽誉讀读變变讓让議议譯译識识語语誰谁課课諾诺謀谋謹谨證证訴诉詞词
辦办區区縣县鄉乡鎮镇鄰邻莊庄園园圍围團团圖图圓圆廠厂廣广廳厅庫库廢废廟庙廚厨廁厕
樓楼棟栋橋桥樹树極极構构標标榮荣樂乐權权條条檢检櫃柜欄栏檯台臺台歲岁歷历曆历歸归殘残殺杀毀毁
氣气漢汉溝沟漲涨潔洁滿满漁渔濕湿濱滨灣湾灑洒災灾熱热燈灯煙烟煩烦營营爐炉爛烂爭争
牆墙牽牵狀状獎奖獨独獲获獻献環环瑪玛畫画異异畢毕療疗瘋疯癢痒盜盗盤盘監监
礙碍碼码確确磚砖礦矿禮礼離离積积稱称穩稳窮穷竊窃競竞筆笔節节築筑簡简簽签籤签籌筹糧粮糾纠紀纪約约紅红紋纹納纳紙纸
級级細细終终組组結结絕绝統统絲丝綠绿維维網网緊紧線线編编練练緩缓縫缝縮缩總总績绩織织繳缴繼继續续繫系係系
罰罚罵骂羅罗義义習习聯联聲声職职聽听聾聋肅肃脅胁脈脉腦脑腫肿腳脚膽胆臉脸臨临舉举舊旧艦舰艙舱艱艰
藝艺藥药蘇苏蘭兰處处虛虚蟲虫蝦虾補补裝装製制複复規规視视覺觉覽览觸触
貓猫負负財财責责賊贼賓宾軌轨軍军軟软較较載载輕轻輛辆輪轮輸输轉转轎轿轟轰農农邊边達达遠远違违遲迟遞递遷迁選选
遺遗鄧邓醫医醬酱釋释針针釘钉鈔钞鈴铃鉛铅銀银銅铜銷销鋪铺鋼钢錄录錯错鍋锅鍵键鎖锁鏈链鏡镜鐘钟鍾钟鐵铁鑰钥鑽钻
閉闭閃闪閒闲闆板闊阔闖闯隊队階阶際际陸陆陽阳陰阴陳陈險险隨随隱隐隻只雖虽雙双雜杂雞鸡難难雲云霧雾靈灵
靜静響响頁页頂顶項项順顺須须預预領领頻频題题額额顏颜願愿類类顧顾顯显風风飛飞飯饭飲饮飼饲餅饼養养餓饿館馆餘余
騎骑騙骗騷骚驗验驚惊驅驱驢驴髒脏鬆松鬥斗鬧闹魚鱼鮮鲜鳥鸟鴨鸭鵝鹅麗丽麥麦麵面黃黄黨党齊齐齒齿龍龙
優优傳传債债傷伤傾倾僅仅價价億亿償偿儘尽儲储兒儿兩两冊册凍冻凱凯別别刪删則则剛刚創创劃划劇剧劉刘勁劲勞劳勢势勝胜
勵励勸劝協协單单卻却參参叢丛吳吴嗎吗嗚呜嘆叹嘗尝嚇吓嚴严囑嘱墊垫墜坠墳坟壓压壞坏壩坝壯壮壽寿夠够夢梦夾夹奪夺
妳你媽妈婦妇嬰婴孫孙寧宁審审寫写寬宽寶宝將将專专尋寻導导屆届層层屬属岡冈島岛嶺岭幣币帳帐帶带幫帮幹干幾几
彈弹強强彎弯徑径復复徵征恆恒惡恶惱恼愛爱態态慘惨慣惯慮虑慶庆憂忧憑凭憲宪懇恳懷怀懶懒懸悬
戶户戲戏擁拥擇择擊击擋挡擔担據据擠挤擬拟擴扩擺摆擾扰攔拦攜携攝摄敗败敘叙敵敌數数斷断於于晝昼暫暂曬晒
蓋盖楊杨樁桩檔档歐欧決决況况滅灭漸渐澆浇濃浓濟济濤涛瀏浏灘滩鹽盐
"""
_SIMPLIFIED = {
    ord(pair[0]): pair[1]
    for line in _PAIRS.split()
    for pair in (line[place : place + 2] for place in range(0, len(line), 2))
    if pair[0] != pair[1]
}

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff"

# Zero-width signs, directional marks, byte-order mark, variation selectors, keycap frame.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20e3\ufe00-\ufe0f\ufeff]")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\U000e0020-\U000e007f\u3030\u303d]"
)
# A digit repeated is a number and three letters may be a grade (AAA级), so these stay.
_REPEATED_CHARACTER = re.compile(rf"([{_CHINESE}])\1{{2,}}|([a-zA-Z])\2{{3,}}")
_REPEATED_WORD = re.compile(rf"([{_CHINESE}]{{2,4}})\1{{2,}}")
_REPEATED_SIGN = re.compile(r"([,。.!?;:~\-_=*#@^、…])(?:\s*\1)+")
_MIXED_END = re.compile(r"[!?]*\?[!?]*")

# Sounds and phrases that carry nothing. Whole stretches between signs or pauses …
_FILLERS = {
    "呃", "额", "嗯", "唔", "诶", "欸", "哎", "唉", "啊", "那", "喂", "哦", "噢",
    "那个", "这个", "就是", "就是说", "也就是说", "然后", "然后呢", "反正", "怎么说呢", "怎么说",
    "我跟你讲", "我跟你说", "我和你说", "你听我说", "是这样的", "是这样", "这样的", "那什么",
    "那啥", "那个啥", "那个什么", "哎呀", "哎哟", "唉呀",
}  # fmt: skip
# … and sounds at the head of a stretch. 额, 喂, 啊 and 那 begin real words too, so they stay.
_LEADING = re.compile(
    r"^(?:(?:呃|嗯|唔|诶|欸|唉|哎呀|哎哟|哎)+(?=.{2})|(?:那个|这个|就是说?)(?=[我你您请想咱俺]))+"
)

_SPLIT = re.compile(r"([,。!?;、…\s]+)")
_GAP = re.compile(rf"(?<=[{_CHINESE},。!?;:、])\s+(?=[{_CHINESE},。!?;:、])")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return `text` in one spelling, possibly empty if there was nothing but emoji or signs.

    Full-width to half-width (NFKC), traditional to simplified, no emoji, no invisible
    characters, repetitions shortened, fillers at the edges and between commas dropped, no
    spaces between Chinese characters. Letters keep their case. `normalise` of a result is that
    result.
    """
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    text = "".join(sign if sign.isprintable() else " " for sign in _EMOJI.sub("", text))
    text = text.translate(_SIMPLIFIED)
    text = _REPEATED_WORD.sub(r"\1", text)
    text = _REPEATED_CHARACTER.sub(r"\1\2", text)
    text = _REPEATED_SIGN.sub(r"\1", text)
    text = _MIXED_END.sub("?", text)
    text = _GAP.sub("", without_fillers(text))
    return _SPACES.sub(" ", text).strip(" ,、;…~")


def without_fillers(text: str) -> str:
    """Return `text` without fillers; if it consists of nothing else, as it was.

    Expects simplified characters and half-width signs.
    """
    parts = _SPLIT.split(text)
    kept: list[str] = []
    for stretch, sign in zip(parts[::2], [*parts[1::2], ""], strict=True):
        said = _LEADING.sub("", stretch)
        if said and said not in _FILLERS:
            kept.append(said + sign)
    return "".join(kept) or text
