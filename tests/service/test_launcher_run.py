"""``hotline run`` as people meet it: one sentence when it cannot, and nothing begun."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack, free_port


def run(data_dir: Path, port: int, **variables: str) -> subprocess.CompletedProcess[str]:
    """The real command with a data directory of its own, expected to end by itself."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("HOTLINE_")
    }
    own = {"HOTLINE_DATA_DIR": str(data_dir), "HOTLINE_PORT": str(port)}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "run"],
        cwd=ROOT,
        env=kept | own | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of an expected failure."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def test_a_taken_port_is_told_with_the_variable_to_set(tmp_path: Path, taken: int) -> None:
    said = sentence(run(tmp_path / "data", taken))
    assert said == f"错误：端口 {taken} 已被占用，请设 HOTLINE_PORT"
    assert not (tmp_path / "data" / "database").exists()
    assert list((tmp_path / "data" / "models").iterdir()) == []


@pytest.mark.parametrize("variable", ["HOTLINE_ASSISTANT_PORT", "HOTLINE_DATABASE_PORT"])
def test_a_taken_neighbour_port_is_told_too(tmp_path: Path, taken: int, variable: str) -> None:
    said = sentence(run(tmp_path / "data", free_port(), **{variable: str(taken)}))
    assert said == f"错误：端口 {taken} 已被占用，请设 HOTLINE_PORT 或 {variable}"


def test_two_parts_on_one_port_are_told(tmp_path: Path) -> None:
    port = free_port()
    said = sentence(run(tmp_path / "data", port, HOTLINE_ASSISTANT_PORT=str(port)))
    assert "端口不能相同" in said


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    said = sentence(run(file / "data", free_port()))
    assert f"数据目录 {file / 'data'} 不可写" in said
    assert "HOTLINE_DATA_DIR" in said


def test_a_setting_that_does_not_fit_is_named(tmp_path: Path) -> None:
    said = sentence(run(tmp_path / "data", free_port(), HOTLINE_PORT="eight"))
    assert said == "错误：设置 HOTLINE_PORT=eight 不合适，应是整数"
    assert not (tmp_path / "data").exists()


def test_a_database_without_its_secrets_is_not_replaced(tmp_path: Path) -> None:
    cluster = tmp_path / "data" / "database" / "cluster"
    cluster.mkdir(parents=True)
    said = sentence(run(tmp_path / "data", free_port()))
    assert "secrets.env" in said
    assert list(cluster.iterdir()) == []
    assert not (tmp_path / "data" / "secrets.env").exists()


def test_a_database_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = f"postgresql://nobody:word@127.0.0.1:{free_port()}/none"
    said = sentence(run(tmp_path / "data", free_port(), DATABASE_URL=url))
    assert "连不上数据库，请检查 DATABASE_URL" in said
    assert "word" not in said


def test_a_second_launcher_on_the_same_data_is_refused(stack: Stack) -> None:
    said = sentence(run(stack.data_dir, free_port()))
    assert "已有一套系统在运行" in said


def test_the_ready_file_says_where_everything_is(stack: Stack) -> None:
    ready = stack.ready
    assert ready["address"].startswith("http://127.0.0.1:")
    assert {row["login"] for row in ready["logins"]} >= {"dispatcher", "urban.clerk"}
    for pid in ready["pids"].values():
        assert Path(f"/proc/{pid}").exists()
    database = Path(f"/proc/{ready['pids']['database']}")
    owner = pwd.getpwuid(database.stat().st_uid).pw_name
    assert owner == ("nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)


def test_the_assistant_is_not_told_what_it_need_not_know(stack: Stack) -> None:
    raw = Path(f"/proc/{stack.ready['pids']['assistant']}/environ").read_bytes().decode()
    told = dict(part.partition("=")[::2] for part in raw.split("\0") if part)
    assert told["HOTLINE_ASSISTANT_TOKEN"]
    assert "hotline_tracker" in told["HOTLINE_TRACKER_URL"]
    for name in ("DATABASE_URL", "HOTLINE_SECRET_KEY", "HOTLINE_DATABASE_PASSWORD"):
        assert name not in told


def test_migrating_again_changes_nothing_and_says_so(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "migrate", "--json"],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["before"] == report["after"]
