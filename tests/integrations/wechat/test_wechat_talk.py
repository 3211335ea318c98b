"""What followers send, and what they see: words, places, pictures, choices, a person."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from bot.models import Conversation
from bot.repository import append
from bot.seats import talks
from core.models import Attachment
from core.replies import say
from intake.service import open_draft, read
from notices.messages import Message
from notices.service import enqueue
from notices.tasks import send_delivery
from notices.vocabulary import Kind
from tests.integrations.wechat.wechat_line import WeChatLine

NUMBER = "2611280000011"


def picture(side: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "green").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("fields", "heard"),
    [
        ({"kind": "text", "Content": "路灯坏了"}, "路灯坏了"),
        ({"kind": "text", "Content": "a]]>b<c>"}, "a]]>b<c>"),
        (
            {"kind": "voice", "MediaId": "m", "Format": "amr", "Recognition": "路灯坏了。"},
            "路灯坏了。",
        ),
    ],
)
async def test_words_reach_the_assistant(
    line: WeChatLine, fields: dict[str, str], heard: str
) -> None:
    assert await line.does(**fields) == ["好的，请问在哪里？"]
    assert line.assistant.heard == [heard]
    conversation = await line.conversation()
    assert (conversation.channel, conversation.owner) == ("wechat", "assistant")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"kind": "voice", "MediaId": "m", "Recognition": ""}, "没有听清"),
        ({"kind": "voice", "MediaId": "m"}, "没有听清"),
        ({"kind": "video", "MediaId": "m"}, "看不了"),
        ({"kind": "link", "Url": "https://example.test"}, "看不了"),
        ({"kind": "of tomorrow"}, "看不了"),
        ({"kind": "text", "Content": ""}, "看不了"),
        ({"kind": "location", "Location_X": "north", "Location_Y": "1"}, "看不了"),
        ({"kind": "image", "MediaId": "unknown"}, "图片没有收到"),
    ],
)
async def test_what_cannot_be_understood_gets_kind_words(
    line: WeChatLine, fields: dict[str, str], shown: str
) -> None:
    (told,) = await line.does(**fields)
    assert shown in told
    assert line.assistant.heard == []


async def test_a_place_is_kept_for_the_case(line: WeChatLine) -> None:
    await line.does(
        "location",
        Location_X="31.175304",
        Location_Y="121.531542",
        Label="望湖路 18 号",
        Scale="16",
    )
    assert line.assistant.heard == ['/choose{"value": "intake:location"}']
    async with line.database.unit_of_work() as session:
        draft = await open_draft(session, (await line.conversation()).id)
        assert draft is not None
        place = read(draft).location
    assert place is not None
    assert place["label"] == "望湖路 18 号"
    assert (place["latitude"], place["longitude"]) == pytest.approx((31.17743, 121.52721), abs=1e-4)


async def test_a_picture_is_fetched_and_kept(line: WeChatLine) -> None:
    line.peer.media["m-1"] = ("image/png", picture())
    await line.does("image", MediaId="m-1", PicUrl="http://127.0.0.1:1/never-asked")
    assert line.assistant.heard == ['/choose{"value": "intake:image"}']
    async with line.database.unit_of_work() as session:
        kept = (await session.scalars(select(Attachment))).one()
    assert kept.media_type == "image/png"
    assert kept.owner == f"conversation:{(await line.conversation()).id}"


@pytest.mark.parametrize(
    ("media", "shown"),
    [
        (("image/png", b"\0" * (5 * 1024 * 1024 + 1)), "图片超过 5 MB"),
        (("image/png", b"<svg/>"), "不是能打开的图片"),
        (("video/mp4", b"\0\1"), "图片没有收到"),
    ],
)
async def test_what_is_no_picture_is_told(
    line: WeChatLine, media: tuple[str, bytes], shown: str
) -> None:
    line.peer.media["m-1"] = media
    (told,) = await line.does("image", MediaId="m-1")
    assert shown in told
    assert line.assistant.heard == []


async def test_choices_are_numbered_and_picked_by_digit_or_title(line: WeChatLine) -> None:
    line.assistant.reply = say("请核对", ("确认提交", "intake:confirm"), ("修改", "intake:edit"))
    assert await line.say("路灯坏了") == ["请核对\n\n回复数字选择：\n1. 确认提交\n2. 修改"]
    await line.say("２")
    await line.say("确认提交")
    await line.say("3")
    assert line.assistant.heard[1:] == [
        '/choose{"value": "intake:edit"}',
        '/choose{"value": "intake:confirm"}',
        "3",
    ]


async def test_a_digit_means_nothing_once_no_choices_are_offered(line: WeChatLine) -> None:
    line.assistant.reply = say("请核对", ("确认提交", "intake:confirm"))
    await line.say("路灯坏了")
    line.assistant.reply = say("在几号楼？")
    await line.say("不对")
    await line.say("1")
    assert line.assistant.heard[-1] == "1"


@pytest.mark.parametrize(
    ("name", "key", "heard"),
    [
        ("CLICK", "menu:guide", '/choose{"value": "menu:guide"}'),
        ("CLICK", "case:progress", '/choose{"value": "case:progress"}'),
        ("SCAN", f"case:{NUMBER}", f"查工单 {NUMBER} 的进度"),
        ("subscribe", f"qrscene_case:{NUMBER}", f"查工单 {NUMBER} 的进度"),
        ("SCAN", "window:政务大厅3号窗口", "我要评价政务大厅3号窗口"),
        ("subscribe", "qrscene_menu:case", '/choose{"value": "menu:case"}'),
    ],
)
async def test_menu_and_codes_say_what_they_stand_for(
    line: WeChatLine, name: str, key: str, heard: str
) -> None:
    assert await line.event(name, EventKey=key) == ["好的，请问在哪里？"]
    assert line.assistant.heard == [heard]


@pytest.mark.parametrize(
    ("name", "key"), [("subscribe", ""), ("SCAN", "42"), ("CLICK", "of an older menu")]
)
async def test_a_follower_is_greeted_by_an_assistant_that_says_so(
    line: WeChatLine, name: str, key: str
) -> None:
    (told,) = await line.event(name, EventKey=key)
    assert "我是智能助手" in told and "4. 转人工" in told
    (waiting,) = await line.say("4")
    assert "已为您转人工" in waiting
    assert (await line.conversation()).owner == "person"


@pytest.mark.parametrize("name", ["unsubscribe", "VIEW", "LOCATION", "subscribe_msg_popup_event"])
async def test_other_events_pass_without_a_word(line: WeChatLine, name: str) -> None:
    assert await line.event(name, EventKey="x") == []
    async with line.database.unit_of_work() as session:
        assert (await session.scalars(select(Conversation))).all() == []


async def test_an_emergency_is_answered_at_once_with_numbers_to_tap(line: WeChatLine) -> None:
    line.assistant.gate.clear()
    (told,) = await line.say("我家着火了")
    assert '<a href="tel:119">拨打 119</a>' in told
    assert (await line.conversation()).owner == "person"
    assert line.assistant.heard == []


async def speak(line: WeChatLine, conversation: uuid.UUID, text: str) -> None:
    """A seat says something, and takes the talk first."""
    async with line.database.unit_of_work() as session:
        await talks.take(session, conversation, "seat", "示例·话务员")
        await talks.speak(session, conversation, "seat", [say(text)])


async def test_a_person_speaks_and_the_assistant_is_silent(line: WeChatLine) -> None:
    (handed,) = await line.say("转人工")
    assert "填表反映：https://line.test/form" in handed
    (waiting,) = await line.say("有人吗")
    assert "3. 回到智能助手" in waiting
    conversation = (await line.conversation()).id
    await speak(line, conversation, "您好，<b>请讲</b>")
    assert await line.push() == ["话务员已接入，为您服务。\n\n您好，＜b>请讲＜/b>"]
    assert await line.say("路灯坏了") == []
    await speak(line, conversation, "在哪里？")
    await speak(line, conversation, "坏了几盏？")
    assert await line.push() == ["在哪里？\n\n坏了几盏？"]
    assert await line.push() == []
    assert line.assistant.heard == []


async def test_who_waits_for_a_person_goes_back_by_digit(line: WeChatLine) -> None:
    await line.say("转人工")
    await line.say("有人吗")
    assert await line.say("3") == ["好的，我们继续。请问要办什么事，或者反映什么？"]
    assert (await line.conversation()).owner == "assistant"


async def test_a_long_answer_leaves_in_pieces(line: WeChatLine) -> None:
    long = "".join(f"第{n}步：带上身份证到窗口办理。\n" for n in range(1, 101))
    line.assistant.reply = say(long.strip())
    assert await line.say("怎么办") == []
    await line.make_due()
    pieces = await line.push()
    assert len(pieces) == 3
    assert "\n".join(pieces) == long.strip()


async def test_two_followers_have_two_conversations(line: WeChatLine) -> None:
    await line.say("转人工", "o-1")
    assert await line.say("路灯坏了", "o-2") == ["好的，请问在哪里？"]
    async with line.database.unit_of_work() as session:
        owners = (await session.scalars(select(Conversation.owner))).all()
    assert sorted(owners) == ["assistant", "person"]


async def test_what_could_not_be_sent_goes_with_the_answer_to_the_next_message(
    line: WeChatLine,
) -> None:
    await line.say("转人工")
    conversation = (await line.conversation()).id
    sent = []
    for number in range(7):
        await speak(line, conversation, f"第{number}句")
        sent += await line.push()
    assert [text.rsplit("\n", 1)[-1] for text in sent] == [f"第{number}句" for number in range(5)]
    assert await line.say("在的") == ["第5句\n\n第6句"]
    assert await line.push() == []


async def test_what_could_not_be_sent_is_sent_when_the_answer_takes_long(line: WeChatLine) -> None:
    await line.say("路灯坏了")
    conversation = (await line.conversation()).id
    for number in range(6):
        async with line.database.unit_of_work() as session:
            await append(session, conversation, "system", [say(f"第{number}条")])
        await line.push()
    line.assistant.gate.clear()
    line.door.answer_within = 0.2
    assert await line.say("望湖路") == []
    line.assistant.gate.set()
    await line.answered(2)
    await line.make_due()
    assert await line.push() == ["第5条\n\n好的，请问在哪里？"]


async def test_a_digit_never_picks_what_was_not_shown_yet(line: WeChatLine) -> None:
    line.assistant.reply = say("请核对", ("确认提交", "intake:confirm"))
    await line.say("路灯坏了")
    grades = say("请评价", ("非常不满意", "review:1"))
    held = Message("held", "wechat", "o-1", Kind.ANSWERED, grades, held=True)
    async with line.database.unit_of_work() as session:
        await enqueue(session, held)
    await line.say("1")
    assert line.assistant.heard[-1] == '/choose{"value": "intake:confirm"}'


async def test_days_later_a_digit_answers_in_the_talk_that_the_notice_belongs_to(
    line: WeChatLine,
) -> None:
    await line.say("路灯坏了")
    old = (await line.conversation()).id
    grades = say("您的工单已有办理结果", ("非常满意", "review:5"), ("不满意", "review:2"))
    notice = Message("told", "wechat", "o-1", Kind.ANSWERED, grades, conversation_id=old)
    await line.make_old(timedelta(days=3))
    async with line.database.unit_of_work() as session:
        delivery_id = await enqueue(session, notice)
    assert delivery_id is not None
    await send_delivery(delivery_id)
    await line.make_old(timedelta(days=3), of_deliveries=timedelta(days=2))
    await line.say("2")
    assert line.assistant.heard[-1] == '/choose{"value": "review:2"}'
    assert (await line.conversation()).id == old


async def test_a_day_after_a_notice_words_belong_to_its_talk_too(line: WeChatLine) -> None:
    await line.say("路灯坏了")
    old = (await line.conversation()).id
    await line.make_old(timedelta(days=3), of_deliveries=timedelta(hours=20))
    await line.say("还是没修好")
    assert (await line.conversation()).id == old


async def test_after_a_day_of_silence_the_talk_is_another(line: WeChatLine) -> None:
    await line.say("路灯坏了")
    await line.make_old(timedelta(days=3), of_deliveries=timedelta(days=2))
    await line.say("我要办身份证")
    async with line.database.unit_of_work() as session:
        assert len((await session.scalars(select(Conversation))).all()) == 2
