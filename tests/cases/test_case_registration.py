"""Registration: one case for one confirmation, numbers that never repeat, people kept out."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select
from town import NOW, Register, matter

from cases.models import Case, CaseEvent, CaseIdentity, Contact, SubCase
from cases.numbers import tidy_number
from cases.service import close_contact, open_contact, phone_hash, query_code, register
from cases.vocabulary import CaseType, Outcome, Source, Urgency
from core.database import Database
from core.errors import InvalidInput
from core.privacy import decrypt


async def rows(database: Database, model: type) -> list:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(model).order_by(inspect(model).primary_key[0])))


async def test_a_clear_matter_goes_to_its_units(city: Database, file: Register) -> None:
    done = await file(
        lead="urban", assists=["power", "urban", "gone"], routing={"reasons": ["目录 A-03-12"]}
    )
    assert done.lead_unit == "urban" and not done.repeated
    assert tidy_number(done.number) == done.number
    assert done.query_code == query_code(done.number)
    [case] = await rows(city, Case)
    assert case.state == "dispatched"
    assert case.due_at == done.due.at
    parts = await rows(city, SubCase)
    assert [(p.unit, p.role, p.state) for p in parts] == [
        ("urban", "lead", "pending_acceptance"),
        ("power", "assist", "pending_acceptance"),
    ]
    history = await rows(city, CaseEvent)
    assert [(e.action, e.from_state, e.to_state) for e in history] == [
        ("register", None, "pending_dispatch"),
        ("dispatch", "pending_dispatch", "dispatched"),
    ]
    assert history[1].reason == "目录 A-03-12"


@pytest.mark.parametrize("lead", [None, "gone", "no-such-unit"])
async def test_an_unsure_matter_waits_for_the_dispatcher(
    city: Database, file: Register, lead: str | None
) -> None:
    done = await file(lead=lead, assists=["power"])
    assert done.lead_unit is None
    [case] = await rows(city, Case)
    assert case.state == "pending_dispatch"
    assert await rows(city, SubCase) == []


async def test_the_same_confirmation_again_gives_the_same_case(
    city: Database, file: Register
) -> None:
    first = await file(key="once", lead="urban")
    again = await file(key="once", lead="power", title="别的")
    assert again.repeated
    assert (again.case_id, again.number, again.query_code, again.due, again.lead_unit) == (
        first.case_id,
        first.number,
        first.query_code,
        first.due,
        "urban",
    )
    assert len(await rows(city, Case)) == 1
    assert len(await rows(city, Contact)) == 1
    assert len(await rows(city, CaseEvent)) == 2


async def test_the_same_confirmation_twice_at_once(city: Database, file: Register) -> None:
    conversation = uuid.uuid4()
    both = await asyncio.gather(
        *(file(key="once", conversation_id=conversation, lead="urban") for _ in range(5))
    )
    assert sorted(one.repeated for one in both) == [False, True, True, True, True]
    assert len({one.case_id for one in both}) == 1
    assert len(await rows(city, Contact)) == 1


async def test_twenty_registrations_at_once_get_twenty_numbers(
    city: Database, file: Register
) -> None:
    done = await asyncio.gather(*(file() for _ in range(20)))
    numbers = {one.number for one in done}
    assert len(numbers) == 20
    assert sorted(int(n[6:12]) for n in numbers) == list(range(1, 21))
    assert all(n.startswith("260805") for n in numbers)


async def test_numbers_start_anew_each_local_day(city: Database) -> None:
    async with city.unit_of_work() as session:
        late = NOW.replace(hour=23, minute=59)
        first = await register(session, matter(), late)
        second = await register(session, matter(), late + timedelta(minutes=1))
    assert (first.number[:12], second.number[:12]) == ("260805000001", "260806000001")


async def test_who_speaks_is_stored_encrypted_only(city: Database, file: Register) -> None:
    await file()
    [case] = await rows(city, Case)
    assert "13800001234" not in case.detail
    assert "138****1234" in case.detail
    [person] = await rows(city, CaseIdentity)
    assert decrypt(person.name_encrypted) == "张小明"
    assert decrypt(person.phone_encrypted) == "13800001234"
    assert decrypt(person.detail_encrypted) == "望湖路8号门口的路灯坏了，打13800001234找张小明"
    assert person.phone_hash == phone_hash("138 0000 1234")


async def test_a_landline_that_was_given_is_masked_too(city: Database, file: Register) -> None:
    await file(phone="0000-12345678", detail="请打 0000-12345678 找我")
    [case] = await rows(city, Case)
    assert "12345678" not in case.detail


@pytest.mark.parametrize(
    "secret", [{"confidential": True}, {"type": CaseType.REPORT}, {"anonymous": True}]
)
async def test_the_name_is_kept_out_of_a_secret_matter(
    city: Database, file: Register, secret: dict
) -> None:
    await file(title="张小明反映路灯", on_behalf_of="李奶奶", **secret)
    [case] = await rows(city, Case)
    [contact] = await rows(city, Contact)
    assert "张小明" not in case.title + case.detail + contact.subject
    if case.anonymous:
        [person] = await rows(city, CaseIdentity)
        assert person.name_encrypted is person.phone_encrypted is person.phone_hash is None
        assert person.on_behalf_of_encrypted is None


async def test_clocks_of_urgent_and_supply_matters(file: Register) -> None:
    urgent = await file(urgency=Urgency.URGENT)
    supply = await file(around_the_clock=True)
    assert urgent.due.at == NOW + timedelta(hours=2)
    assert supply.due.at == NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "x" * 101}, "key"),
        ({"title": " "}, "title"),
        ({"detail": "\x00"}, "detail"),
        ({"detail": "长" * 20_001}, "detail"),
    ],
)
async def test_incomplete_registrations_are_refused(
    file: Register, changes: dict, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await file(**changes)
    assert list(caught.value.fields) == [field]


async def test_long_and_odd_text_is_fitted(city: Database, file: Register) -> None:
    await file(title="长" * 500, place_text="远" * 500, since_text="久" * 200, detail="行\x00吗")
    [case] = await rows(city, Case)
    assert (len(case.title), len(case.place_text), len(case.since_text)) == (200, 300, 100)
    assert case.detail == "行吗"


async def test_a_case_hangs_from_its_contact(city: Database, file: Register) -> None:
    conversation = uuid.uuid4()
    async with city.unit_of_work() as session:
        contact_id = await open_contact(session, Source.WEB, conversation, NOW)
        assert await open_contact(session, Source.WEB, conversation, NOW) == contact_id
    done = await file(conversation_id=conversation)
    [contact] = await rows(city, Contact)
    assert (contact.id, contact.case_id, contact.outcome) == (
        contact_id,
        done.case_id,
        "transferred",
    )
    assert (contact.type, contact.category, contact.ended_at) == ("complaint", "A0312", NOW)


async def test_a_second_matter_of_a_conversation_is_a_second_contact(
    city: Database, file: Register
) -> None:
    conversation = uuid.uuid4()
    await file(conversation_id=conversation)
    await file(conversation_id=conversation)
    assert len(await rows(city, Contact)) == 2


async def test_contacts_without_a_conversation_are_all_new(city: Database, file: Register) -> None:
    await file(conversation_id=None, source=Source.VISIT)
    await file(conversation_id=None, source=Source.VISIT)
    assert [c.source for c in await rows(city, Contact)] == ["visit", "visit"]


async def test_a_contact_opens_once_under_concurrency(city: Database) -> None:
    conversation = uuid.uuid4()

    async def opening() -> int:
        async with city.unit_of_work() as session:
            return await open_contact(session, Source.WEB, conversation, NOW)

    assert len(set(await asyncio.gather(*(opening() for _ in range(5))))) == 1


async def test_a_contact_keeps_its_first_outcome(city: Database) -> None:
    async with city.unit_of_work() as session:
        contact_id = await open_contact(session, Source.PHONE, None, NOW)
        await close_contact(
            session,
            contact_id,
            Outcome.ANSWERED,
            NOW,
            type=CaseType.CONSULTATION,
            subject="问13800001234的事",
        )
        await close_contact(session, contact_id, Outcome.INVALID, NOW)
    [contact] = await rows(city, Contact)
    assert (contact.outcome, contact.type) == ("answered", "consultation")
    assert contact.subject == "问138****1234的事"
