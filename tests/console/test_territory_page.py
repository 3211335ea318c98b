"""The territory in the console: found, added, changed, retired, and learned from corrections."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from console_app import PEOPLE, Browser, Enter
from fastapi import FastAPI
from sqlalchemy import select

import units.loading
from console.menu import TERRITORY_ROLES
from core.database import Database
from units.gazetteer import Gazetteer
from units.learning import suggest
from units.location import locate
from units.models import Place, PlaceEdit, PlaceSuggestion

CITY = Path(__file__).parents[2] / "city"
HOME = "/console/territory"
ROAD = f"{HOME}/chengdong.chunhui.road.bai-hua-lu"
WANGHU = "城东区望湖街道"


@pytest.fixture(autouse=True)
async def territory(app: FastAPI) -> Database:
    database: Database = app.state.database
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    return database


async def place_in(database: Database, text: str) -> str | None:
    async with database.unit_of_work() as session:
        found = locate(await Gazetteer.load(session), text)
    return found.label if found else None


async def test_only_those_who_may_edit_places_see_them(enter: Enter) -> None:
    for login, (role, _) in PEOPLE.items():
        browser = await enter(login)
        expected = 200 if role in TERRITORY_ROLES else 403
        for page in (HOME, f"{HOME}/new", f"{HOME}/suggestions", ROAD):
            assert (await browser.get(page)).status_code == expected, (login, page)


FOUND: list[tuple[dict[str, str], list[str], list[str]]] = [
    ({"q": "百花"}, ["百花路", "百花苑"], ["望湖路"]),
    ({"q": "棉纺家属院"}, ["纺织厂家属院"], ["百花路"]),
    ({"q": "%_"}, ["没有找到"], ["百花路"]),
    ({"q": "路", "area": WANGHU}, ["湖滨路", "春晖路", "中山路"], ["百花路"]),
    ({"area": "桂园街道", "kind": "estate"}, ["桂香苑", "天和家园"], ["桂园路<"]),
    ({"area": "月球"}, ["没有按所在地筛选"], []),
    ({"q": "建设路", "state": "retired"}, ["没有找到"], []),
    ({"page": "99"}, ["处。"], []),
]


async def test_places_are_found_by_name_area_and_kind(enter: Enter) -> None:
    desk = await enter("dispatcher")
    for query, shown, hidden in FOUND:
        page = (await desk.get(HOME, **query)).text
        assert all(words in page for words in shown), query
        assert not any(f">{words}" in page for words in hidden), query


async def test_a_new_road_is_known_at_once_and_announced(enter: Enter, territory: Database) -> None:
    admin = await enter("admin")
    with psycopg.connect(territory.url, autocommit=True) as listener:
        listener.execute("LISTEN units_changed")
        done = await admin.send(
            f"{HOME}/new", f"{HOME}/new", name="翠竹路", kind="road", aliases="翠竹街，翠竹大街",
            **{"section-0-name": "东侧", "section-0-parent": WANGHU, "section-0-side": "odd",
               "section-1-name": "西侧", "section-1-parent": "城西区桂园街道",
               "section-1-side": "even"},
        )  # fmt: skip
        assert list(listener.notifies(timeout=5, stop_after=1))
    assert done.status_code == 303
    assert await place_in(territory, "翠竹街15号") == WANGHU
    assert await place_in(territory, "翠竹路路灯") == f"{WANGHU}、城西区桂园街道"
    page = (await admin.get(done.headers["location"])).text
    assert "已添加" in page and "示例·admin" in page and "翠竹街、翠竹大街" in page


async def test_an_edit_keeps_what_was_there_before(enter: Enter, territory: Database) -> None:
    desk = await enter("supervisor")
    fields = {"name": "百花路", "kind": "road", "parent": WANGHU, "aliases": "百花大街"}
    done = await desk.send(ROAD, ROAD, **fields)
    assert done.status_code == 303
    assert await place_in(territory, "百花大街") == WANGHU
    assert (await desk.send(ROAD, ROAD, **fields)).status_code == 303
    async with territory.unit_of_work() as session:
        edits = list(await session.scalars(select(PlaceEdit)))
        # The city's files speak for the rest, not for what staff edited.
        await units.loading.load(session, CITY)
    assert [(e.by, e.before and e.before["aliases"], e.after["aliases"]) for e in edits] == [
        ("supervisor", [], ["百花大街"])
    ]
    assert await place_in(territory, "百花大街") == WANGHU
    page = (await desk.get(ROAD)).text
    assert "所在地：城东区春晖街道 → 城东区望湖街道" in page


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"name": "路"}, "2 至 60 个字"),
    ({"kind": "planet"}, "请选择道路"),
    ({"kind": "street"}, "请选择道路"),
    ({"parent": "月球"}, "请从列表中选择"),
    ({"parent": ""}, "请选择所在地"),
    ({"aliases": "新路、新路"}, "不能重复"),
    ({"section-0-name": "北段", "section-0-parent": "月球"}, "所在地请从列表中选择"),
    ({"section-0-name": "北段", "section-0-parent": "城东区"}, "须是街道"),
    (
        {"section-0-name": "北段", "section-0-parent": WANGHU, "section-0-first": "一"},
        "1 至 9999",
    ),
]


async def test_what_cannot_be_is_refused_and_kept_in_the_form(
    enter: Enter, territory: Database
) -> None:
    desk = await enter("dispatcher")
    for fields, said in REFUSED:
        given = {"name": "新开路", "kind": "road", "parent": WANGHU, "aliases": "新路", **fields}
        page = await desk.send(f"{HOME}/new", f"{HOME}/new", **given)
        assert page.status_code == 422, fields
        assert said in page.text and f'value="{given["name"]}"' in page.text, fields
    assert await place_in(territory, "新开路3号") in (None, "")


async def test_a_second_place_of_a_name_is_confirmed_first(
    enter: Enter, territory: Database
) -> None:
    desk = await enter("dispatcher")
    fields = {"name": "百花苑", "kind": "estate", "parent": "临江区江北街道"}
    warned = await desk.send(f"{HOME}/new", f"{HOME}/new", **fields)
    assert warned.status_code == 422 and "百花苑（城东区春晖街道百花社区）" in warned.text
    assert await place_in(territory, "百花苑") == "城东区春晖街道"
    done = await desk.send(f"{HOME}/new", f"{HOME}/new", same_name="yes", **fields)
    assert done.status_code == 303
    assert await place_in(territory, "百花苑") == "城东区春晖街道、临江区江北街道"


async def test_two_editors_do_not_overwrite_each_other(enter: Enter, territory: Database) -> None:
    first, second = await enter("dispatcher"), await enter("admin")
    fields = {"name": "百花路", "kind": "road", "parent": "城东区春晖街道"}
    await first.send(ROAD, ROAD, aliases="百花大街", **fields)
    late = await second.send(ROAD, ROAD, aliases="百花大道", version="1", **fields)
    assert late.status_code == 409
    assert "刚被别人改过" in late.text and "百花大街" in late.text
    assert 'value="百花大道"' in late.text and 'name="version" value="2"' in late.text
    assert await place_in(territory, "百花大道") != "城东区春晖街道"


async def test_areas_change_their_names_only(enter: Enter, territory: Database) -> None:
    desk, page = await enter("admin"), f"{HOME}/chengdong.wanghu"
    fields = {"name": "望湖街道", "kind": "street", "parent": "城东区", "aliases": "望湖、望湖片区"}
    assert (await desk.send(page, page, **fields)).status_code == 303
    assert await place_in(territory, "望湖片区") == WANGHU
    moved = await desk.send(page, page, **{**fields, "parent": "城西区"})
    assert moved.status_code == 422 and "随单位名录" in moved.text
    assert (await desk.send(page, f"{page}/retire")).status_code == 422


async def test_a_retired_place_is_found_no_more_until_restored(
    enter: Enter, territory: Database
) -> None:
    desk = await enter("dispatcher")
    assert (await desk.send(ROAD, f"{ROAD}/retire")).status_code == 303
    assert await place_in(territory, "百花路3号") in (None, "")
    assert "百花路" in (await desk.get(HOME, q="百花路", state="retired")).text
    assert (await desk.send(ROAD, f"{ROAD}/retire", version="1")).status_code == 409
    assert (await desk.send(ROAD, f"{ROAD}/restore")).status_code == 303
    assert await place_in(territory, "百花路3号") == "城东区春晖街道"
    assert (await desk.send(ROAD, f"{ROAD}/burn")).status_code == 404
    assert (await desk.get(f"{HOME}/nowhere")).status_code == 404


async def _suggested(territory: Database, *names: str) -> list[int]:
    async with territory.unit_of_work() as session:
        for number, name in enumerate(names):
            for case in range(number + 1):
                await suggest(session, name, "chengdong.wanghu", f"26080500{number}{case:03}")
    async with territory.unit_of_work() as session:
        rows = await session.scalars(select(PlaceSuggestion).order_by(PlaceSuggestion.count))
        return [row.id for row in rows]


async def _choose(desk: Browser, suggestion: int, choice: str, **fields: str) -> int:
    page = f"{HOME}/suggestions"
    return (await desk.send(page, f"{page}/{suggestion}", choice=choice, **fields)).status_code


async def test_suggestions_become_aliases_or_places_or_go_away(
    enter: Enter, territory: Database
) -> None:
    alias, place, noise = await _suggested(territory, "老湖滨", "听涛步行街", "我家楼下")
    desk = await enter("dispatcher")
    assert "有 3 个地名待处理" in (await desk.get(HOME)).text
    page = (await desk.get(f"{HOME}/suggestions")).text
    assert page.index("我家楼下") < page.index("听涛步行街") < page.index("老湖滨")
    assert "/console/cases/260805002002" in page and "3 次" in page
    # A place of another street is not what the dispatchers meant.
    wrong = {"place": "百花路（城东区春晖街道）"}
    assert await _choose(desk, alias, "alias", **wrong) == 422
    assert await _choose(desk, alias, "alias", place="") == 422
    assert await _choose(desk, alias, "burn") == 422
    assert await _choose(desk, alias, "alias", place="湖滨路（城东区望湖街道）") == 303
    assert await _choose(desk, place, "place", kind="road") == 303
    assert await _choose(desk, noise, "dismissed") == 303
    assert "没有待处理的地名" in (await desk.get(f"{HOME}/suggestions")).text
    assert await place_in(territory, "老湖滨那边") == WANGHU
    assert await place_in(territory, "听涛步行街5号") == WANGHU
    await _suggested(territory, "", "", "我家楼下")
    async with territory.unit_of_work() as session:
        states = dict((await session.execute(select(PlaceSuggestion.name, PlaceSuggestion.state))).tuples().all())  # fmt: skip
        assert (await session.get(Place, "chengdong.wanghu.road.hu-bin-lu")).aliases == ["老湖滨"]  # type: ignore[union-attr]
    assert states == {"老湖滨": "accepted", "听涛步行街": "accepted", "我家楼下": "dismissed"}


async def test_a_decided_suggestion_is_not_decided_twice(enter: Enter, territory: Database) -> None:
    (one,) = await _suggested(territory, "老湖滨")
    desk = await enter("dispatcher")
    assert await _choose(desk, one, "dismissed") == 303
    hidden = {"choice": "place", "kind": "road"}
    again = await desk.send(f"{HOME}/new", f"{HOME}/suggestions/{one}", **hidden)
    assert again.status_code == 409
