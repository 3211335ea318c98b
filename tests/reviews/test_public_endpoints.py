"""Progress and reviews over HTTP: statuses, one error shape, and nothing undocumented."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from town import DISPATCHER, URBAN, Register

from cases import service as cases
from cases.models import Case
from core.database import Database, now
from core.errors import Conflict
from reviews.consent import can_consent, consent
from reviews.models import Review, ReviewLink
from reviews.service import review_link
from service.app import create_app


@pytest.fixture
async def app(city: Database) -> FastAPI:
    made = create_app()
    made.state.database = city
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def close(database: Database, case_id: int) -> str:
    """Close the case now; returns the token of its rating link."""
    async with database.unit_of_work() as session:
        await cases.accept(session, URBAN, case_id, 1, now())
        await cases.answer(session, URBAN, case_id, 2, "修好了", "", now())
        case = await cases.pass_check(session, DISPATCHER, case_id, 3, now())
    return review_link(case).partition("-")[2]


def is_error(response: httpx.Response, status: int, code: str) -> bool:
    body = response.json()
    return (
        response.status_code == status
        and body.keys() == {"error", "message", "fields"}
        and body["error"] == code
        and bool(body["message"])
    )


async def test_lookup(client: httpx.AsyncClient, file: Register) -> None:
    done = await file(lead="urban")
    given = {"number": done.number, "code": done.query_code}
    response = await client.post("/api/cases/lookup", json=given)
    assert response.status_code == 200
    body = response.json()
    assert body["state_name"] == "待签收"
    assert body["created_at"].endswith("+08:00")
    assert body["timeline"][1]["text"] == "已派往示例市城市管理局"


async def test_wrong_tries_are_counted_although_they_fail(
    client: httpx.AsyncClient, file: Register
) -> None:
    done = await file()
    for _ in range(5):
        wrong = await client.post(
            "/api/cases/lookup", json={"number": done.number, "code": "222222"}
        )
        assert is_error(wrong, 404, "not_found")
    given = {"number": done.number, "code": done.query_code}
    assert is_error(await client.post("/api/cases/lookup", json=given), 429, "too_many_tries")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid_input"),
        (b"{", 422, "invalid_input"),
        (b"[]", 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
        (b'{"number": 1, "code": "222222"}', 422, "invalid_input"),
        (b'{"number": "", "code": "222222"}', 422, "invalid_input"),
        (b'{"number": "1", "code": "\\ud800"}', 422, "invalid_input"),
        (b"\xff", 400, "bad_request"),
    ],
)
async def test_malformed_lookups(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    response = await client.post(
        "/api/cases/lookup", content=body, headers={"content-type": "application/json"}
    )
    assert is_error(response, status, code)


@pytest.mark.parametrize("number", ["\x00", "😀", "1" * 40, "'; --", "２６０８"])
async def test_odd_numbers_are_just_unknown(client: httpx.AsyncClient, number: str) -> None:
    given = {"number": number, "code": "\x00"}
    assert is_error(await client.post("/api/cases/lookup", json=given), 404, "not_found")


async def test_rating_by_link(client: httpx.AsyncClient, city: Database, file: Register) -> None:
    done = await file(lead="urban")
    token = await close(city, done.case_id)
    link = {"number": done.number, "token": token}
    form = await client.get("/api/reviews/form", params=link)
    assert form.status_code == 200
    assert form.json()["unit"] == "示例市城市管理局"
    assert [g["grade"] for g in form.json()["grades"]] == [5, 4, 3, 2, 1]
    assert form.json()["grades"][4]["tags"][0] == {"code": "108", "text": "在指南之外增加审批条件"}
    bad = await client.post("/api/reviews", json={**link, "grade": 2})
    assert is_error(bad, 422, "invalid_input") and "text" in bad.json()["fields"]
    good = await client.post("/api/reviews", json={**link, "grade": 2, "tags": ["214"]})
    assert good.status_code == 201
    body = good.json()
    assert body.pop("id") > 0
    assert body == {"grade": 2, "grade_name": "不满意", "case_number": done.number}
    again = await client.post("/api/reviews", json={**link, "grade": 5})
    assert is_error(again, 410, "already_rated")
    assert is_error(await client.get("/api/reviews/form", params=link), 410, "already_rated")


@pytest.mark.parametrize(
    ("secret", "asked", "named"),
    [(False, True, True), (False, False, False), (True, True, False)],
)
async def test_who_rates_may_be_named(
    client: httpx.AsyncClient,
    city: Database,
    file: Register,
    secret: bool,
    asked: bool,
    named: bool,
) -> None:
    done = await file(lead="urban", confidential=secret)
    given = {"number": done.number, "token": await close(city, done.case_id), "grade": 1}
    given |= {"text": "没修好"} | ({"named": True} if asked else {})
    assert (await client.post("/api/reviews", json=given)).status_code == 201
    async with city.unit_of_work() as session:
        review = (await session.scalars(select(Review))).one()
        assert (review.named, await can_consent(session, review)) == (named, not secret)
        if secret:
            with pytest.raises(Conflict):
                await consent(session, review.id, now())
            return
        for _ in range(2):
            assert (await consent(session, review.id, now())).named
        await session.flush()
        steps = await session.scalars(select(ReviewLink.by).where(ReviewLink.action == "named"))
        assert len(steps.all()) == (not named)


async def test_links_that_open_nothing(
    client: httpx.AsyncClient, city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    link = {"number": done.number, "token": "forged"}
    assert is_error(await client.get("/api/reviews/form", params=link), 404, "not_found")
    assert is_error(await client.post("/api/reviews", json={**link, "grade": 5}), 404, "not_found")
    for grade in (0, 6, "5x", None, 2.5):
        wrong = await client.post("/api/reviews", json={**link, "grade": grade})
        assert is_error(wrong, 422, "invalid_input")


async def test_a_late_link_says_so(
    client: httpx.AsyncClient, city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    link = {"number": done.number, "token": await close(city, done.case_id)}
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(told_at=now().replace(year=2025)))
    assert is_error(await client.get("/api/reviews/form", params=link), 410, "too_late")


def test_every_error_is_documented_in_the_one_shape(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for path, method, statuses in [
        ("/api/cases/lookup", "post", {"200", "400", "404", "422", "429"}),
        ("/api/reviews", "post", {"201", "400", "404", "409", "410", "422"}),
        ("/api/reviews/form", "get", {"200", "404", "409", "410", "422"}),
    ]:
        responses = paths[path][method]["responses"]
        assert set(responses) >= statuses
        for status in statuses - {"200", "201"}:
            schema = responses[status]["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/ErrorBody")
