"""Puts the line together: rooms, doors, console, background work, and their shared state."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

import bot.endpoints
import cases.endpoints
import console
import integrations.web
import kb.endpoints
import kb.open_endpoints
import reviews.endpoints
from bot.actions.executor import make_executor
from bot.assistant import Assistant
from bot.city import City, Line
from bot.events import Wakeups
from bot.gateway import Gateway
from bot.limits import Limits
from bot.seats.repository import SeatRepository
from console.live import Changes
from core.database import Database
from core.errors import HotlineError, TooManyTries
from core.jobs import connected
from core.listener import Listener
from core.logging import configure_logging
from core.settings import Settings, get_settings
from core.wire import ErrorBody
from integrations.wechat.account import account_of
from integrations.wechat.door import Door
from integrations.wechat.endpoints import router as wechat_router
from kb.service import KnowledgeBase
from language.e5 import load_ranker
from language.encoder import Encoder, load_encoder
from language.remembered import RememberingEncoder
from notices.channels import unregister_all
from service import docs, doors, wechat, worker
from service.middleware import Guard

log = structlog.get_logger(__name__)

RESUME_EVERY = 20.0
SEEN_EVERY = 30.0
# A picture of 5 MB in base64, and the rest of its turn.
MAX_BODY = 8 * 1024 * 1024


def create_app() -> FastAPI:
    """The service as uvicorn serves it (``--factory``)."""
    settings = get_settings()
    configure_logging(settings.log_level, settings.log_format)
    app = FastAPI(
        title="示例市12345政务服务便民热线",
        version="1.0.0",
        description="市民对话、办事指南、查进度和评价的公开接口。",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
    )
    app.state.settings = settings
    app.state.limits = Limits(settings)
    for router in (
        bot.endpoints.router,
        kb.endpoints.router,
        kb.open_endpoints.router,
        cases.endpoints.router,
        reviews.endpoints.router,
    ):
        app.include_router(router)
    for pages in (bot.endpoints.internal, integrations.web.router, console.router, docs.router):
        app.include_router(pages, include_in_schema=False)
    doors.mount(app, settings)
    integrations.web.mount_static(app)
    console.mount_static(app)
    docs.mount_static(app)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_api_route("/readyz", _readyz, include_in_schema=False)
    if account_of(settings) is not None:
        app.include_router(wechat_router, include_in_schema=False)
    tell_errors(app)
    app.add_middleware(Guard)
    return app


def tell_errors(app: FastAPI) -> None:
    """Let every error of ``app`` be told in the one shape, or as a page."""
    app.add_exception_handler(HotlineError, _on_expected)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OperationalError, _on_database_down)
    app.add_exception_handler(PoolTimeout, _on_database_down)
    app.add_exception_handler(Exception, _on_unexpected)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        assistant = Assistant(settings)
        stack.push_async_callback(assistant.close)
        jobs = await stack.enter_async_context(connected(database.url))
        encoder = await asyncio.to_thread(_encoder, settings)
        app.state.wakeups = Wakeups()
        app.state.changes = Changes()
        # Listening begins before loading, so that no change falls between the two.
        loaded = asyncio.Event()
        listener = _listener(app, database, loaded)
        tasks = [asyncio.create_task(listener.run(), name="listener")]
        stack.push_async_callback(_stop, tasks)
        await asyncio.wait_for(listener.listening.wait(), 30)
        ranker = await asyncio.to_thread(load_ranker, settings.data_dir / "vectors")
        knowledge = KnowledgeBase(encoder, ranker)
        async with database.unit_of_work() as session:
            line = Line(database, knowledge, await City.load(session, encoder), encoder)
            await knowledge.refresh(session)
        app.state.database = database
        app.state.line = line
        app.state.knowledge = knowledge
        app.state.city = line.city
        app.state.assistant = assistant
        app.state.gateway = Gateway(database, assistant)
        app.state.executor = make_executor(line)
        doors.connect(app, database, app.state.gateway, line.city.intake.gazetteer.city_name)
        doors.register_texts(database, settings)
        app.state.wechat = await wechat.open_door(stack, settings, database, app.state.gateway)
        stack.callback(unregister_all)
        loaded.set()
        tasks.append(asyncio.create_task(_resume(app, settings), name="resume"))
        tasks.append(asyncio.create_task(_presence(app.state.wakeups, database), name="presence"))
        if settings.worker:
            worker.connect_delivery(database, settings)
            tasks.append(asyncio.create_task(worker.run(jobs), name="worker"))
        yield


def _encoder(settings: Settings) -> Encoder | None:
    encoder = load_encoder()
    if encoder is None:
        return None
    folder = settings.data_dir / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    return RememberingEncoder(encoder, folder / "use-multilingual-3.npz")


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _listener(app: FastAPI, database: Database, loaded: asyncio.Event) -> Listener:
    refreshing: set[asyncio.Task[None]] = set()

    def later(work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[str], None]:
        def start(_payload: str) -> None:
            task = asyncio.create_task(work())
            refreshing.add(task)
            task.add_done_callback(refreshing.discard)

        return start

    async def city() -> None:
        await loaded.wait()
        await app.state.line.refresh_city()
        app.state.city = app.state.line.city

    async def case(number: str) -> None:
        await loaded.wait()
        await app.state.line.learn_case(number)
        app.state.city = app.state.line.city

    def closed(number: str) -> None:
        # After a reconnection without a number the whole city is read again anyway.
        if number:
            later(partial(case, number))("")

    async def knowledge() -> None:
        await loaded.wait()
        await app.state.line.refresh_knowledge()

    listener = Listener(database.url)
    listener.subscribe("conversation", app.state.wakeups.wake)
    listener.subscribe("case_changed", app.state.changes.wake)
    listener.subscribe("kb_changed", later(knowledge))
    listener.subscribe("routing_changed", closed)
    for channel in ("units_changed", "catalogue_changed", "calendar_changed"):
        listener.subscribe(channel, later(city))
    return listener


async def _resume(app: FastAPI, settings: Settings) -> None:
    """Answer what a crash left unanswered, soon after the start and then every little while."""
    gateway: Gateway = app.state.gateway
    door: Door | None = app.state.wechat
    patience = timedelta(seconds=settings.assistant_timeout + 5)
    while True:
        with suppress(OperationalError, PoolTimeout):
            await gateway.resume_unanswered(patience)
            if door is not None:
                await door.take_left_over()
        await asyncio.sleep(RESUME_EVERY)


async def _presence(wakeups: Wakeups, database: Database) -> None:
    """Note again and again whose pages are open, so that a seat knows who still waits."""
    while True:
        await asyncio.sleep(SEEN_EVERY)
        with suppress(OperationalError, PoolTimeout):
            async with database.unit_of_work() as session:
                await SeatRepository(session).saw(wakeups.present())


async def _healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def _readyz(request: Request) -> Response:
    """Whether a citizen can be served: database and assistant."""
    state = request.app.state
    checks = {"database": True, "assistant": await state.assistant.ready()}
    try:
        async with state.database.unit_of_work() as session:
            await session.execute(text("SELECT 1"))
    except (OperationalError, PoolTimeout):
        checks["database"] = False
    return JSONResponse(checks, status_code=200 if all(checks.values()) else 503)


def _error(
    request: Request, status: int, code: str, message: str, fields: dict[str, str] | None = None
) -> Response:
    path = request.url.path
    wants_page = "text/html" in request.headers.get("accept", "") and not path.startswith("/api")
    if wants_page:
        page: Callable[[Request, int, str], Response] = (
            console.error_page if path.startswith("/console") else integrations.web.error_page
        )
        return page(request, status, message)
    body = ErrorBody(error=code, message=message, fields=fields or {})
    return JSONResponse(body.model_dump(), status_code=status)


async def _on_expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, HotlineError)
    response = _error(request, error.status, error.code, error.message, error.fields)
    if isinstance(error, TooManyTries) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = {
        ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0]): found["msg"]
        for found in error.errors()
    }
    return _error(request, 422, "invalid_input", "请求内容不对，请按说明修改后再试", fields)


_HTTP_MESSAGES = {
    400: ("bad_request", "请求体不是有效的 UTF-8 JSON"),
    404: ("not_found", "没有这个地址"),
    405: ("method_not_allowed", "这个地址不支持这种请求方法"),
    413: ("too_large", "内容太大，最多 8 MB"),
}


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = _HTTP_MESSAGES.get(error.status_code, ("bad_request", "请求无法处理"))
    response = _error(request, error.status_code, code, message)
    response.headers.update(error.headers or {})
    return response


async def _on_database_down(request: Request, error: Exception) -> Response:
    log.error("database_down", reason=type(error).__name__)
    response = _error(request, 503, "unavailable", "系统正在恢复，请几秒后再试，您的内容没有丢失")
    response.headers["Retry-After"] = "3"
    return response


async def _on_unexpected(request: Request, error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    log.error("unexpected", reference=reference, exc_info=error)
    return _error(request, 500, "internal", f"系统出错了，请稍后再试。错误编号 {reference}")
