"""What the line sends to the platform: tokens shared, quotas kept, refusals understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.database import Database
from core.replies import Choice
from core.settings import Settings
from integrations.wechat import repository
from integrations.wechat.account import account_of
from integrations.wechat.allowance import Allowance
from integrations.wechat.channel import WeChatChannel
from integrations.wechat.menu import buttons
from integrations.wechat.messages import read
from integrations.wechat.platform import Platform, Unclear
from notices.channels import Outgoing, Refused, TryLater
from notices.vocabulary import Kind
from tests.integrations.wechat import peer as played
from tests.integrations.wechat.peer import WeChatPeer
from tests.integrations.wechat.wechat_line import WeChatLine

CUSTOM = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
SUBSCRIPTION = "/cgi-bin/message/subscribe/bizsend"
NUMBER = "2611280000011"
AT = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
NONE = Allowance(AT, 0, AT, 0)


def account(peer: WeChatPeer, **changes: str) -> Any:
    given = {**played.settings(peer.address), "public_url": "https://line.test", **changes}
    found = account_of(Settings(**given))
    assert found is not None
    return found


@pytest.fixture
async def platforms(database: Database, peer: WeChatPeer) -> AsyncIterator[list[Platform]]:
    """The same account in two processes."""
    made = [Platform(account(peer), database) for _ in range(2)]
    yield made
    for one in made:
        await one.close()


@pytest.fixture
def channel(database: Database, peer: WeChatPeer, platforms: list[Platform]) -> WeChatChannel:
    return WeChatChannel(account(peer), database, platforms[0])


def outgoing(text: str = "工单有进展", kind: Kind = Kind.PROGRESS, user: str = "o-1") -> Outgoing:
    number = None if kind is Kind.LINE else NUMBER
    return Outgoing(1, "wechat", user, kind, text, [], None, number)


async def wrote(line_database: Database, peer: WeChatPeer, kind: str = "text") -> None:
    """The follower wrote, or did something at the account."""
    fields = peer.event(kind) if kind in played.GRANTING else peer.message(kind, Content="在吗")
    peer.grant(fields)
    incoming = read(played.make_xml({"MsgId": "", **fields}).encode())
    async with line_database.unit_of_work() as session:
        await repository.record(session, incoming, f"signed-{fields.get('MsgId', kind)}")


async def test_processes_share_one_token(platforms: list[Platform], peer: WeChatPeer) -> None:
    calls = [platforms[n % 2].publish_menu(buttons("https://line.test")) for n in range(6)]
    await asyncio.gather(*calls)
    assert (peer.tokens_issued, len(peer.sent)) == (1, 6)


async def test_a_token_that_expires_is_renewed_once(
    platforms: list[Platform], peer: WeChatPeer
) -> None:
    await platforms[0].publish_menu([])
    peer.expire_token()
    await asyncio.gather(*(platforms[n % 2].publish_menu([]) for n in range(6)))
    assert (peer.tokens_issued, len(peer.sent)) == (2, 7)


async def test_a_token_that_is_refused_is_replaced_and_the_message_sent(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    peer.failures.append(42001)
    await channel.send(outgoing())
    assert (peer.tokens_issued, len(peer.sent)) == (2, 1)
    peer.failures.extend([40001, 40001])
    with pytest.raises(TryLater):
        await channel.send(outgoing())


async def test_a_wrong_secret_loses_no_message_and_is_told_to_nobody(
    database: Database, peer: WeChatPeer
) -> None:
    own = account(peer, wechat_app_secret="wrong")
    platform = Platform(own, database)
    await wrote(database, peer)
    with pytest.raises(TryLater, match="40125") as refused:
        await WeChatChannel(own, database, platform).send(outgoing())
    assert "wrong" not in str(refused.value)
    await platform.close()


async def test_a_platform_that_breaks_off_leaves_it_open_and_names_no_token(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    peer.breaks = True
    with pytest.raises(Unclear) as unclear:
        await channel.send(outgoing())
    assert "token" not in repr(unclear.value)


async def test_texts_reach_the_platform_as_they_are(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    message = Outgoing(
        1,
        "wechat",
        "o-1",
        Kind.ANSWERED,
        "您的工单已有答复",
        [Choice(title="满意", value="review:4"), Choice(title="不满意", value="review:2")],
        {"kind": "review", "url": "/r/abc"},
        NUMBER,
    )
    assert await channel.send(message) is None
    assert peer.users["o-1"].shown == [
        "您的工单已有答复\n\n打开评价页面：https://line.test/r/abc\n\n回复数字选择：\n4. 满意\n2. 不满意"
    ]


async def test_after_five_messages_a_case_is_told_by_template(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    for _ in range(5):
        assert await channel.send(outgoing()) is None
    provider_id = await channel.send(outgoing("路灯的事有进展"))
    assert provider_id
    assert [path for path, _ in peer.sent] == [CUSTOM] * 5 + [TEMPLATE]
    data = peer.sent[-1][1]["data"]
    assert data["character_string1"]["value"] == NUMBER
    assert "路灯" not in str(data)
    await wrote(database, peer)
    assert await channel.send(outgoing()) is None


async def test_lines_wait_for_the_follower_when_nothing_may_be_sent(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    with pytest.raises(TryLater):
        await channel.send(outgoing(kind=Kind.LINE))
    await wrote(database, peer, "CLICK")
    for _ in range(3):
        await channel.send(outgoing(kind=Kind.LINE))
    with pytest.raises(TryLater):
        await channel.send(outgoing(kind=Kind.LINE))
    assert len(peer.sent) == 3


async def test_without_a_template_the_notice_is_a_subscription(
    database: Database, peer: WeChatPeer, platforms: list[Platform]
) -> None:
    own = account(peer, wechat_template="", wechat_subscription="subscription-1")
    assert await WeChatChannel(own, database, platforms[0]).send(outgoing())
    assert [path for path, _ in peer.sent] == [SUBSCRIPTION]


async def test_the_end_of_a_long_text_gives_way_to_the_quota(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    await channel.send(outgoing("一" * 5000))
    shown = peer.users["o-1"].shown
    assert len(shown) == 5
    assert shown[-1].endswith("再问。）")
    assert all(len(text.encode()) <= 2048 for text in shown)


@pytest.mark.parametrize(
    ("code", "raised"),
    [(43004, Refused), (40003, Refused), (43019, Refused), (-1, TryLater), (45009, TryLater)],
)
async def test_refusals_of_the_platform(
    channel: WeChatChannel,
    database: Database,
    peer: WeChatPeer,
    code: int,
    raised: type[Exception],
) -> None:
    await wrote(database, peer)
    peer.failures.append(code)
    with pytest.raises(raised):
        await channel.send(outgoing())
    for _ in range(5):
        assert await channel.send(outgoing()) is None
    assert [path for path, _ in peer.sent] == [CUSTOM] * 5


@pytest.mark.parametrize("code", [45015, 45047])
async def test_the_platforms_count_goes_before_ours(
    channel: WeChatChannel, database: Database, peer: WeChatPeer, code: int
) -> None:
    await wrote(database, peer)
    peer.failures.append(code)
    assert await channel.send(outgoing())
    assert await channel.send(outgoing())
    assert [path for path, _ in peer.sent] == [TEMPLATE] * 2


async def test_an_unfollowed_account_sends_nothing(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    peer.users["o-1"].following = False
    with pytest.raises(Refused, match="没有关注"):
        await channel.send(outgoing())
    assert peer.users["o-1"].shown == []


async def test_a_platform_out_of_reach_is_tried_later(database: Database, peer: WeChatPeer) -> None:
    own = account(peer, wechat_api="http://127.0.0.1:1")
    platform = Platform(own, database)
    await wrote(database, peer)
    with pytest.raises(TryLater):
        await WeChatChannel(own, database, platform).send(outgoing())
    await platform.close()


async def test_half_a_message_is_not_sent_again(
    channel: WeChatChannel, database: Database, peer: WeChatPeer
) -> None:
    await wrote(database, peer)
    peer.failures.extend([0, -1])
    with pytest.raises(Refused, match="前一部分"):
        await channel.send(outgoing("一" * 1000))


@pytest.mark.parametrize(
    ("before", "wanted", "at", "sent"),
    [
        (NONE, 1, AT, 0),
        (NONE.after_message(AT), 7, AT, 5),
        (NONE.after_message(AT), 1, AT + timedelta(hours=47), 1),
        (NONE.after_message(AT), 1, AT + timedelta(hours=48), 0),
        (NONE.after_event(AT), 5, AT, 3),
        (NONE.after_event(AT), 1, AT + timedelta(seconds=60), 0),
        (NONE.after_event(AT).after_message(AT), 9, AT, 8),
        (NONE.after_event(AT).after_message(AT), 9, AT + timedelta(minutes=2), 5),
    ],
)
def test_windows(before: Allowance, wanted: int, at: datetime, sent: int) -> None:
    spent = before.spend(wanted, at)
    assert spent.count == sent
    after = before.without(spent)
    assert after.spend(9, at).count == before.spend(9, at).count - sent
    assert after.with_again(spent) == before


def test_the_menu_fits_what_wechat_shows() -> None:
    menu = buttons("https://line.test")
    assert len(menu) <= 3
    for top in menu:
        assert len(top["name"]) <= 4 and 1 <= len(top["sub_button"]) <= 5
        assert all(len(below["name"].encode()) <= 60 for below in top["sub_button"])


async def test_receipts_of_notices_are_noted(line: WeChatLine) -> None:
    await line.notice("m-1")
    await line.event("TEMPLATESENDJOBFINISH", MsgID="m-1", Status="success")
    assert await line.notice_state("m-1") == "received"
    await line.notice("m-2")
    await line.event("TEMPLATESENDJOBFINISH", MsgID="m-2", Status="failed:user block")
    assert await line.notice_state("m-2") == "failed"
