"""No log line carries what identifies a person, whoever wrote it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from core.logging import configure_logging

PHONE = "13800001234"
IDENTITY = "110101199003071234"
REFUSED = f"refused\nDETAIL:  Key (contact)=(张小明 {PHONE}) exists.\n还有 {PHONE}"


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Logs go to a text that the returned function reads as JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    out = io.StringIO()
    configure_logging("INFO", "json", out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def log_structured() -> None:
    structlog.get_logger("a").info("回电", name="张小明", phone=PHONE, query_code="234567", kept=1)


def log_nested() -> None:
    structlog.get_logger("a").info("草稿", draft={"phone": PHONE, "words": [f"打 {PHONE}"]})


def log_number() -> None:
    structlog.get_logger("a").info("来电", caller=int(PHONE))


def log_from_a_library() -> None:
    logging.getLogger("sqlalchemy.engine").error("row of %s / %s", PHONE, IDENTITY)


def log_exception() -> None:
    try:
        raise ValueError(REFUSED)
    except ValueError:
        logging.getLogger("b").exception("failed")


def log_parameters() -> None:
    text = "(psycopg) no\n[SQL: INSERT INTO t VALUES (%s)]\n[parameters: {'who': '张小明'}]\n(more)"
    logging.getLogger("b").error(text)


@pytest.mark.parametrize(
    "write",
    [
        log_structured,
        log_nested,
        log_number,
        log_from_a_library,
        log_exception,
        log_parameters,
    ],
)
def test_private_data_never_reaches_the_log(
    write: Callable[[], None], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    write()
    (line,) = logged()
    text = json.dumps(line, ensure_ascii=False)
    for secret in (PHONE, IDENTITY, "张小明", "234567"):
        assert secret not in text
    assert line["level"] in ("info", "error")


def test_a_line_carries_the_ids_of_request_conversation_and_turn(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    ids = {"request_id": "r1", "conversation_id": "c1", "turn_id": "t1"}
    with structlog.contextvars.bound_contextvars(**ids):
        structlog.get_logger("a").info("answered", seconds=0.25)
        logging.getLogger("some.library").warning("slow")
    for line in logged():
        assert ids.items() <= line.items()
    assert logged()[0]["seconds"] == 0.25
    assert logged()[1]["logger"] == "some.library"


def test_the_access_log_keeps_the_path_and_drops_the_question(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    arguments = ("127.0.0.1:5", "GET", "/api/items?q=低保&limit=3", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    (line,) = logged()
    assert "/api/items HTTP" in line["event"]
    assert "低保" not in line["event"]
