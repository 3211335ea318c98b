"""Writing a matter down for somebody: what is read from the words, warnings, the receipt."""

from __future__ import annotations

import pytest
from console_app import Browser, Enter
from town import Register

PAGE = "/console/register"
CALL = {
    "source": "phone",
    "detail": "望湖路8号门口的路灯坏了两盏，晚上太黑",
    "name": "张小明",
    "phone": "13800001234",
}


async def send(person: Browser, step: str, **changes: str):
    return await person.send(PAGE, PAGE, **(CALL | {"step": step} | changes))


async def test_what_was_said_is_understood_checked_and_filed(enter: Enter) -> None:
    seat = await enter("seat")
    html = (await send(seat, "check")).text
    assert "识别结果" in html and "路灯" in html and "确认登记" in html
    filed = await send(seat, "file")
    assert filed.status_code == 303
    receipt = (await seat.get(filed.headers["location"])).text
    number = filed.headers["location"].rsplit("/", 1)[1]
    assert number in receipt and "查询码" in receipt
    page = (await seat.get(f"/console/cases/{number}")).text
    assert "电话" in page and "望湖路8号" in page
    other = await enter("dispatcher")
    assert (await other.get(filed.headers["location"])).status_code == 404
    assert (await other.get(f"/console/cases/{number}")).status_code == 200


async def test_the_same_matter_from_the_same_number_is_noticed(
    enter: Enter, file: Register
) -> None:
    known = await file(place_text="望湖路8号")
    seat = await enter("seat")
    html = (await send(seat, "check", place="望湖路8号")).text
    assert "同一电话此前反映过相近的事" in html and known.number in html
    html = (await send(seat, "check", place="望湖路8号", phone="13800009999")).text
    assert known.number not in html


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"detail": "短"}, "detail"),
        ({"source": "pigeon"}, "source"),
        ({"phone": "123"}, "phone"),
        ({"phone": ""}, "phone"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    enter: Enter, changes: dict[str, str], field: str
) -> None:
    seat = await enter("seat")
    answer = await send(seat, "file", name="示例·李", **changes)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert "示例·李" in answer.text


async def test_a_letter_needs_no_phone_number(enter: Enter) -> None:
    seat = await enter("seat")
    assert (await send(seat, "file", source="mailbox", phone="")).status_code == 303


async def test_units_do_not_register(enter: Enter) -> None:
    assert (await (await enter("urban.clerk")).get(PAGE)).status_code == 403


async def test_danger_and_other_cities_are_said_before_anything_is_filed(enter: Enter) -> None:
    seat = await enter("seat")
    html = (await send(seat, "check", detail="屋里一大股煤气味，我头晕")).text
    assert "紧急情况，先转接再登记" in html and "119" in html
    assert '<span class="tag tag-bad">紧急</span>' in html
    html = (await send(seat, "check", detail="杭州市西湖区文三路路灯坏了")).text
    assert "0571-12345" in html
