"""Finding the same matter again: of one person, of many, and what was done in similar cases."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from town import DISPATCHER, NOW, POWER, URBAN, Register, person

from cases import grouping, service, similar
from cases.likeness import Matter
from cases.models import Case, StaffNotice
from cases.vocabulary import CaseType
from core.database import Database
from core.identity import Role

WANGHU = "chengdong.wanghu"
AGAIN = Matter("A0312", "望湖路8号的路灯不亮，还是没修", "望湖路8号")
OTHER = Matter("A0310", "望湖路8号门口路面塌了一块", "望湖路8号")
PHONE = "13800001234"


async def find(database: Database, wanted: Matter = AGAIN, **by: Any) -> similar.Same | None:
    at = by.pop("at", NOW)
    async with database.unit_of_work() as session:
        return await similar.find_same(session, wanted, at, **by)


def lamp(**changes: Any) -> dict[str, Any]:
    given = {"place_text": "望湖路8号", "street": WANGHU, "detail": "望湖路8号门口的路灯坏了"}
    return given | changes


async def test_the_conversation_finds_its_own_matter_again(city: Database, file: Register) -> None:
    talk = uuid.uuid4()
    done = await file(**lamp(conversation_id=talk))
    same = await find(city, conversation_id=talk)
    assert same is not None
    assert (same.case_id, same.certain, same.reasons[:2]) == (
        done.case_id,
        True,
        ["同一诉求人", "同一类别"],
    )
    assert await find(city, OTHER, conversation_id=talk) is None
    assert await find(city, conversation_id=uuid.uuid4()) is None
    assert await find(city) is None


async def test_a_phone_finds_the_matter_for_the_desk(city: Database, file: Register) -> None:
    done = await file(**lamp())
    same = await find(city, phone_hash=service.phone_hash("138-0000-1234"))
    assert same is not None
    assert same.case_id == done.case_id
    assert await find(city, phone_hash=service.phone_hash("13900005678")) is None
    assert await find(city, phone_hash=service.phone_hash(PHONE), exclude=[done.case_id]) is None


@pytest.mark.parametrize("secret", [{"type": CaseType.REPORT}, {"confidential": True}])
async def test_a_secret_case_is_known_to_its_conversation_alone(
    city: Database, file: Register, secret: dict[str, Any]
) -> None:
    talk = uuid.uuid4()
    done = await file(**lamp(conversation_id=talk, **secret))
    hashed = service.phone_hash(PHONE)
    assert await find(city, phone_hash=hashed) is None
    own = await find(city, phone_hash=hashed, conversation_id=talk, secret=True)
    assert own is not None
    assert own.case_id == done.case_id


async def test_a_secret_matter_does_not_ask_by_phone(city: Database, file: Register) -> None:
    await file(**lamp())
    assert await find(city, phone_hash=service.phone_hash(PHONE), secret=True) is None


async def test_an_answered_case_is_found_while_it_can_be_reopened(
    city: Database, file: Register
) -> None:
    talk = uuid.uuid4()
    done = await file(**lamp(conversation_id=talk, lead="urban"))
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, done.case_id)
        case.state, case.told_at = "closed", NOW
    assert await find(city, conversation_id=talk, at=NOW + timedelta(days=1)) is not None
    assert await find(city, conversation_id=talk, at=NOW + timedelta(days=60)) is None


async def test_a_withdrawn_case_is_not_offered(city: Database, file: Register) -> None:
    talk = uuid.uuid4()
    done = await file(**lamp(conversation_id=talk))
    async with city.unit_of_work() as session:
        await service.withdraw(session, done.case_id, "k", NOW)
    assert await find(city, conversation_id=talk) is None


async def notices(database: Database, kind: str) -> list[StaffNotice]:
    async with database.unit_of_work() as session:
        found = await session.scalars(
            select(StaffNotice).where(StaffNotice.kind == kind).order_by(StaffNotice.id)
        )
        return list(found)


async def test_the_desk_is_told_of_a_repeated_matter_at_registration(
    city: Database, file: Register
) -> None:
    first = await file(**lamp())
    assert await notices(city, "same") == []
    again = await file(**lamp(detail="望湖路8号路灯坏了还没修"))
    [notice] = await notices(city, "same")
    assert (notice.case_id, notice.role, notice.unit) == (again.case_id, Role.DISPATCHER, "")
    assert first.number in notice.text
    assert PHONE not in notice.text


@pytest.mark.parametrize("secret", [{"type": CaseType.REPORT}, {"confidential": True}])
async def test_nothing_points_from_or_to_a_secret_case(
    city: Database, file: Register, secret: dict[str, Any]
) -> None:
    await file(**lamp(**secret))
    await file(**lamp())
    await file(**lamp(**secret))
    assert await notices(city, "same") == []
    assert await notices(city, "group") == []


# ------------------------------------------------------------------ many people


async def of_people(file: Register, *phones: str, **changes: Any) -> list[int]:
    return [(await file(**lamp(phone=phone, **changes))).case_id for phone in phones]


async def group_of(database: Database, case_id: int, hours: float = 0) -> Any:
    """What is found for a case, as if it had been registered so much later."""
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, case_id)
        case.created_at = NOW + timedelta(hours=hours)
        return await similar.find_group(session, case)


async def test_three_people_in_a_day_make_a_group(city: Database, file: Register) -> None:
    ids = await of_people(file, "13800000001", "13800000002")
    assert await group_of(city, ids[0]) is None
    ids += await of_people(file, "13800000003")
    found = await group_of(city, ids[2])
    assert (found.parent, found.people, found.case_ids[0]) == (None, 3, ids[2])
    assert sorted(found.case_ids) == ids
    assert found.reasons[0] == "24 小时内 3 人反映"
    assert await group_of(city, ids[2], hours=25) is None
    assert len(await notices(city, "group")) == 1


async def test_the_fourth_does_not_tell_the_desk_again(city: Database, file: Register) -> None:
    await of_people(file, *(f"1380000000{n}" for n in range(4)))
    assert len(await notices(city, "group")) == 1


async def test_one_person_three_times_is_no_group(city: Database, file: Register) -> None:
    ids = await of_people(file, PHONE, PHONE, PHONE)
    assert await group_of(city, ids[0]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"street": None},
        {"category": None},
        {"type": CaseType.CONSULTATION},
        {"type": CaseType.PRAISE},
        {"type": CaseType.REPORT},
        {"confidential": True},
    ],
)
async def test_what_is_never_grouped(
    city: Database, file: Register, changes: dict[str, Any]
) -> None:
    ids = await of_people(file, *(f"1380000000{n}" for n in range(3)), **changes)
    assert await group_of(city, ids[0]) is None


async def test_another_house_is_another_matter(city: Database, file: Register) -> None:
    ids = await of_people(file, "13800000001", "13800000002")
    await file(
        **lamp(phone="13800000003", place_text="望湖路99号", title="路灯", detail="99号路灯坏了")
    )
    assert await group_of(city, ids[0]) is None


async def test_an_open_group_is_offered(city: Database, file: Register) -> None:
    ids = await of_people(file, *(f"1380000000{n}" for n in range(3)))
    async with city.unit_of_work() as session:
        parent = await grouping.group(session, DISPATCHER, dict.fromkeys(ids, 1), NOW)
    late = (
        await file(**lamp(phone="13800000009", title="路灯", detail="门口漆黑一片，老人摔了一跤"))
    ).case_id
    found = await group_of(city, late, hours=100)
    assert (found.parent, found.parent_number) == (parent.id, parent.number)


# ------------------------------------------------------------------ similar cases


async def like(database: Database, case_id: int, actor: Any = DISPATCHER) -> list[Any]:
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, case_id)
        return await similar.similar_cases(session, actor, case)


async def test_similar_cases_say_who_did_what(city: Database, file: Register) -> None:
    old = await file(**lamp(lead="urban", phone="13900000001"))
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, old.case_id)
        case.state, case.result, case.citizen_answer = (
            "closed",
            "solved",
            "已换灯泡，电话13900000001",
        )
    elsewhere = await file(
        **lamp(street="chengxi.shiqiao", place_text="石桥路2号", detail="石桥路2号路灯不亮")
    )
    await file(category="A0310", title="路面坑洼", detail="望湖路8号门口有坑")
    new = await file(**lamp(phone="13900000002"))
    found = await like(city, new.case_id)
    assert [one.case_id for one in found] == [old.case_id, elsewhere.case_id]
    assert (found[0].unit, found[0].result) == ("urban", "solved")
    assert "13900000001" not in found[0].answer
    assert found[0].answer.startswith("已换灯泡")
    assert found[1].unit is None


async def test_similar_cases_keep_to_what_may_be_read(city: Database, file: Register) -> None:
    for number, changes in enumerate(
        ({"lead": "power"}, {"lead": "urban"}, {"type": CaseType.REPORT, "lead": "urban"})
    ):
        await file(**lamp(phone=f"1390000000{number}", **changes))
    new = await file(**lamp(lead="urban", phone="13900000009"))
    assert {one.unit for one in await like(city, new.case_id, URBAN)} == {"urban"}
    assert len(await like(city, new.case_id, URBAN)) == 1
    assert len(await like(city, new.case_id)) == 2
    assert await like(city, new.case_id, person(Role.KNOWLEDGE_EDITOR)) == []
    assert {one.unit for one in await like(city, new.case_id, POWER)} == {"power"}


async def test_the_desk_is_shown_what_may_be_put_together(city: Database, file: Register) -> None:
    ids = await of_people(file, *(f"1380000000{n}" for n in range(3)))
    async with city.unit_of_work() as session:
        parent = await grouping.group(session, DISPATCHER, dict.fromkeys(ids, 1), NOW)
    own = await file(**lamp(phone="13800000000", title="灯", detail="门口漆黑，老人摔了一跤"))
    await file(**lamp(phone="13800000007", confidential=True))
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, own.case_id)
        found = await similar.neighbours(session, DISPATCHER, case)
    assert {(one.case.id, one.own) for one in found} == {(parent.id, True)}
    async with city.unit_of_work() as session:
        looked_for = await similar.search_open(session, DISPATCHER, parent.number, [])
    assert [one.id for one in looked_for] == [parent.id]
