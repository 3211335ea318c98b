"""One citizen's matter from the first question to the review, through the interface alone."""

from __future__ import annotations

import base64
import io
import re

import httpx
from PIL import Image

from tests.journeys.staff import Staff
from tests.stack import Citizen, Stack


def test_from_a_question_to_a_bad_review_over_http(stack: Stack) -> None:
    citizen = Citizen(stack.address)

    # A guide question, and a follow-up that stays on its item.
    first = citizen.say("身份证过期了怎么换")[0]
    assert "身份证" in first["text"]
    assert first["card"]["kind"] == "item"
    code = first["card"]["code"]
    second = citizen.say("那要多久？")[0]
    assert second["card"]["code"] == code
    assert "日" in second["text"]
    item = httpx.get(stack.address + f"/api/items/{code}", trust_env=False)
    assert item.status_code == 200
    assert item.json()["materials"]

    # A complaint, taken in by dialogue and filed after a summary.
    citizen.say("我要投诉")
    asked = citizen.say("春晖路烧烤店半夜油烟特别大，熏得睡不着")
    assert "什么时候" in asked[-1]["text"]
    asked = citizen.say("有一个礼拜了")
    assert "电话" in asked[-1]["text"]
    summary = citizen.say("13800000021")[-1]
    assert summary["card"]["kind"] == "summary"
    assert "138****0021" in summary["text"]
    receipt = citizen.choose("intake:confirm", "确认提交")[0]
    number, query_code = receipt["card"]["number"], receipt["card"]["query_code"]
    assert number in receipt["text"]
    assert receipt["card"]["due_at"]

    # Confirming again files nothing new.
    again = citizen.choose("intake:confirm", "确认提交")[0]
    assert number in again["text"]

    # The dispatcher gives it to another unit, which handles and closes it.
    dispatcher = Staff(stack.address, "dispatcher", stack.password("dispatcher"))
    page = dispatcher.case_page(number)
    assert "油烟" in page
    action = "dispatch" if "待派单" in page and "reassign" not in page else "reassign"
    page = dispatcher.act(
        number, action, unit="environment", reason="餐饮油烟由生态环境部门牵头", assists="keep"
    )
    assert "示例市生态环境局" in page
    clerk = Staff(stack.address, "environment.clerk", stack.password("environment.clerk"))
    clerk.act(number, "accept")
    clerk.act(
        number,
        "answer",
        result="solved",
        citizen_answer="已责令店家清洗油烟净化器，三日内复查。",
        internal_note="现场检测超标，已立案。",
    )
    page = dispatcher.act(number, "pass", remark="答复完整")
    assert "待回访" in page
    other = Staff(stack.address, "housing.clerk", stack.password("housing.clerk"))
    assert other.http.get(f"/console/cases/{number}").status_code == 404

    # The citizen sees the public answer only.
    shown = citizen.http.post("/api/cases/lookup", json={"number": number, "code": query_code})
    assert shown.status_code == 200, shown.text
    case = shown.json()
    assert case["state_name"] == "已答复"
    assert "清洗油烟净化器" in case["answer"]
    assert "立案" not in shown.text
    token = re.fullmatch(rf"/r/{number}-(.+)", case["review_link"])
    assert token is not None

    # A bad review needs a reason, and is taken once.
    review = {"number": number, "token": token[1], "grade": 2}
    assert citizen.http.post("/api/reviews", json=review).status_code == 422
    rated = citizen.http.post("/api/reviews", json={**review, "text": "油烟还是很大"})
    assert rated.status_code == 201, rated.text
    assert citizen.http.post("/api/reviews", json={**review, "text": "再评"}).status_code == 410
    page = dispatcher.case_page(number)
    assert "不满意" in page
    assert "油烟还是很大" in page


def test_the_same_turn_sent_again_is_answered_and_done_once(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    body = {"text": "望湖路18号路灯坏了三天了，电话13800000022"}
    first, second = citizen.send("one", body), citizen.send("one", body)
    assert first.status_code == 200
    assert second.json() == first.json()
    confirm = {"input": {"kind": "choice", "value": "intake:confirm", "title": "确认提交"}}
    numbers = {
        citizen.send("two", confirm).json()["replies"][0]["card"]["number"] for _ in range(3)
    }
    assert len(numbers) == 1


def test_an_emergency_is_answered_before_anything_else(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    citizen.say("我要投诉楼上装修太吵")
    reply = citizen.say("等一下，我这屋里一大股煤气味，我头晕")[0]
    assert reply["card"]["kind"] == "emergency"
    assert "119" in reply["text"]
    assert "开窗" in reply["text"]


def test_five_wrong_codes_lock_a_number_for_a_while(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    citizen.say("望湖路18号路灯坏了三天了，电话13800000023")
    card = citizen.choose("intake:confirm")[0]["card"]
    statuses = [
        citizen.http.post(
            "/api/cases/lookup", json={"number": card["number"], "code": "000000"}
        ).status_code
        for _ in range(6)
    ]
    assert statuses == [404] * 5 + [429]
    right = {"number": card["number"], "code": card["query_code"]}
    assert citizen.http.post("/api/cases/lookup", json=right).status_code == 429


def test_a_picture_and_a_place_belong_to_the_matter(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    place = {"kind": "location", "latitude": 30.0, "longitude": 120.0, "label": "望湖路18号"}
    assert "位置收到了" in citizen.send_input(place)[0]["text"]
    citizen.say("路灯坏了三天了，电话13800000024")
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    picture = {"kind": "image", "data": base64.b64encode(out.getvalue()).decode(), "name": "灯.png"}
    summary = citizen.send_input(picture)[0]
    assert summary["text"].startswith("图片收到了。")
    assert "望湖路18号" in summary["text"]
    assert "图片：1 张" in summary["text"]
    number = citizen.choose("intake:confirm")[0]["card"]["number"]
    clerk = Staff(stack.address, "dispatcher", stack.password("dispatcher"))
    shown = re.search(rf"/console/cases/{number}/attachments/[0-9a-f-]+", clerk.case_page(number))
    assert shown is not None
    assert clerk.http.get(shown[0]).headers["content-type"] == "image/png"


def test_what_is_no_picture_is_refused_and_nothing_is_lost(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    citizen.say("望湖路18号路灯坏了三天了，电话13800000025")
    for data in ("not base64!", base64.b64encode(b"<svg onload=1>").decode()):
        answer = citizen.send("bad", {"input": {"kind": "image", "data": data}})
        assert answer.status_code == 422
        assert set(answer.json()) == {"error", "message", "fields"}
    assert "number" in citizen.choose("intake:confirm")[0]["card"]


def test_a_report_about_a_street_s_own_clerk_never_reaches_the_street(stack: Stack) -> None:
    citizen = Citizen(stack.address)
    citizen.say("举报望湖街道办事处一个姓张的办事员上个月开始上班打牌不给办低保，电话13800000026")
    card = citizen.choose("intake:confirm")[0]["card"]
    number = card["number"]
    dispatcher = Staff(stack.address, "dispatcher", stack.password("dispatcher"))
    page = dispatcher.case_page(number)
    assert "保密" in page
    assert "13800000026" not in page
    for login in ("wanghu.clerk", "wanghu.leader"):
        street = Staff(stack.address, login, stack.password(login))
        assert street.http.get(f"/console/cases/{number}").status_code == 404
        for path in ("/console/unit?tab=all", "/console/notices?show=all"):
            assert number not in street.http.get(path).text
