"""A member of staff at the console, over HTTP."""

from __future__ import annotations

import html
import re

import httpx


class Staff:
    """Logged in with a browser's cookie; every form carries what its page gave it."""

    def __init__(self, address: str, login: str, password: str) -> None:
        self.http = httpx.Client(
            base_url=address, timeout=30, trust_env=False, follow_redirects=True
        )
        page = self.http.post("/console/login", data={"login": login, "password": password})
        assert page.status_code == 200, page.text
        assert "退出" in page.text

    def case_page(self, number: str) -> str:
        """The case's page; it must be visible to this member of staff."""
        page = self.http.get(f"/console/cases/{number}")
        assert page.status_code == 200, page.text
        return html.unescape(page.text)

    def act(self, number: str, action: str, **fields: str) -> str:
        """Send one of the case page's forms; returns the page that follows."""
        page = self.case_page(number)
        hidden = {name: self._hidden(page, name) for name in ("csrf", "version")}
        answer = self.http.post(f"/console/cases/{number}/{action}", data={**hidden, **fields})
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    @staticmethod
    def _hidden(page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        assert found is not None, name
        return found[1]
