"""What axe says of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def assert_accessible(page: Page) -> None:
    """No violation of any rule that axe knows."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
