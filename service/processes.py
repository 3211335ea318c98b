"""Child processes of the launcher: started, watched, restarted, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

LOG_BYTES = 5_000_000
LOG_COPIES = 3
TAIL_LINES = 20
FIRST_BACKOFF = 0.5
LAST_BACKOFF = 15.0
SETTLED_AFTER = 60.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(Exception):
    """A child did not do its work; the text is a sentence, ``tail`` the end of its output."""

    def __init__(self, message: str, tail: str = "") -> None:
        super().__init__(message)
        self.tail = tail


@dataclass(frozen=True)
class Account:
    """The system user a child runs as."""

    uid: int
    gid: int


@dataclass
class Child:
    """One program: what to run, and how to end it.

    ``stop_signal`` asks it to end, ``patience`` is how many seconds it is given before SIGKILL.
    ``death_signal`` is what it gets from the kernel when the launcher itself is killed.
    ``before`` runs ahead of every start (tidying up after a predecessor).
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str]
    cwd: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    patience: float = 10.0
    before: Callable[[], None] | None = None
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if running and self.process is not None else None

    async def start(self) -> None:
        """Start it with its output appended to its log. Raises StartFailed."""
        if self.before is not None:
            await asyncio.to_thread(self.before)
        account: dict[str, object] = {}
        if self.account is not None:
            account = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        try:
            with open_log(self.log) as log:
                # Always from the event loop's own thread: the kernel sends the death signal when
                # the *thread* that started the child ends.
                self.process = await asyncio.create_subprocess_exec(
                    *self.command,
                    cwd=self.cwd,
                    env=self.environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with(os.getpid(), self.death_signal),
                    **account,  # type: ignore[arg-type]
                )
        except OSError as error:
            raise StartFailed(f"{self.name}无法启动：{error.strerror}") from error
        self.started = time.monotonic()

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, negative for a signal."""
        assert self.process is not None, "wait() before start()"
        return await self.process.wait()

    async def stop(self) -> None:
        """End it and everything in its process group; harmless when it has already ended."""
        process = self.process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), self.patience)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self.sweep()

    def sweep(self) -> None:
        """Kill what an ended child left in its process group."""
        if self.process is not None and self.process.returncode is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def run_to_end(self) -> None:
        """Start it and wait for exit code 0. Raises StartFailed; a cancelled run is ended."""
        await self.start()
        try:
            code = await self.wait()
        finally:
            await asyncio.shield(self.stop())
        if code:
            raise StartFailed(f"{self.name}失败（{describe_exit(code)}）", tail(self.log))


async def keep_running(
    child: Child, told: Callable[[str], None], restarted: Callable[[], None]
) -> None:
    """Restart ``child`` whenever it ends, with a backoff of 0.5 to 15 seconds; never returns.

    ``told`` gets a sentence about every end, ``restarted`` is called after every new start. The
    backoff starts anew once a run lasted a minute.
    """
    backoff = FIRST_BACKOFF
    while True:
        code = await child.wait()
        child.sweep()
        if time.monotonic() - child.started > SETTLED_AFTER:
            backoff = FIRST_BACKOFF
        told(f"{child.name}意外退出（{describe_exit(code)}），{backoff:g} 秒后重启")
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2, LAST_BACKOFF)
        while True:
            try:
                await child.start()
                restarted()
                break
            except StartFailed as error:
                told(f"{error}，{backoff:g} 秒后再试")
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, LAST_BACKOFF)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all at the same time; the first error ends the others and is raised as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def describe_exit(code: int) -> str:
    """``-9`` → ``信号 9``, ``1`` → ``退出码 1``."""
    return f"信号 {-code}" if code < 0 else f"退出码 {code}"


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending, readable by its owner only; a large one is set aside first."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        for number in range(LOG_COPIES - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last ``lines`` lines of a log, or nothing when it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 16_384, 0))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child does between fork and exec: ask the kernel to end it with its parent.

    It runs after the change of user, which would clear the request.
    """
    if _libc is None:
        return None
    libc = _libc

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
