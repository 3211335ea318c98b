"""WeChat's wire format: crypto against an independent implementation, XML, wording, limits."""

from __future__ import annotations

import math

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.messages import TextMessage
from wechatpy.parser import parse_message

from core.errors import NotAllowed
from core.replies import Choice
from integrations.wechat.answers import sealed_answer, text_answer
from integrations.wechat.coordinates import wgs84
from integrations.wechat.crypto import MessageCipher
from integrations.wechat.messages import BadMessage, Incoming, elements, read
from integrations.wechat.wording import TEXT_BYTES, picked, pieces, worded

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP = "wx0000000000000001"
INCOMING = Incoming(user="o-1", account="gh_1", kind="text", created=1, fields={})
GRADES = [Choice(title=f"等级{n}", value=f"review:{n}") for n in (5, 4, 3, 2, 1)]
TWO = [Choice(title="确认提交", value="intake:confirm"), Choice(title="修改", value="intake:edit")]


def xml(**fields: str) -> bytes:
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml>{inner}</xml>".encode()


def text_xml(**changes: str) -> bytes:
    given = {
        "ToUserName": "gh_1",
        "FromUserName": "o-1",
        "CreateTime": "1700000000",
        "MsgType": "text",
        "Content": "路灯坏了",
        "MsgId": "1",
    }
    return xml(**{**given, **changes})


def test_another_implementation_opens_what_is_sealed_and_the_other_way_round() -> None:
    other, own = WeChatCrypto("token", KEY, APP), MessageCipher(KEY, APP)
    answer = sealed_answer(own, "token", text_answer(INCOMING, "好的", 7), 8, "n")
    signed = elements(answer.encode())["MsgSignature"]
    opened = parse_message(other.decrypt_message(answer, signed, "8", "n"))
    assert isinstance(opened, TextMessage)
    assert (opened.content, opened.target, opened.source) == ("好的", "o-1", "gh_1")
    sealed = elements(other.encrypt_message(text_xml().decode(), "n", "8").encode())["Encrypt"]
    assert read(own.open(sealed)).field("Content") == "路灯坏了"


@pytest.mark.parametrize("app", ["wx0000000000000002", APP + "x", ""])
def test_messages_of_another_app_are_refused(app: str) -> None:
    with pytest.raises(NotAllowed):
        MessageCipher(KEY, APP).open(MessageCipher(KEY, app).seal("<xml/>"))


@pytest.mark.parametrize("sealed", ["", "!!", "AAAA", "A" * 64, "A" * 4096])
def test_damaged_messages_are_refused(sealed: str) -> None:
    with pytest.raises(NotAllowed):
        MessageCipher(KEY, APP).open(sealed)


@pytest.mark.parametrize("key", ["", "short", KEY + "A", "*" * 43])
def test_a_wrong_key_is_told_at_the_start(key: str) -> None:
    with pytest.raises(ValueError):
        MessageCipher(key, APP)


@pytest.mark.parametrize(
    "text", ["a]]>b", "]]></Content><MsgType>news</MsgType>", "]]>]]>", "&amp; <b>", "]]", "]"]
)
def test_an_answer_shows_its_text_and_nothing_else(text: str) -> None:
    told = elements(text_answer(INCOMING, text, 7).encode())
    assert told == {
        "ToUserName": "o-1",
        "FromUserName": "gh_1",
        "CreateTime": "7",
        "MsgType": "text",
        "Content": text,
    }


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"<other><a/></other>",
        text_xml().replace("路灯".encode(), "路灯".encode("gbk")),
        text_xml().decode().encode("utf-16"),
        (BOMB + text_xml(Content="").decode().replace("<![CDATA[]]>", "&c;")).encode(),
        (OUTSIDE + text_xml(Content="").decode().replace("<![CDATA[]]>", "&b;")).encode(),
        b"<!DOCTYPE a>" + text_xml(),
        text_xml(CreateTime="yesterday"),
        text_xml(CreateTime="9" * 13),
        text_xml(FromUserName=""),
        text_xml(FromUserName="o" * 129),
        text_xml(MsgType=""),
    ],
)
def test_what_wechat_would_never_send_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        read(body)


def test_repeats_have_one_key_and_different_messages_different_ones() -> None:
    event = {"MsgType": "event", "Event": "CLICK", "EventKey": "menu:guide", "MsgId": ""}
    different = [
        text_xml(),
        text_xml(MsgId="2"),
        text_xml(FromUserName="o-2"),
        text_xml(**event),
        text_xml(**{**event, "EventKey": "menu:form"}),
        text_xml(**{**event, "CreateTime": "1700000001"}),
        text_xml(**{**event, "Event": "SCAN"}),
        text_xml(**{**event, "MsgID": "3"}),
    ]
    assert len({read(body).key for body in different}) == len(different)
    assert read(text_xml()).key == read(text_xml(CreateTime="1700000009")).key
    assert read(text_xml(**event)).key == read(text_xml(**event)).key


@pytest.mark.parametrize(
    ("said", "choices", "value"),
    [
        ("1", TWO, "intake:confirm"),
        (" ２ ", TWO, "intake:edit"),
        ("选2", TWO, "intake:edit"),
        ("第1个", TWO, "intake:confirm"),
        ("2.", TWO, "intake:edit"),
        ("修改", TWO, "intake:edit"),
        ("3", TWO, None),
        ("0", TWO, None),
        ("18", TWO, None),
        ("1号楼", TWO, None),
        ("1", [], None),
        ("5", GRADES, "review:5"),
        ("1", GRADES, "review:1"),
    ],
)
def test_a_digit_or_a_title_picks_a_choice(
    said: str, choices: list[Choice], value: str | None
) -> None:
    found = picked(said, choices)
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        (
            {"kind": "emergency", "numbers": ["119", "120（急救）"]},
            '<a href="tel:119">拨打 119</a>\n<a href="tel:120">拨打 120</a>',
        ),
        (
            {"kind": "emergency", "numbers": ["110", "12110（短信报警）"]},
            '<a href="tel:110">拨打 110</a>\n发短信到 12110',
        ),
        ({"kind": "link", "title": "填表", "url": "/form"}, "填表：https://line.test/form"),
        ({"kind": "review", "url": "/r/x"}, "打开评价页面：https://line.test/r/x"),
        ({"kind": "case", "url": "/progress"}, "查进度：https://line.test/progress"),
        ({"kind": "link", "title": "别处", "url": "https://other.test/"}, ""),
        ({"kind": "link", "title": "别处", "url": "//other.test/"}, ""),
        ({"kind": "summary", "rows": []}, ""),
        ({"kind": "new"}, ""),
    ],
)
def test_cards_become_text(card: dict[str, object], shown: str) -> None:
    told = worded(["请看"], [], [card], "https://line.test")
    assert told == "\n\n".join(part for part in ("请看", shown) if part)


def test_lines_are_merged_with_the_choices_numbered_and_no_markup_of_others() -> None:
    told = worded(['<a href="x">点我</a>\x0b', "第二句"], GRADES[:2], [None], "https://line.test")
    assert told == ('＜a href="x">点我＜/a>\n\n第二句\n\n回复数字选择：\n5. 等级5\n4. 等级4')


@pytest.mark.parametrize(
    "text", ["短", "长" * 2000, "一句话。" * 900, "行\n" * 3000, "😀" * 1500, "字" * 682 + "ab"]
)
def test_long_texts_are_cut_without_losing_a_word(text: str) -> None:
    cut = pieces(text)
    assert all(0 < len(piece.encode()) <= TEXT_BYTES for piece in cut)
    assert "".join(cut).replace("\n", "") == text.replace("\n", "")
    assert len(cut) <= math.ceil(len(text.encode()) / TEXT_BYTES) + 1


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ((31.17530398364597, 121.531541859215), (31.1774276, 121.5272106)),
        ((22.540796131694766, 113.9171764808363), (22.543847, 113.912316)),
        ((39.91334545536069, 116.38404722455657), (39.911954, 116.377817)),
    ],
)
def test_map_places_are_unshifted(shown: tuple[float, float], real: tuple[float, float]) -> None:
    found = wgs84(*shown)
    assert found == pytest.approx(real, abs=1e-5)
