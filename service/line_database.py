"""Where the line's database is, for commands that use it from beside the running line."""

from __future__ import annotations

import psycopg

from core.settings import Settings
from service import keys
from service.launcher import embedded_url

_CONNECT_SECONDS = 3
NO_DATABASE = (
    "没有找到运行中的数据库：请先运行 hotline run（那边设了别的 HOTLINE_PORT 或 HOTLINE_DATA_DIR，"
    "这里也要同样设），或设 DATABASE_URL"
)


def database_url(settings: Settings) -> str | None:
    """The line's database when it answers, else None."""
    url = settings.database_url
    if url is None:
        secrets = keys.read(settings.data_dir)
        if keys.DATABASE_PASSWORD not in secrets:
            return None
        url = embedded_url(settings, secrets)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(plain, connect_timeout=_CONNECT_SECONDS) as connection:
            connection.execute("SELECT 1 FROM categories LIMIT 1")
    except psycopg.Error:
        return None
    return url
