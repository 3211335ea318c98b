"""Merging, grouping and splitting at the console: what is offered, done and undone by form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from console_app import Enter
from fastapi import FastAPI
from sqlalchemy import select
from town import Register

from cases.models import Case
from cases.vocabulary import CaseType
from core.database import Database

WANGHU = "chengdong.wanghu"
PHONES = ("13800000001", "13800000002", "13800000003")


def lamp(phone: str = PHONES[0], **changes: Any) -> dict[str, Any]:
    given = {
        "phone": phone,
        "name": "王小满",
        "place_text": "望湖路8号2单元301",
        "street": WANGHU,
        "lead": "urban",
    }
    return given | changes


async def load(database: Database, number: str) -> Case:
    async with database.unit_of_work() as session:
        found = await session.scalar(select(Case).where(Case.number == number))
        assert found is not None
        return found


async def test_a_repeated_matter_is_offered_merged_and_taken_out_again(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    one, other = await file(**lamp()), await file(**lamp())
    desk = await enter("dispatcher")
    page = f"/console/cases/{one.number}/merge"
    html = (await desk.get(page)).text
    assert other.number in html
    assert "同一诉求人" in html
    done = await desk.send(page, page, target=other.number, reason="重复反映")
    assert done.status_code == 303
    assert (await load(city, one.number)).state == "merged"
    html = (await desk.get(done.headers["location"])).text
    assert "已并入" in html
    undone = await desk.send(page, page.replace("merge", "unmerge"), reason="不是一件事")
    assert undone.status_code == 303
    assert (await load(city, one.number)).state == "dispatched"


async def test_a_target_is_found_by_number_or_words(
    app: FastAPI, file: Register, enter: Enter
) -> None:
    one = await file(**lamp())
    far = await file(
        phone=PHONES[2], title="石桥路井盖松动", detail="石桥路2号井盖响", street="chengxi.shiqiao"
    )
    desk = await enter("dispatcher")
    page = f"/console/cases/{one.number}/merge"
    assert far.number not in (await desk.get(page)).text
    for words in (far.number, "井盖松动"):
        assert far.number in (await desk.get(page, q=words)).text
    assert "没有找到未办结的工单" in (await desk.get(page, q="没有这样的事")).text


async def test_what_was_typed_comes_again_when_it_did_not_go_through(
    app: FastAPI, file: Register, enter: Enter
) -> None:
    one, other = await file(**lamp()), await file(**lamp(type=CaseType.REPORT))
    await file(**lamp())
    desk = await enter("dispatcher")
    page = f"/console/cases/{one.number}/merge"
    for target, said in ((other.number, "举报和保密工单"), ("", "没有选好目标工单")):
        answer = await desk.send(page, page, target=target, reason="同一件事情")
        assert answer.status_code == 422
        assert said in answer.text
        assert "同一件事情" in answer.text


async def test_a_stale_page_changes_nothing(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    one, other = await file(**lamp()), await file(**lamp())
    desk = await enter("dispatcher")
    page = f"/console/cases/{one.number}/merge"
    answer = await desk.send(page, page, target=other.number, reason="重复", version="99")
    assert answer.status_code == 409
    assert "刷新" in answer.text
    assert (await load(city, one.number)).state == "dispatched"


async def test_several_people_become_one_case_and_come_apart_again(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    made = [await file(**lamp(phone)) for phone in PHONES]
    desk = await enter("dispatcher")
    page = f"/console/cases/{made[0].number}/group"
    html = (await desk.get(page)).text
    assert "24 小时内 3 人反映" in html
    boxes = re.findall(r'name="cases" value="(\d+:\d+)"', html)
    assert len(boxes) == 2
    done = await desk.send(page, page, cases=boxes, reason="同一盏灯")
    assert done.status_code == 303
    parent = done.headers["location"].split("/")[3]
    html = (await desk.get(f"/console/cases/{parent}/group")).text
    for one in made:
        assert one.number in html
    unit = await enter("urban.clerk")
    seen = (await unit.get(f"/console/cases/{parent}")).text
    assert "同类诉求" in seen
    for word in (*PHONES, "王小满", "301"):
        assert word not in seen
    for one in made:
        assert (await unit.get(f"/console/cases/{one.number}")).status_code == 404
        assert one.number not in (await unit.get("/console/unit")).text
    undo = f"/console/cases/{parent}/ungroup"
    undone = await desk.send(f"/console/cases/{parent}/group", undo, reason="不是一件事")
    assert undone.status_code == 303
    assert {(await load(city, one.number)).state for one in made} == {"dispatched"}


async def test_a_late_case_joins_an_open_group_with_one_click(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    made = [await file(**lamp(phone)) for phone in PHONES]
    desk = await enter("dispatcher")
    page = f"/console/cases/{made[0].number}/group"
    boxes = re.findall(r'name="cases" value="(\d+:\d+)"', (await desk.get(page)).text)
    done = await desk.send(page, page, cases=boxes, reason="同一盏灯")
    parent = done.headers["location"].split("/")[3]
    late = await file(
        **lamp("13800000009", title="路灯", detail="门口漆黑一片，老人摔了一跤", lead=None)
    )
    page = f"/console/cases/{late.number}/group"
    html = (await desk.get(page)).text
    assert "加入已有的同类诉求" in html
    joined = await desk.send(page, page, parent=parent, reason="同一盏灯")
    assert joined.status_code == 303
    assert (await load(city, late.number)).state == "merged"


async def test_a_case_is_split_and_put_together_again(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    one = await file(**lamp())
    desk = await enter("dispatcher")
    page = f"/console/cases/{one.number}/split"
    pieces = {
        "title1": "路灯不亮",
        "detail1": "路灯坏了",
        "title2": "井盖松动",
        "detail2": "井盖一压就响",
        "place2": "望湖路20号",
    }
    answer = await desk.send(page, page, **(pieces | {"detail2": ""}), reason="两件事")
    assert answer.status_code == 422
    assert "第 2 件请写内容" in answer.text
    assert "井盖松动" in answer.text
    done = await desk.send(page, page, **pieces, reason="两件事")
    assert done.status_code == 303
    html = (await desk.get(page)).text
    assert "已拆出 1 件" in html
    assert (await load(city, one.number)).title == "路灯不亮"
    undone = await desk.send(page, page.replace("split", "unsplit"), reason="是一件事")
    assert undone.status_code == 303
    assert (await load(city, one.number)).title != "路灯不亮"


async def test_cases_ticked_on_the_desk_are_merged_or_grouped(
    app: FastAPI, city: Database, file: Register, enter: Enter
) -> None:
    made = [await file(**lamp(phone)) for phone in PHONES]
    desk = await enter("dispatcher")
    boxes = [f"{one.case_id}:{(await load(city, one.number)).version}" for one in made]
    address = "/console/dispatch/join"
    few = await desk.send("/console/dispatch", address, cases=boxes[:1])
    assert "至少两张" in few.text
    asked = await desk.send("/console/dispatch", address, cases=boxes)
    assert "选中 3 件" in asked.text
    none = await desk.send("/console/dispatch", address, cases=boxes, step="merge", reason="重复")
    assert "请选择并入哪一张" in none.text
    done = await desk.send(
        "/console/dispatch",
        address,
        cases=boxes,
        step="merge",
        target=made[0].number,
        reason="重复反映",
    )
    assert done.status_code == 303
    states = [(await load(city, one.number)).state for one in made]
    assert states == ["dispatched", "merged", "merged"]


@pytest.mark.parametrize("login", ["urban.clerk", "seat", "callback", "editor", "admin"])
@pytest.mark.parametrize("page", ["merge", "group", "split"])
async def test_only_the_dispatch_desk_and_the_supervisor_get_there(
    app: FastAPI, file: Register, enter: Enter, login: str, page: str
) -> None:
    one = await file(**lamp())
    person = await enter(login)
    assert (await person.get(f"/console/cases/{one.number}/{page}")).status_code == 403
    posted = await person.send(
        f"/console/cases/{one.number}", f"/console/cases/{one.number}/{page}", reason="x"
    )
    assert posted.status_code == 403


async def test_a_secret_case_is_offered_to_nobody_elses(
    app: FastAPI, file: Register, enter: Enter
) -> None:
    secret = await file(**lamp(confidential=True))
    open_one = await file(**lamp(PHONES[1]))
    desk = await enter("dispatcher")
    for page in ("merge", "group"):
        assert (
            secret.number not in (await desk.get(f"/console/cases/{open_one.number}/{page}")).text
        )
        assert (
            open_one.number not in (await desk.get(f"/console/cases/{secret.number}/{page}")).text
        )
