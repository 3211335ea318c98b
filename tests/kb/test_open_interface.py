"""The open interface: every entry once, every change, ended ones as such, nothing internal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

import kb.loading
import kb.open_endpoints
import units.loading
from core.database import Database
from core.errors import HotlineError
from core.identity import Actor, Role
from kb.drafts import end_entry
from kb.loading import plan, write
from kb.models import Entry
from kb.readers.own_yaml import read_entries
from kb.readers.reading import FileEntry
from kb.schemas import Status
from tests.kb.samples import CITY

EDITOR = Actor("knowledge.editor", "示例", Role.KNOWLEDGE_EDITOR, "hotline", frozenset({"hotline"}))
ENTRIES = "/api/knowledge/entries"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
        await kb.loading.load(session, CITY)
    app = FastAPI()
    app.state.database = database
    app.include_router(kb.open_endpoints.router)

    @app.exception_handler(HotlineError)
    async def _told(_: object, error: HotlineError) -> JSONResponse:
        return JSONResponse({"error": error.code}, error.status)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://line") as found:
        yield found


async def _get(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def _all(
    client: httpx.AsyncClient, cursor: str | None = None, **query: Any
) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await _get(client, ENTRIES, **query, **more)
        assert 0 < len(page["entries"]) <= query.get("page_size", 50)
        entries += page["entries"]
        cursor = page["next"]
        if cursor is None:
            return entries


async def _change(database: Database, code: str, **changes: Any) -> None:
    entry = next(one for one in read_entries(CITY)[0] if one.content.code == code)
    content = entry.content.model_copy(update={"version": 2, **changes})
    async with database.unit_of_work() as session:
        found = await plan(
            session, [FileEntry(content, "a", 1)], [], "city", withdraw_missing=False
        )
        await write(session, found)


async def test_pages_give_every_entry_once_in_the_order_of_changes(
    client: httpx.AsyncClient,
) -> None:
    codes = {entry.content.code for entry in read_entries(CITY)[0]}
    found = await _all(client, page_size=37)
    assert sorted(entry["code"] for entry in found) == sorted(codes)
    changes = [entry["change"] for entry in found]
    assert changes == sorted(set(changes))
    assert (await _get(client, ENTRIES, page_size=1))["latest"] == changes[-1]
    first = next(entry for entry in found if entry["code"] == "SL-POLICE-001")
    assert first["content"]["materials"] and first["kind"] == "item"


async def test_since_a_change_only_what_came_after_it_is_given(
    client: httpx.AsyncClient, database: Database
) -> None:
    latest = (await _get(client, ENTRIES))["latest"]
    nothing = await _get(client, ENTRIES, since=latest)
    assert (nothing["entries"], nothing["next"], nothing["latest"]) == ([], None, latest)
    await _change(database, "SL-POLICE-002", summary="新的说法。")
    async with database.unit_of_work() as session:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        await end_entry(session, EDITOR, "SL-POLICE-003", Status.WITHDRAWN, "写错了", now)
    changed, ended = (await _get(client, ENTRIES, since=latest))["entries"]
    assert (changed["code"], changed["version"]) == ("SL-POLICE-002", 2)
    assert changed["content"]["summary"] == "新的说法。"
    assert (ended["code"], ended["status"], ended["content"]) == (
        "SL-POLICE-003",
        "withdrawn",
        None,
    )


async def test_a_change_while_pages_are_read_is_not_missed(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await _get(client, ENTRIES, page_size=100)
    code = first["entries"][0]["code"]
    await _change(database, code, summary="改在读页之间。")
    rest = await _all(client, page_size=100, cursor=first["next"])
    again = [entry for entry in rest if entry["code"] == code]
    assert [entry["content"]["summary"] for entry in again] == ["改在读页之间。"]


async def test_kinds_and_units_are_told_apart(client: httpx.AsyncClient) -> None:
    policies = await _all(client, kind="policy")
    assert {entry["kind"] for entry in policies} == {"policy"}
    police = await _all(client, unit="police", kind="item")
    assert {entry["unit"] for entry in police} == {"police"}
    assert len(police) < len(await _all(client, kind="item"))


async def test_one_entry_and_its_versions_without_anything_internal(
    client: httpx.AsyncClient, database: Database
) -> None:
    path = f"{ENTRIES}/SL-POLICE-002"
    await _change(database, "SL-POLICE-002", summary="新的说法。")
    assert (await _get(client, path))["content"]["summary"] == "新的说法。"
    found = await _get(client, f"{path}/versions")
    assert [version["version"] for version in found["versions"]] == [2, 1]
    assert found["versions"][1]["content"]["summary"] != "新的说法。"
    async with database.unit_of_work() as session:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        await end_entry(session, EDITOR, "SL-POLICE-002", Status.VOID, "内部原因", now)
        row = await session.get_one(Entry, "SL-POLICE-002")
    ended = await _get(client, f"{path}/versions")
    assert [(v["version"], v["status"], v["content"]) for v in ended["versions"]] == [
        (3, "void", None),
        (2, "published", None),
        (1, "published", None),
    ]
    assert (await _get(client, path))["change"] == row.change
    told = json.dumps([ended, await _get(client, path)], ensure_ascii=False)
    assert "内部原因" not in told and EDITOR.login not in told


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ENTRIES}/T-404", 404),
        (f"{ENTRIES}/T-404/versions", 404),
        (f"{ENTRIES}/t%00", 422),
        (f"{ENTRIES}?since=-1", 422),
        (f"{ENTRIES}?since={2**63}", 422),
        (f"{ENTRIES}?cursor=abc", 422),
        (f"{ENTRIES}?page_size=201", 422),
        (f"{ENTRIES}?kind=other", 422),
        (f"{ENTRIES}?unit=%00", 422),
    ],
)
async def test_what_cannot_be_asked_is_told(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await client.get(path)).status_code == status
