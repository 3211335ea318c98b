"""What the line knows of its city, as one snapshot that is swapped whole when staff change it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from intake.service import Intake
from kb.service import KnowledgeBase
from language.encoder import Encoder
from routing.service import Router
from units.gazetteer import Gazetteer
from units.tree import UnitTree


@dataclass(frozen=True)
class City:
    """Units, categories, catalogue and territory of one moment."""

    tree: UnitTree
    router: Router
    intake: Intake

    @classmethod
    async def load(cls, session: AsyncSession, encoder: Encoder | None) -> City:
        """Read everything anew."""
        tree = await UnitTree.load(session)
        encode = (lambda texts: encoder.encode(list(texts))) if encoder else None
        router = await Router.load(session, tree, encode)
        intake = Intake(router, await Gazetteer.load(session), tree)
        return cls(tree, router, intake)


@dataclass
class Line:
    """What the talk needs of the running line; ``city`` and ``knowledge`` are kept current."""

    database: Database
    knowledge: KnowledgeBase
    city: City
    encoder: Encoder | None
    # One change at a time, so that none is built on a snapshot that is already replaced.
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def refresh_city(self) -> None:
        """Swap in a fresh snapshot of the city."""
        async with self._changing, self.database.unit_of_work() as session:
            self.city = await City.load(session, self.encoder)

    async def learn_case(self, number: str) -> None:
        """Let similar cases know of the closed case of that number, or forget it."""
        async with self._changing, self.database.unit_of_work() as session:
            router = await self.city.router.with_case(session, number)
            intake = replace(self.city.intake, router=router)
            self.city = replace(self.city, router=router, intake=intake)

    async def refresh_knowledge(self) -> None:
        """Bring the knowledge base up to what is stored."""
        async with self.database.unit_of_work() as session:
            await self.knowledge.refresh(session)
