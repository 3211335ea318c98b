"""Items that citizens say ask for more than their guide says: one open task each, kept up to date."""

from __future__ import annotations

import re
from datetime import timedelta

from console_app import Enter
from sqlalchemy import func, select

from core.database import Database, now
from kb.models import GuideComplaint
from reviews.guides import tell_knowledge_desk
from reviews.models import Review, ServiceRecord

PAGE = "/console/knowledge/complaints"
# A moment before the tests' own, so that what is said later than a closed task is later.
AT = now() - timedelta(days=1)


async def complain(city: Database, item: str, tag: str, days_ago: float, text: str) -> None:
    """A review of a service of the item ``days_ago`` before `AT`."""
    at = AT - timedelta(days=days_ago)
    async with city.unit_of_work() as session:
        number = f"SL{await session.scalar(select(func.count(ServiceRecord.id)))}"
        record = ServiceRecord(
            project_no=number,
            item_code=item,
            item_name="路灯报修",
            unit="urban",
            channel=5,
            status=3,
            accepted_at=at,
            finished_at=at,
            source="hall",
        )
        session.add(record)
        await session.flush()
        session.add(
            Review(
                round=1,
                grade=1,
                tags=[tag],
                text=text,
                channel="hall",
                created_at=at,
                link="auto",
                service_record_id=record.id,
            )
        )


async def tasks(city: Database) -> list[tuple[str, int, str]]:
    async with city.unit_of_work() as session:
        rows = await session.scalars(select(GuideComplaint).order_by(GuideComplaint.id))
        return [(one.code, one.count, one.state) for one in rows]


async def test_a_task_is_opened_kept_up_to_date_and_closed(enter: Enter, entries: Database) -> None:
    await complain(entries, "U-1", "109", 5, "多要了证明，打13800001234")
    await complain(entries, "U-1", "108", 100, "太久以前")
    await complain(entries, "U-1", "115", 1, "态度差")
    await complain(entries, "X-9", "109", 1, "没有这个事项的指南")
    assert await tell_knowledge_desk(entries, AT) == 0 and await tasks(entries) == []
    await complain(entries, "U-1", "108", 2, "窗口另加条件")
    await complain(entries, "X-9", "109", 1, "没有这个事项的指南")
    assert await tell_knowledge_desk(entries, AT) == 1
    await complain(entries, "U-1", "109", 1, "")
    assert await tell_knowledge_desk(entries, AT) == 1
    assert await tasks(entries) == [("U-1", 3, "open")]
    clerk, other = await enter("urban.clerk"), await enter("power.clerk")
    page = (await clerk.get(PAGE)).text
    for words in ("路灯报修", "<strong>3</strong> 条", "窗口另加条件", "多要了证明，打138****1234"):
        assert words in page
    assert "太久以前" not in page and "态度差" not in page
    assert "被差评的指南" in (await clerk.get("/console/knowledge")).text
    assert "路灯报修" not in (await other.get(PAGE)).text
    assert (await (await enter("seat")).get(PAGE)).status_code == 403
    found = re.search(rf'action="({PAGE}/\d+)"', page)
    assert found is not None
    assert (await other.send(PAGE, found[1], outcome="corrected")).status_code == 404
    refused = await clerk.send(PAGE, found[1], outcome="no_change")
    assert refused.status_code == 422 and "请写明不改的理由" in refused.text
    closed = await clerk.send(PAGE, found[1], outcome="corrected", note="指南补上了")
    assert closed.status_code == 303
    assert (await clerk.send(PAGE, found[1], outcome="corrected")).status_code == 409
    assert "已更正条目：指南补上了" in (await clerk.get(PAGE, tab="done")).text
    # What was said before is dealt with; what is said afterwards opens another.
    assert await tell_knowledge_desk(entries, now()) == 0
    for _ in range(2):
        await complain(entries, "U-1", "109", -2, "还在多要")
    assert await tell_knowledge_desk(entries, AT + timedelta(days=3)) == 1
    assert await tasks(entries) == [("U-1", 3, "done"), ("U-1", 2, "open")]
