"""What the forms of a case page do, by role; pictures; what is offered to whom."""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from console_app import Browser, Enter
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select, update
from town import Register

from cases.models import Case, CaseEvent, SubCase
from cases.vocabulary import CaseType
from core.database import Database, now
from core.identity import Role, hash_password
from core.models import Attachment, StaffAccount
from intake.service import Intake
from routing.models import CategoryRow
from routing.service import Router
from units.gazetteer import Gazetteer
from units.models import Unit

Given = Callable[..., Awaitable[str]]
SOLVED = {"result": "solved", "citizen_answer": "已修好", "internal_note": "换灯泡"}
_FORM = re.compile(r'action="/console/cases/\d+/([a-z_]+)"')


async def hire(app: FastAPI, login: str, role: Role, unit: str) -> None:
    async with app.state.database.unit_of_work() as session:
        session.add(
            StaffAccount(
                login=login,
                name=f"示例·{login}",
                role=role,
                unit=unit,
                password_hash=hash_password("a password nobody types"),
            )
        )


async def stored(app: FastAPI, number: str) -> Case:
    async with app.state.database.unit_of_work() as session:
        return (await session.scalars(select(Case).where(Case.number == number))).one()


async def forms(browser: Browser, number: str) -> set[str]:
    """The actions that the page offers."""
    return set(_FORM.findall((await browser.get(f"/console/cases/{number}")).text))


@pytest.fixture
def given(enter: Enter, file: Register, app: FastAPI) -> Given:
    """A case dispatched just now, with five days left to handle it."""

    async def giving(unit: str = "urban", **matter: Any) -> str:
        number = (await file(**matter)).number
        await (await enter("dispatcher")).act(number, "dispatch", unit=unit, reason="履职清单")
        async with app.state.database.unit_of_work() as session:
            await session.execute(update(SubCase).values(due_at=now() + timedelta(days=5)))
        return number

    return giving


def picture(size: int = 8) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (size, size), "red")
    exif = Image.Exif()
    exif[0x9286] = "taken at home"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def upload(browser: Browser, number: str, action: str, *files: bytes, **fields: str) -> Any:
    page = f"/console/cases/{number}"
    html = (await browser.get(page)).text
    hidden = {
        name: html.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "version")
    }
    sent = [("pictures", (f"{i}.jpg", raw, "image/jpeg")) for i, raw in enumerate(files)]
    return await browser.http.post(f"{page}/{action}", data=hidden | fields, files=sent)


# ---- what is offered


async def test_each_role_is_offered_what_it_may_do(
    enter: Enter, given: Given, app: FastAPI
) -> None:
    number = await given()
    clerk = await enter("urban.clerk")
    assert await forms(clerk, number) == {"accept", "return", "attach"}
    await clerk.act(number, "accept")
    unit_work = {"contact", "interim", "extend", "suspend", "claim_unreasonable", "answer"}
    assert await forms(clerk, number) == unit_work | {"return", "attach"}
    desk = {"reassign", "add_assist", "correct", "attach"}
    assert await forms(await enter("dispatcher"), number) == desk
    assert await forms(await enter("supervisor"), number) == desk | {"supervise"}
    seat = {"correct", "urge", "supplement", "withdraw", "attach"}
    assert await forms(await enter("seat"), number) == seat
    assert await forms(await enter("admin"), number) == set()


async def test_a_form_that_is_not_there_does_nothing(enter: Enter, given: Given) -> None:
    number = await given()
    seat = await enter("seat")
    for action in ("register", "call_back", "review", "red", "explode"):
        assert (await seat.act(number, action)).status_code == 404, action


# ---- the unit


async def test_a_contact_says_whether_somebody_was_reached(enter: Enter, given: Given) -> None:
    number = await given()
    clerk = await enter("urban.clerk")
    await clerk.act(number, "accept")
    neither = await clerk.act(number, "contact", note="打了电话")
    assert neither.status_code == 422 and "打了电话</textarea>" in neither.text
    await clerk.act(number, "contact", reached="no", note="无人接听")
    shown = (await clerk.get(f"/console/cases/{number}")).text
    assert "没有联系上" in shown and "记先行联系" in shown
    await clerk.act(number, "contact", reached="yes", note="已约好上门")
    shown = (await clerk.get(f"/console/cases/{number}")).text
    assert "联系了市民" in shown and "再记一次联系" in shown


async def test_work_handed_down_comes_back_and_is_adopted(
    enter: Enter, given: Given, app: FastAPI
) -> None:
    await hire(app, "district", Role.UNIT_CLERK, "chengdong")
    await hire(app, "street", Role.UNIT_CLERK, "chengdong.wanghu")
    number = await given("chengdong")
    page = f"/console/cases/{number}"
    above, street = await enter("district"), await enter("street")
    await above.act(number, "accept")
    stranger = await above.act(number, "delegate", unit="power", task="履职清单")
    assert stranger.status_code == 422 and 'id="delegate-unit-problem"' in stranger.text
    no_basis = await above.act(number, "delegate", unit="chengdong.wanghu", task="去看看")
    assert no_basis.status_code == 422 and "履职事项清单" in no_basis.text
    await above.act(number, "delegate", unit="chengdong.wanghu", task="履职事项清单第 8 条，去看看")
    assert "履职事项清单第 8 条" in (await street.get(page)).text
    await street.act(number, "accept")
    await street.act(number, "answer", **SOLVED)

    shown = (await above.get(page)).text
    assert "下级单位已答复" in shown and "已修好</textarea>" not in shown
    link = re.search(r'href="([^"]+adopt=\d+)#answering"', shown)
    assert link
    adopted = (await above.get(link[1])).text
    assert "已修好</textarea>" in adopted and '<option value="solved" selected>' in adopted
    part = re.search(r'name="part" value="(\d+)"', shown)
    assert part
    done = await above.act(number, "redo", part=part[1], reason="没有照片")
    assert done.status_code == 303
    assert "没有照片" in (await street.get(page)).text
    assert "answer" in await forms(street, number)


async def test_a_leader_signs_or_sends_back(enter: Enter, given: Given, app: FastAPI) -> None:
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(Unit).where(Unit.code == "urban").values(answers_signed=True))
    number = await given()
    clerk, leader = await enter("urban.clerk"), await enter("urban.leader")
    await clerk.act(number, "accept")
    await clerk.act(number, "answer", **SOLVED)
    assert "sign" not in await forms(clerk, number)
    assert {"sign", "send_back"} <= await forms(leader, number)
    await leader.act(number, "send_back", reason="写明更换日期")
    assert "写明更换日期" in (await clerk.get(f"/console/cases/{number}")).text
    await clerk.act(number, "answer", **SOLVED)
    assert (await leader.act(number, "sign")).status_code == 303
    assert (await stored(app, number)).state == "answered"


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        ("extend", {"days": "", "reason": "x"}, "days"),
        ("extend", {"days": "三", "reason": "x"}, "days"),
        ("extend", {"days": "99", "reason": "x"}, "days"),
        ("suspend", {"until": "2026-13-01", "reason": "x"}, "until"),
        ("suspend", {"until": "2001-01-01", "reason": "x"}, "until"),
        ("claim_unreasonable", {"reason": "x"}, "basis"),
        ("answer", {"citizen_answer": "x"}, "result"),
        ("answer", {"citizen_answer": "x", "result": "adopted"}, "result"),
        ("answer", {"citizen_answer": "x", "result": "unsolved"}, "result_reason"),
        ("answer", {"citizen_answer": " ", "result": "solved"}, "citizen_answer"),
        ("interim", {"text": " "}, "text"),
    ],
)
async def test_what_is_missing_is_said_beside_its_field(
    enter: Enter, given: Given, action: str, fields: dict[str, str], field: str
) -> None:
    number = await given()
    clerk = await enter("urban.clerk")
    await clerk.act(number, "accept")
    page = await clerk.act(number, action, **fields)
    assert page.status_code == 422
    assert f'id="{action}-{field}-problem"' in page.text


async def test_an_extension_is_granted_once(enter: Enter, given: Given, app: FastAPI) -> None:
    number = await given()
    clerk, desk = await enter("urban.clerk"), await enter("dispatcher")
    await clerk.act(number, "accept")
    assert (await clerk.act(number, "extend", days="3", reason="材料在途")).status_code == 303
    html = (await desk.get(f"/console/cases/{number}")).text
    assert "待您审批" in html and "3 个工作日" in html
    approval = html.split('name="approval" value="')[1].split('"')[0]
    assert (
        await desk.act(number, "approve", approval=approval, decision="同意")
    ).status_code == 303
    shown = (await clerk.get(f"/console/cases/{number}")).text
    assert "已延期" in shown and "办理期限延长到" in shown
    assert "extend" not in await forms(clerk, number)


async def test_a_suggestion_ends_adopted_or_not(enter: Enter, given: Given, app: FastAPI) -> None:
    number = await given(type=CaseType.SUGGESTION)
    clerk = await enter("urban.clerk")
    await clerk.act(number, "accept")
    shown = (await clerk.get(f"/console/cases/{number}")).text
    assert '<option value="adopted">采纳</option>' in shown and 'value="solved"' not in shown
    answer = {"citizen_answer": "谢谢建议", "result": "not_adopted", "result_reason": "预算不足"}
    assert (await clerk.act(number, "answer", **answer)).status_code == 303
    desk = (await (await enter("dispatcher")).get(f"/console/cases/{number}")).text
    assert "不采纳" in desk and "预算不足" in desk


# ---- the desk


async def test_a_correction_keeps_what_was_and_looks_the_place_up(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    number = (await file(place_text="不知道哪里")).number
    desk, page = await enter("dispatcher"), f"/console/cases/{number}"
    same = {"type": "complaint", "urgency": "normal", "place_text": "不知道哪里"}
    unchanged = await desk.act(number, "correct", **same)
    assert unchanged.status_code == 422 and "没有改动" in unchanged.text
    wrong = await desk.act(number, "correct", **same, category="Z99 没有的类别")
    assert wrong.status_code == 422 and 'id="correct-category-problem"' in wrong.text
    city_unit = await desk.act(number, "correct", **same, street="power")
    assert city_unit.status_code == 422 and 'id="correct-street-problem"' in city_unit.text
    wanted = same | {"type": "help", "urgency": "urgent", "complex": "yes", "reason": "电话核实"}
    done = await desk.act(number, "correct", **wanted, street="望湖街道办事处")
    assert done.status_code == 303
    case = await stored(app, number)
    assert (case.type, case.urgency, case.complex) == ("help", "urgent", True)
    assert (case.street, case.district) == ("chengdong.wanghu", "chengdong")
    shown = (await desk.get(page)).text
    assert "诉求类型（投诉 → 求助）" in shown and "电话核实" in shown


async def test_why_a_case_went_to_the_desk_is_told(enter: Enter, file: Register) -> None:
    routing = {"entry": "D-01", "score": 0.42, "reasons": ["类别 路灯"], "candidates": []}
    number = (await file(routing=routing)).number
    shown = (await (await enter("dispatcher")).get(f"/console/cases/{number}")).text
    assert "目录 D-01 · 类别 路灯" in shown and "把握 42%" in shown


@pytest.mark.parametrize(
    ("unit", "reason", "told", "not_told"),
    [
        ("示例市城市管理局", "", "目录 D-01 · 类别 路灯", "目录 D-02"),
        ("示例市供电公司", "", "目录 D-02", "类别 路灯"),
        ("示例市供电公司", "现场确认是停电", "现场确认是停电", "类别 路灯"),
    ],
)
async def test_the_basis_is_that_of_the_unit_that_was_chosen(
    enter: Enter, file: Register, unit: str, reason: str, told: str, not_told: str
) -> None:
    candidates = [{"unit": "urban", "entry": "D-01"}, {"unit": "power", "entry": "D-02"}]
    routing = {"entry": "D-01", "score": 0.004, "reasons": ["类别 路灯"], "candidates": candidates}
    number = (await file(routing=routing)).number
    desk, page = await enter("dispatcher"), f"/console/cases/{number}"
    before = (await desk.get(page)).text
    assert "类别 路灯" in before and "把握 0%" not in before
    await desk.act(number, "dispatch", unit=unit, reason=reason)
    shown = (await desk.get(page)).text.partition('id="advice"')[2].partition("</section>")[0]
    assert "派单依据" in shown and told in shown and not_told not in shown


async def test_a_suggested_unit_is_one_click_and_a_place_is_looked_up(
    enter: Enter, file: Register, app: FastAPI, catalogue: Database
) -> None:
    async with catalogue.unit_of_work() as session:
        for code, cue in (("A0312", "路灯"), ("A0313", "停电")):
            category = await session.get_one(CategoryRow, code)
            category.cues, category.examples = [cue], [f"{cue}好几天了", f"这里{cue}没人管"]
        await session.flush()
        router = await Router.load(session, app.state.city.tree)
        gazetteer = await Gazetteer.load(session)
    app.state.city.intake = Intake(router, gazetteer, app.state.city.tree)
    number = (await file(title="路灯不亮", detail="路灯不亮")).number
    desk, page = await enter("dispatcher"), f"/console/cases/{number}"
    shown = (await desk.get(page)).text
    assert "推荐单位" in shown and "目录 A-03-12" in shown and "派给示例市城市管理局" in shown
    form = shown.split('name="unit" value="示例市城市管理局"')[1].split("</form>")[0]
    reason = form.split('name="reason" value="')[1].split('"')[0]
    await desk.act(number, "dispatch", unit="示例市城市管理局", reason=reason)
    assert "目录 A-03-12" in (await desk.get(page)).text

    place = {"type": "complaint", "urgency": "normal", "category": "A0313 停电"}
    done = await desk.act(number, "correct", **place, place_text="望湖街道门口")
    assert done.status_code == 303
    case = await stored(app, number)
    assert (case.category, case.street) == ("A0313", "chengdong.wanghu")


async def test_a_slip_of_the_hand_is_taken_back(
    enter: Enter, given: Given, file: Register, app: FastAPI
) -> None:
    number, desk = await given(), await enter("dispatcher")
    assert "recall" in await forms(desk, number)
    assert (await desk.act(number, "recall")).status_code == 303
    assert (await stored(app, number)).state == "pending_dispatch"
    old = (await file(lead="urban")).number
    assert "recall" not in await forms(desk, old)
    assert (await desk.act(old, "recall")).status_code == 409


async def test_check_supervise_rework(enter: Enter, given: Given, app: FastAPI) -> None:
    number = await given()
    clerk, desk = await enter("urban.clerk"), await enter("dispatcher")
    supervisor = await enter("supervisor")
    await clerk.act(number, "accept")
    await clerk.act(number, "answer", **SOLVED)
    await desk.act(number, "reject", reason="没说何时修好")
    assert "没说何时修好" in (await clerk.get(f"/console/cases/{number}")).text
    assert (await desk.act(number, "supervise", reason="x")).status_code == 403
    await supervisor.act(number, "supervise", reason="多次反映")
    assert ">督办</span>" in (await clerk.get(f"/console/cases/{number}")).text
    await clerk.act(number, "answer", **SOLVED)
    await desk.act(number, "pass")
    assert (await supervisor.act(number, "rework", reason="又坏了")).status_code == 303
    shown = (await clerk.get(f"/console/cases/{number}")).text
    assert "第 2 次办理" in shown and "又坏了" in shown
    assert (await stored(app, number)).state == "in_progress"


async def test_a_seat_reopens_within_the_window(enter: Enter, given: Given) -> None:
    number = await given()
    clerk, seat = await enter("urban.clerk"), await enter("seat")
    await clerk.act(number, "accept")
    await clerk.act(number, "answer", **SOLVED)
    await (await enter("dispatcher")).act(number, "pass")
    assert "reopen" in await forms(seat, number)
    for said in ("reopen", "known"):
        done = await seat.act(number, "reopen", key="one call", reason="市民说又灭了")
        assert done.headers["location"].endswith(f"done={said}")


# ---- pictures


async def test_pictures_with_an_answer_are_clean_and_seen_by_readers_of_the_line(
    enter: Enter, given: Given, app: FastAPI
) -> None:
    number = await given()
    page, clerk = f"/console/cases/{number}", await enter("urban.clerk")
    await clerk.act(number, "accept")
    done = await upload(clerk, number, "answer", picture(), **SOLVED)
    assert done.status_code == 303
    assert (await stored(app, number)).state == "answered"
    async with app.state.database.unit_of_work() as session:
        [kept] = (await session.scalars(select(Attachment))).all()
        events = await session.scalars(select(CaseEvent).where(CaseEvent.action == "attach"))
        assert [event.data["attachments"] for event in events] == [[str(kept.id)]]
    assert b"taken at home" not in kept.content
    address = f"{page}/attachments/{kept.id}"
    assert address in (await clerk.get(page)).text
    desk, stranger = await enter("dispatcher"), await enter("power.clerk")
    assert (await desk.get(address)).headers["content-type"] == "image/jpeg"
    assert (await stranger.get(address)).status_code == 404
    await desk.act(number, "reject", reason="补充说明")
    await desk.act(number, "add_assist", unit="power")
    # An assisting unit reads the case, but not what another unit notes for itself.
    assert (await stranger.get(page)).status_code == 200
    assert (await stranger.get(address)).status_code == 404


@pytest.mark.parametrize("files", [[], [b"no picture"], [picture()] * 7])
async def test_bad_pictures_are_refused_and_nothing_is_stored(
    enter: Enter, given: Given, app: FastAPI, files: list[bytes]
) -> None:
    number = await given()
    clerk = await enter("urban.clerk")
    refused = await upload(clerk, number, "attach", *files, text="现场")
    assert refused.status_code == 422
    assert 'id="attach-pictures-problem"' in refused.text and "现场</textarea>" in refused.text
    async with app.state.database.unit_of_work() as session:
        assert not (await session.scalars(select(Attachment))).all()


# ---- the page


async def test_history_can_be_read_as_the_citizen_does(enter: Enter, given: Given) -> None:
    number = await given()
    clerk = await enter("urban.clerk")
    await clerk.act(number, "accept")
    await clerk.act(number, "contact", reached="no", note="内部才看的")
    page = f"/console/cases/{number}"
    assert "内部才看的" in (await clerk.get(page)).text
    theirs = (await clerk.get(page, history="citizen")).text
    assert "内部才看的" not in theirs and "签收" in theirs


async def test_the_printed_case_has_no_forms(enter: Enter, given: Given) -> None:
    number = await given()
    html = (await (await enter("urban.clerk")).get(f"/console/cases/{number}/print")).text
    assert "12345 政务服务便民热线 工单" in html and "派给示例市城市管理局" in html
    assert f"/cases/{number}/accept" not in html
    assert (
        await (await enter("power.clerk")).get(f"/console/cases/{number}/print")
    ).status_code == 404
