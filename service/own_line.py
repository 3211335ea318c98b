"""A whole line of one's own for a while: its own data directory, database and free ports.

For measuring and replaying: nothing of the city's is touched, and nothing is left behind. The model
is the one that is already trained, if there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from core.settings import ROOT, SECRETS_FILE, Settings
from service import assistant_process
from service.environments import private_folder
from service.processes import StartFailed, tail

_START_SECONDS = 600


@contextlib.asynccontextmanager
async def own_line(
    settings: Settings, more: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, Any]]:
    """What the line says of itself once it is ready (see `launcher.launch`), with ``secrets``, the
    generated ones by name; this process then opens what it encrypted. ``more`` are further settings,
    as in the environment.

    Raises StartFailed.
    """
    data_dir = await asyncio.to_thread(_make_folder, settings)
    ready_file, log = data_dir / "ready.json", data_dir / "run.log"
    # It has nothing in common with the city's, its database and keys included.
    kept = {k: v for k, v in os.environ.items() if k != "DATABASE_URL" and "HOTLINE_" not in k}
    port = _free_ports()
    environment = {
        **kept,
        # Empty, so that one in `.env` does not count either.
        "DATABASE_URL": "",
        "HOTLINE_DATA_DIR": str(data_dir),
        "HOTLINE_PORT": str(port),
        "HOTLINE_LOG_LEVEL": "WARNING",
        # A measurement talks faster than people do.
        "HOTLINE_TURNS_PER_MINUTE": "100000",
        **(more or {}),
    }
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.cli", "run", "--ready-file", str(ready_file)),
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield await _ready(process, ready_file, log, data_dir)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()
            await asyncio.to_thread(_remove_folder, data_dir)


def _make_folder(settings: Settings) -> Path:
    """A data directory with nothing in it but the model, if it is trained already."""
    folder = (ROOT / settings.data_dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    data_dir = Path(tempfile.mkdtemp(prefix="own-", dir=folder))
    data_dir.chmod(0o711)
    model = assistant_process.model_path(folder)
    if model.exists():
        (data_dir / "models").mkdir()
        shutil.copy2(model, data_dir / "models" / model.name)
    return data_dir


def _remove_folder(data_dir: Path) -> None:
    shutil.rmtree(private_folder(data_dir), ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


async def _ready(
    process: asyncio.subprocess.Process, ready_file: Path, log: Path, data_dir: Path
) -> dict[str, Any]:
    deadline = time.monotonic() + _START_SECONDS
    while not await asyncio.to_thread(ready_file.exists):
        if process.returncode is not None or time.monotonic() > deadline:
            raise StartFailed("另起的热线启动失败", tail(log))
        await asyncio.sleep(0.5)
    found, secrets = await asyncio.to_thread(_told, ready_file, data_dir / SECRETS_FILE)
    os.environ["HOTLINE_SECRET_KEY"] = secrets["HOTLINE_SECRET_KEY"]
    return {**found, "secrets": secrets}


def _told(ready_file: Path, secrets_file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What the line says of itself, and its generated secrets."""
    lines = secrets_file.read_text("utf-8").splitlines()
    secrets = {name: value for name, equals, value in (s.partition("=") for s in lines) if equals}
    return json.loads(ready_file.read_text("utf-8")), secrets


def _free_ports() -> int:
    """The first of three neighbouring ports that are free now. Raises StartFailed."""
    for first in range(21000, 29000, 10):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + 3):
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise StartFailed("找不到三个相邻的空闲端口")
