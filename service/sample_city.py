"""The sample city 示例市, loaded at first start and brought up to date at every later one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import structlog
import yaml
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import cases.loading
import kb.loading
import reviews.loading
import routing.loading
import units.loading
from bot.seats.loading import load_ready_answers
from core.database import Database, now
from core.identity import Role, hash_password
from core.models import CalendarDay, CalendarYear, StaffAccount
from core.privacy import keyed_hash
from core.settings import Settings

log = structlog.get_logger(__name__)


async def load(database: Database, settings: Settings) -> list[tuple[str, str, str]]:
    """Load units, places, items, catalogue, time limits, calendar, staff and service records.

    All in one transaction. Returns the sample logins as (login, password, role). Passwords are derived from the secret key,
    so they can be told again and are the same nowhere else.
    """
    folder = settings.city_dir
    staff = _read(folder / "staff.yml")
    passwords = {row["login"]: sample_password(row["login"]) for row in staff}
    async with database.unit_of_work() as session:
        await units.loading.load(session, folder)
        report = await kb.loading.load(session, folder)
        await routing.loading.load(session, folder)
        await cases.loading.load(session, folder)
        await _load_calendar(session, folder)
        await _load_staff(session, staff, passwords)
        await load_ready_answers(session)
        await reviews.loading.load(session, folder, now())
    for rejected in report.rejected:
        log.warning("item_rejected", file=rejected.file, line=rejected.line, reason=rejected.reason)
    log.info("sample_city_loaded", new=report.new, changed=report.changed)
    return [(row["login"], passwords[row["login"]], row["role"]) for row in staff]


def sample_password(login: str) -> str:
    """The password of a sample account on this installation, 12 hex digits."""
    return keyed_hash("sample-password", login)[:12]


async def _load_calendar(session: AsyncSession, folder: Path) -> None:
    # Only while there is none: afterwards the calendar belongs to the staff who edit it.
    if await session.scalar(select(func.count()).select_from(CalendarYear)):
        return
    for year, plan in (yaml.safe_load((folder / "calendar.yml").read_text("utf-8"))).items():
        session.add(CalendarYear(year=int(year), announced=plan["status"] == "announced"))
        for day in plan.get("holidays") or []:
            session.add(CalendarDay(day=day, working=False, note="节假日"))
        for day in plan.get("workdays") or []:
            session.add(CalendarDay(day=day, working=True, note="调休上班"))


async def _load_staff(
    session: AsyncSession, staff: list[dict[str, Any]], passwords: dict[str, str]
) -> None:
    known = set(await session.scalars(select(StaffAccount.login)))
    new = [row for row in staff if row["login"] not in known]
    hashes = await asyncio.gather(
        *(asyncio.to_thread(hash_password, passwords[row["login"]]) for row in new)
    )
    for row, password_hash in zip(new, hashes, strict=True):
        await session.execute(
            insert(StaffAccount)
            .values(
                login=row["login"],
                name=row["name"],
                role=Role(row["role"]),
                unit=row["unit"],
                password_hash=password_hash,
                active=True,
                skills=row.get("skills", []),
            )
            .on_conflict_do_nothing()
        )


def _read(path: Path) -> list[dict[str, Any]]:
    return list(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or [])
