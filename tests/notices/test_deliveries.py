"""What is told later is sent once, in order, merged, put off, given up, or left to a person."""

from __future__ import annotations

import uuid
from datetime import timedelta

from recorder import Recorder
from sqlalchemy import select, text, update

from bot import repository
from bot.doors import conversation_at
from core.database import Database, now
from core.jobs import connected
from core.privacy import decrypt
from core.replies import Reply, say
from notices import service, tasks
from notices.channels import Refused, TryLater
from notices.messages import Message, merged
from notices.models import Delivery
from notices.tasks import look_after, send_delivery, send_lines
from notices.vocabulary import Kind, State

OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"


async def talk(database: Database, channel: str = "wechat") -> uuid.UUID:
    async with database.unit_of_work() as session:
        return await conversation_at(session, channel, OPENID)


async def line(
    database: Database, conversation: uuid.UUID, *texts: str, speaker: str = "person"
) -> None:
    replies = [say(one, ("查进度", f"see:{one}")) for one in texts]
    async with database.unit_of_work() as session:
        await repository.append(session, conversation, speaker, replies)


async def rows(database: Database) -> list[Delivery]:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


async def due_now(database: Database) -> None:
    async with database.unit_of_work() as session:
        await session.execute(update(Delivery).values(not_before=now() - timedelta(seconds=1)))


async def notice(database: Database, key: str = "case_answered:1") -> int | None:
    async with database.unit_of_work() as session:
        message = Message(key, "sms", "13800001234", Kind.ANSWERED, say("工单已办结"))
        return await service.enqueue(session, message)


async def test_lines_of_a_person_go_out_as_one_message(outbox: Database, wechat: Recorder) -> None:
    conversation = await talk(outbox)
    await line(outbox, conversation, "您好", "请讲")
    await line(outbox, conversation, "我在听")
    await send_lines(str(conversation))
    await send_lines(str(conversation))
    [message] = wechat.sent
    assert message.text == "您好\n\n请讲\n\n我在听"
    assert [choice.value for choice in message.choices] == ["see:我在听"]
    assert (message.address, message.kind) == (OPENID, "line")
    stored = await rows(outbox)
    assert [one.state for one in stored] == ["sent"] * 3
    assert {one.provider_id for one in stored} == {f"wechat-{message.delivery_id}"}
    assert all(OPENID not in one.address and "请讲" not in one.content for one in stored)
    assert decrypt(stored[0].address) == OPENID


async def test_what_the_citizen_said_and_what_a_page_shows_is_not_sent(
    outbox: Database, wechat: Recorder
) -> None:
    conversation = await talk(outbox)
    await line(outbox, conversation, "路灯坏了", speaker="citizen")
    await line(outbox, await talk(outbox, "web"), "您好")
    assert await rows(outbox) == []


async def test_an_answer_waits_for_the_door_to_take_it_along(
    outbox: Database, wechat: Recorder
) -> None:
    conversation = await talk(outbox)
    async with outbox.unit_of_work() as session:
        turn, _ = await repository.store_turn(session, conversation, "m1", "text", "路灯坏了")
        replies = [say("请问在哪里"), say("可以发位置")]
        await repository.append(session, conversation, "assistant", replies, turn.id)
    await send_lines(str(conversation))
    assert wechat.sent == []
    async with outbox.unit_of_work() as session:
        claimed = await service.claim_lines(session, conversation)
        assert [reply.text for reply in claimed] == ["请问在哪里", "可以发位置"]
    await due_now(outbox)
    await send_lines(str(conversation))
    assert wechat.sent == []
    async with outbox.unit_of_work() as session:
        assert await service.claim_lines(session, conversation) == []
    assert [one.state for one in await rows(outbox)] == ["sent", "sent"]


async def test_an_answer_that_no_door_took_is_sent(outbox: Database, wechat: Recorder) -> None:
    conversation = await talk(outbox)
    async with outbox.unit_of_work() as session:
        turn, _ = await repository.store_turn(session, conversation, "m1", "text", "路灯坏了")
        await repository.append(session, conversation, "assistant", [say("在哪里")], turn.id)
    # A person speaks before the answer is due: both go, in order.
    await line(outbox, conversation, "我来帮您")
    await send_lines(str(conversation))
    assert wechat.texts == ["在哪里\n\n我来帮您"]
    async with outbox.unit_of_work() as session:
        assert await service.claim_lines(session, conversation) == []


async def test_a_notice_is_stored_once_and_sent_once(outbox: Database, sms: Recorder) -> None:
    first = await notice(outbox)
    assert first is not None
    assert await notice(outbox) is None
    await send_delivery(first)
    await send_delivery(first)
    assert sms.texts == ["工单已办结"]


async def test_the_worker_sends_what_is_queued(outbox: Database, sms: Recorder) -> None:
    await notice(outbox)
    async with connected(outbox.url) as jobs:
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)
    assert sms.texts == ["工单已办结"]


async def test_a_refusal_is_final_and_says_why(outbox: Database, sms: Recorder) -> None:
    sms.problems = [Refused("号码不存在")]
    first = await notice(outbox)
    assert first is not None
    await send_delivery(first)
    await send_delivery(first)
    [row] = await rows(outbox)
    assert (row.state, row.error, sms.sent) == ("failed", "号码不存在", [])


async def test_what_is_put_off_is_tried_again_and_given_up(outbox: Database, sms: Recorder) -> None:
    first = await notice(outbox)
    assert first is not None
    sms.problems = [TryLater("太忙", 90)]
    await send_delivery(first)
    [row] = await rows(outbox)
    assert row.state == "queued"
    assert timedelta(seconds=80) < row.not_before - now() <= timedelta(seconds=90)
    await send_delivery(first)
    assert (await rows(outbox))[0].attempts == 1
    sms.problems = [TryLater("太忙") for _ in range(20)]
    for _ in range(20):
        await due_now(outbox)
        await send_delivery(first)
    [row] = await rows(outbox)
    assert (row.state, row.attempts) == ("failed", tasks.MAX_ATTEMPTS)
    assert row.error == "试了 8 次没有发出：太忙"
    assert len(sms.problems) == 20 - (tasks.MAX_ATTEMPTS - 1)


async def test_lines_keep_their_order_while_one_is_put_off(
    outbox: Database, wechat: Recorder
) -> None:
    conversation = await talk(outbox)
    wechat.problems = [TryLater("限额", 60)]
    await line(outbox, conversation, "一")
    await send_lines(str(conversation))
    await line(outbox, conversation, "二")
    await send_lines(str(conversation))
    assert wechat.sent == []
    await due_now(outbox)
    await send_lines(str(conversation))
    assert wechat.texts == ["一\n\n二"]


async def test_nobody_knows_what_broke_while_being_sent(outbox: Database, sms: Recorder) -> None:
    sms.problems = [RuntimeError("boom")]
    first = await notice(outbox)
    assert first is not None
    await send_delivery(first)
    await send_delivery(first)
    [row] = await rows(outbox)
    assert (row.state, sms.sent) == ("unknown", [])


async def test_a_death_between_sending_and_noting_sends_nothing_again(
    outbox: Database, sms: Recorder
) -> None:
    first = await notice(outbox)
    assert first is not None
    async with outbox.unit_of_work() as session:
        await session.execute(update(Delivery).values(state=State.SENDING, claimed_at=now()))
        await look_after(session, now())
    assert (await rows(outbox))[0].state == "sending"
    async with outbox.unit_of_work() as session:
        await look_after(session, now() + timedelta(minutes=4))
    await send_delivery(first)
    [row] = await rows(outbox)
    assert (row.state, sms.sent) == ("unknown", [])
    assert row.error


async def test_what_lost_its_job_is_queued_anew(outbox: Database, sms: Recorder) -> None:
    await notice(outbox)
    async with outbox.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await look_after(session, now() + timedelta(minutes=6))
    async with connected(outbox.url) as jobs:
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)
    assert sms.texts == ["工单已办结"]


async def test_receipts_may_come_twice_out_of_order_early_or_for_nothing(
    outbox: Database, sms: Recorder
) -> None:
    first = await notice(outbox)
    assert first is not None
    name = f"sms-{first}"
    async with outbox.unit_of_work() as session:
        # Before the sending is noted: kept, and tried again by a job.
        await service.receipt(session, "sms", name, State.RECEIVED)
        await service.receipt(session, "sms", "nobody's", State.FAILED, "空号")
    await send_delivery(first)
    async with outbox.unit_of_work() as session:
        waiting = await session.scalars(
            text(
                "SELECT args->>'provider_id' FROM procrastinate_jobs "
                "WHERE task_name = 'note_late_receipt' ORDER BY id"
            )
        )
        assert list(waiting) == [name, "nobody's"]
    await tasks.note_late_receipt("sms", name, "received", None)
    async with outbox.unit_of_work() as session:
        await service.receipt(session, "sms", name, State.FAILED, "迟到的失败")
        await service.receipt(session, "wechat", name, State.FAILED, "别家的")
    [row] = await rows(outbox)
    assert (row.state, row.error) == ("received", None)
    assert row.received_at is not None


async def test_a_failed_receipt_tells_staff_why(outbox: Database, sms: Recorder) -> None:
    first = await notice(outbox)
    assert first is not None
    await send_delivery(first)
    async with outbox.unit_of_work() as session:
        await service.receipt(session, "sms", f"sms-{first}", State.FAILED, "空号")
    [row] = await rows(outbox)
    assert (row.state, row.error) == ("failed", "空号")


def test_merged_lines_keep_the_last_choices_and_card() -> None:
    whole = merged([say("一", ("甲", "a"), card={"kind": "link"}), Reply(text=""), say("二")])
    assert (whole.text, whole.choices, whole.card) == ("一\n\n二", [], None)
