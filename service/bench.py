"""``hotline bench turns``: complete turns a second through the gateway, beside the bare assistant.

A line of its own is started for it (own data directory, free ports, the model that is already
trained), so that nothing of the city's is touched. Both sides have the same model, tracker store
and actions in the same run: the bare side posts the same words to the assistant's own channel,
and the assistant calls the same actions.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from core.database import Database, now
from core.settings import Settings
from service.own_line import own_line
from service.processes import StartFailed

# Half of the conversations ask, half file a case: each entry is (kind of input, words).
_GUIDE = (
    ("text", "身份证过期了怎么换"),
    ("text", "那要多久？"),
    ("text", "要带什么材料"),
    ("text", "居住证在哪里办"),
)
_INTAKE = (
    ("text", "望湖路18号的路灯坏了，晚上很黑"),
    ("text", "三天了"),
    ("text", "13800000021"),
    ("choice", "intake:confirm"),
)


@dataclass
class Measured:
    """One side at one number of clients: seconds of each turn, and how long it all took."""

    turns: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    def report(self) -> dict[str, float]:
        """Turns a second, and milliseconds a turn."""
        if len(self.turns) < 2:
            raise StartFailed("测量期间没有完成任何一轮，请看日志")
        cuts = statistics.quantiles(self.turns, n=100, method="inclusive")
        return {
            "turns": len(self.turns),
            "failed": self.failed,
            "turns_per_second": round(len(self.turns) / self.seconds, 1),
            "mean_ms": round(statistics.fmean(self.turns) * 1000, 1),
            "p50_ms": round(cuts[49] * 1000, 1),
            "p95_ms": round(cuts[94] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
        }


def turns(settings: Settings, levels: list[int], seconds: float, as_json: bool) -> None:
    """Measure every level for ``seconds`` on each side and print the figures.

    Raises StartFailed when the line cannot be started.
    """
    result = asyncio.run(_measure(settings, levels, seconds))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    table = Table(title=f"完整对话轮（每档 {seconds:.0f} 秒，{os.cpu_count()} 核）")
    for heading in ("并发", "路径", "轮/秒", "p50 ms", "p95 ms", "p99 ms", "失败", "每轮耗时比"):
        table.add_column(heading, justify="right")
    for level in result["levels"]:
        for side, name in (("bare", "裸助手"), ("gateway", "网关")):
            row = level[side]
            ratio = f"{level['ratio']:.2f}" if side == "gateway" else ""
            figures = (row["turns_per_second"], row["p50_ms"], row["p95_ms"], row["p99_ms"])
            table.add_row(
                str(level["clients"]), name, *map(str, figures), str(row["failed"]), ratio
            )
    Console().print(table)


async def _measure(settings: Settings, levels: list[int], seconds: float) -> dict[str, Any]:
    async with own_line(settings) as ready:
        database = Database(ready["database_url"], pool=5)
        try:
            await _both(ready, database, 2, 3.0)  # warm caches and connections on both sides
            found = [await _level(ready, database, level, seconds) for level in levels]
        finally:
            await database.close()
    return {"seconds": seconds, "cores": os.cpu_count(), "levels": found}


async def _level(
    ready: dict[str, Any], database: Database, clients: int, seconds: float
) -> dict[str, Any]:
    bare, gateway = await _both(ready, database, clients, seconds)
    report = {"clients": clients, "bare": bare.report(), "gateway": gateway.report()}
    ratio = report["gateway"]["mean_ms"] / report["bare"]["mean_ms"]  # type: ignore[index]
    return {**report, "ratio": round(ratio, 2)}


async def _both(
    ready: dict[str, Any], database: Database, clients: int, seconds: float
) -> tuple[Measured, Measured]:
    """Both sides in turn, in four slices, so that a slow moment of the machine hits both."""
    bare, gateway = Measured(), Measured()
    for side in (bare, gateway, gateway, bare):
        until = time.perf_counter() + seconds / 2
        began = time.perf_counter()
        walk = walk_bare if side is bare else _walk_gateway
        await asyncio.gather(*(walk(ready, database, side, until, n) for n in range(clients)))
        side.seconds += time.perf_counter() - began
    return bare, gateway


def _scripts(client: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """Conversations for one client, guide and intake by turns."""
    while True:
        yield (_GUIDE, _INTAKE)[client % 2]
        client += 1


async def _walk_gateway(
    ready: dict[str, Any], database: Database, side: Measured, until: float, client: int
) -> None:
    async with httpx.AsyncClient(base_url=ready["address"], trust_env=False, timeout=30) as http:
        for script in _scripts(client):
            opened = (await http.post("/api/conversations", json={"channel": "web"})).json()
            headers = {"Authorization": f"Bearer {opened['token']}"}
            for kind, words in script:
                content = {"kind": kind, "value" if kind == "choice" else "text": words}
                body = {"client_id": str(uuid.uuid4()), "input": content}
                path = f"/api/conversations/{opened['id']}/turns"
                await _timed(side, http, path, body, headers)
                if time.perf_counter() > until:
                    return


async def walk_bare(
    ready: dict[str, Any], database: Database, side: Measured, until: float, client: int
) -> None:
    """Turns of one client until ``until`` at the assistant whose address ``ready`` tells."""
    headers = {"X-Hotline-Token": ready["secrets"]["HOTLINE_ASSISTANT_TOKEN"]}
    async with httpx.AsyncClient(base_url=ready["assistant"], trust_env=False, timeout=30) as http:
        for script in _scripts(client):
            conversation, ids = await _prepare(database, script)
            for turn, (kind, words) in zip(ids, script, strict=True):
                text = f'/choose{{"value": "{words}"}}' if kind == "choice" else words
                body = {"conversation": str(conversation), "turn": str(turn), "text": text}
                await _timed(side, http, "/webhooks/hotline/turn", body, headers)
                if time.perf_counter() > until:
                    return


async def _prepare(
    database: Database, script: tuple[tuple[str, str], ...]
) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """A conversation with its turns stored, as the gateway would have left them."""
    from bot.models import Conversation, Turn
    from core.privacy import encrypt

    conversation, ids = uuid.uuid4(), [uuid.uuid4() for _ in script]
    async with database.unit_of_work() as session:
        session.add(Conversation(id=conversation, channel="web", token_hash="", context={}))
        await session.flush()
        await session.execute(
            insert(Turn),
            [
                {
                    "id": turn,
                    "conversation_id": conversation,
                    "client_id": str(turn),
                    "kind": kind,
                    "heard": encrypt(words),
                    "state": "answered",
                    "at": now(),
                }
                for turn, (kind, words) in zip(ids, script, strict=True)
            ],
        )
    return conversation, ids


async def _timed(
    side: Measured,
    http: httpx.AsyncClient,
    path: str,
    body: dict[str, Any],
    headers: dict[str, str],
) -> None:
    began = time.perf_counter()
    try:
        response = await http.post(path, json=body, headers=headers)
        good = response.status_code == 200
    except httpx.HTTPError:
        good = False
    if good:
        side.turns.append(time.perf_counter() - began)
    else:
        side.failed += 1
