"""One spelling for what citizens type and say."""

import pytest

from language.normalise import _PAIRS, _SIMPLIFIED, normalise


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Half-width.
        ("ＡＢＣ１２３", "ABC123"),
        ("你好，请问", "你好,请问"),
        ("Ⅲ级　残疾", "III级残疾"),
        # Traditional characters.
        ("路燈壞了沒人來修", "路灯坏了没人来修"),
        ("請問辦理護照需要什麼證件", "请问办理护照需要什么证件"),
        ("著名景点", "著名景点"),
        # Emoji and invisible characters.
        ("吵死了😡😡", "吵死了"),
        ("点1️⃣办理", "点1办理"),
        ("路\u200b灯\ufeff坏了", "路灯坏了"),
        ("第一行\n第二行\x07", "第一行第二行"),
        ("👍", ""),
        ("", ""),
        # Repetition. A number is never shortened.
        ("太吵了！！！！", "太吵了!"),
        ("凭什么？！？！", "凭什么?"),
        ("啊啊啊啊救命", "啊救命"),
        ("人工人工人工", "人工"),
        ("电话13800000007", "电话13800000007"),
        ("打12345没人接", "打12345没人接"),
        ("谢谢", "谢谢"),
        ("AAA级景区", "AAA级景区"),
        # Fillers.
        ("呃，那个，我想问一下", "我想问一下"),
        ("嗯我想问一下那个社保卡", "我想问一下那个社保卡"),
        ("路灯坏了，就是说，三天了", "路灯坏了,三天了"),
        ("那个我反映个事", "我反映个事"),
        ("喂 你好 那个 楼上漏水", "你好楼上漏水"),
        ("诶，在吗", "在吗"),
        ("三天了，嗯。", "三天了"),
        # A filler that is the whole message is an answer.
        ("嗯", "嗯"),
        ("嗯嗯嗯", "嗯"),
        ("那个", "那个"),
        # Words that only begin like a filler.
        ("额度是多少", "额度是多少"),
        ("那个路灯坏了", "那个路灯坏了"),
        ("喂养流浪猫", "喂养流浪猫"),
        ("不是", "不是"),
        # Spaces: gone inside Chinese, one left elsewhere.
        ("楼道 里 堆 杂物", "楼道里堆杂物"),
        ("fresh   graduate 能申请吗", "fresh graduate 能申请吗"),
    ],
)
def test_one_spelling(said: str, expected: str) -> None:
    assert normalise(said) == expected
    assert normalise(expected) == expected


def test_the_table_of_characters_is_sound() -> None:
    """Pairs line up: the right side is simplified and never needs changing again."""
    lines = _PAIRS.split()
    assert all(len(line) % 2 == 0 for line in lines)
    for simplified in _SIMPLIFIED.values():
        simplified.encode("gb2312")
        assert ord(simplified) not in _SIMPLIFIED


def test_simplified_text_is_left_alone() -> None:
    sentence = "示例市城东区望湖路8号楼下的烧烤店每天半夜油烟很大,请尽快处理。"
    assert normalise(sentence) == sentence
