"""Clones of the committed project in which ``make`` runs as people run it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from service.environments import private_folder
from tests.stack import ROOT, free_port

FIRST_START_SECONDS = 480
LATER_START_SECONDS = 60
# What the suite's own environment must not hand on to a fresh clone.
OWN = ("VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")


@dataclass
class Clone:
    """A clone of the committed project, and ``make`` in it, perhaps as another user."""

    folder: Path
    port: int
    variables: dict[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.output"

    def make(self, target: str) -> subprocess.Popen[bytes]:
        """Start ``make target`` in a process group of its own, as a terminal would."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in OWN and not name.startswith("HOTLINE_")
        }
        who = {}
        if self.user is not None:
            who = {"user": self.user[0], "group": self.user[1], "extra_groups": []}
        with self.output.open("wb") as out:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
                ["make", target],
                cwd=self.folder,
                env=kept | {"HOTLINE_PORT": str(self.port)} | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **who,
            )

    def told(self) -> str:
        """What the last ``make`` has printed so far."""
        return self.output.read_text("utf-8", "replace")

    def wait_for(self, text: str, seconds: float) -> None:
        """Wait until ``make`` has printed ``text``."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while text not in self.told():
            assert self.process.poll() is None, self.told()[-3000:]
            assert time.monotonic() < deadline, f"{seconds} s are over:\n{self.told()[-3000:]}"
            time.sleep(0.2)

    def run(self, within: float) -> float:
        """``make run`` until ready; returns the seconds it took, all of it included."""
        started = time.monotonic()
        self.process = self.make("run")
        self.wait_for("热线已就绪", within)
        return time.monotonic() - started

    def interrupt(self, patience: float = 60) -> None:
        """Ctrl-C: the whole group of ``make`` gets SIGINT; wait until it has ended."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(patience)

    def processes(self) -> dict[int, str]:
        """Everything that runs from this folder: pid and command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                place = str((entry / "cwd").readlink())
                if str(self.folder) in command or place.startswith(str(self.folder)):
                    found[int(entry.name)] = command
        return found

    def wait_until_nothing_runs(self, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while left := self.processes():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)

    def pid_of(self, part: str) -> int:
        """Process id of one part, by what its command line contains."""
        return next(pid for pid, command in self.processes().items() if part in command)


@contextlib.contextmanager
def clone(name: str) -> Iterator[Clone]:
    """A clone in a folder whose path has a space and Chinese characters; removed at the end."""
    parent = Path(tempfile.mkdtemp(prefix="热线 proof ", dir="/var/tmp"))
    parent.chmod(0o755)
    copy = Clone(parent / name, free_port())
    try:
        done = subprocess.run(
            ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy.folder)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        yield copy
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            copy.interrupt()
        for pid in copy.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(private_folder(copy.folder / "data"), ignore_errors=True)
        shutil.rmtree(parent, ignore_errors=True)
