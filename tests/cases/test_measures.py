"""Figures of a handful of cases, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from callback_case import CLERK, answered
from closed_cases import AUGUST_5, Made, closed
from sqlalchemy import update
from town import DISPATCHER, person

from cases import callback
from cases.measures import Rate, Span, Step, Tally
from cases.measures_repository import MeasuresRepository, Wanted
from cases.models import Contact, SubCase
from cases.vocabulary import Satisfied, Solved
from core.calendar import LOCAL
from core.database import Database
from core.identity import Actor, Role

SUPERVISOR = person(Role.SUPERVISOR)
URBAN = person(Role.UNIT_LEADER, "urban")
EAST = person(Role.UNIT_LEADER, "chengdong", "chengdong.wanghu")
AUGUST = Span(date(2026, 8, 1), date(2026, 8, 31))
ALL = Wanted(AUGUST)
PLAIN = Made()


@pytest.fixture
async def town(city: Database) -> Database:
    """Nine closed cases of urban, one handed down in the east, and some that do not count."""
    async with city.unit_of_work() as session:
        made = [
            (PLAIN, {}),
            (replace(PLAIN, satisfied="mostly"), {"extended": True}),
            (replace(PLAIN, solved="partly", satisfied="dissatisfied"), {"reworks": 1}),
            (replace(PLAIN, solved="no", handle="missed", days=(5, 7)), {"reopens": 1}),
            (replace(PLAIN, contact="missed", satisfied=None), {"returns": 1}),
            # The answer came before the time for a contact was over: none was due.
            (replace(PLAIN, contact="cancelled"), {"supervised": True}),
            # The answer came after: the contact was missed.
            (replace(PLAIN, contact="cancelled", days=(5, 6), handle="missed"), {}),
            (replace(PLAIN, call="unreachable"), {"automatic": True}),
            (
                replace(PLAIN, call=None),
                {"automatic": True, "first_unit": "power", "dispatches": 2},
            ),
            (
                replace(PLAIN, unit="chengdong", delegate="chengdong.wanghu"),
                {"category": None},
            ),
            (replace(PLAIN, exclusion=("unreasonable", "approved")), {"unreasonable": True}),
            (replace(PLAIN, exclusion=("exclusion", "approved")), {"excluded": True}),
            # Asked for, not decided; and refused: both count.
            (replace(PLAIN, unit="power", exclusion=("exclusion", "pending")), {}),
            (replace(PLAIN, unit="power", exclusion=("exclusion", "refused")), {}),
        ]
        for facts, columns in made:
            await closed(session, facts, **columns)
        outside = [
            (datetime(2026, 7, 31, 23, 59, tzinfo=LOCAL), {}),
            (datetime(2026, 9, 1, 0, 0, tzinfo=LOCAL), {}),
            (AUGUST_5, {"state": "callback", "closed_at": None}),
            (AUGUST_5, {"state": "in_progress"}),
        ]
        for at, columns in outside:
            await closed(session, replace(PLAIN, at=at), **columns)
    return city


EXPECTED = Tally(
    finished=9,
    response_due=8,
    response_met=6,
    solved_asked=7,
    solved_yes=5,
    satisfied_asked=6,
    satisfied_yes=5,
    timed=9,
    on_time=7,
    dispatched=9,
    first_right=8,
    automatic=2,
    automatic_right=1,
    returned=1,
    reassigned=1,
    reworked=1,
    reopened=1,
    extended=1,
    supervised=1,
    unreachable=1,
    excluded=2,
)


async def test_counted_by_hand(town: Database) -> None:
    async with town.unit_of_work() as session:
        found = await MeasuresRepository(session, SUPERVISOR).figures(ALL, Step.WEEK)
    assert found.units["urban"] == EXPECTED
    # The street did what its district was given.
    assert set(found.units) == {"urban", "power", "chengdong.wanghu"}
    assert found.units["chengdong.wanghu"].finished == 1
    assert (found.units["power"].finished, found.units["power"].excluded) == (2, 0)
    assert (found.total.finished, found.total.excluded) == (12, 2)
    assert {code: t.finished for code, t in found.categories.items()} == {"A0312": 11, None: 1}
    assert {day: t.finished for day, t in found.pieces.items()} == {date(2026, 8, 3): 12}


@pytest.mark.parametrize(
    ("step", "pieces"),
    [
        (Step.DAY, {date(2026, 8, 2): 1, date(2026, 8, 3): 1, date(2026, 9, 1): 1}),
        (Step.WEEK, {date(2026, 7, 27): 1, date(2026, 8, 3): 1, date(2026, 8, 31): 1}),
        (Step.MONTH, {date(2026, 8, 1): 2, date(2026, 9, 1): 1}),
        (Step.QUARTER, {date(2026, 7, 1): 3}),
    ],
)
async def test_pieces_follow_the_local_date(
    city: Database, step: Step, pieces: dict[date, int]
) -> None:
    moments = [
        datetime(2026, 8, 2, 23, 59, tzinfo=LOCAL),
        datetime(2026, 8, 3, 0, 1, tzinfo=LOCAL),
        datetime(2026, 9, 1, 7, 59, tzinfo=LOCAL),
    ]
    span = Span(date(2026, 8, 1), date(2026, 9, 30))
    async with city.unit_of_work() as session:
        for at in moments:
            await closed(session, replace(PLAIN, at=at))
        found = await MeasuresRepository(session, SUPERVISOR).figures(Wanted(span), step)
    assert {day: t.finished for day, t in found.pieces.items()} == pieces


async def test_units_and_categories_narrow(town: Database) -> None:
    async with town.unit_of_work() as session:
        repository = MeasuresRepository(session, SUPERVISOR)
        east = await repository.figures(Wanted(AUGUST, {"chengdong.wanghu"}), Step.DAY)
        lights = await repository.figures(Wanted(AUGUST, None, {"A0312"}), Step.DAY)
        none = await repository.figures(Wanted(AUGUST, {"nobody"}), Step.DAY)
    assert (east.total.finished, lights.total.finished) == (1, 11)
    assert none.total == Tally() and none.units == {}


@pytest.mark.parametrize(
    ("actor", "finished"),
    [
        (SUPERVISOR, 12),
        (URBAN, 9),
        (EAST, 1),
        (person(Role.UNIT_LEADER, "gone"), 0),
        (person(Role.KNOWLEDGE_EDITOR), 0),
    ],
)
async def test_units_see_their_own_figures(town: Database, actor: Actor, finished: int) -> None:
    async with town.unit_of_work() as session:
        found = await MeasuresRepository(session, actor).figures(ALL, Step.MONTH)
    assert found.total.finished == finished


async def test_a_complaint_about_a_unit_is_not_in_its_figures(city: Database) -> None:
    async with city.unit_of_work() as session:
        await closed(session, PLAIN, about_unit="urban")
        mine = await MeasuresRepository(session, URBAN).figures(ALL, Step.MONTH)
        behind = await MeasuresRepository(session, URBAN).behind(ALL, "finished", None, limit=9)
        line = await MeasuresRepository(session, SUPERVISOR).figures(ALL, Step.MONTH)
    assert (mine.total.finished, behind, line.total.finished) == (0, [], 1)


FIELDS = [(name, None) for name in ("finished", "returned", "unreachable", "excluded")] + [
    ("response_due", "response_met"),
    ("solved_asked", "solved_yes"),
    ("satisfied_asked", "satisfied_yes"),
    ("timed", "on_time"),
    ("dispatched", "first_right"),
    ("automatic", "automatic_right"),
]


@pytest.mark.parametrize(("counted", "but_not"), FIELDS)
async def test_lists_hold_what_the_figures_count(
    town: Database, counted: str, but_not: str | None
) -> None:
    wanted = Wanted(AUGUST, {"urban"})
    async with town.unit_of_work() as session:
        repository = MeasuresRepository(session, SUPERVISOR)
        rows = await repository.behind(wanted, counted, but_not, limit=50)
        total = await repository.how_many(wanted, counted, but_not)
    expected = getattr(EXPECTED, counted) - (getattr(EXPECTED, but_not) if but_not else 0)
    assert len(rows) == total == expected
    assert {row.unit for row in rows} == ({"urban"} if expected else set())


async def test_exclusions_say_why_and_who_and_appeals_still_count(town: Database) -> None:
    async with town.unit_of_work() as session:
        found = await MeasuresRepository(session, SUPERVISOR).exclusions(ALL)
        mine = await MeasuresRepository(session, URBAN).exclusions(ALL)
    facts = {(one.kind, one.state, one.unit, one.decided_by, one.decision) for one in found}
    assert facts == {
        ("unreasonable", "approved", "urban", "supervisor", "属实"),
        ("exclusion", "approved", "urban", "supervisor", "属实"),
        ("exclusion", "pending", "power", None, ""),
    }
    assert {one.unit for one in mine} == {"urban"}


async def test_promised_and_actual_time(city: Database) -> None:
    async with city.unit_of_work() as session:
        for days in ((5, 1), (5, 2), (5, 6)):
            state = "missed" if days[1] > days[0] else "met"
            await closed(session, replace(PLAIN, days=days, handle=state))
        await closed(session, replace(PLAIN, unit="power", days=(3, 3)))
        await closed(session, replace(PLAIN, handle=None))
        repository = MeasuresRepository(session, SUPERVISOR)
        found = await repository.promises(
            ALL, {"urban": ("urban", "city"), "power": ("power", "city"), "none": ("none",)}
        )
        assert await repository.promises(ALL, {}) == {}
    assert set(found) == {"urban", "power", "city"}
    urban, whole = found["urban"], found["city"]
    assert (urban.cases, urban.within, urban.kept) == (3, 2, Rate(2, 3))
    assert (urban.promised_median, urban.actual_median) == (5, 2)
    assert urban.actual_mean == pytest.approx(3)
    assert (whole.cases, whole.within) == (4, 3)
    assert whole.promised_mean == pytest.approx(4.5)
    assert whole.actual_median == pytest.approx(2.5)


async def test_the_last_call_of_a_case_counts(city: Database) -> None:
    async with city.unit_of_work() as session:
        case = await closed(session, replace(PLAIN, solved="no"))
        case.round, case.reworks = 2, 1
        await session.flush()
        repository = MeasuresRepository(session, SUPERVISOR)
        before = (await repository.figures(ALL, Step.DAY)).total
    assert (before.finished, before.solved_asked, before.reworked) == (1, 0, 1)


async def test_contacts_answered_on_the_spot(city: Database) -> None:
    async with city.unit_of_work() as session:
        outcomes = ["answered", "answered", "transferred", "referred", "invalid", None]
        for number, outcome in enumerate(outcomes):
            at = AUGUST_5 + timedelta(hours=number)
            category = "A0312" if number else "B01"
            contact = Contact(source="web", started_at=at, outcome=outcome, category=category)
            session.add(contact)
        late = AUGUST_5 + timedelta(days=60)
        session.add(Contact(source="web", started_at=late, outcome="answered"))
        repository = MeasuresRepository(session, SUPERVISOR)
        assert await repository.contacts(ALL) == Rate(2, 4)
        assert await repository.contacts(Wanted(AUGUST, None, {"A0312"})) == Rate(1, 3)


async def test_a_merged_unit_answers_for_its_predecessor_rightly_first(city: Database) -> None:
    async with city.unit_of_work() as session:
        await closed(session, PLAIN, first_unit="gone", dispatches=1)
        found = await MeasuresRepository(session, DISPATCHER).figures(ALL, Step.DAY)
    assert (found.total.dispatched, found.total.first_right) == (1, 1)


async def test_a_case_without_a_unit_counts_for_the_line_only(city: Database) -> None:
    async with city.unit_of_work() as session:
        case = await closed(session, PLAIN)
        await session.execute(
            update(SubCase).where(SubCase.case_id == case.id).values(state="reassigned")
        )
        found = await MeasuresRepository(session, SUPERVISOR).figures(ALL, Step.DAY)
    assert found.units == {} and found.total.finished == 1


async def test_a_case_that_lived_its_life_counts(city: Database) -> None:
    told = AUGUST_5 + timedelta(hours=2)
    case = await answered(city, at=AUGUST_5)
    async with city.unit_of_work() as session:
        call = await callback.take_next(session, CLERK, told)
        assert call is not None
        spoke = callback.Answers(True, Solved.YES, Satisfied.MOSTLY, None, "")
        await callback.finish(session, CLERK, call.id, spoke, told)
    async with city.unit_of_work() as session:
        found = (await MeasuresRepository(session, SUPERVISOR).figures(ALL, Step.DAY)).units
    assert case.first_unit == "urban"
    assert found == {
        "urban": Tally(
            finished=1,
            response_due=1,
            response_met=1,
            solved_asked=1,
            solved_yes=1,
            satisfied_asked=1,
            satisfied_yes=1,
            timed=1,
            on_time=1,
            dispatched=1,
            first_right=1,
        )
    }
