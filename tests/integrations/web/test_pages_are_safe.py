"""Pages keep to the security policy and to their size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from integrations.web import error_page
from integrations.web.render import HERE

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
SCRIPTS = sorted((HERE / "static").rglob("*.js"))
CHAT_BYTES = 60_000


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_or_style(template: Path) -> None:
    html = template.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    assert "| safe" not in html and "|safe" not in html


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_build_markup_from_text(script: Path) -> None:
    code = script.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", code)


def test_the_chat_page_stays_small() -> None:
    assert sum(script.stat().st_size for script in SCRIPTS) < CHAT_BYTES


@pytest.mark.parametrize("status", [404, 409, 410, 418, 429, 500, 503])
def test_an_error_is_a_page_that_says_what_to_do(status: int) -> None:
    scope = {"type": "http", "method": "GET", "path": "/r/1", "headers": [], "app": FastAPI()}
    request = Request(scope)
    page = error_page(request, status, "评价时间已过 <b>")
    html = bytes(page.body).decode()
    assert page.status_code == status
    assert "评价时间已过 &lt;b&gt;" in html
    assert 'href="/form"' in html and f"错误代码 {status}" in html
