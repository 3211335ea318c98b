"""The running line for the whole suite: real PostgreSQL, real assistant, real service."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "data" / "models"


class Output:
    """What a program prints, as it comes; waiting for a line is waiting for an event."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern: str, after: int = 0, seconds: float = 600) -> int:
        """Index behind the first line at or after ``after`` that matches ``pattern``."""
        found: list[int] = []

        def there() -> bool:
            found[:] = [
                n + 1
                for n, line in enumerate(self.lines)
                if n >= after and re.search(pattern, line)
            ]
            return bool(found) or self._ended

        with self._changed:
            self._changed.wait_for(there, timeout=seconds)
        if not found:
            text = "\n".join(self.lines[-40:])
            raise AssertionError(f"no line like {pattern!r} within {seconds} s:\n{text}")
        return found[0]


class Stack:
    """A line started by ``hotline run`` in a data directory of its own."""

    def __init__(self, data_dir: Path, port: int, extra: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.ready_file = data_dir / "ready.json"
        kept = {
            k: v
            for k, v in os.environ.items()
            if k != "DATABASE_URL" and (not k.startswith("HOTLINE_") or k == "HOTLINE_PYTHON310")
        }
        self.environment = {
            **kept,
            "HOTLINE_DATA_DIR": str(data_dir),
            "HOTLINE_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            # Tests talk faster than people, and insist.
            "HOTLINE_TURNS_PER_MINUTE": "100000",
            **(extra or {}),
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "run", "--ready-file", str(self.ready_file)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = Output(self.process)
        self.output.wait_for("热线已就绪")

    def stop(self) -> None:
        """Ask the launcher to stop and wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=90)

    @property
    def ready(self) -> dict[str, Any]:
        """The ready file as it stands."""
        content: dict[str, Any] = json.loads(self.ready_file.read_text("utf-8"))
        return content

    @property
    def address(self) -> str:
        return str(self.ready["address"])

    def password(self, login: str) -> str:
        """The sample password of ``login``."""
        return next(str(row["password"]) for row in self.ready["logins"] if row["login"] == login)

    def secret(self, name: str) -> str:
        """A generated secret of this line."""
        text = (self.data_dir / "secrets.env").read_text("utf-8")
        return next(line.partition("=")[2] for line in text.splitlines() if line.startswith(name))

    def kill(self, part: str) -> int:
        """Kill -9 one of service, assistant, database; returns where its recovery is told."""
        seen = len(self.output.lines)
        os.kill(int(self.ready["pids"][part]), signal.SIGKILL)
        return seen

    def wait_recovered(self, seen: int, seconds: float = 120) -> None:
        """Wait until the launcher says that everything answers again."""
        self.output.wait_for("已恢复", seen, seconds)


class Citizen:
    """A citizen at the public interface."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=40, trust_env=False)
        opened = self.http.post("/api/conversations", json={"channel": "web"})
        assert opened.status_code == 201, opened.text
        self.id, self.token = opened.json()["id"], opened.json()["token"]
        self._sent = 0

    def send(self, client_id: str, body: dict[str, Any]) -> httpx.Response:
        """Send one turn as it is."""
        return self.http.post(
            f"/api/conversations/{self.id}/turns",
            json={"client_id": client_id, **body},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def say(self, text: str) -> list[dict[str, Any]]:
        """Say something; returns the replies."""
        return self._turn({"text": text})

    def choose(self, value: str, title: str = "") -> list[dict[str, Any]]:
        """Choose a quick reply; returns the replies."""
        return self._turn({"input": {"kind": "choice", "value": value, "title": title}})

    def send_input(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """Send an input of any kind; returns the replies."""
        return self._turn({"input": content})

    def _turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._sent += 1
        response = self.send(f"turn-{self._sent}", body)
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()["replies"]
        assert replies, body
        return replies

    def events(self, seconds: float) -> Iterator[str]:
        """The texts of the event stream, from the beginning, as they come, for
        ``seconds`` at most."""
        headers = {"Authorization": f"Bearer {self.token}"}
        path = f"/api/conversations/{self.id}/events"
        deadline = time.monotonic() + seconds
        with self.http.stream("GET", path, headers=headers) as response:
            for line in response.iter_lines():
                assert time.monotonic() < deadline, "the stream stayed silent"
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))["text"]

    def transcript(self) -> list[dict[str, Any]]:
        """Everything that was said so far."""
        response = self.http.get(
            f"/api/conversations/{self.id}/messages",
            params={"limit": 500},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert response.status_code == 200, response.text
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages


def free_port() -> int:
    """The first of three neighbouring ports that are free now, below those of outgoing connections.

    Anywhere among them, so that two who look at the same time do not find the same.
    """
    for first in random.sample(range(20000, 32700, 10), 1270):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + 3):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


@contextlib.contextmanager
def running_line(extra: dict[str, str] | None = None) -> Iterator[Stack]:
    """A line with an empty database and the one trained model, removed at the end; ``extra`` are
    further settings, as in the environment."""
    (ROOT / "data").mkdir(exist_ok=True)
    data_dir = Path(tempfile.mkdtemp(prefix="tests-", dir=ROOT / "data"))
    data_dir.chmod(0o711)
    if MODELS.exists():
        shutil.copytree(MODELS, data_dir / "models")
    stack = Stack(data_dir, free_port(), {"HOTLINE_LOG_LEVEL": "INFO", **(extra or {})})
    try:
        stack.start()
        shutil.copytree(data_dir / "models", MODELS, dirs_exist_ok=True)
        yield stack
    finally:
        stack.stop()
        _remove(data_dir)


def _remove(data_dir: Path) -> None:
    from service.environments import private_folder

    shutil.rmtree(private_folder(data_dir), ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)
