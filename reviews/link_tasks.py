"""Linking in the background: what came in since, and at night what its record came later for."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.database import Database, now
from core.jobs import jobs
from core.outbox import delivery
from reviews.candidate_repository import CandidateRepository
from reviews.link_service import Linker, apply

# [D] Records of a service reach the line within this time; older reviews wait for a person.
_LATE = timedelta(days=40)
# Reviews in one transaction: the reviews are locked while it stores.
BATCH = 2000


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="link_new_reviews", queueing_lock="link_new_reviews", lock="link_reviews")
async def link_new_reviews(timestamp: int) -> None:
    """Every ten minutes: the reviews that the rules have not looked at yet."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await link_new(delivery.database, now())


@jobs.periodic(cron="40 2 * * *")
@jobs.task(name="link_reviews_nightly", queueing_lock="link_reviews_nightly", lock="link_reviews")
async def link_reviews_nightly(timestamp: int) -> None:
    """Every night: those of the last weeks again, whose record may have come meanwhile."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await link_again(delivery.database, now())


async def link_new(database: Database, at: datetime) -> int:
    """Judge what nobody judged, a batch a transaction; returns how many."""
    done = 0
    while True:
        async with database.unit_of_work() as session:
            waiting = await CandidateRepository(session).unjudged(BATCH)
            if waiting:
                outcomes = await (await Linker.load(session)).outcomes(waiting, _silent)
                await apply(session, outcomes, at)
        done += len(waiting)
        if len(waiting) < BATCH:
            return done


async def link_again(database: Database, at: datetime) -> int:
    """Judge again what waits and is younger than 40 days at ``at``; returns how many."""
    done, after = 0, 0
    while True:
        async with database.unit_of_work() as session:
            repository = CandidateRepository(session)
            waiting = await repository.waiting_since(at - _LATE, after, BATCH)
            if not waiting:
                return done
            outcomes = await (await Linker.load(session)).outcomes(waiting, _silent)
            await apply(session, outcomes, at)
            done, after = done + len(waiting), waiting[-1].id


async def _silent(rows: int) -> None:
    del rows
