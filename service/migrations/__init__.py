"""The database's schema, step by step: ours, procrastinate's and the assistant's memory.

The configuration is code, so that no second place names the database. New tables of a room get
their migration from ``hotline migrate --new "what changed"``, then are read and corrected by hand.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from core.database import driver_url

HERE = Path(__file__).resolve().parent
# Whoever migrates holds this lock; the second waits and then finds nothing to do.
LOCK = 0x12345


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Bring the database to the newest schema; returns the revisions before and after.

    All steps are one transaction under a lock. Raises sqlalchemy.exc.SQLAlchemyError.
    """
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            before = MigrationContext.configure(connection).get_current_revision()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return before, head()
    finally:
        engine.dispose()


def revise(url: str, message: str) -> Path:
    """Write a migration for the difference between the models and the (migrated) database."""
    upgrade(url)
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            script = command.revision(config, message, autogenerate=True)
            assert script is not None and not isinstance(script, list)
            return Path(script.path)
    finally:
        engine.dispose()


def head() -> str | None:
    """The newest revision that the code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _engine(url: str) -> Engine:
    return create_engine(driver_url(url), connect_args={"connect_timeout": 10})


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be taken for interpolation.
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(slug)s")
    return config
