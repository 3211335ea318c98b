"""Environments are made once, renewed when their inputs change, and never left half made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import environments

SCRIPT = Path(environments.__file__)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with requirement files only; the module believes it lies there."""
    root = tmp_path / "热线 一"
    (root / "requirements").mkdir(parents=True)
    for name in ("service", "test", "assistant", "tools"):
        (root / "requirements" / f"{name}.txt").write_text(f"# {name}\n", "utf-8")
    for constant, part in (
        ("ROOT", ""),
        ("SERVICE", ".venv"),
        ("ASSISTANT", ".venv-assistant"),
        ("REQUIREMENTS", "requirements"),
    ):
        monkeypatch.setattr(environments, constant, root / part)
    monkeypatch.delenv(environments.PYTHON310, raising=False)
    return root


def finish(folder: Path, stamp: dict[str, str]) -> None:
    """Make ``folder`` look like a finished environment."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / "python").touch()
    (folder / environments.STAMP).write_text(json.dumps(stamp), "utf-8")


def test_a_finished_environment_is_current_until_something_it_is_made_from_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = environments.ASSISTANT

    def current() -> bool:
        return environments._is_current(folder, environments._wanted(test=True)[folder])

    assert not current()
    finish(folder, environments._wanted(test=True)[folder])
    assert current()
    (folder / "bin" / "python").unlink()
    assert not current(), "the interpreter has gone"
    finish(folder, environments._wanted(test=True)[folder])
    monkeypatch.setenv(environments.PYTHON310, "/another/python3.10")
    assert not current(), "another interpreter is asked for"
    monkeypatch.delenv(environments.PYTHON310)
    (project / "requirements" / "assistant.txt").write_text("# newer\n", "utf-8")
    assert not current(), "requirements have changed"


def test_an_environment_copied_with_its_folder_is_not_current(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = environments.SERVICE
    finish(folder, environments._wanted(test=False)[folder])
    monkeypatch.setattr(environments, "ROOT", project.parent)
    assert not environments._is_current(folder, environments._wanted(test=False)[folder])


def test_test_tools_satisfy_a_plain_set_up_but_not_the_other_way_round(project: Path) -> None:
    folder = environments.SERVICE
    plain, full = (environments._wanted(test)[folder] for test in (False, True))
    finish(folder, full)
    assert environments._is_current(folder, plain)
    finish(folder, plain)
    assert not environments._is_current(folder, full)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("HOTLINE_PYTHON310=/a b/python3.10", "/a b/python3.10"),
        ("export HOTLINE_PYTHON310='/x/python'", "/x/python"),
        ("# HOTLINE_PYTHON310=/x", None),
        ("HOTLINE_PYTHON310=", None),
    ],
)
def test_settings_are_read_from_the_env_file(project: Path, line: str, value: str | None) -> None:
    (project / ".env").write_text(f"HOTLINE_PORT=1\n{line}\n", "utf-8")
    assert environments.setting(environments.PYTHON310) == value


def test_the_environment_goes_before_the_env_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env").write_text("HOTLINE_PYTHON310=/file\n", "utf-8")
    monkeypatch.setenv(environments.PYTHON310, "/environment")
    assert environments.setting(environments.PYTHON310) == "/environment"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("error: Failed to fetch: `…/numpy/`\n  Caused by: dns error", "联网"),
        ("error: No space left on device (os error 28)", "磁盘空间不足"),
        ("error: Permission denied (os error 13)", "没有写入权限"),
        ("error: Hash mismatch for `uv==0.1`", "校验和"),
    ],
)
def test_what_an_installer_says_becomes_one_sentence(output: str, told: str) -> None:
    assert told in (environments._meaning(output) or "")


def test_a_failed_step_leaves_no_environment(project: Path) -> None:
    environments.SERVICE.mkdir()
    with (
        pytest.raises(environments.SetupError),
        environments._removed_on_failure(environments.SERVICE),
    ):
        environments._run("试", [sys.executable, "-c", "raise SystemExit('no space')"])
    assert not environments.SERVICE.exists()


def set_up(root: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the real script in a copy that holds nothing but it and the requirements."""
    (root / "service").mkdir(exist_ok=True)
    (root / "service" / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    return subprocess.run(
        [sys.executable, f"service/{SCRIPT.name}", "setup"],
        cwd=root,
        env=dict(os.environ) | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_python310_that_is_none_is_told_at_once_with_the_variable_to_set(project: Path) -> None:
    started = time.monotonic()
    done = set_up(project, {environments.PYTHON310: sys.executable})
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"错误：HOTLINE_PYTHON310={sys.executable} 不是可以运行的 Python 3.10"
    )
    assert time.monotonic() - started < 10
    assert not (project / ".venv").exists()
