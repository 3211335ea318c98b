"""Structured logs: one JSON object a line, with the ids of the request, conversation and turn.

Bind them with ``structlog.contextvars.bind_contextvars(request_id=…)``. Phone and identity numbers
are masked in every text, and keys that hold a name, a phone number or a query code are dropped,
whoever logs: the libraries' own loggers go the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.privacy import mask_text

PRIVATE_KEYS = frozenset(
    {"name", "phone", "query_code", "identity", "address", "password", "token", "authorization"}
)
# PostgreSQL and SQLAlchemy quote the values of the row that failed.
ROW_VALUES = re.compile(
    r"^(DETAIL:|\[parameters:|\[SQL:|CONTEXT:).*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL
)
QUERY_STRING = re.compile(r"\?[^\s\"']*")
QUIET = ("httpx", "httpcore", "procrastinate", "multipart", "asyncio", "rasa_sdk")


def configure_logging(level: str = "INFO", form: str = "json", out: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process.

    ``level`` is a standard level name, ``form`` is ``json`` or ``text``; ``out`` defaults to
    stderr. Raises ValueError for an unknown level.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        without_private_data,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    access = logging.getLogger("uvicorn.access")
    access.filters = [_without_query_string]
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def without_private_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: mask numbers in every text, drop keys that identify a person."""
    kept: EventDict = {}
    for key, value in event.items():
        if key in PRIVATE_KEYS:
            continue
        # structlog's own bookkeeping must stay as it is.
        kept[key] = value if key.startswith("_") else _clean(value)
    return kept


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(ROW_VALUES.sub(r"\1 …\n", value))
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items() if key not in PRIVATE_KEYS}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        # A phone number may be a number too.
        return value if not isinstance(value, int) or abs(value) < 10**10 else _clean(str(value))
    return _clean(str(value))


def _without_query_string(record: logging.LogRecord) -> bool:
    """Filter: an access log line keeps the path only, what was asked stays out."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            QUERY_STRING.sub("", part) if isinstance(part, str) else part for part in record.args
        )
    return True
