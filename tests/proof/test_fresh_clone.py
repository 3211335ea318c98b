"""One command from a fresh clone, again and again, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.proof.clones import FIRST_START_SECONDS, LATER_START_SECONDS, Clone, clone
from tests.stack import Citizen

pytestmark = pytest.mark.proof


def answers(copy: Clone) -> None:
    """The line answers a citizen."""
    address = f"http://127.0.0.1:{copy.port}"
    for path in ("/", "/console", "/docs"):
        assert httpx.get(address + path, follow_redirects=True, trust_env=False).status_code == 200
    replies = Citizen(address).say("身份证过期了怎么换")
    assert any("身份证" in json.dumps(reply, ensure_ascii=False) for reply in replies)


def test_the_first_start_and_ctrl_c(
    fresh: Clone, record_property: Callable[[str, object], None]
) -> None:
    seconds = fresh.run(FIRST_START_SECONDS)
    print(f"first start, environments included: {seconds:.0f} s")
    record_property("first_start_seconds", round(seconds))
    answers(fresh)
    fresh.interrupt()
    fresh.wait_until_nothing_runs()
    assert "已停止。" in fresh.told()
    assert "Traceback" not in fresh.told()


def test_a_later_start_and_ctrl_c_after_a_child_was_killed(
    fresh: Clone, record_property: Callable[[str, object], None]
) -> None:
    seconds = fresh.run(LATER_START_SECONDS)
    print(f"later start: {seconds:.0f} s")
    record_property("later_start_seconds", round(seconds))
    answers(fresh)
    os.kill(fresh.pid_of("-m rasa run"), signal.SIGKILL)
    os.kill(fresh.pid_of("bin/postgres"), signal.SIGKILL)
    fresh.interrupt()
    fresh.wait_until_nothing_runs()


def test_a_second_copy_beside_the_first(fresh: Clone) -> None:
    fresh.run(LATER_START_SECONDS)
    with clone("示例 市 二") as second:
        second.run(FIRST_START_SECONDS)
        answers(second)
        answers(fresh)
        second.interrupt()
        second.wait_until_nothing_runs()
        assert fresh.processes(), "the first copy does not mind"
        answers(fresh)
    # What a killed launcher leaves: nothing, and nothing in the way of the next start.
    os.kill(fresh.pid_of("hotline run"), signal.SIGKILL)
    fresh.wait_until_nothing_runs()
    fresh.run(LATER_START_SECONDS)
    fresh.interrupt()
    fresh.wait_until_nothing_runs()


def test_clean_leaves_what_was_cloned(fresh: Clone) -> None:
    assert fresh.make("clean").wait(60) == 0, fresh.told()
    left = subprocess.run(
        ["git", "status", "--short", "--ignored"],
        cwd=fresh.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert left.stdout == ""


def failed_setup(copy: Clone, **variables: str) -> str:
    """``make setup``, expected to fail; returns what it said last but make's own line."""
    copy.variables |= variables
    process = copy.make("setup")
    assert process.wait(240) != 0
    assert "Traceback" not in copy.told()
    return [line for line in copy.told().splitlines() if not line.startswith("make")][-1]


def environments(copy: Clone) -> list[str]:
    return [path.name for path in copy.folder.glob(".venv*")]


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    """A network of its own without any way out, and empty caches."""
    with clone("断 网") as copy:
        probe = ["unshare", "--net", "--map-root-user", "true"]
        assert subprocess.run(probe, capture_output=True).returncode == 0, "unshare cannot be used"
        makefile = copy.folder / "Makefile"
        makefile.write_text(
            makefile.read_text("utf-8").replace(
                'exec "$$found"', 'exec unshare --net --map-root-user "$$found"'
            ),
            "utf-8",
        )
        caches = {"UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_NO_CACHE_DIR": "1"}
        said = failed_setup(copy, **caches, PIP_RETRIES="1", UV_HTTP_RETRIES="0")
        assert said.startswith("错误：")
        assert "联网" in said
        assert set(environments(copy)) <= {".venv-tools"}


def test_no_python310_is_one_sentence_before_anything_is_made() -> None:
    with clone("没有 Python") as copy:
        said = failed_setup(copy, HOTLINE_PYTHON310="/nowhere/python3.10")
        assert said == "错误：HOTLINE_PYTHON310=/nowhere/python3.10 不是可以运行的 Python 3.10"
        assert environments(copy) == []


def test_an_interrupted_set_up_leaves_no_half_made_environment() -> None:
    with clone("中 断") as copy:
        copy.process = copy.make("setup")
        deadline = time.monotonic() + 120
        while not (copy.folder / ".venv-assistant").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        copy.interrupt()
        assert "已中断" in copy.told()
        assert ".venv-assistant" not in environments(copy)
        assert (copy.folder / ".venv" / "hotline-stamp.json").exists()
        copy.wait_until_nothing_runs()
