"""The menu under the conversation, and what its buttons say to the line."""

from __future__ import annotations

from typing import Any

from bot.inputs import ChoiceInput

# Button → (title, what a click chooses or the page it opens). WeChat shows 4 and 8 characters.
_MENU = (
    ("办事指南", (("问办事", "menu:guide"), ("办事指南大全", "/items"), ("政策", "/policies"))),
    ("我要反映", (("说给我听", "menu:case"), ("填表反映", "/form"), ("转人工", "handoff"))),
    ("查进度", (("查进度", "case:progress"), ("网页查询", "/progress"))),
)
_CLICKS = {
    value: title for _, below in _MENU for title, value in below if not value.startswith("/")
}


def buttons(address: str) -> list[dict[str, Any]]:
    """The menu as the platform takes it; ``address`` is the line's public base URL."""
    return [
        {"name": name, "sub_button": [_button(title, value, address) for title, value in below]}
        for name, below in _MENU
    ]


def _button(title: str, value: str, address: str) -> dict[str, str]:
    if value.startswith("/"):
        return {"type": "view", "name": title, "url": address + value}
    return {"type": "click", "name": title, "key": value}


def clicked(key: str) -> ChoiceInput | None:
    """What a click means; None for a button of an older menu."""
    title = _CLICKS.get(key)
    return ChoiceInput(kind="choice", value=key, title=title) if title else None
