"""``hotline run``: the whole line on one machine, from an empty folder to "ready", and back.

The database comes up while the assistant is trained; the service starts as soon as the database
is prepared. Afterwards the launcher watches: a child that ends is started again, and when the
launcher ends, by Ctrl-C, SIGTERM or SIGKILL, all of them end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from core.settings import ROOT, SECRETS_FILE, Settings
from service import assistant_process, keys, postgres
from service.environments import setting
from service.keys import LOGINS_FILE, read_logins
from service.processes import Child, StartFailed, keep_running, tail, together
from service.progress import Progress

READY_SECONDS = 300.0
PORT_SECONDS = 3.0
EXPECTED = "错误："


def launch(settings: Settings, ready_file: Path | None = None) -> None:
    """Run the line until it is asked to stop.

    ``ready_file`` is written, as a whole, when everything answers and after each recovery:
    ``{address, assistant, database_url, logins, pids, restarts}``. Raises StartFailed.
    """
    data_dir = make_data_dir((ROOT / settings.data_dir).resolve())
    with only_one(data_dir):
        asyncio.run(_run(Line(settings, data_dir, ready_file)))


class Line:
    """Everything that belongs to one running line."""

    def __init__(self, settings: Settings, data_dir: Path, ready_file: Path | None) -> None:
        self.settings = settings
        self.data_dir = data_dir
        self.ready_file = ready_file
        self.progress = Progress()
        self.children: dict[str, Child] = {}
        self.restarts: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.assistant_port = settings.assistant_port or settings.port + 1
        self.address = f"http://{reachable(settings.host)}:{settings.port}"
        self.database_url = settings.database_url or ""
        self.tracker_url = setting("HOTLINE_TRACKER_URL") or self.database_url
        self.secrets: dict[str, str] = {}

    async def start(self) -> None:
        """Bring everything up and wait until it answers. Raises StartFailed."""
        started = time.monotonic()
        self._write_ready(None)
        shutil.rmtree(self.data_dir / "tmp", ignore_errors=True)
        (self.data_dir / "tmp").mkdir(mode=0o700)
        kept = (self.data_dir / SECRETS_FILE).exists()
        if not self.settings.database_url and not kept and postgres.has_cluster(self.data_dir):
            raise StartFailed(
                f"{self.data_dir} 里有数据库却没有 {SECRETS_FILE}，请恢复它，否则数据无法读取"
            )
        try:
            self.secrets = keys.ensure(self.data_dir)
        except OSError as error:
            raise StartFailed(
                f"无法写入 {self.data_dir / SECRETS_FILE}：{error.strerror}"
            ) from error
        await self._check_ports()
        works = [self._start_service()]
        # Assistants that run elsewhere are somebody else's children.
        if not self.settings.assistant_url:
            works.append(self._start_assistant())
        await together(*works)
        async with self.progress.step("等待各部分就绪"):
            await self._wait_until_ready(self.children)
        self._write_ready(time.monotonic() - started)
        self._show(time.monotonic() - started)

    async def watch(self) -> None:
        """Restart what ends; never returns."""
        await together(
            self._report_recoveries(),
            *(
                keep_running(child, self._tell, functools.partial(self._again, name))
                for name, child in self.children.items()
            ),
        )

    async def stop(self) -> None:
        """End everything, those first that use the others."""
        for name in ("service", "assistant", "database"):
            if name in self.children:
                await self.children[name].stop()
        self._write_ready(None)

    async def _start_service(self) -> None:
        if not self.settings.database_url:
            async with self.progress.step("启动数据库"):
                await self._start_database()
        log = self.data_dir / "logs" / "prepare.log"
        command = [sys.executable, "-m", "service.prepare"]
        preparation = Child("准备数据", command, log, self._service_environment(), ROOT)
        async with self.progress.step("升级表结构、载入示例城市"):
            await _prepared(preparation)
        await self._add(
            "service",
            Child(
                name="服务",
                command=[
                    *(sys.executable, "-m", "uvicorn", "--factory", "service.app:create_app"),
                    *("--host", self.settings.host, "--port", str(self.settings.port)),
                    *("--timeout-graceful-shutdown", "5"),
                    # Which proxies are believed is a setting of ours.
                    "--no-proxy-headers",
                ],
                log=self.data_dir / "logs" / "service.log",
                environment=self._service_environment(),
                cwd=ROOT,
                patience=15,
            ),
        )

    async def _start_database(self) -> None:
        port = self.settings.embedded_database_port
        words = {
            postgres.OWNER: self.secrets[keys.DATABASE_PASSWORD],
            postgres.TRACKER: self.secrets[keys.TRACKER_PASSWORD],
        }
        cluster = await asyncio.to_thread(postgres.locate, self.data_dir)
        await asyncio.to_thread(postgres.prepare, cluster, words)
        child = postgres.server(cluster, port, self.data_dir / "logs" / "database.log")
        await self._add("database", child)
        self.database_url = embedded_url(self.settings, self.secrets)
        await postgres.wait_until_ready(child, self.database_url)

    async def _start_assistant(self) -> None:
        assistant_process.check_environment()
        model = assistant_process.model_path(self.data_dir)
        if not model.exists():
            async with self.progress.step("训练助手"):
                await assistant_process.train(self.data_dir)
        tracker_url = self.tracker_url or postgres.address(
            self.settings.embedded_database_port,
            postgres.TRACKER,
            self.secrets[keys.TRACKER_PASSWORD],
        )
        variables = {
            "HOTLINE_ACTIONS_URL": f"{self.address}/internal/actions",
            "HOTLINE_TRACKER_URL": tracker_url,
            "HOTLINE_ASSISTANT_TOKEN": self.secrets[keys.ASSISTANT_TOKEN],
        }
        port = self.assistant_port
        await self._add(
            "assistant", assistant_process.assistant(model, port, self.data_dir, variables)
        )

    async def _add(self, name: str, child: Child) -> None:
        self.children[name] = child
        await child.start()

    def _service_environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.data_dir / "tmp"),
            "NO_PROXY": "127.0.0.1,localhost",
            "OMP_NUM_THREADS": "1",
            "DATABASE_URL": self.database_url,
            "HOTLINE_DATA_DIR": str(self.data_dir),
            "HOTLINE_HOST": self.settings.host,
            "HOTLINE_PORT": str(self.settings.port),
            "HOTLINE_ASSISTANT_PORT": str(self.assistant_port),
            "HOTLINE_DATABASE_PORT": str(self.settings.embedded_database_port),
            **self.secrets,
        }

    async def _check_ports(self) -> None:
        wanted = [(self.settings.host, self.settings.port, "HOTLINE_PORT")]
        if not self.settings.assistant_url:
            port = self.assistant_port
            wanted.append(("127.0.0.1", port, "HOTLINE_PORT 或 HOTLINE_ASSISTANT_PORT"))
        if not self.settings.database_url:
            port = self.settings.embedded_database_port
            wanted.append(("127.0.0.1", port, "HOTLINE_PORT 或 HOTLINE_DATABASE_PORT"))
            if postgres.has_cluster(self.data_dir):
                cluster = await asyncio.to_thread(postgres.locate, self.data_dir)
                await asyncio.to_thread(postgres.end_leftovers, cluster)
        if len({port for _, port, _ in wanted}) < len(wanted):
            raise StartFailed("服务、助手和数据库的端口不能相同，请检查 HOTLINE_*_PORT")
        # What a killed predecessor leaves is gone within moments.
        deadline = time.monotonic() + PORT_SECONDS
        for host, port, variable in wanted:
            while (problem := port_problem(host, port)) is not None:
                if time.monotonic() > deadline:
                    raise StartFailed(f"{problem}，请设 {variable}")
                await asyncio.sleep(0.2)

    async def _wait_until_ready(self, watched: dict[str, Child]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        answer = "没有回答"
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            while True:
                for child in watched.values():
                    if child.pid is None:
                        raise StartFailed(f"{child.name}启动失败", tail(child.log))
                with contextlib.suppress(httpx.HTTPError):
                    response = await client.get(f"{self.address}/readyz")
                    if response.status_code == 200:
                        return
                    answer = response.text[:500]
                if time.monotonic() > deadline:
                    raise StartFailed(f"{READY_SECONDS:.0f} 秒内没有就绪：{answer}")
                await asyncio.sleep(0.25)

    def _tell(self, text: str) -> None:
        self.progress.say(f"{time.strftime('%H:%M:%S')} {text}")

    def _again(self, name: str) -> None:
        self.restarts[name] += 1
        self.changed.set()

    async def _report_recoveries(self) -> None:
        while True:
            await self.changed.wait()
            self.changed.clear()
            began = time.monotonic()
            try:
                await self._wait_until_ready({})
            except StartFailed as error:
                self._tell(str(error))
                continue
            if not self.changed.is_set():
                self._write_ready(0)
                self._tell(f"已恢复（{time.monotonic() - began:.0f} 秒）")

    def _write_ready(self, seconds: float | None) -> None:
        """Write the ready file, or remove it when ``seconds`` is None."""
        if self.ready_file is None:
            return
        if seconds is None:
            self.ready_file.unlink(missing_ok=True)
            return
        names = ("login", "password", "role")
        content = {
            "address": self.address,
            "assistant": self.settings.assistant_address,
            "database_url": self.database_url,
            "logins": [dict(zip(names, row, strict=True)) for row in read_logins(self.data_dir)],
            "pids": {
                name: self.children[name].pid if name in self.children else None
                for name in ("service", "assistant", "database")
            },
            "restarts": dict(self.restarts),
            "seconds": round(seconds, 1),
        }
        keys.write_private(self.ready_file, json.dumps(content, ensure_ascii=False, indent=1))

    def _show(self, seconds: float) -> None:
        public = self.settings.public_url or self.address
        lines = [
            f"热线已就绪（{seconds:.0f} 秒）",
            f"  市民页面  {public}/",
            f"  工作人员  {public}/console",
            f"  接口文档  {public}/docs",
        ]
        if logins := read_logins(self.data_dir):
            lines.append(f"  示例账号（共 {len(logins)} 个，见 {self.data_dir / LOGINS_FILE}）")
            lines += [f"    {login:<18} {word}  {role}" for login, word, role in _shown(logins)]
        lines.append(f"  日志在 {self.data_dir / 'logs'}；按 Ctrl-C 停止")
        self.progress.say("\n".join(lines))


def _shown(logins: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The accounts of the line itself, and the first of each role in a unit (``unit.role``)."""
    first: dict[str, str] = {}
    for login, _, role in logins:
        if "." in login:
            first.setdefault(role, login)
    return [row for row in logins if "." not in row[0] or first[row[2]] == row[0]]


async def _run(line: Line) -> None:
    task = asyncio.current_task()
    assert task is not None
    stopping = False

    def ask_to_stop() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            line.progress.say("正在停止 …")
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, ask_to_stop)
    try:
        await line.start()
        await line.watch()
    except asyncio.CancelledError:
        if not stopping:
            raise
        task.uncancel()
    finally:
        stopping = True
        await line.stop()
    line.progress.say("已停止。")


async def _prepared(preparation: Child) -> None:
    """Run it; the sentence it ends with is what went wrong."""
    try:
        await preparation.run_to_end()
    except StartFailed as error:
        last = error.tail.splitlines()[-1:]
        if last and last[0].startswith(EXPECTED):
            raise StartFailed(last[0].removeprefix(EXPECTED)) from None
        raise


def make_data_dir(data_dir: Path) -> Path:
    """Make the data directory and its parts; returns it. Raises StartFailed.

    Made by root it can be passed through (not listed) by the database's user; every part that
    holds something is closed.
    """
    try:
        if not data_dir.exists():
            data_dir.mkdir(mode=0o700, parents=True)
            if os.geteuid() == 0:
                data_dir.chmod(0o711)
        for part in ("logs", "models"):
            (data_dir / part).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartFailed(
            f"数据目录 {data_dir} 不可写（{error.strerror}），请检查权限或设 HOTLINE_DATA_DIR"
        ) from error
    return data_dir


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this launcher alone. Raises StartFailed."""
    try:
        handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartFailed(
            f"数据目录 {data_dir} 不可写（{error.strerror}），请检查权限或设 HOTLINE_DATA_DIR"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartFailed(
                f"数据目录 {data_dir} 已有一套系统在运行，请先停止它，或设 HOTLINE_DATA_DIR"
            ) from None
        yield
    finally:
        os.close(handle)


def port_problem(host: str, port: int) -> str | None:
    """Why a server cannot listen there, as a sentence, or None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            return f"没有权限使用端口 {port}"
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                return f"本机没有地址 {host}"
            return f"端口 {port} 已被占用"
    return None


def reachable(host: str) -> str:
    """How this machine reaches a server that listens on ``host``."""
    if host in ("0.0.0.0", ""):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def embedded_url(settings: Settings, secrets: dict[str, str]) -> str:
    """Database URL of the embedded server's owner."""
    word = secrets[keys.DATABASE_PASSWORD]
    return postgres.address(settings.embedded_database_port, postgres.OWNER, word)
