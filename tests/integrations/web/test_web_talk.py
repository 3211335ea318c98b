"""A browser's talk: the cookie, who may use it, how much may be said, and its end."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from web_line import web_app

from bot.farewell import LEFT
from bot.models import Conversation
from bot.repository import transcript
from core.database import Database

LINE = "https://line.example.cn"
OWN = {"Sec-Fetch-Site": "same-origin"}
Opener = Any


@pytest.fixture
async def opener(database: Database) -> AsyncIterator[Opener]:
    """Opens browsers at a line with given settings, each with an address of its own."""
    async with AsyncExitStack() as stack:

        async def opening(address: str = "203.0.113.7", **changes: Any) -> httpx.AsyncClient:
            changes = {"public_url": LINE, **changes}
            app = await stack.enter_async_context(web_app(database, **changes))
            transport = httpx.ASGITransport(app=app, client=(address, 4000))
            http = httpx.AsyncClient(transport=transport, base_url=LINE, headers=OWN)
            return await stack.enter_async_context(http)

        yield opening


async def begin(http: httpx.AsyncClient, where: str = "page") -> str:
    """Look, as the page does first, then begin."""
    await http.get("/api/talk", params={"where": where})
    begun = await http.post("/api/talk", params={"where": where}, json={})
    assert begun.status_code == 201, begun.text
    assert begun.json()["token"] is None
    return str(begun.json()["id"])


async def say(http: httpx.AsyncClient, talk: str, text: str, **headers: str) -> httpx.Response:
    body = {"client_id": uuid.uuid4().hex, "text": text}
    return await http.post(f"/api/conversations/{talk}/turns", json=body, headers=headers)


async def test_a_cookie_that_scripts_cannot_read_opens_the_talk_again(opener: Opener) -> None:
    http = await opener()
    talk = await begin(http)
    assert (await say(http, talk, "转人工")).status_code == 200
    again = await http.get("/api/talk")
    assert again.json() == {"id": talk, "token": None}
    [cookie] = again.headers.get_list("set-cookie")
    for rule in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/api", "Max-Age=7200"):
        assert f"; {rule}" in cookie
    told = await http.get(f"/api/conversations/{talk}/messages")
    assert told.json()["messages"][0]["text"] == "转人工"


async def test_the_cookie_in_a_foreign_frame_is_kept_apart(opener: Opener) -> None:
    http = await opener()
    seen = await http.get("/api/talk", params={"where": "widget"})
    assert "; Secure; SameSite=None; Partitioned" in seen.headers["set-cookie"]
    # The page's talk is another one than the widget's.
    assert await begin(http, "widget") != await begin(http, "page")
    plain = await opener(public_url="http://line.example.cn")
    seen = await plain.get("http://line.example.cn/api/talk", params={"where": "widget"})
    assert seen.headers["set-cookie"].endswith("; HttpOnly; SameSite=Strict")


async def test_a_browser_that_keeps_no_cookies_is_given_the_token(opener: Opener) -> None:
    http = await opener()
    begun = (await http.post("/api/talk", params={"where": "page"}, json={})).json()
    http.cookies.clear()
    bearer = {"Authorization": f"Bearer {begun['token']}"}
    assert (await say(http, begun["id"], "转人工", **bearer)).status_code == 200
    assert (await say(http, begun["id"], "转人工")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": LINE}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": LINE}, 200),
        ({"Origin": "https://elsewhere.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_the_cookie_counts_only_for_our_own_pages(
    opener: Opener, headers: dict[str, str], status: int
) -> None:
    http = await opener()
    talk = await begin(http)
    del http.headers["Sec-Fetch-Site"]
    assert (await say(http, talk, "转人工", **headers)).status_code == status


async def test_a_cookie_opens_only_its_own_talk(opener: Opener) -> None:
    http = await opener()
    mine = await begin(http)
    token = http.cookies["hotline_page"].partition(".")[2]
    http.cookies.clear()
    other = await begin(http)
    assert (await say(http, mine, "转人工")).status_code == 401
    http.cookies.clear()
    http.cookies.set("hotline_page", f"{other}.{token}", path="/api")
    assert (await say(http, other, "转人工")).status_code == 403
    assert (await http.get("/api/talk")).json()["id"] is None


async def test_an_ended_talk_is_closed_to_everybody(opener: Opener, database: Database) -> None:
    http = await opener()
    talk = await begin(http)
    kept = http.cookies["hotline_page"]
    ended = await http.delete("/api/talk", params={"where": "page", "conversation": talk})
    assert ended.status_code == 204
    assert http.cookies["hotline_page"] == "-"
    http.cookies.set("hotline_page", kept, path="/api")
    assert (await say(http, talk, "转人工")).status_code == 403
    bearer = {"Authorization": f"Bearer {kept.partition('.')[2]}"}
    assert (await say(http, talk, "转人工", **bearer)).status_code == 403
    http.cookies.clear()
    assert await begin(http) != talk


async def test_who_ends_a_talk_waits_no_more(opener: Opener, database: Database) -> None:
    http = await opener()
    talk = await begin(http)
    assert (await say(http, talk, "转人工")).status_code == 200
    await http.delete("/api/talk", params={"where": "page", "conversation": talk})
    async with database.unit_of_work() as session:
        ended = await session.get_one(Conversation, uuid.UUID(talk))
        lines = await transcript(session, ended.id)
        assert ended.owner == "assistant"
    assert LEFT in [line.reply.text for line in lines]


async def test_a_talk_is_graded_once(opener: Opener, database: Database) -> None:
    http = await opener()
    talk = await begin(http)

    async def rate(grade: int) -> int:
        path = f"/api/conversations/{talk}/rating"
        return (await http.post(path, json={"grade": grade})).status_code

    assert [await rate(grade) for grade in (0, 6, 4, 4, 1)] == [422, 422, 200, 200, 409]
    async with database.unit_of_work() as session:
        found = await session.get(Conversation, uuid.UUID(talk))
        assert found is not None
        assert found.rating == 4
        assert found.rated_at is not None


async def test_a_bad_grade_may_say_why_once(opener: Opener, database: Database) -> None:
    http = await opener()
    talk = await begin(http)

    async def rate(grade: int, **why: object) -> int:
        path = f"/api/conversations/{talk}/rating"
        return (await http.post(path, json={"grade": grade, **why})).status_code

    why = {"reasons": ["slow", "not_understood"], "text": " 等了半天 "}
    assert await rate(4, **why) == 409
    assert await rate(1) == 200
    assert await rate(1, reasons=["rude"]) == 422
    assert await rate(1, text="x" * 501) == 422
    assert [await rate(1, **why) for _ in range(2)] == [200, 200]
    async with database.unit_of_work() as session:
        found = await session.get_one(Conversation, uuid.UUID(talk))
        assert found.context["displeased"] == ["not_understood", "slow"]
        lines = await transcript(session, found.id)
    said = [line.reply.text for line in lines if line.speaker == "citizen"]
    assert said == ["不满意的原因：没听懂我的意思；等得太久；等了半天"]


async def test_a_flood_is_told_when_it_may_go_on_and_an_emergency_is_heard(
    opener: Opener,
) -> None:
    http = await opener(turns_per_minute=3)
    talk = await begin(http)
    answers = [await say(http, talk, "转人工") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    limited = answers[-1]
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    assert re.search(r"请 \d+ 秒后再发。.*110", limited.json()["message"])
    heard = await say(http, talk, "着火了，楼道里全是烟，人出不来")
    assert heard.status_code == 200
    assert heard.json()["replies"][0]["card"]["kind"] == "emergency"
    # Another talk is not held up.
    http.cookies.clear()
    assert (await say(http, await begin(http), "转人工")).status_code == 200


async def test_a_stranger_cannot_use_up_a_talks_turns(opener: Opener) -> None:
    http = await opener(turns_per_minute=2)
    talk = await begin(http)
    for _ in range(4):
        forged = await say(http, talk, "转人工", Authorization="Bearer guessed")
        assert forged.status_code in (403, 429)
    assert (await say(http, talk, "转人工")).status_code == 200


async def test_a_network_has_its_limit_too_but_not_the_machine_itself(opener: Opener) -> None:
    http = await opener(network_requests_per_minute=3)
    talk = await begin(http)
    statuses = [(await say(http, talk, "转人工")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    http.cookies.clear()
    await http.get("/api/talk")
    refused = await http.post("/api/talk", params={"where": "page"}, json={"words": "你好"})
    assert refused.status_code == 429
    fire = {"words": "着火了，楼道里全是烟，人出不来"}
    assert (await http.post("/api/talk", params={"where": "page"}, json=fire)).status_code == 201
    form = await http.post("/form", data={"detail": "路灯坏了"}, headers={"Accept": "text/html"})
    assert form.status_code == 429
    assert "秒后再试" in form.text
    own = await opener("127.0.0.1", network_requests_per_minute=1)
    talk = await begin(own)
    assert [(await say(own, talk, "转人工")).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("hops", "forwarded", "limited_together"),
    [
        # Whoever writes the header himself stays who he is.
        (0, ("198.51.100.1", "198.51.100.2"), True),
        (1, ("198.51.100.1", "198.51.100.2"), False),
        (1, ("1.1.1.1, 198.51.100.1", "2.2.2.2, 198.51.100.1"), True),
        (1, ("2001:db8:0:1::1", "2001:db8:0:1::2"), True),
        (2, ("198.51.100.1, 10.0.0.1", "198.51.100.2, 10.0.0.1"), False),
        (2, ("198.51.100.1", "198.51.100.2"), True),
    ],
)
async def test_the_address_behind_proxies(
    opener: Opener, hops: int, forwarded: tuple[str, str], limited_together: bool
) -> None:
    http = await opener(proxy_hops=hops, network_requests_per_minute=1)
    statuses = [
        (await http.post("/api/talk", json={}, headers={"X-Forwarded-For": one})).status_code
        for one in forwarded
    ]
    assert statuses == [201, 429 if limited_together else 201]


async def test_only_the_widget_may_be_framed_and_only_by_named_sites(opener: Opener) -> None:
    http = await opener(embedding_sites="https://www.example.cn https://*.example.cn")
    for path, ancestors in [
        ("/", "'none'"),
        ("/kiosk", "'none'"),
        ("/widget", "'self' https://www.example.cn https://*.example.cn"),
    ]:
        headers = (await http.get(path)).headers
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in headers["content-security-policy"].split(";")
        )
        assert policy["frame-ancestors"] == ancestors
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["permissions-policy"].startswith("geolocation=(self), camera=()")
        assert headers["cache-control"] == "no-store"


async def test_what_the_chat_loads_stays_small(opener: Opener) -> None:
    """Script and style of page and widget together, as they go over the wire."""
    http = await opener()
    html = (await http.get("/widget")).text
    files = {*re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', html), "/widget.js"}
    waiting = {file for file in files if file.endswith("main.js")}
    while waiting:
        file = waiting.pop()
        text = (await http.get(file)).text
        found = {f"/static/chat/{name}" for name in re.findall(r'from "\./([a-z]+\.js)"', text)}
        waiting |= found - files
        files |= found
    assert len(files) > 10
    sizes = {}
    for file in files:
        async with http.stream("GET", file, headers={"Accept-Encoding": "gzip"}) as response:
            sizes[file] = sum([len(part) async for part in response.aiter_raw()])
    assert sum(sizes.values()) < 60_000, sizes
    print(f"chat: {sum(sizes.values())} bytes over the wire in {len(sizes)} files")
