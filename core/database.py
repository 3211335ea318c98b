"""The database session: async SQLAlchemy on psycopg 3, one unit of work per commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from core.settings import Settings

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table; ``datetime`` columns are timezone-aware, dicts and lists are JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def driver_url(url: str, driver: str = "psycopg") -> str:
    """Turn any ``postgres://`` or ``postgresql[+x]://`` URL into one for ``driver``."""
    _, _, rest = url.partition("://")
    return f"postgresql+{driver}://{rest}"


class Database:
    """Engine and session factory of one process."""

    def __init__(self, url: str, pool: int = 20) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool,
            max_overflow=pool // 2,
            pool_pre_ping=True,
            pool_timeout=10,
            # A failed statement in the log must not carry what a citizen said.
            hide_parameters=True,
            # A plan made for any unit and any word is a bad one for most of them.
            connect_args={
                "connect_timeout": 5,
                "options": "-c timezone=UTC -c plan_cache_mode=force_custom_plan",
            },
        )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> Database:
        """Raises RuntimeError when no ``DATABASE_URL`` is known."""
        if not settings.database_url:
            raise RuntimeError("DATABASE_URL is not set; start the line with `hotline run`")
        return cls(settings.database_url, settings.database_pool)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncSession]:
        """One transaction: commits at the end, rolls back on any exception."""
        async with self.sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()
