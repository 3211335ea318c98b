"""Tabs above a list: each a filter that stands in the address, with how many it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ListTab:
    """One tab, as the macro ``tab_bar`` draws it."""

    name: str
    count: int
    address: str
    current: bool
