"""A bad review is put right: opened with it, acted on by others in turn, ended by the citizen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from town import CALLER, DISPATCHER, NOW, POWER, SUPERVISOR, URBAN, Register

from cases import service as cases
from cases.models import Case, StaffNotice
from cases.telling import CASE_PROGRESS
from cases.vocabulary import Source
from core.calendar import LOCAL
from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import Actor
from core.models import Attachment, OutboxMessage
from reviews.grades import Grade
from reviews.models import Rectification, RectificationEvent, Review, ServiceRecord
from reviews.rectification import Action, State
from reviews.rectification_case import case_opened, case_to_open
from reviews.rectification_repository import RectificationRepository
from reviews.rectification_tasks import watch
from reviews.rectifying import (
    FINISHED,
    Given,
    act,
    linked,
    second_review,
    unlinked,
)
from reviews.service import submit_for_case
from units.tree import UnitTree

A = Action


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
async def bad(city: Database, file: Register) -> int:
    """A bad review of a case that the urban bureau answered; the id of its rectification."""
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await cases.accept(session, URBAN, done.case_id, 1, NOW)
        await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
        await cases.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
        await submit_for_case(session, done.case_id, Grade(2), [], "没修好", Source.WEB, NOW)
    async with city.unit_of_work() as session:
        [one] = await session.scalars(select(Rectification))
    assert (one.unit, one.state) == ("urban", "pending")
    return one.id


async def do(
    city: Database, one: int, actor: Actor, action: Action, at: datetime = NOW, **given: Any
) -> State:
    async with city.unit_of_work() as session:
        version = (await session.get_one(Rectification, one)).version
        done = await act(session, actor, one, version, action, Given("说明", **given), at)
        return State(done.state)


async def stored(city: Database, one: int) -> tuple[Rectification, Sequence[RectificationEvent]]:
    async with city.unit_of_work() as session:
        history = await RectificationRepository(session, None).history(one)
        return await session.get_one(Rectification, one), history


def local(at: datetime | None) -> str:
    assert at is not None
    return f"{at.astimezone(LOCAL):%m-%d %H:%M}"


async def test_it_opens_with_its_clocks(city: Database, bad: int) -> None:
    one, history = await stored(city, bad)
    # Wednesday: verified within one working day, put right within five.
    assert (local(one.step_due_at), local(one.due_at)) == ("08-06 17:30", "08-12 17:30")
    assert [line.action for line in history] == ["open"]
    async with city.unit_of_work() as session:
        kinds = await session.scalars(select(StaffNotice.kind).where(StaffNotice.unit == "urban"))
        assert "rectify" in list(kinds)


async def test_put_right_and_confirmed(city: Database, bad: int) -> None:
    assert await do(city, bad, URBAN, A.VERIFY) is State.VERIFIED
    planned = date(2026, 8, 10)
    assert await do(city, bad, URBAN, A.PLAN, planned_on=planned) is State.UNDER_WAY
    assert await do(city, bad, URBAN, A.FINISH) is State.CALLBACK
    assert await do(city, bad, CALLER, A.NOT_REACHED) is State.CALLBACK
    assert await do(city, bad, CALLER, A.SOLVED) is State.COMPLETED
    one, history = await stored(city, bad)
    assert (one.reached, one.late, one.tries, one.planned_on) == (True, False, 1, planned)
    assert one.closed_at == NOW
    assert [line.action for line in history] == [
        "open", "verify", "plan", "finish", "not_reached", "solved",
    ]  # fmt: skip
    assert {line.note for line in history[1:]} == {"说明"}


async def test_an_appeal_needs_evidence_and_somebody_else(city: Database, bad: int) -> None:
    with pytest.raises(Conflict, match="待核实"):
        await do(city, bad, URBAN, A.APPEAL, pictures=[("a.png", picture())])
    await do(city, bad, URBAN, A.VERIFY)
    with pytest.raises(InvalidInput) as caught:
        await do(city, bad, URBAN, A.APPEAL)
    assert caught.value.fields["pictures"] == "申诉须附证据图片"
    assert await do(city, bad, URBAN, A.APPEAL, pictures=[("a.png", picture())]) is State.APPEALED
    with pytest.raises(NotAllowed):
        await do(city, bad, URBAN, A.ACCEPT_APPEAL)
    assert await do(city, bad, SUPERVISOR, A.REFUSE_APPEAL) is State.UNDER_WAY
    with pytest.raises(Conflict):
        await do(city, bad, URBAN, A.APPEAL, pictures=[("a.png", picture())])
    _, history = await stored(city, bad)
    [kept] = history[2].data["pictures"]
    async with city.unit_of_work() as session:
        [evidence] = await session.scalars(select(Attachment))
    assert (str(evidence.id), evidence.owner) == (kept, f"rectification:{bad}")


async def test_one_extension_that_somebody_grants(city: Database, bad: int) -> None:
    await do(city, bad, URBAN, A.VERIFY)
    with pytest.raises(InvalidInput):
        await do(city, bad, URBAN, A.ASK_EXTENSION, days=6)
    await do(city, bad, URBAN, A.ASK_EXTENSION, days=3)
    one, _ = await stored(city, bad)
    assert local(one.due_at) == "08-12 17:30", "the clock runs while it is pending"
    await do(city, bad, SUPERVISOR, A.GRANT_EXTENSION)
    one, _ = await stored(city, bad)
    assert (local(one.due_at), one.extended, one.extension_days) == ("08-17 17:30", True, None)
    with pytest.raises(Conflict, match="一次"):
        await do(city, bad, URBAN, A.ASK_EXTENSION, days=1)


async def test_not_solved_comes_under_supervision(city: Database, bad: int) -> None:
    await do(city, bad, URBAN, A.VERIFY)
    await do(city, bad, URBAN, A.FINISH)
    later = NOW + timedelta(days=1)
    assert await do(city, bad, CALLER, A.UNSOLVED, later) is State.SUPERVISED
    one, _ = await stored(city, bad)
    assert (one.finished_at, local(one.due_at)) == (None, "08-13 17:30")
    async with city.unit_of_work() as session:
        assert (await session.scalars(select(Case.supervised))).one() is True
    assert await do(city, bad, URBAN, A.FINISH, later) is State.CALLBACK
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict, match="待回访"):
            await second_review(session, bad, Grade(4), "这回好了", later)
    await do(city, bad, CALLER, A.SOLVED, later)
    async with city.unit_of_work() as session:
        done = await second_review(session, bad, Grade(4), "这回好了", later)
        assert done.state == State.COMPLETED
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict, match="已经评价过"):
            await second_review(session, bad, Grade(1), "", later)


async def test_who_sees_and_does_what(city: Database, bad: int) -> None:
    with pytest.raises(NotFound):
        await do(city, bad, POWER, A.VERIFY)
    with pytest.raises(NotAllowed):
        await do(city, bad, DISPATCHER, A.VERIFY)
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict) as caught:
            await act(session, URBAN, bad, 7, A.VERIFY, Given("x"), NOW)
    assert caught.value.code == "changed"


async def test_cards_go_out_once(city: Database, bad: int) -> None:
    one, _ = await stored(city, bad)
    assert await watch(city, one.yellow_at - timedelta(minutes=1)) == 0
    assert await watch(city, one.yellow_at) == 1
    assert await watch(city, one.due_at) == 1
    assert await watch(city, one.due_at + timedelta(days=3)) == 0
    one, history = await stored(city, bad)
    assert one.late and [line.action for line in history] == ["open", "yellow", "red"]
    async with city.unit_of_work() as session:
        told = await session.execute(
            select(StaffNotice.kind, StaffNotice.unit, StaffNotice.role).where(
                StaffNotice.kind.in_(("yellow", "red"))
            )
        )
        assert set(told.tuples()) == {
            ("yellow", "urban", None),
            ("red", "urban", None),
            ("red", "", "supervisor"),
        }


async def test_of_a_service_record_and_undone(city: Database) -> None:
    async with city.unit_of_work() as session:
        record = ServiceRecord(
            project_no="P1", item_name="居住证", unit="power", channel=4, status=3,
            accepted_at=NOW, source="hall",
        )  # fmt: skip
        session.add(record)
        await session.flush()
        review = Review(
            service_record_id=record.id, round=1, grade=1, channel="window", link="auto"
        )
        good = Review(service_record_id=record.id, round=2, grade=5, channel="window", link="auto")
        session.add_all([review, good])
        await session.flush()
        assert await linked(session, good, NOW) is None
        one = await linked(session, review, NOW)
        again = await linked(session, review, NOW)
        assert one is not None and one is again and one.unit == "power"
        await unlinked(session, review, NOW, "zhang")
        assert one.state == State.WITHDRAWN
        await session.execute(update(ServiceRecord).values(unit="urban"))
        session.expire(record)
        back = await linked(session, review, NOW)
        assert back is one and (one.unit, one.state) == ("urban", State.PENDING)
        assert await session.scalar(select(func.count()).select_from(Rectification)) == 1
        history = await RectificationRepository(session, None).history(one.id)
    assert [(line.action, line.by) for line in history] == [
        ("open", "line"), ("withdraw", "zhang"), ("reopen", "line"),
    ]  # fmt: skip


async def test_the_history_cannot_be_changed(city: Database, bad: int) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        async with city.unit_of_work() as session:
            await session.execute(text("UPDATE rectification_events SET note = 'x'"))


async def test_the_citizen_is_told_what_was_put_right(city: Database, bad: int) -> None:
    await do(city, bad, URBAN, A.VERIFY)
    await do(city, bad, URBAN, A.FINISH)
    async with city.unit_of_work() as session:
        told = await session.scalars(
            select(OutboxMessage).where(OutboxMessage.key.contains("rectified:"))
        )
        [message] = told
    assert message.topic == CASE_PROGRESS
    assert message.payload["text"] == FINISHED and not message.payload.get("link")


@pytest.mark.parametrize("ended", ["unsolved", "second_bad", "give_up"])
async def test_the_case_that_was_opened_from_it_is_supervised_when_it_stays_unsolved(
    city: Database, file: Register, bad: int, ended: str
) -> None:
    opened = await file(lead="urban", key="opened", anonymous=True, phone=None, name=None)
    await do(city, bad, URBAN, A.VERIFY)
    await do(city, bad, URBAN, A.FINISH)
    if ended == "give_up":
        await do(city, bad, CALLER, A.UNSOLVED)
    async with city.unit_of_work() as session:
        tree = await UnitTree.load(session)
        one, wanted = await case_to_open(session, URBAN, bad, tree)
        case_opened(session, URBAN, one, opened.case_id, opened.number, NOW)
    assert "没修好" in wanted.detail and wanted.about_unit == "urban" and wanted.category is None
    assert wanted.title == "投诉示例市城市管理局办理诉求：不满意"
    if ended == "second_bad":
        await do(city, bad, CALLER, A.SOLVED)
        async with city.unit_of_work() as session:
            await second_review(session, bad, Grade(1), "还是没修好", NOW)
    else:
        actor = CALLER if ended == "unsolved" else SUPERVISOR
        await do(city, bad, actor, A(ended))
    async with city.sessions() as session:
        case = await session.get_one(Case, opened.case_id)
        told = select(StaffNotice.unit).where(
            StaffNotice.case_id == case.id, StaffNotice.kind == "supervise"
        )
        assert case.supervised and "urban" in (await session.scalars(told)).all()


async def test_a_case_that_is_closed_by_then_is_left_alone(
    city: Database, file: Register, bad: int
) -> None:
    opened = await file(lead="urban", key="opened")
    await do(city, bad, URBAN, A.VERIFY)
    await do(city, bad, URBAN, A.FINISH)
    async with city.unit_of_work() as session:
        one, _ = await case_to_open(session, URBAN, bad, await UnitTree.load(session))
        case_opened(session, URBAN, one, opened.case_id, opened.number, NOW)
        (await session.get_one(Case, opened.case_id)).closed_at = NOW
    await do(city, bad, CALLER, A.UNSOLVED)
    async with city.sessions() as session:
        assert not (await session.get_one(Case, opened.case_id)).supervised
