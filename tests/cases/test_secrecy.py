"""Secrets: who opens an identity, what stays on record, and a report against a street's clerk."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs
from town import DISPATCHER, NOW, URBAN, Register, person

from cases import service
from cases.identity import cases_of_phone, has_phone, open_identity, person_of
from cases.models import Base, Case, CaseEvent, IdentityOpening, StaffNotice, SubCase
from cases.registration import phone_hash
from cases.repository import CaseFilter, CaseRepository
from cases.similar import find_group, find_same_of, similar_cases
from cases.states import IDENTITY_ROLES, MainState, SubState
from cases.vocabulary import CaseType, Part
from core.database import Database, now
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import UNIT_ROLES, Actor, Role
from routing.models import PastCase
from units.models import Unit, UnitSuccession

SECRETS = ("张小明", "13800001234", "李奶奶")
SECRECY = {
    "plain": {},
    "confidential": {"confidential": True},
    "report": {"type": CaseType.REPORT},
    "anonymous": {"anonymous": True},
    "anonymous report": {"anonymous": True, "type": CaseType.REPORT},
}
REASON = "市民来电补充材料，须回拨核实"


async def _answered(city: Database, case_id: int) -> None:
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, case_id, 1, NOW)
        await service.answer(session, URBAN, case_id, 2, "已处理", "", NOW)
        case = await CaseRepository(session, None).get(case_id)
        if case.state == MainState.ANSWERED:
            await service.pass_check(session, DISPATCHER, case_id, case.version, NOW)


@pytest.mark.parametrize("secrecy", SECRECY)
async def test_who_opens_an_identity(city: Database, file: Register, secrecy: str) -> None:
    done = await file(lead="urban", on_behalf_of="李奶奶", **SECRECY[secrecy])
    await _answered(city, done.case_id)
    kept = 0
    for role in Role:
        actor = person(role, "urban" if role in UNIT_ROLES else "hotline")
        sees = role is not Role.KNOWLEDGE_EDITOR
        secret = secrecy in {"confidential", "report", "anonymous report"}
        expected: type[Exception] | None = None
        if not sees or (secret and role not in IDENTITY_ROLES):
            expected = NotAllowed if sees else NotFound
        elif "anonymous" in secrecy:
            expected = Conflict
        # Nobody is called about an anonymous case, so it never reaches a callback clerk.
        if role is Role.CALLBACK_CLERK and "anonymous" in secrecy:
            expected = NotFound
        async with city.unit_of_work() as session:
            if expected is not None:
                with pytest.raises(expected):
                    await open_identity(session, actor, done.case_id, REASON, NOW)
            else:
                found = await open_identity(session, actor, done.case_id, REASON, NOW)
                assert (found.name, found.phone, found.on_behalf_of) == SECRETS
                assert "13800001234" in found.detail and found.conversation_id is not None
                kept += secret
        async with city.unit_of_work() as session:
            openings = (await session.scalars(select(IdentityOpening))).all()
        assert len(openings) == kept, (role, secrecy)


async def test_an_opening_is_kept_with_its_reason_and_not_shown_to_the_unit(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban", confidential=True)
    async with city.unit_of_work() as session:
        why = f"{REASON}（张小明 13800001234）"
        await open_identity(session, DISPATCHER, done.case_id, why, NOW)
    async with city.unit_of_work() as session:
        [opening] = (await session.scalars(select(IdentityOpening))).all()
        desk = await CaseRepository(session, DISPATCHER).view(done.case_id)
        unit = await CaseRepository(session, URBAN).view(done.case_id)
    assert (opening.login, opening.role, opening.at) == (DISPATCHER.login, "dispatcher", NOW)
    assert REASON in opening.reason and REASON in repr(desk)
    for secret in (REASON, *SECRETS):
        assert secret not in repr(unit)
    for secret in SECRETS:
        assert secret not in opening.reason + repr(desk)


@pytest.mark.parametrize("reason", ["", "  \n", "\x00", "长" * 501])
async def test_without_a_reason_nothing_is_opened(
    city: Database, file: Register, reason: str
) -> None:
    done = await file(lead="urban", type=CaseType.REPORT)
    async with city.unit_of_work() as session:
        with pytest.raises(InvalidInput):
            await open_identity(session, DISPATCHER, done.case_id, reason, NOW)
        assert (await session.scalars(select(IdentityOpening))).all() == []


async def test_cases_of_a_phone(city: Database, file: Register) -> None:
    first, second = await file(), await file(type=CaseType.REPORT)
    await file(phone="13900000000")
    hidden = await file(anonymous=True)
    async with city.unit_of_work() as session:
        found = await cases_of_phone(session, phone_hash("138-0000-1234"))
        assert found == [second.case_id, first.case_id]
        assert await has_phone(session, first.case_id)
        assert not await has_phone(session, hidden.case_id)
        assert await person_of(session, hidden.case_id) == (None, None)


@pytest.mark.parametrize("model", [CaseEvent, IdentityOpening])
async def test_history_cannot_be_changed(city: Database, file: Register, model: type[Base]) -> None:
    done = await file(confidential=True)
    async with city.unit_of_work() as session:
        await open_identity(session, DISPATCHER, done.case_id, REASON, NOW)
    for statement in (update(model).values(reason="别的"), delete(model)):
        with pytest.raises(DBAPIError, match="added, never changed"):
            async with city.unit_of_work() as session:
                await session.execute(statement)
    async with city.unit_of_work() as session:
        reasons = (await session.scalars(select(model.reason))).all()  # type: ignore[attr-defined]
    assert reasons and "别的" not in reasons


# A report against a clerk of the street of Wanghu, handled by the district above it.
MARKER = "青铜马踏飞燕"
DISTRICT = person(Role.UNIT_CLERK, "chengdong", "chengdong.wanghu", "hubin")
STREET = [
    person(role, unit, *below)
    for role in UNIT_ROLES
    for unit, *below in (("chengdong.wanghu", "hubin"), ("hubin",), ("wanghu-new",))
]


@pytest.fixture
async def street(city: Database) -> Database:
    """The small city with its tree: district, street, community, and the street's successor."""
    async with city.unit_of_work() as session:
        base = {
            "aliases": [], "kind": "街道镇", "level": "street", "duties": [], "former_names": [],
        }  # fmt: skip
        for code, parent in (("hubin", "chengdong.wanghu"), ("wanghu-new", None)):
            session.add(Unit(code=code, name=code, short=code, parent=parent, **base))
        await session.flush()
        await session.execute(
            update(Unit).where(Unit.code == "chengdong.wanghu").values(parent="chengdong")
        )
        session.add(
            UnitSuccession(
                old="chengdong.wanghu",
                new="wanghu-new",
                from_day=NOW.date(),
                reason="合并",
                by="admin",
                done_at=NOW,
            )
        )
    return city


async def _report(city: Database, file: Register) -> int:
    """The report, given to the district, and by mistake to the street and its community as well."""
    done = await file(
        type=CaseType.REPORT,
        title=f"{MARKER}望湖街道办工作人员收礼",
        detail=f"{MARKER}，望湖街道办窗口的人收了礼，我是张小明 13800001234",
        place_text=f"望湖街道办 {MARKER}",
        subject_of_complaint=f"窗口人员 {MARKER}",
        about_unit="chengdong.wanghu",
        lead="chengdong",
        assists=["chengdong.wanghu"],
        street="chengdong.wanghu",
        district="chengdong",
    )
    async with city.unit_of_work() as session:
        parts = await CaseRepository(session, None).parts(done.case_id)
        assert [p.unit for p in parts] == ["chengdong"]
        for unit in ("chengdong.wanghu", "hubin", "wanghu-new"):
            session.add(
                SubCase(
                    case_id=done.case_id,
                    unit=unit,
                    role=Part.ASSIST,
                    state=SubState.IN_PROGRESS,
                    due_at=NOW,
                )
            )
    return done.case_id


async def _live_through(city: Database, case_id: int) -> None:
    """Everything that writes something somewhere, up to the end."""
    async with city.unit_of_work() as session:
        await service.urge(session, case_id, "u", NOW)
        await service.supplement(session, case_id, "s", f"{MARKER} 张小明又想起来了", NOW)
        version = (await session.get_one(Case, case_id)).version
        await service.accept(session, DISTRICT, case_id, version, NOW)
        await service.contact(session, DISTRICT, case_id, version + 1, True, f"{MARKER}", NOW)
        with pytest.raises(InvalidInput):
            await service.delegate(
                session, DISTRICT, case_id, version + 2, "chengdong.wanghu", NOW, task="查"
            )
        await open_identity(session, DISPATCHER, case_id, REASON, NOW)
        await service.answer(
            session, DISTRICT, case_id, version + 2, f"{MARKER} 已立案", f"{MARKER} 内部", NOW
        )
        await service.pass_check(session, DISPATCHER, case_id, version + 3, NOW)
        await service.reopen(session, case_id, "r", f"{MARKER} 还在收", NOW)
        case = await session.get_one(Case, case_id)
        await service.answer(session, DISTRICT, case_id, case.version, f"{MARKER} 处分", "", NOW)
        await service.pass_check(session, DISPATCHER, case_id, case.version, NOW)
        await service.close_case(session, None, case, NOW)


async def _everything_for(city: Database, actor: Actor, number: str, case_id: int) -> str:
    """All that the repository gives ``actor``: every queue with every filter, counts, by number."""
    filters = [
        CaseFilter(),
        CaseFilter(text=MARKER),
        CaseFilter(text="青铜"),
        CaseFilter(text=number),
        CaseFilter(overdue_at=now()),
        CaseFilter(units=["chengdong"]),
        CaseFilter(units=list(actor.units)),
        *(CaseFilter(states=[state]) for state in MainState),
        *(CaseFilter(part_states=[state]) for state in SubState),
    ]
    told = ""
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, actor)
        rows = [await repository.rows(wanted) for wanted in filters]
        assert await repository.totals(filters) == [len(found) for found in rows]
        assert case_id not in {row.id for found in rows for row in found}
        told += repr(rows)
        assert await repository.by_number(number) is None
        with pytest.raises(NotFound):
            await repository.view(case_id)
        with pytest.raises(NotFound):
            await open_identity(session, actor, case_id, REASON, NOW)
    return told


async def _similar_for(city: Database, actor: Actor, other_id: int) -> str:
    """What is offered beside a case of the street's own."""
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, other_id)
        return repr(
            [
                await similar_cases(session, actor, case),
                await find_group(session, case),
                await find_same_of(session, case, NOW),
            ]
        )


async def test_a_report_against_a_street_is_nothing_to_it(street: Database, file: Register) -> None:
    with capture_logs() as logs:
        case_id = await _report(street, file)
        for _ in range(2):
            await _inspect(street, file, case_id)
            async with street.unit_of_work() as session:
                ended = (await session.get_one(Case, case_id)).state == MainState.CLOSED
            if not ended:
                await _live_through(street, case_id)
    for secret in (MARKER, *SECRETS):
        assert secret not in repr(logs)


async def _inspect(city: Database, file: Register, case_id: int) -> None:
    async with city.unit_of_work() as session:
        number = (await session.get_one(Case, case_id)).number
        notices: Sequence[StaffNotice] = (await session.scalars(select(StaffNotice))).all()
        examples = (await session.scalars(select(PastCase))).all()
        above = await CaseRepository(session, DISTRICT).view(case_id)
    assert MARKER in repr(above)
    for secret in SECRETS:
        assert secret not in repr(above)
    # A notice goes to a unit's staff by its unit; the district may read what it handles.
    reached = {n.unit for n in notices if n.case_id == case_id}
    assert reached <= {"chengdong", ""}
    assert [e for e in examples if e.case_number == number] == []
    # A plain case of the street's own, much like it and from the same person.
    other = await file(
        title="望湖街道办工作人员态度差",
        detail="望湖街道办窗口的人态度差",
        street="chengdong.wanghu",
        district="chengdong",
        lead="chengdong.wanghu",
    )
    for actor in STREET:
        told = await _everything_for(city, actor, number, case_id)
        told += await _similar_for(city, actor, other.case_id)
        for words in (MARKER, number, "收礼", "窗口人员", "13800001234"):
            assert words not in told, (actor, words)


async def test_only_the_unit_complained_about_is_kept_out(street: Database, file: Register) -> None:
    done = await file(about_unit="chengdong.wanghu", lead="urban", assists=["power"])
    readers = [URBAN, person(Role.UNIT_CLERK, "power"), DISPATCHER, person(Role.SUPERVISOR)]
    for actor in [*readers, *STREET, DISTRICT]:
        async with street.unit_of_work() as session:
            found = await CaseRepository(session, actor).by_number(done.number)
        assert (found is not None) == (actor in readers), actor


@pytest.mark.parametrize("secrecy", ["confidential", "report", "anonymous"])
async def test_nothing_stored_says_who_speaks(city: Database, file: Register, secrecy: str) -> None:
    """Whoever copies the tables learns no name and no number."""
    done = await file(lead="urban", on_behalf_of="李奶奶", **SECRECY[secrecy])
    # Of an anonymous case not even the line knows the name, so it cannot tell one in later words.
    me = "" if secrecy == "anonymous" else "张小明"
    async with city.unit_of_work() as session:
        await service.supplement(session, done.case_id, "s", f"我是{me}，13800001234", NOW)
        await service.withdraw(session, done.case_id, "w", NOW, reason=f"{me}13800001234撤回")
    async with city.unit_of_work() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
        for table in tables:
            rows = await session.execute(text(f'SELECT t::text FROM "{table}" t'))
            stored = "\n".join(rows.scalars())
            for secret in SECRETS:
                assert secret not in stored, table
