"""What stands beside a talk: suggestions, knowledge to cite, ready answers, notes, cases, the caller."""

from __future__ import annotations

import base64
import io
import re
import uuid
from typing import cast

import pytest
from console_app import Enter
from fastapi import FastAPI
from PIL import Image
from seat_talks import said_by, state_of, waiting_talk
from sqlalchemy import select
from town import Register

from bot.assistant import Assistant
from bot.gateway import Gateway
from bot.inputs import ImageInput
from bot.models import Turn
from bot.seats import callbacks
from cases.models import Case
from cases.repository import CaseRepository
from core.database import Database
from core.privacy import encrypt
from kb.models import Feedback, GivenAnswer

PHONE = "13800000078"
LAMP = "望湖路8号的路灯不亮了，晚上很黑"


def _page(conversation: uuid.UUID) -> str:
    return f"/console/seat/{conversation}"


async def test_the_assistant_suggests_to_the_seat_only(
    enter: Enter, app: FastAPI, entries: Database
) -> None:
    conversation = await waiting_talk(app, "路灯报修要什么材料", seat="seat")
    before = await said_by(app, conversation, "assistant")
    html = (await (await enter("seat")).get(f"{_page(conversation)}/advice")).text
    assert "可以这样答" in html and "路灯报修" in html and "直接发送" in html
    assert await said_by(app, conversation, "assistant") == before
    # Whoever only looks on has nothing to send.
    assert (
        "直接发送" not in (await (await enter("seat2")).get(f"{_page(conversation)}/advice")).text
    )


async def test_an_entry_is_cited_with_source_and_validity(
    enter: Enter, app: FastAPI, entries: Database
) -> None:
    conversation = await waiting_talk(app, "你好", seat="seat")
    page, seat = _page(conversation), await enter("seat")
    html = (await seat.get(f"{page}/knowledge", q="路灯报修")).text
    value = re.search(r'name="value" value="(item:U-1[^"]*)"', html)
    assert value is not None
    done = await seat.send(page, f"{page}/cite", value=value[1])
    assert done.headers["location"] == f"{page}?done=cited"
    [said] = await said_by(app, conversation, "person")
    assert "路灯报修" in said and "来源" in said
    expired = await seat.send(page, f"{page}/cite", value="item:P-2")
    assert expired.status_code == 404
    assert len(await said_by(app, conversation, "person")) == 1


async def test_ready_answers_are_kept_searched_and_changed(enter: Enter, app: FastAPI) -> None:
    seat, page = await enter("seat"), "/console/seat/answers"
    assert (await seat.send(page, page, title="", text="x")).status_code == 422
    assert (await seat.send(page, page, title="问候", text="您好 <b>")).status_code == 303
    assert (await seat.send(page, page, title="问候", text="又一个")).status_code == 409
    html = (await seat.get(page, q="您好")).text
    assert "您好 &lt;b&gt;" in html
    assert "没有符合的常用语" in (await seat.get(page, q="%")).text
    conversation = await waiting_talk(app, "在吗", seat="seat")
    assert 'data-ready="您好 &lt;b&gt;"' in (await seat.get(_page(conversation))).text
    address = re.search(r'action="(/console/seat/answers/\d+)"', html)
    assert address is not None
    await seat.send(page, address[1], step="save", title="问好", text="您好")
    assert "问好" in (await seat.get(page)).text
    await seat.send(page, address[1], step="delete")
    assert "问好" not in (await seat.get(page)).text
    assert (await seat.send(page, address[1], step="delete")).status_code == 404


async def test_notes_stay_among_seats(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "在吗", seat="seat2")
    page, seat = _page(conversation), await enter("seat")
    assert (await seat.send(page, f"{page}/note", note=" ")).status_code == 422
    await seat.send(page, f"{page}/note", note="老客户，注意语气")
    assert "老客户" in (await (await enter("seat2")).get(page)).text
    for speaker in ("citizen", "assistant", "person", "system"):
        assert not [line for line in await said_by(app, conversation, speaker) if "老客户" in line]


async def test_a_case_is_filled_in_from_the_talk_and_filed_once(
    catalogue: Database, enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(
        app,
        "你好",
        "城东区望湖街道的路灯坏了，晚上很黑",
        f"有三天了，我电话{PHONE}",
        seat="seat",
    )
    page, seat = _page(conversation), await enter("seat")
    html = (await seat.get(f"{page}/case")).text
    assert "晚上很黑" in html and f'value="{PHONE}"' in html and "望湖街道" in html
    key = re.search(r'name="key" value="([^"]+)"', html)
    assert key is not None
    fields = {"source": "web", "detail": "望湖街道的路灯坏了", "phone": PHONE, "key": key[1]}
    checked = await seat.send(f"{page}/case", f"{page}/case", **fields, step="check")
    assert checked.status_code == 200 and "识别结果" in checked.text
    done = [
        await seat.send(f"{page}/case", f"{page}/case", **fields, step="file") for _ in range(2)
    ]
    assert {d.headers["location"] for d in done} == {f"{page}?done=filed"}
    [told] = await said_by(app, conversation, "person")
    number = re.search(r"工单编号 (\d{13})，查询码 \d{6}", told)
    assert number is not None
    after = await state_of(app, conversation)
    assert (after.context["case"], after.context["filed"]) == (number[1], [number[1]])
    shown = (await seat.get(page)).text
    assert number[1] in shown and "查询码 ******" in shown
    # What was said for that case is not offered again for the next one.
    assert "晚上很黑" not in (await seat.get(f"{page}/case/draft")).json()["detail"]
    more = await seat.send(page, f"{page}/supplement", number=number[1], text="现在两盏都不亮")
    assert more.headers["location"] == f"{page}?done=supplement"
    assert "现在两盏都不亮" in (await seat.get(f"/console/cases/{number[1]}")).text


async def test_only_cases_of_the_talk_are_amended_there(
    enter: Enter, app: FastAPI, file: Register
) -> None:
    other = (await file()).number
    conversation = await waiting_talk(app, "在吗", seat="seat")
    page, seat = _page(conversation), await enter("seat")
    refused = await seat.send(page, f"{page}/supplement", number=other, text="冒充")
    assert refused.status_code == 404


async def test_nobody_files_from_anothers_talk(enter: Enter, app: FastAPI) -> None:
    conversation = await waiting_talk(app, "路灯坏了", seat="seat2")
    page, seat = _page(conversation), await enter("seat")
    fields = {"source": "web", "detail": "路灯坏了三天", "anonymous": "yes", "step": "file"}
    refused = await seat.send(f"{page}/case", f"{page}/case", **fields)
    assert refused.status_code == 409
    async with app.state.database.unit_of_work() as session:
        assert await CaseRepository(session, None).open_contact(conversation) is not None


@pytest.mark.parametrize(
    ("changes", "shown"), [({}, True), ({"confidential": True}, False), ({"type": "report"}, False)]
)
async def test_the_callers_cases_are_shown_unless_they_are_secret(
    enter: Enter, app: FastAPI, file: Register, changes: dict[str, object], shown: bool
) -> None:
    done = await file(phone=PHONE, title="望湖路井盖响", **changes)
    await file(phone="13800000079", title="别人的事")
    conversation = await waiting_talk(
        app, "喂", seat="seat", channel="phone", context={"caller": encrypt(PHONE)}
    )
    html = (await (await enter("seat")).get(_page(conversation))).text
    assert "138****0078" in html and PHONE not in html
    assert (done.number in html) is shown
    assert "别人的事" not in html
    async with app.state.database.unit_of_work() as session:
        assert await session.get(Case, done.case_id) is not None


async def test_a_query_code_stays_the_citizens_beside_the_talk_too(
    enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, "路灯又坏了，我的查询码是 234567", "345678", seat="seat")
    page, seat = _page(conversation), await enter("seat")
    for address in ("/console/seat", page, f"{page}/advice", f"{page}/case"):
        html = (await seat.get(address)).text
        assert "234567" not in html and "345678" not in html, address


async def test_what_was_answered_is_no_matter_and_the_number_left_is_known(
    enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, "身份证过期了怎么换", LAMP, seat="seat")
    page, seat = f"/console/seat/{conversation}", await enter("seat")
    async with app.state.database.unit_of_work() as session:
        asked = (
            await session.scalars(
                select(Turn).where(Turn.conversation_id == conversation).order_by(Turn.at)
            )
        ).first()
        assert asked is not None
        answered = GivenAnswer(
            turn_id=asked.id, conversation_id=conversation, code="id", version=1, aspects=[],
            question="身份证过期了怎么换",
        )  # fmt: skip
        session.add(answered)
        await callbacks.add(
            session, "k", channel="web", reason="asked", phone=PHONE, conversation_id=conversation
        )
    draft = (await seat.get(f"{page}/case/draft")).json()
    assert LAMP in draft["detail"] and "身份证" not in draft["detail"]
    assert draft["phone"] == PHONE
    # An answer that did not help leaves the question open.
    async with app.state.database.unit_of_work() as session:
        session.add(
            Feedback(answer_id=answered.id, helpful=False, code="id", unit="x", state="open")
        )
    assert "身份证" in (await seat.get(f"{page}/case/draft")).json()["detail"]


async def test_a_picture_sent_while_a_seat_has_the_talk_is_seen_and_filed(
    enter: Enter, app: FastAPI
) -> None:
    conversation = await waiting_talk(app, LAMP, seat="seat")
    page, seat = f"/console/seat/{conversation}", await enter("seat")
    shot = io.BytesIO()
    Image.new("RGB", (4, 4), "grey").save(shot, "PNG")
    heard = ImageInput(kind="image", data=base64.b64encode(shot.getvalue()).decode(), name="")
    gateway = Gateway(app.state.database, cast(Assistant, None))
    answered = await gateway.take_from_door(conversation, "picture-1", heard)
    # The assistant is silent: a person has the talk.
    assert answered.replies == []
    sent = re.search(rf'src="({page}/pictures/[0-9a-f-]+)"', (await seat.get(page)).text)
    assert sent is not None
    shown = await seat.get(sent[1])
    assert shown.status_code == 200 and shown.headers["content-type"].startswith("image/")
    assert (await seat.get(f"{page}/pictures/{uuid.uuid4()}")).status_code == 404
    fields = {"source": "web", "detail": LAMP, "phone": PHONE, "step": "file"}
    await seat.send(f"{page}/case", f"{page}/case", **fields)
    async with app.state.database.unit_of_work() as session:
        [case] = (await session.scalars(select(Case))).all()
    assert case.attachments == [sent[1].rpartition("/")[2]]
