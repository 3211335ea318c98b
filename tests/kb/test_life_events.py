"""Life events: recognised, told in order, kept in follow-ups, without what may not be told."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import integrations.web.life_events
from core.errors import NotFound
from kb.aspects import Aspect
from kb.event_answers import Bundle, event_asked, event_offers, event_text, stages
from kb.schemas import LifeEventRecord
from kb.service import KnowledgeBase
from tests.kb.samples import TODAY, bare, city_entries, complete


def event(**changes: Any) -> LifeEventRecord:
    base = {
        "code": "E-1", "name": "打鱼一件事", "unit": "agriculture", "summary": "从买船到出海。",
        "steps": [
            {"item": "T-001"},
            {"item": "T-002", "when": "雇了人"},
            {"item": "T-003", "after": ["T-001"], "note": "领证后三天内"},
        ],
        "shared_materials": [
            {"name": "身份证", "items": ["T-001", "T-002"], "copies": 1},
            {"name": "船证", "items": ["T-001", "T-003"]},
        ],
        "windows": [{"name": "渔港窗口", "address": "渡口路 2 号"}],
        "online": {"available": True, "url": "https://zwfw.example.cn/e"},
        "limits": {"promised": {"days": 7}},
        "phones": {"inquiry": "0000-12340009"},
        "valid_from": "2026-01-01", "valid_to": "2026-12-31",
    }  # fmt: skip
    return LifeEventRecord.model_validate({**base, "unit_name": "示例市农业农村局", **changes})


def bundle(*codes: str) -> Bundle:
    items = {"T-001": complete(), "T-002": bare(code="T-002", name="船员登记")}
    items["T-003"] = bare(code="T-003", name="出海报备")
    return Bundle(event(), {code: items[code] for code in codes or items})


def test_what_it_bundles_and_how() -> None:
    assert event_text(bundle(), ()).split("\n") == [
        "【打鱼一件事】从买船到出海。",
        "第1步（可同时办）：渔船登记；船员登记（雇了人才办）",
        "第2步：出海报备（领证后三天内）",
        "共用材料只交一次：身份证、船证",
        "时限：承诺 7 个工作日内办结",
        "一个窗口办：渔港窗口（渡口路 2 号）",
        "网上可办：https://zwfw.example.cn/e",
        "咨询电话：0000-12340009",
        "来源：打鱼一件事（E-1，第1版，有效期自2026-01-01至2026-12-31）· 示例市农业农村局",
    ]


def test_an_item_not_in_force_is_left_out_with_a_word() -> None:
    told = event_text(bundle("T-002", "T-003"), ())
    assert "渔船登记" not in told
    assert "可同时办：船员登记（雇了人才办）；出海报备" in told
    assert "另有 1 项的办事指南目前不在有效期内，请致电 0000-12340009 核实" in told
    # Only one of the items that share a material is left: nothing to hand in once for several.
    assert "共用材料" not in told


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("先办哪个", (Aspect.STEPS,)),
        ("要带什么", (Aspect.MATERIALS,)),
        ("一共要多久", (Aspect.TIME,)),
        ("第一步去哪里办", (Aspect.STEPS, Aspect.PLACE)),
        ("我想买条船打鱼", ()),
    ],
)
def test_what_of_it_is_asked(text: str, aspects: tuple[Aspect, ...]) -> None:
    assert event_asked(text) == aspects


@pytest.mark.parametrize(
    ("aspect", "said"),
    [
        (Aspect.MATERIALS, "· 身份证（1份）"),
        (Aspect.STEPS, "第2步：出海报备"),
        (Aspect.TIME, "承诺 7 个工作日"),
        (Aspect.PLACE, "渡口路 2 号"),
        (Aspect.ONLINE, "可以网上办理"),
        (Aspect.FEE, "· 渔船登记：工本费 10元/本"),
        (Aspect.PHONE, "0000-12340009"),
        (Aspect.BASIS, "各事项不同"),
    ],
)
def test_one_aspect_of_it(aspect: Aspect, said: str) -> None:
    told = event_text(bundle(), (aspect,))
    assert said in told
    assert "从买船到出海" not in told


def test_offers_are_materials_and_each_step() -> None:
    values = [value for _, value in event_offers(bundle(), ())]
    steps = [f"item:T-00{number}:overview" for number in (1, 2, 3)]
    assert values == ["life_event:E-1:materials", *steps]
    assert [value for _, value in event_offers(bundle(), (Aspect.MATERIALS,))] == steps


def test_every_event_of_the_city_is_told_whole() -> None:
    items = {entry.code: entry for entry in city_entries()}
    for found in city_entries():
        if isinstance(found, LifeEventRecord):
            whole = Bundle(found, {step.item: items[step.item] for step in found.steps})
            for aspect in (Aspect.OVERVIEW, Aspect.MATERIALS, Aspect.TIME, Aspect.PLACE):
                assert "各事项不同，" not in event_text(whole, (aspect,)), (found.code, aspect)
            assert len(event_text(whole, ())) < 800, found.code
            assert sum(map(len, stages(whole))) == len(found.steps)


MEANT = [
    ("我想开个小饭馆", "SL-EVENT-RESTAURANT"),
    ("孩子出生了要办哪些", "SL-EVENT-BIRTH"),
    ("老婆刚生了二胎，接下来要弄些什么", "SL-EVENT-BIRTH"),
    ("老人去世后事怎么办", "SL-EVENT-FAREWELL"),
    ("我要退休了", "SL-EVENT-RETIREMENT"),
    ("想买二手房", "SL-EVENT-HOME"),
    ("残疾人怎么办证和补贴", "SL-EVENT-DISABLED"),
    ("我刚当兵回来", "SL-EVENT-VETERAN"),
    ("我准备和女朋友结婚", "SL-EVENT-MARRIAGE"),
    ("打算开家超市", "SL-EVENT-SHOP"),
    ("公司要关门了，要办哪些手续", "SL-EVENT-CLOSURE"),
    ("想自己开公司", "SL-EVENT-COMPANY"),
    ("大学毕业刚来示例市工作，要办哪些", "SL-EVENT-GRADUATE"),
    ("没有单位，五险一金都要自己交，怎么办", "SL-EVENT-FLEXIBLE"),
    ("被公司裁员了，都能办些什么", "SL-EVENT-UNEMPLOYED"),
    ("娃要上一年级了，都要准备哪些", "SL-EVENT-SCHOOL"),
    # An item asked for by its own name stays the item.
    ("食品经营许可证怎么办", "SL-MARKET-005"),
    ("开饭店的健康证去哪办", "SL-HEALTH-003"),
    ("宝宝刚出生，户口怎么上", "SL-POLICE-007"),
    ("二手房过户要什么材料", "SL-NATURAL-RESOURCES-001"),
    ("结婚登记要预约吗", "SL-CIVIL-AFFAIRS-004"),
    ("第一次办残疾人证怎么办", "SL-DISABLED-001"),
    ("想开个小卖部，执照咋办", "SL-MARKET-001"),
    ("退休提取公积金", "SL-HOUSING-FUND-006"),
    ("退伍军人优待证怎么领", "SL-VETERANS-001"),
]


@pytest.mark.parametrize(("text", "code"), MEANT)
def test_a_happening_means_the_event(knowledge: KnowledgeBase, text: str, code: str) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert (answer.kind, answer.code) == ("answer", code)


@pytest.mark.parametrize(
    ("text", "code", "aspects"),
    [
        ("先办哪个", "SL-EVENT-RESTAURANT", ("steps",)),
        ("要带什么", "SL-EVENT-RESTAURANT", ("materials",)),
        ("那一共多久", "SL-EVENT-RESTAURANT", ("time",)),
        ("网上能办吗", "SL-EVENT-RESTAURANT", ("online",)),
        ("健康证去哪里办", "SL-HEALTH-003", ("place",)),
        ("那身份证丢了呢", "SL-POLICE-002", ("overview",)),
    ],
)
def test_a_follow_up_keeps_the_event(
    knowledge: KnowledgeBase, text: str, code: str, aspects: tuple[str, ...]
) -> None:
    answer = knowledge.answer(text, "SL-EVENT-RESTAURANT", TODAY)
    assert (answer.code, answer.aspects) == (code, aspects)


def test_an_event_answers_from_its_card_and_choice(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("我想开个小饭馆", None, TODAY)
    assert answer.card is not None
    assert answer.card["url"] == "/life-events/SL-EVENT-RESTAURANT"
    materials = knowledge.answer_choice(answer.choices[0][1], TODAY)
    assert (materials.code, materials.aspects) == ("SL-EVENT-RESTAURANT", ("materials",))
    step = knowledge.answer_choice(answer.choices[1][1], TODAY)
    assert step.code == "SL-MARKET-001"


def test_an_event_whose_items_all_ended_or_that_ended_itself_is_expired() -> None:
    knowledge = KnowledgeBase(None)
    ended = event(code="E-2", name="养蜂一件事", valid_to="2026-03-31")
    asyncio.run(knowledge.take([event(), ended]))
    assert knowledge.answer_choice("life_event:E-1:steps", TODAY).kind == "expired"
    assert knowledge.answer_choice("life_event:E-2:steps", TODAY).kind == "expired"
    assert knowledge.answer("养蜂一件事", None, TODAY).code != "E-2"


def test_pages() -> None:
    knowledge = KnowledgeBase(None)
    items = [complete(valid_from=date(2020, 1, 1)), bare(code="T-002", name="船员登记")]
    ended = bare(code="T-003", name="出海报备", valid_to="2026-01-02")
    asyncio.run(knowledge.take([event(valid_to=None), *items, ended]))
    app = FastAPI()
    app.state.knowledge = knowledge
    app.include_router(integrations.web.life_events.router)
    client = TestClient(app)
    assert 'href="/life-events/E-1"' in client.get("/life-events").text
    page = client.get("/life-events/E-1").text
    assert 'href="/items/T-001"' in page and "雇了人才办" in page
    assert "出海报备" not in page and "另有 1 项" in page
    with pytest.raises(NotFound):
        client.get("/life-events/E-9")
