"""Children are restarted, ended, and never outlive the launcher. Real processes throughout."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service import processes
from service.processes import Child, StartFailed

# Says that it runs, then waits; "stubborn" does not mind being asked to end.
PROGRAM = """
import signal, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("running", flush=True)
time.sleep(600)
"""
# A launcher in small: starts the program with a grandchild and waits.
LAUNCHER = """
import asyncio, os, sys
from pathlib import Path
from service.processes import Child
async def main():
    child = Child("x", sys.argv[2:], Path(sys.argv[1]), dict(os.environ), Path("/"))
    await child.start()
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""


def child_of(folder: Path, code: str = PROGRAM, *arguments: str) -> Child:
    command = [sys.executable, "-c", code, *arguments]
    return Child("程序", command, folder / "log", dict(os.environ), folder)


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that no event announces: another process's state."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_killed_child_is_started_again_and_that_is_told(tmp_path: Path) -> None:
    child = child_of(tmp_path)
    await child.start()
    first = child.pid
    assert first is not None
    told: list[str] = []
    again = asyncio.Event()
    watch = asyncio.create_task(processes.keep_running(child, told.append, again.set))
    try:
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            await again.wait()
        assert child.pid not in (None, first)
        assert told == ["程序意外退出（信号 9），0.5 秒后重启"]
    finally:
        watch.cancel()
        await child.stop()
    assert child.pid is None


async def test_one_that_will_not_end_is_killed_after_its_patience(tmp_path: Path) -> None:
    child = child_of(tmp_path, PROGRAM, "stubborn")
    child.patience = 0.3
    await child.start()
    until(lambda: b"running" in child.log.read_bytes())
    await child.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


async def test_what_an_ended_child_leaves_in_its_group_is_killed(tmp_path: Path) -> None:
    code = "import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    child = child_of(tmp_path, code)
    await child.run_to_end()
    grandchild = int(child.log.read_text())
    until(lambda: not alive(grandchild))


async def test_a_failed_run_carries_the_end_of_its_output(tmp_path: Path) -> None:
    child = child_of(tmp_path, "print('why'); raise SystemExit(3)")
    with pytest.raises(StartFailed, match="程序失败（退出码 3）") as caught:
        await child.run_to_end()
    assert caught.value.tail == "why"


async def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    child = Child("程序", [str(tmp_path / "none")], tmp_path / "log", {}, tmp_path)
    with pytest.raises(StartFailed, match="程序无法启动"):
        await child.start()


def test_a_child_dies_with_a_launcher_that_is_killed(tmp_path: Path) -> None:
    root = Path(processes.__file__).parent.parent
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path / "log"), "sleep", "600"],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    assert alive(pid)
    launcher.kill()
    launcher.wait()
    until(lambda: not alive(pid))


async def test_the_first_error_ends_the_others_and_is_raised_as_it_is() -> None:
    ended = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    async def failing() -> None:
        await asyncio.sleep(0)
        raise StartFailed("nothing")

    with pytest.raises(StartFailed, match="nothing"):
        await processes.together(long(), failing())
    assert ended.is_set()


def test_a_large_log_is_set_aside_and_three_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for number in range(6):
        with processes.open_log(log) as file:
            file.write(str(number).encode() * (processes.LOG_BYTES + 1))
    kept = {file.name: file.read_bytes()[:1] for file in tmp_path.iterdir()}
    assert kept == {"a.log": b"5", "a.log.1": b"4", "a.log.2": b"3", "a.log.3": b"2"}
    assert log.stat().st_mode & 0o077 == 0
