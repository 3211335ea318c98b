"""A case from the dispatch desk to its close, by the forms of the console."""

from __future__ import annotations

import base64
import io

from console_app import Enter
from fastapi import FastAPI
from PIL import Image
from town import Register

from cases.repository import CaseRepository
from cases.states import MainState
from core.attachments import store_image

ANSWER = {"citizen_answer": "已更换灯泡 <b>恢复</b> 照明", "internal_note": "线路老化"}


async def test_dispatch_accept_contact_answer_pass_close(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    number = (await file()).number
    page = f"/console/cases/{number}"
    dispatcher, clerk = await enter("dispatcher"), await enter("urban.clerk")

    assert "望湖路路灯不亮" in (await dispatcher.get("/console/dispatch")).text
    assert (await clerk.get(page)).status_code == 404

    done = await dispatcher.act(number, "dispatch", unit="示例市城市管理局", reason="路灯归城管")
    assert (done.status_code, done.headers["location"]) == (303, f"{page}?done=dispatch")
    shown = (await dispatcher.get(f"{page}?done=dispatch")).text
    assert "已派单" in shown and "派给示例市城市管理局" in shown and "路灯归城管" in shown

    queue = (await clerk.get("/console/unit")).text
    assert f"/console/cases/{number}" in queue
    assert (await clerk.act(number, "accept")).status_code == 303
    await clerk.act(number, "contact", reached="yes", note="核实了灯杆位置")
    done = await clerk.act(number, "answer", result="solved", **ANSWER)
    assert done.status_code == 303
    shown = (await clerk.get(page)).text
    assert "已更换灯泡 &lt;b&gt;恢复&lt;/b&gt; 照明" in shown and "线路老化" in shown
    assert "联系了市民" in shown and "市民看到的答复" not in shown

    assert (await dispatcher.act(number, "pass", remark="完整")).status_code == 303
    assert "市民看到的答复" in (await clerk.get(page)).text
    supervisor = await enter("supervisor")
    refused = await supervisor.act(number, "close")
    assert refused.status_code == 422 and 'id="close-reason-problem"' in refused.text
    assert (await supervisor.act(number, "close", reason="市民来电确认")).status_code == 303

    async with app.state.database.unit_of_work() as session:
        case = await CaseRepository(session, None).by_number(number)
    assert case is not None
    assert (case.state, case.citizen_answer) == (MainState.CLOSED, ANSWER["citizen_answer"])


async def test_a_return_is_asked_for_and_decided(enter: Enter, file: Register) -> None:
    number = (await file()).number
    page, clerk = f"/console/cases/{number}", await enter("urban.clerk")
    dispatcher = await enter("dispatcher")
    await dispatcher.act(number, "dispatch", unit="urban")
    asked = {"reason": "属于供电公司维护", "basis": "供电设施管理办法"}
    missing = await clerk.act(number, "return", **asked)
    assert missing.status_code == 422
    assert 'id="return-proposed_unit-problem"' in missing.text
    assert "属于供电公司维护</textarea>" in missing.text
    done = await clerk.act(number, "return", proposed_unit="示例市供电公司", **asked)
    assert done.headers["location"] == f"{page}?done=return"
    shown = (await clerk.get(page)).text
    assert "等热线审批" in shown and 'action="/console/cases/' + number + '/return"' not in shown

    waiting = (await dispatcher.get(page)).text
    assert "待您审批" in waiting and 'value="示例市供电公司"' in waiting
    approval = waiting.split('name="approval" value="')[1].split('"')[0]
    empty = await dispatcher.act(number, "refuse", approval=approval)
    assert empty.status_code == 422 and f'id="decision-{approval}-problem"' in empty.text
    wrong = await dispatcher.act(
        number, "approve", approval=approval, decision="确属供电", unit="月球管理局"
    )
    assert wrong.status_code == 422 and "确属供电</textarea>" in wrong.text
    done = await dispatcher.act(
        number, "approve", approval=approval, decision="确属供电", unit="power"
    )
    assert done.status_code == 303
    assert (await clerk.get(page)).status_code == 404
    shown = (await (await enter("power.clerk")).get(page)).text
    assert "派给示例市供电公司" in shown


async def test_a_decision_about_another_case_is_refused(enter: Enter, file: Register) -> None:
    number, other = (await file()).number, (await file(lead="power")).number
    clerk, dispatcher = await enter("urban.clerk"), await enter("dispatcher")
    await dispatcher.act(number, "dispatch", unit="urban")
    await clerk.act(number, "return", reason="x", basis="y", proposed_unit="power")
    html = (await dispatcher.get(f"/console/cases/{number}")).text
    approval = html.split('name="approval" value="')[1].split('"')[0]
    odd = await dispatcher.act(other, "approve", approval=approval, decision="好")
    assert odd.status_code == 422
    assert "待您审批" in (await dispatcher.get(f"/console/cases/{number}")).text


async def test_after_its_time_a_return_is_no_longer_offered(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    shown = (await (await enter("urban.clerk")).get(f"/console/cases/{number}")).text
    assert "退单期限" in shown and f"/cases/{number}/return" not in shown


async def test_a_reassigned_case_changes_hands(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    dispatcher, other = await enter("dispatcher"), await enter("power.clerk")
    wrong = await dispatcher.act(number, "reassign", unit="示例市供电公司")
    assert wrong.status_code == 422
    assert 'value="示例市供电公司"' in wrong.text
    done = await dispatcher.act(number, "reassign", unit="示例市供电公司", reason="产权在供电")
    assert done.status_code == 303
    shown = (await other.get(f"/console/cases/{number}")).text
    assert "由示例市城市管理局改派示例市供电公司" in shown and "产权在供电" in shown
    # The citizen reads who has it now, and not why.
    theirs = (await dispatcher.get(f"/console/cases/{number}", history="citizen")).text
    theirs = theirs.partition('id="history"')[2].partition("</section>")[0]
    assert "改派示例市供电公司" in theirs and "产权在供电" not in theirs


async def test_who_assists_is_asked_when_a_case_is_reassigned(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban", assists=["power"])).number
    dispatcher = await enter("dispatcher")
    moved = {"unit": "chengdong.wanghu", "reason": "属于镇街履职事项清单第 3 条"}
    asked = await dispatcher.act(number, "reassign", **moved)
    assert asked.status_code == 422
    assert (
        "原来的协办（示例市供电公司）" in asked.text and "属于镇街履职事项清单第 3 条" in asked.text
    )
    done = await dispatcher.act(number, "reassign", **moved, assists="drop")
    assert done.status_code == 303
    shown = (await dispatcher.get(f"/console/cases/{number}")).text
    assert "示例市供电公司不再协办" in shown


async def test_an_unknown_unit_is_explained_beside_its_field(enter: Enter, file: Register) -> None:
    number = (await file()).number
    page = await (await enter("dispatcher")).act(number, "dispatch", unit="月球管理局")
    assert page.status_code == 422
    assert 'value="月球管理局"' in page.text
    assert 'id="dispatch-unit-problem">请从单位名录中选择' in page.text


async def test_of_two_clerks_the_later_keeps_the_words(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    page, clerk = f"/console/cases/{number}", await enter("urban.clerk")
    await clerk.act(number, "accept")
    html = (await clerk.get(page)).text
    token = html.split('name="csrf" value="')[1].split('"')[0]
    version = html.split('name="version" value="')[1].split('"')[0]
    await clerk.act(number, "answer", result="solved", citizen_answer="先写的答复")

    words = {"citizen_answer": "后写的答复，不能丢", "internal_note": "", "result": "partly"}
    late = {"csrf": token, "version": version, **words}
    conflict = await clerk.http.post(f"{page}/answer", data=late)
    assert conflict.status_code == 409
    assert "刚刚有了新变化" in conflict.text
    assert "后写的答复，不能丢</textarea>" in conflict.text
    assert '<option value="partly" selected>' in conflict.text
    assert f'name="version" value="{int(version) + 1}"' in conflict.text
    assert "先写的答复" in (await clerk.get(page)).text


async def test_words_for_a_case_that_was_taken_away_can_be_copied(
    enter: Enter, file: Register
) -> None:
    number = (await file(lead="urban")).number
    page, clerk = f"/console/cases/{number}", await enter("urban.clerk")
    await clerk.act(number, "accept")
    token = (await clerk.get(page)).text.split('name="csrf" value="')[1].split('"')[0]
    dispatcher = await enter("dispatcher")
    await dispatcher.act(number, "reassign", unit="power", reason="产权在供电")
    sent = {"csrf": token, "version": "2", "result": "solved"}
    sent["citizen_answer"] = "写了很久的答复"
    gone = await clerk.http.post(f"{page}/answer", data=sent)
    assert gone.status_code == 404
    assert "写了很久的答复" in gone.text
    assert "望湖路路灯不亮" not in gone.text


async def test_a_seat_urges_once_and_supplements(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    page, seat = f"/console/cases/{number}", await enter("seat")
    for said in ("urge", "known"):
        done = await seat.act(number, "urge", key="one call")
        assert done.headers["location"] == f"{page}?done={said}"
    assert (await seat.act(number, "supplement", text="灯杆号 37")).status_code == 303
    shown = (await seat.get(page)).text
    assert shown.count("示例·seat 催办") == 1
    assert "灯杆号 37" in shown


async def test_what_a_role_may_not_do_is_refused(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    seat = await enter("seat")
    assert (await seat.act(number, "reassign", unit="power", reason="x")).status_code == 403
    assert (await seat.act(number, "review")).status_code == 404
    assert (await seat.act(number, "explode")).status_code == 404
    dispatcher = await enter("dispatcher")
    odd = await dispatcher.act(number, "reassign", unit="power", reason="x", version="1x")
    assert odd.status_code == 422


async def test_a_picture_is_shown_to_readers_of_its_case_only(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    async with app.state.database.unit_of_work() as session:
        picture = await store_image(session, "x", base64.b64encode(out.getvalue()).decode())
    mine = (await file(lead="urban", attachments=[picture])).number
    other = (await file(lead="power")).number
    clerk, stranger = await enter("urban.clerk"), await enter("power.clerk")
    found = await clerk.get(f"/console/cases/{mine}/attachments/{picture}")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    for number in (mine, other):
        hidden = await stranger.get(f"/console/cases/{number}/attachments/{picture}")
        assert hidden.status_code == 404
