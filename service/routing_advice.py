"""What the line would do with a message, told outside of it: for the command line.

Reads the database of the running line when one answers, else the city's files.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from core.calendar import LOCAL
from core.database import Database, now
from core.settings import Settings
from intake.placing import recommend, territories
from intake.service import Intake
from language.encoder import load_encoder
from routing.classify import Encoder
from routing.loading import read_files
from routing.service import Router
from service import keys
from service.launcher import embedded_url
from units.gazetteer import Gazetteer
from units.loading import read_gazetteer, read_tree
from units.location import locate, without_names
from units.tree import UnitTree

_SHOWN = 5
_CONNECT_SECONDS = 3


@dataclass(frozen=True)
class AdvisedUnit:
    """A unit that may lead: score 0–1 and the reasons a clerk reads."""

    code: str
    name: str
    score: float
    entry: str
    assists: tuple[str, ...]
    reasons: list[str]


@dataclass(frozen=True)
class Advice:
    """Where a message would go; ``source`` says whose catalogue was asked."""

    category: str | None
    category_path: str | None
    category_score: float
    place: str | None
    question: str | None
    units: list[AdvisedUnit]
    automatic: bool
    source: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _City:
    router: Router
    gazetteer: Gazetteer
    tree: UnitTree
    source: str


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


def advise(settings: Settings, text: str) -> Advice:
    """Learn the city and judge ``text``. Raises InvalidInput or OSError for unfit files."""
    model = load_encoder()
    encoder: Encoder | None = (lambda texts: model.encode(list(texts))) if model else None
    url = database_url(settings)
    city = asyncio.run(_stored(url, encoder)) if url else _from_files(settings, encoder)
    located = locate(city.gazetteer, text)
    matter = without_names(city.gazetteer, text, located)
    topic = city.router.topic(matter)
    today = now().astimezone(LOCAL).date()
    ranked = recommend(
        city.router, matter, territories(located), today, located.reason if located else ""
    )
    return Advice(
        category=topic.facts.code if topic else None,
        category_path=topic.facts.path if topic else None,
        category_score=round(topic.score, 3) if topic else 0.0,
        place=located.label or None if located else None,
        question=located.question if located else None,
        units=[
            AdvisedUnit(
                c.dispatch.lead,
                city.tree.name(c.dispatch.lead),
                round(c.score, 3),
                c.dispatch.entry,
                c.dispatch.assists,
                c.dispatch.reasons,
            )
            for c in ranked[:_SHOWN]
        ],
        automatic=bool(ranked) and ranked[0].automatic,
        source=city.source,
    )


async def _stored(url: str, encoder: Encoder | None) -> _City:
    database = Database(url)
    try:
        async with database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            router = await Router.load(session, tree, encoder)
            return _City(router, await Gazetteer.load(session), tree, "数据库")
    finally:
        await database.close()


def _from_files(settings: Settings, encoder: Encoder | None) -> _City:
    folder = settings.city_dir
    rows, entries = read_files(folder)
    tree = read_tree(folder)
    router = Router.of(rows, entries, tree, encoder)
    return _City(router, read_gazetteer(folder), tree, f"{folder.name} 文件夹")


def intake_from_files(settings: Settings) -> Intake:
    """The intake of the city's files. Raises InvalidInput or OSError for unfit files."""
    model = load_encoder()
    encoder: Encoder | None = (lambda texts: model.encode(list(texts))) if model else None
    city = _from_files(settings, encoder)
    return Intake(city.router, city.gazetteer, city.tree)
