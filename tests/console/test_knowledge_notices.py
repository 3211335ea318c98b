"""Notices in the console: one form, at once, ended early."""

from __future__ import annotations

from datetime import timedelta

from console_app import Enter

from core.calendar import LOCAL
from core.database import Database, now

PAGE = "/console/knowledge/notices"


def _typed(**changes: str) -> dict[str, str]:
    begins = now().astimezone(LOCAL)
    fields = {
        "topic": "停电",
        "name": "望湖路停电",
        "text": "线路检修。",
        "places": "望湖路\r\n湖滨新村",
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}",
        "ends_at": f"{begins + timedelta(hours=3):%Y-%m-%dT%H:%M}",
        "unit": "示例市供电公司",
        "phone": "0000-12340001",
    }
    return {f"c.{name}": text for name, text in (fields | changes).items()}


async def test_a_supervisor_publishes_and_ends_a_notice(enter: Enter, entries: Database) -> None:
    supervisor, editor, clerk = [
        await enter(login) for login in ("supervisor", "editor", "power.clerk")
    ]
    assert "还没有通知" in (await supervisor.get(PAGE)).text
    wrong = await supervisor.send(PAGE, PAGE, **_typed(name="", unit="某公司"))
    assert wrong.status_code == 422 and "必填" in wrong.text and 'value="某公司"' in wrong.text
    done = await supervisor.send(PAGE, PAGE, **_typed())
    page = (await supervisor.get(done.headers["location"])).text
    assert "已发布" in page and "告知中" in page and "望湖路、湖滨新村" in page and "全市" in page
    action = page.partition('/end"')[0].rpartition('action="')[2] + "/end"
    for reader in (editor, clerk):
        shown = (await reader.get(PAGE)).text
        assert "望湖路停电" in shown and "马上发布" not in shown and "提前结束" not in shown
        assert (await reader.send("/console/knowledge", PAGE, **_typed())).status_code == 403
        assert (await reader.send("/console/knowledge", action)).status_code == 403
    entries_page = (await editor.get("/console/knowledge")).text
    assert "望湖路停电" not in entries_page and "2</strong> 即将到期" not in entries_page
    assert "望湖路停电" in (await editor.get("/console/knowledge", kind="notice")).text
    ended = await supervisor.send(PAGE, action)
    assert "已提前结束" in (await supervisor.get(ended.headers["location"])).text
    assert "已结束" in (await editor.get(PAGE)).text
