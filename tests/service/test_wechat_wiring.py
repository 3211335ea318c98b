"""The WeChat door is there when the city has set an account up, and only then."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from core.database import Database
from core.settings import ROOT, Settings, get_settings
from integrations.wechat.account import account_of
from service.app import create_app
from tests.integrations.wechat import peer as played
from tests.integrations.wechat.peer import WeChatPeer

COMPLETE = played.settings("https://platform.test")
NEEDED = ("wechat_app_id", "wechat_account", "wechat_token", "wechat_app_secret")


def variables(given: dict[str, str]) -> dict[str, str]:
    return {f"HOTLINE_{name.upper()}": value for name, value in given.items()}


@pytest.fixture
def fresh_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize(("given", "status"), [(COMPLETE, 422), ({}, 404)])
async def test_the_callback_is_mounted_with_an_account(
    given: dict[str, str], status: int, fresh_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables(given).items():
        monkeypatch.setenv(name, value)
    app = create_app()
    app.state.wechat = None
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as client:
        assert (await client.get("/wechat/callback")).status_code == status


@pytest.mark.parametrize("missing", NEEDED)
def test_half_an_account_is_none(missing: str) -> None:
    assert account_of(Settings(**{**COMPLETE, missing: ""})) is None


def test_a_wrong_key_stops_the_start() -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        account_of(Settings(**{**COMPLETE, "wechat_encoding_key": "short"}))


async def test_the_menu_is_published_from_the_command_line(
    schema: Database, scratch_url: str
) -> None:
    with WeChatPeer() as platform:
        own = {**played.settings(platform.address), "public_url": "https://line.test"}
        environment = {**os.environ, **variables(own), "DATABASE_URL": scratch_url}
        done = await asyncio.to_thread(_run, environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "已发布：办事指南、我要反映、查进度"
        (_, published), *more = platform.sent
        assert not more
        assert "https://line.test/progress" in json.dumps(published)
        platform.failures.append(45064)
        refused = await asyncio.to_thread(_run, environment)
        assert (refused.returncode, "45064" in refused.stderr) == (1, True)


def _run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "wechat", "menu"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
