"""The embedded PostgreSQL: made whole or not at all, and up again after anything."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from service import postgres
from service.environments import private_folder
from service.processes import Account, Child, StartFailed

WORDS = {postgres.OWNER: "owner's-word".replace("'", ""), postgres.TRACKER: "tracker-word"}


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory whose path has a space and Chinese characters, reachable by ``nobody``."""
    folder = Path(tempfile.mkdtemp(prefix="热线 ", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(private_folder(folder), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def server(data_dir: Path, port: int) -> AsyncIterator[Child]:
    """A running server on a new cluster."""
    cluster = postgres.locate(data_dir)
    postgres.prepare(cluster, WORDS)
    child = postgres.server(cluster, port, data_dir / "log")
    await start(child, port)
    yield child
    await child.stop()


def url(port: int, role: str = postgres.OWNER, word: str | None = None) -> str:
    return postgres.address(port, role, word or WORDS[role])


def set_mode(folder: Path, mode: int) -> None:
    folder.chmod(mode)


def mode_of(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def sleeper(account: Account | None) -> subprocess.Popen[bytes]:
    """A program of the database's user that has nothing to do with it."""
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    return subprocess.Popen(["sleep", "600"], **who)  # type: ignore[call-overload, no-any-return]


async def start(child: Child, port: int) -> None:
    await child.start()
    await postgres.wait_until_ready(child, url(port))


async def test_only_the_lines_roles_get_in_with_their_passwords(server: Child, port: int) -> None:
    for role in WORDS:
        psycopg.connect(url(port, role)).close()
    for role, word in ((postgres.OWNER, "wrong"), ("postgres", "any")):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url(port, role, word))
    with psycopg.connect(url(port)) as connection:
        is_superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(is_superuser).fetchone() == (False,)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


async def test_the_assistants_role_sees_its_memory_and_nothing_else(
    server: Child, port: int
) -> None:
    from service import migrations

    migrations.upgrade(url(port))
    with psycopg.connect(url(port, postgres.TRACKER), autocommit=True) as connection:
        connection.execute("SELECT * FROM assistant.events")
        for table in ("staff_accounts", "procrastinate_jobs", "alembic_version"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (id int)")


async def test_what_was_committed_survives_kill_9(server: Child, port: int) -> None:
    with psycopg.connect(url(port)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    await start(server, port)
    with psycopg.connect(url(port)) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


async def test_a_pid_file_that_names_somebody_elses_program_does_not_matter(
    server: Child, port: int, data_dir: Path
) -> None:
    pid_file = postgres.locate(data_dir).data / "postmaster.pid"
    content = pid_file.read_text().splitlines()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    other = sleeper(server.account)
    try:
        pid_file.write_text("\n".join([str(other.pid), *content[1:]]) + "\n")
        await start(server, port)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_stopping_is_clean(server: Child, data_dir: Path) -> None:
    await server.stop()
    assert server.process is not None
    assert server.process.returncode == 0
    assert not (postgres.locate(data_dir).data / "postmaster.pid").exists()


def test_an_interrupted_making_leaves_nothing_that_looks_finished(data_dir: Path) -> None:
    cluster = postgres.locate(data_dir)
    half = cluster.folder / "cluster.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    if cluster.account is not None:
        os.chown(half, cluster.account.uid, cluster.account.gid)
    assert not postgres.has_cluster(data_dir)
    postgres.prepare(cluster, WORDS)
    assert postgres.has_cluster(data_dir)
    assert not half.exists()


def test_a_cluster_of_another_major_version_is_one_sentence(data_dir: Path) -> None:
    cluster = postgres.locate(data_dir)
    postgres.prepare(cluster, WORDS)
    (cluster.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFailed, match=r"是 PostgreSQL 17 的数据库，本版本带的是 18.*pg_dump"):
        postgres.prepare(cluster, WORDS)


async def test_root_never_opens_a_closed_folder_for_the_databases_user(
    data_dir: Path, port: int
) -> None:
    if os.geteuid() != 0:
        assert postgres.locate(data_dir).account is None
        return
    set_mode(data_dir, 0o700)
    cluster = postgres.locate(data_dir)
    assert cluster.folder.is_relative_to(private_folder(data_dir))
    postgres.prepare(cluster, WORDS)
    child = postgres.server(cluster, port, data_dir / "log")
    await start(child, port)
    await child.stop()
    assert mode_of(data_dir) == 0o700
    set_mode(data_dir, 0o711)
    assert postgres.locate(data_dir) == cluster, "a cluster stays where it was made"


async def test_root_copies_programs_that_the_databases_user_cannot_reach(
    data_dir: Path, port: int
) -> None:
    if os.geteuid() != 0:
        assert postgres.locate(data_dir).account is None
        return
    cluster = postgres.locate(data_dir)
    copied = postgres._copy_programs(cluster.programs, private_folder(data_dir))
    assert copied.is_relative_to(private_folder(data_dir))
    elsewhere = replace(cluster, programs=copied)
    postgres.prepare(elsewhere, WORDS)
    child = postgres.server(elsewhere, port, data_dir / "log")
    await start(child, port)
    await child.stop()
