"""``hotline bench pipelines``: complete turns of the bare assistant, by pipeline.

The trained assistant and one that is trained here by `plain_pipeline.yml` take the same turns in the
same run, with the same tracker store and actions, those of a line started for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from core.database import Database
from core.settings import Settings
from service import assistant_process, keys, postgres
from service.bench import Measured, walk_bare
from service.launcher import make_data_dir
from service.own_line import own_line
from service.processes import StartFailed, tail

PLAIN = Path(__file__).with_name("plain_pipeline.yml")
_START_SECONDS = 180
_NAMES = {"default": "现用", "plain": "普通线性"}


def pipelines(settings: Settings, clients: int, seconds: float, as_json: bool) -> None:
    """Measure both for ``seconds`` each with ``clients`` at a time and print the figures.

    Raises StartFailed when the line or the other assistant cannot be started.
    """
    result = asyncio.run(_measure(settings, clients, seconds))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    table = Table(title=f"裸助手的完整轮（{clients} 个并发，{os.cpu_count()} 核）")
    for heading in ("理解流程", "轮/秒", "p50 ms", "p95 ms", "失败"):
        table.add_column(heading, justify="right")
    for side, name in _NAMES.items():
        row = result[side]
        figures = (row["turns_per_second"], row["p50_ms"], row["p95_ms"], row["failed"])
        table.add_row(name, *map(str, figures))
    Console().print(table)
    print(f"现用流程的轮/秒是普通线性的 {result['ratio']:.2f} 倍")


async def _measure(settings: Settings, clients: int, seconds: float) -> dict[str, Any]:
    data_dir = make_data_dir(settings.data_dir)
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        model = Path(folder) / "plain.tar.gz"
        await assistant_process.train_with(PLAIN, model, data_dir)
        async with own_line(settings) as ready, _plain(model, ready, data_dir) as address:
            database = Database(ready["database_url"], pool=5)
            lines = {"default": ready, "plain": {**ready, "assistant": address}}
            try:
                await _both(lines, database, 2, 3.0)  # warm caches and connections
                sides = await _both(lines, database, clients, seconds)
            finally:
                await database.close()
    found: dict[str, Any] = {name: side.report() for name, side in sides.items()}
    ratio = found["default"]["turns_per_second"] / found["plain"]["turns_per_second"]
    return {"clients": clients, "cores": os.cpu_count(), **found, "ratio": round(ratio, 2)}


async def _both(
    lines: dict[str, dict[str, Any]], database: Database, clients: int, seconds: float
) -> dict[str, Measured]:
    """Both in turn, in four slices, so that a slow moment of the machine hits both."""
    sides = {name: Measured() for name in lines}
    for name in ("default", "plain", "plain", "default"):
        side, began = sides[name], time.perf_counter()
        until = began + seconds / 2
        walks = (walk_bare(lines[name], database, side, until, n) for n in range(clients))
        await asyncio.gather(*walks)
        side.seconds += time.perf_counter() - began
    return sides


@contextlib.asynccontextmanager
async def _plain(model: Path, ready: dict[str, Any], data_dir: Path) -> AsyncIterator[str]:
    """The address of an assistant with ``model`` beside the line's own. Raises StartFailed."""
    token = ready["secrets"][keys.ASSISTANT_TOKEN]
    database_port = make_url(ready["database_url"]).port
    assert database_port is not None
    password = ready["secrets"][keys.TRACKER_PASSWORD]
    variables = {
        "HOTLINE_ACTIONS_URL": f"{ready['address']}/internal/actions",
        "HOTLINE_TRACKER_URL": postgres.address(database_port, postgres.TRACKER, password),
        "HOTLINE_ASSISTANT_TOKEN": token,
    }
    # The line has taken three ports: its own, the assistant's and the database's.
    port = int(ready["address"].rpartition(":")[2]) + 3
    child = assistant_process.assistant(model, port, data_dir, variables)
    address = f"http://127.0.0.1:{port}"
    await child.start()
    try:
        deadline = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(
            base_url=address, headers={"X-Hotline-Token": token}, trust_env=False
        ) as http:
            while not await _answers(http):
                if child.pid is None or time.monotonic() > deadline:
                    raise StartFailed("普通线性的助手没有就绪", tail(child.log))
                await asyncio.sleep(0.5)
        yield address
    finally:
        await child.stop()


async def _answers(http: httpx.AsyncClient) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await http.get("/webhooks/hotline/ready")).status_code == 200
    return False
