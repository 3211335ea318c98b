"""Items over HTTP: the public interface and the pages."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

import integrations.web.items
import kb.endpoints
from core.errors import HotlineError
from kb.service import KnowledgeBase
from tests.kb.samples import bare, city_records, complete


@pytest.fixture(scope="module")
def client() -> TestClient:
    knowledge = KnowledgeBase(None)
    expired = complete(code="T-OLD", name="旧事项", valid_to="2026-01-02")
    coming = complete(code="T-NEW", name="新事项", valid_from="2999-01-01")
    asyncio.run(knowledge.take([*city_records(), complete(), bare(code="T-BARE"), expired, coming]))
    app = FastAPI()
    app.state.knowledge = knowledge
    app.include_router(kb.endpoints.router)
    app.include_router(integrations.web.items.router)

    @app.exception_handler(HotlineError)
    async def _told(request: Request, error: HotlineError) -> JSONResponse:
        return JSONResponse(
            {"error": error.code, "message": error.message, "fields": error.fields}, error.status
        )

    return TestClient(app, raise_server_exceptions=True)


def test_search_gives_items_with_score_version_and_address(client: TestClient) -> None:
    body = client.get("/api/items", params={"q": "身份证丢了补办", "limit": 2}).json()
    first = body["items"][0]
    assert first["code"] == "SL-POLICE-002"
    assert first["url"] == "/items/SL-POLICE-002"
    assert 0 < first["score"] <= 1
    assert (first["version"], first["valid_from"]) == (1, "2026-01-01")
    assert len(body["items"]) == 2


def test_without_a_question_all_items_come_by_name(client: TestClient) -> None:
    body = client.get("/api/items", params={"limit": 50}).json()
    assert body["total"] == len(city_records()) + 2
    names = [item["name"] for item in body["items"]]
    assert names == sorted(names) and len(names) == 50
    assert all(item["score"] is None for item in body["items"])


def test_an_item_in_full(client: TestClient) -> None:
    body = client.get("/api/items/T-001").json()
    assert body["materials"][0]["name"] == "购船合同"
    assert body["unit_name"] == "示例市农业农村局"
    assert "inquiry_phone_of_unit" not in body


@pytest.mark.parametrize("code", ["NOPE", "T-OLD", "T-NEW", "%00", "%F0%9F%98%80", "a" * 64, "."])
def test_what_may_not_be_served_is_not_found(client: TestClient, code: str) -> None:
    for path in ("/api/items", "/items"):
        assert client.get(f"{path}/{code}").status_code in (404, 200 if code == "." else 404)


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%F0%9F%98%80", "q=%ED%A0%80", "q=%25%27", "q=" + "%E8%BA%AB" * 400, "q=+"]
)
def test_odd_questions_are_answered(client: TestClient, query: str) -> None:
    assert client.get(f"/api/items?{query}").status_code == 200
    assert client.get(f"/items?{query}").status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "q=" + "a" * 501])
def test_what_does_not_fit_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/items?{query}").status_code == 422


def test_the_page_of_an_item_shows_source_and_validity(client: TestClient) -> None:
    html = client.get("/items/T-001").text
    for words in ("渔船登记", "购船合同", "代办时", "10元/本", "渔政窗口", "第 2 版", "2026-01-01",
                  "T-001", "《渔业船舶登记办法》", "示例市农业农村局", "小舢板要登记吗"):  # fmt: skip
        assert words in html
    assert "没有写明" not in html


def test_the_page_says_what_the_guide_leaves_out(client: TestClient) -> None:
    assert client.get("/items/T-BARE").text.count("没有写明") >= 10


def test_every_page_of_the_city_renders(client: TestClient) -> None:
    for item in city_records():
        assert client.get(f"/items/{item.code}").status_code == 200


def test_the_search_page(client: TestClient) -> None:
    found = client.get("/items", params={"q": "身份证丢了补办"}).text
    assert found.index("居民身份证丢失补领") < found.index("</article>")
    empty = client.get("/items", params={"q": "🐟"}).text
    assert "没有找到相近的办事指南" in empty
    everything = client.get("/items").text
    assert "旧事项" not in everything and "渔船登记" in everything
    attack = client.get("/items", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in attack


def test_the_interface_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/api/items", "/api/items/{code}"}
    assert set(paths["/api/items/{code}"]["get"]["responses"]) == {"200", "404", "422"}
