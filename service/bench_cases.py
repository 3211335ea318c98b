"""``hotline bench cases``: the desks' own pages, search and registration on many cases.

A database of its own is made on the server, filled, analysed, measured and dropped. Pages are
asked for as a browser does, through the console. Every statement they sent is then explained:
none may read a big table from end to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from psycopg.rows import dict_row
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import event, select

from core.database import Database, now
from core.identity import Actor, Role, open_session
from core.models import StaffAccount
from core.settings import Settings, get_settings

BIG = frozenset(
    ["cases", "sub_cases", "case_events", "case_clocks", "contacts", "case_identities", "callbacks"]
)
# Below this a sequential scan is the right plan.
MANY = 50_000
PAGE_MS, REGISTRATION_MS = 150, 100
_KEY = "bench-only-key-that-protects-nothing"
_PEOPLE = {
    "dispatcher": (Role.DISPATCHER, "hotline"),
    "supervisor": (Role.SUPERVISOR, "hotline"),
    "callback": (Role.CALLBACK_CLERK, "hotline"),
    "urban.clerk": (Role.UNIT_CLERK, "urban"),
    "chengdong.clerk": (Role.UNIT_CLERK, "chengdong"),
    "wanghu.clerk": (Role.UNIT_CLERK, "chengdong.wanghu"),
}
_SAMPLES = 40
_FILLED = "filled"
_TAB = re.compile(r'href="[^"]*[?&;]tab=(\w+)')

_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relname = ANY (%s) AND NOT i.indisunique
"""

Step = Callable[[], Awaitable[None]]


@dataclass
class Measure:
    """One thing that is done again and again; milliseconds of each time."""

    name: str
    target: float
    step: Step
    times: list[float] = field(default_factory=list)
    problem: str = ""

    def report(self) -> dict[str, Any]:
        """Figures in milliseconds, or why there are none."""
        if self.problem:
            return {"name": self.name, "problem": self.problem, "met": False}
        cuts = statistics.quantiles(self.times, n=100, method="inclusive")
        p50, p95, p99 = (round(cuts[n - 1], 1) for n in (50, 95, 99))
        return {
            "name": self.name,
            "runs": len(self.times),
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "target_ms": self.target,
            "met": p95 <= self.target,
        }


@dataclass
class Statements:
    """What was sent to the database: by text, some sets of parameters, and for which measure."""

    sent: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)
    measure: str = ""

    def listen(self, database: Database) -> None:
        """Take down every statement from now on."""

        def note(_c: Any, _cursor: Any, text: str, parameters: Any, *_more: Any) -> None:
            _, kept = self.sent.setdefault(text, (self.measure, []))
            if len(kept) < 3:
                kept.append(parameters)

        event.listen(database.engine.sync_engine, "before_cursor_execute", note)


def run(
    settings: Settings,
    server: str,
    cases: int,
    *,
    runs: int,
    keep: bool,
    as_json: bool,
) -> list[str]:
    """Fill, measure and print. Returns what read a big table whole, one line each.

    Raises psycopg.OperationalError when the server cannot be reached or no database may be made.
    """
    if not settings.secret_key.get_secret_value():
        os.environ["HOTLINE_SECRET_KEY"] = _KEY
        get_settings.cache_clear()
    with scratch(server, f"bench_cases_{cases}", keep=keep) as (url, filled):
        seconds = 0.0 if filled else fill(settings, url, cases)
        result = asyncio.run(_measured(url, runs))
    result = {"cases": cases, "fill_seconds": round(seconds, 1), **result}
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print(result)
    return [f"{one['measure']}：{one['table']}" for one in result["sequential_scans"]]


@contextlib.contextmanager
def scratch(server: str, name: str, *, keep: bool) -> Iterator[tuple[str, bool]]:
    """A database of that name on ``server``: its URL and whether it was kept filled from before."""
    url = server.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(server, autocommit=True, connect_timeout=10) as connection:
        known = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        found = connection.execute(known, (name,)).fetchone()
        filled = keep and found is not None and found[0] == _FILLED
        if not filled:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url, filled
    finally:
        if not keep:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def fill(settings: Settings, url: str, cases: int) -> float:
    """Make the schema, the sample city and ``cases`` cases; returns the seconds it took."""
    from service import migrations
    from service.bench_data import TABLES, Generator, World, set_sequences

    began = time.perf_counter()
    migrations.upgrade(url)
    asyncio.run(_load_city(Path(settings.city_dir), url))
    generator = Generator(World.read(Path(settings.city_dir)), cases, now())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        psycopg.connect(url) as connection,
        Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task("生成工单", total=cases)
        # Indexes made at the end are much quicker than ones that grow, and what is referred to is
        # stored first anyway.
        with (
            contextlib.suppress(psycopg.errors.InsufficientPrivilege),
            connection.transaction(),
        ):
            connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(_INDEXES, (list(TABLES),)).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        for done in generator.chunks():
            generator.rows.copy_to(connection)
            progress.update(task, advance=done)
        set_sequences(connection)
        progress.update(task, description="建索引、统计")
        for _, definition in indexes:
            connection.execute(definition)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")
        connection.execute(f"COMMENT ON DATABASE \"{connection.info.dbname}\" IS '{_FILLED}'")
    return time.perf_counter() - began


async def _load_city(folder: Path, url: str) -> None:
    """Units, catalogue, limits and the people who look; nobody can log in by password."""
    import cases.loading
    import routing.loading
    import units.loading

    database = Database(url, pool=2)
    try:
        async with database.unit_of_work() as session:
            for room in (units, routing, cases):
                await room.loading.load(session, folder)
            for login, (role, unit) in _PEOPLE.items():
                session.add(
                    StaffAccount(login=login, name=login, role=role, unit=unit, password_hash="")
                )
    finally:
        await database.close()


async def _measured(url: str, runs: int) -> dict[str, Any]:
    database = Database(url, pool=4)
    statements = Statements()
    try:
        async with contextlib.AsyncExitStack() as stack:
            app = await _app(database, stack)
            people = await _people(app, database, stack)
            measures = await _measures(database, people)
            statements.listen(database)
            with _bar() as progress:
                task = progress.add_task("测量", total=len(measures))
                for measure in measures:
                    statements.measure = measure.name
                    progress.update(task, description=measure.name)
                    try:
                        await _repeat(measure, runs)
                    except RuntimeError as error:
                        measure.problem = str(error)
                    progress.advance(task)
    finally:
        await database.close()
    return {
        "measures": [measure.report() for measure in measures],
        "statements": len(statements.sent),
        "sequential_scans": _sequential(url, statements),
        **_machine(url),
    }


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True))


async def _repeat(measure: Measure, runs: int) -> None:
    for warm in (True, False):
        for _ in range(min(runs, 8) if warm else runs):
            began = time.perf_counter()
            await measure.step()
            if not warm:
                measure.times.append((time.perf_counter() - began) * 1000)


async def _app(database: Database, stack: contextlib.AsyncExitStack) -> FastAPI:
    """The console as the service mounts it, without an assistant behind it."""
    from bot.assistant import Assistant
    from bot.city import City
    from bot.gateway import Gateway
    from service.app import create_app

    app = create_app()
    async with database.unit_of_work() as session:
        city = await City.load(session, None)
    app.state.database, app.state.city = database, city
    assistant = Assistant(get_settings())
    stack.push_async_callback(assistant.close)
    app.state.gateway = Gateway(database, assistant)
    return app


async def _people(
    app: FastAPI, database: Database, stack: contextlib.AsyncExitStack
) -> dict[str, httpx.AsyncClient]:
    """Browsers of people of the sample city, by login."""
    from console.staff import COOKIE

    found = {}
    for login in _PEOPLE:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://bench.test")
        async with database.unit_of_work() as session:
            account = await session.scalar(select(StaffAccount).where(StaffAccount.login == login))
            assert account is not None, login
            client.cookies.set(COOKIE, await open_session(session, account), path="/console")
        found[login] = await stack.enter_async_context(client)
    return found


async def _measures(database: Database, people: dict[str, httpx.AsyncClient]) -> list[Measure]:
    chance = random.Random(1)
    measures = []

    def page(name: str, login: str, path: str, *choices: dict[str, Any]) -> None:
        async def step() -> None:
            found = await people[login].get(path, params=chance.choice(choices))
            if found.status_code not in (200, 303):
                raise RuntimeError(f"{name}：{path} 答复 {found.status_code}")

        measures.append(Measure(name, PAGE_MS, step))

    for tab in await _tabs(people["dispatcher"], "/console/dispatch"):
        page(f"派单台 {tab}", "dispatcher", "/console/dispatch", {"tab": tab})
    units = [{"tab": "all", "unit": unit} for unit in ("城管局", "望湖街道", "城东区", "公安局")]
    page("派单台 按单位", "dispatcher", "/console/dispatch", *units)
    deep = [{"tab": tab, "page": 20} for tab in ("in_progress", "all", "closed")]
    page("派单台 翻到最后", "dispatcher", "/console/dispatch", *deep)
    page(
        "督办 超期", "supervisor", "/console/dispatch", {"tab": "late"}, {"tab": "late", "page": 9}
    )
    for place, login in (
        ("街道", "wanghu.clerk"),
        ("局", "urban.clerk"),
        ("区", "chengdong.clerk"),
    ):
        tabs = await _tabs(people[login], "/console/unit")
        page(f"单位台 {place}", login, "/console/unit", *({"tab": tab} for tab in tabs))
    page("回访台", "callback", "/console/callback", {})
    for kind, words in _WORDS.items():
        asked = [{"tab": "all", "q": word} for word in words]
        page(f"搜索 {kind}", "dispatcher", "/console/dispatch", *asked)
    asked = [{"tab": "all", "q": word} for word in _WORDS["四字"] + _WORDS["两字"]]
    page("搜索 单位台", "urban.clerk", "/console/unit", *asked)
    for who, login in (("派单员", "dispatcher"), ("承办人", "urban.clerk")):
        numbers = await _numbers(database, login)
        _case_page(measures, chance, f"工单页 {who}", people[login], numbers)
    measures.append(Measure("登记 含查重", REGISTRATION_MS, _registration(database, chance)))
    return measures


_WORDS = {
    "单字": ("灯", "水", "噪"),
    "两字": ("路灯", "噪音", "停车", "垃圾", "物业"),
    "四字": ("占道经营", "电动车充电", "没人管理", "影响休息"),
    "编号": ("260805", "000123", "2511"),
    "地点": ("望湖路18号", "春晖路", "环湖路 路灯"),
    "少见": ("青铜门环", "门环被撬"),
    "没有": ("独角兽", "魑魅魍魉", "望湖路18号独角兽"),
}


def _case_page(
    measures: list[Measure],
    chance: random.Random,
    name: str,
    browser: httpx.AsyncClient,
    numbers: list[str],
) -> None:
    async def step() -> None:
        found = await browser.get(f"/console/cases/{chance.choice(numbers)}")
        if found.status_code != 200:
            raise RuntimeError(f"{name}：答复 {found.status_code}")

    measures.append(Measure(name, PAGE_MS, step))


async def _tabs(browser: httpx.AsyncClient, path: str) -> list[str]:
    """The tabs that a desk offers."""
    return list(dict.fromkeys(_TAB.findall((await browser.get(path)).text)))


async def _numbers(database: Database, login: str) -> list[str]:
    """Numbers of cases that the holder of ``login`` may read, open and closed."""
    from cases.models import Case
    from cases.repository import CaseRepository
    from units.tree import UnitTree

    async with database.unit_of_work() as session:
        account = await session.scalar(select(StaffAccount).where(StaffAccount.login == login))
        assert account is not None
        below = (await UnitTree.load(session)).below(account.unit)
        actor = Actor(login, account.name, Role(account.role), account.unit, below)
        readable = CaseRepository(session, actor).readable().with_only_columns(Case.number)
        latest = await session.scalars(readable.order_by(Case.id.desc()).limit(_SAMPLES))
        oldest = await session.scalars(readable.order_by(Case.id).limit(_SAMPLES))
        return [*latest, *oldest]


def _registration(database: Database, chance: random.Random) -> Step:
    """Register a matter after having looked for the same one, as the doors do."""
    from cases.likeness import Matter
    from cases.service import Registration, phone_hash, register
    from cases.similar import find_same
    from cases.vocabulary import CaseType, Source

    streets = ("chengdong.wanghu", "chengdong.chunhui", "linjiang.dukou", "chengxi.guiyuan")

    async def step() -> None:
        at, phone = now(), f"138{chance.randrange(100_000):08}"
        title = f"望湖路{chance.randrange(1, 300)}号路灯不亮"
        wanted = Registration(
            key=uuid.uuid4().hex,
            source=Source.PHONE,
            type=CaseType.HELP,
            title=title,
            detail=f"{title}，已经三天了，晚上很黑，附近老人孩子多，很不安全。",
            conversation_id=uuid.uuid4(),
            category="A0305",
            place_text=title[:6],
            street=chance.choice(streets),
            district="chengdong",
            name="示例·某人",
            phone=phone,
            lead="urban",
        )
        matter = Matter(
            wanted.category,
            f"{wanted.title}。{wanted.detail}",
            wanted.place_text,
            wanted.place_code,
            wanted.street,
            wanted.district,
        )
        async with database.unit_of_work() as session:
            await find_same(
                session,
                matter,
                at,
                conversation_id=wanted.conversation_id,
                phone_hash=phone_hash(phone),
            )
            await register(session, wanted, at)

    return step


def _sequential(url: str, statements: Statements) -> list[dict[str, str]]:
    """Statements that the planner answers by reading a big table whole."""
    found = []
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
        for text, (measure, variants) in statements.sent.items():
            if text.split(None, 1)[0].upper() not in ("SELECT", "WITH", "INSERT", "UPDATE"):
                continue
            for parameters in variants:
                row = connection.execute("EXPLAIN (FORMAT JSON) " + text, parameters).fetchone()
                assert row is not None
                for table in sorted(set(_scanned(row["QUERY PLAN"][0]["Plan"])) & BIG):
                    found.append({"measure": measure, "table": table, "statement": text})
                    break
    unique = {(one["table"], one["statement"]): one for one in found}
    return list(unique.values())


def _scanned(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _scanned(below)


def _machine(url: str) -> dict[str, Any]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN "
            "('server_version', 'fsync', 'synchronous_commit', 'shared_buffers', 'work_mem')"
        ).fetchall()
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert size is not None
    return {"cores": os.cpu_count(), "postgres": dict(rows), "megabytes": size[0] // 2**20}


def _print(result: dict[str, Any]) -> None:
    table = Table(title=f"{result['cases']} 件工单，{result['cores']} 核")
    for heading in ("项目", "次数", "p50 ms", "p95 ms", "p99 ms", "目标 ms", "达到"):
        table.add_column(heading, justify="left" if heading == "项目" else "right")
    for row in result["measures"]:
        if "problem" in row:
            table.add_row(row["name"], row["problem"])
            continue
        figures = (row["runs"], row["p50_ms"], row["p95_ms"], row["p99_ms"], row["target_ms"])
        table.add_row(row["name"], *map(str, figures), "是" if row["met"] else "否")
    console = Console()
    console.print(table)
    postgres = "，".join(f"{name}={value}" for name, value in result["postgres"].items())
    console.print(f"数据库 {result['megabytes']} MB；{postgres}")
    console.print(f"生成用 {result['fill_seconds']} 秒；检查了 {result['statements']} 种语句")
    for one in result["sequential_scans"]:
        console.print(f"整表扫描 {one['table']}（{one['measure']}）：{one['statement'][:400]}")
