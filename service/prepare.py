"""Before the service starts: migrate the database and load the sample city.

A program of its own (``python -m service.prepare``), so that the launcher stays small and an
interruption rolls back. Exit code 1 with one sentence on stderr for an expected failure.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy.exc import OperationalError

from core.database import Database
from core.settings import Settings, get_settings
from service import migrations, sample_city
from service.keys import keep_logins


async def prepare(settings: Settings) -> None:
    """Migrate, load, and keep the sample logins in the data directory."""
    database = Database.from_settings(settings)
    try:
        await asyncio.to_thread(migrations.upgrade, database.url)
        logins = await sample_city.load(database, settings)
    finally:
        await database.close()
    if logins:
        keep_logins(settings.data_dir, logins)


def main() -> int:
    """Returns the exit code."""
    try:
        asyncio.run(prepare(get_settings()))
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        print(f"错误：连不上数据库，请检查 DATABASE_URL：{reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
