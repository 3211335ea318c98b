"""Make the two Python environments, before anything is installed.

Standard library only, any Python from 3.11 on: ``python3 service/environments.py setup [--test]``.
`.venv` holds the service (with ``--test`` the test tools too), `.venv-assistant` holds Rasa under
Python 3.10. Both are installed with uv: the one on PATH, else a private copy in `.venv-tools`.

Exit codes: 0 done, 1 an expected failure told in one sentence on stderr, 2 wrong usage,
130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
SERVICE = ROOT / ".venv"
ASSISTANT = ROOT / ".venv-assistant"
TOOLS = ROOT / ".venv-tools"
REQUIREMENTS = ROOT / "requirements"
STAMP = "hotline-stamp.json"
PYTHON310 = "HOTLINE_PYTHON310"
PROGRESS_AFTER = 2.0
PROGRESS_EVERY = 10.0

# What an installer says, and what it means to the person who waits for it.
MEANINGS = (
    (("No space left on device", "Disk quota exceeded"), "磁盘空间不足，请腾出约 5 GB 后重试"),
    (("Permission denied", "Read-only file system"), "没有写入权限，请检查文件夹的属主和权限"),
    (("hash mismatch", "Hash mismatch", "DO NOT MATCH THE HASHES"), "软件包校验和不符，已拒绝安装"),
    (
        (
            "dns error",
            "error sending request",
            "Failed to fetch",
            "Could not connect",
            "Network is unreachable",
            "network connectivity is disabled",
            "Temporary failure in name resolution",
            "Failed to establish a new connection",
            "Connection refused",
            "No matching distribution found",
            "timed out",
        ),
        "下载失败，首次安装需要联网，请检查网络或软件源后重试",
    ),
)


class SetupError(Exception):
    """An expected failure; its text is the sentence to show."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of ``setup``, ``browser``, ``clean``; returns the exit code."""
    parser = argparse.ArgumentParser(description="准备、清理运行环境")
    commands = parser.add_subparsers(dest="command", required=True)
    setup_parser = commands.add_parser("setup", help="建立两套 Python 环境")
    setup_parser.add_argument("--test", action="store_true", help="同时安装测试工具")
    commands.add_parser("browser", help="确保有可用的 Chromium，并打印其路径")
    commands.add_parser("clean", help="删除环境、数据和缓存")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if options.command == "setup":
            set_up(test=options.test)
        elif options.command == "browser":
            print(ensure_browser())
        else:
            clean()
    except SetupError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断，未完成的环境已删除。", file=sys.stderr)
        return 130
    except OSError as error:
        meaning = _meaning(str(error)) or f"文件操作失败：{error.strerror}"
        print(f"错误：{meaning}（{error.filename or ROOT}）", file=sys.stderr)
        return 1
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


# ---------------------------------------------------------------- environments


def set_up(test: bool) -> None:
    """Make or renew what is missing or out of date. Raises SetupError."""
    if sys.version_info < (3, 11):
        raise SetupError(f"需要 Python 3.11 或更新版本，当前是 {sys.version.split()[0]}")
    wanted = _wanted(test)
    if all(_is_current(folder, stamp) for folder, stamp in wanted.items()):
        return
    if not os.access(ROOT, os.W_OK):
        raise SetupError(f"文件夹不可写：{ROOT}")
    with _only_one():
        needs_python310 = not _is_current(ASSISTANT, wanted[ASSISTANT])
        named = named_python310() if needs_python310 else None
        uv = find_uv()
        # Before anything long: what cannot be had should not be told after minutes.
        python310 = (named or find_python310(uv)) if needs_python310 else ""
        if not _is_current(SERVICE, wanted[SERVICE]):
            _make_service(uv, wanted[SERVICE])
        if needs_python310:
            _make_assistant(uv, python310, wanted[ASSISTANT])


def _wanted(test: bool) -> dict[Path, dict[str, str]]:
    service = {"root": str(ROOT), "requirements": digest(REQUIREMENTS / "service.txt")}
    if test:
        service["test"] = digest(REQUIREMENTS / "test.txt")
    assistant = {"root": str(ROOT), "requirements": digest(REQUIREMENTS / "assistant.txt")}
    if chosen := setting(PYTHON310):
        assistant["python"] = chosen
    return {SERVICE: service, ASSISTANT: assistant}


def digest(file: Path) -> str:
    """Hex SHA-256 of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stamp(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _is_current(folder: Path, wanted: dict[str, str]) -> bool:
    """True when ``folder`` was finished with what is wanted and its interpreter still exists."""
    return wanted.items() <= _stamp(folder).items() and (folder / "bin" / "python").exists()


def _write_stamp(folder: Path, stamp: dict[str, str]) -> None:
    temporary = folder / f"{STAMP}.new"
    temporary.write_text(json.dumps(stamp, ensure_ascii=False, indent=1), "utf-8")
    temporary.replace(folder / STAMP)


def _make_service(uv: str, wanted: dict[str, str]) -> None:
    files = ["service.txt", "test.txt"] if "test" in wanted else ["service.txt"]
    base = {key: value for key, value in wanted.items() if key != "test"}
    with _removed_on_failure(SERVICE):
        if not _is_current(SERVICE, base):
            _new_environment(uv, SERVICE, sys._base_executable)  # type: ignore[attr-defined]
        else:
            (SERVICE / STAMP).unlink()
        for file in files:
            _install(uv, SERVICE, file)
        _run(
            "安装 hotline 命令",
            _pip(uv, SERVICE, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
        )
        _write_stamp(SERVICE, wanted)


def _make_assistant(uv: str, python: str, wanted: dict[str, str]) -> None:
    with _removed_on_failure(ASSISTANT):
        _new_environment(uv, ASSISTANT, python)
        _install(uv, ASSISTANT, "assistant.txt")
        _write_stamp(ASSISTANT, wanted)


def _new_environment(uv: str, folder: Path, python: str) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    _run(f"建立环境 {folder.name}", [uv, "venv", "--python", python, str(folder)])


def _install(uv: str, folder: Path, file: str) -> None:
    _run(
        f"安装 {file} 里的软件包到 {folder.name}",
        _pip(uv, folder, "--require-hashes", "--requirement", str(REQUIREMENTS / file)),
    )


def _pip(uv: str, folder: Path, *arguments: str) -> list[str]:
    return [uv, "pip", "install", "--python", str(folder / "bin" / "python"), *arguments]


@contextlib.contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two set-ups of one folder run one after the other; the folder itself is the lock."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("· 另一个安装正在进行，等待它结束 …", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# ---------------------------------------------------------------- tools


def find_uv() -> str:
    """Path of a uv that runs: from PATH, else a private copy made now. Raises SetupError."""
    found = shutil.which("uv")
    if found and _answer([found, "--version"]):
        return found
    private = TOOLS / "bin" / "uv"
    wanted = {"root": str(ROOT), "requirements": digest(REQUIREMENTS / "tools.txt")}
    if _is_current(TOOLS, wanted):
        return str(private)
    with _removed_on_failure(TOOLS):
        if TOOLS.exists():
            shutil.rmtree(TOOLS)
        # Without its own pip: Debian leaves ensurepip out unless python3-venv is installed.
        has_own = subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True)
        create = [sys.executable, "-m", "venv", str(TOOLS)]
        pip = [str(TOOLS / "bin" / "python"), "-m", "pip"]
        if has_own.returncode:
            if not _answer([sys.executable, "-m", "pip", "--version"]):
                raise SetupError("没有 uv，Python 也没有 pip：请安装 uv 或 python3-venv 后重试")
            create.append("--without-pip")
            pip = [sys.executable, "-m", "pip", "--python", str(TOOLS / "bin" / "python")]
        _run("准备安装工具", create)
        _run(
            "安装 uv",
            [*pip, "install", "--require-hashes", "-r", str(REQUIREMENTS / "tools.txt")],
        )
        _write_stamp(TOOLS, wanted)
    return str(private)


def named_python310() -> str | None:
    """The Python 3.10 that the settings name. Raises SetupError when it is none."""
    chosen = setting(PYTHON310)
    if chosen and (path := _python310(chosen)) is None:
        raise SetupError(f"{PYTHON310}={chosen} 不是可以运行的 Python 3.10")
    return path if chosen else None


def find_python310(uv: str) -> str:
    """Path of a Python 3.10 that runs here. Raises SetupError naming the variable to set."""
    managed = ["python", "find", "--no-project", "--no-python-downloads"]
    for candidate in ("python3.10", _answer([uv, *managed, "3.10"], cwd=ROOT)):
        if candidate and (path := _python310(candidate)):
            return path
    for folder in sorted(Path.home().glob(".pyenv/versions/3.10.*"), reverse=True):
        if path := _python310(str(folder / "bin" / "python3.10")):
            return path
    with contextlib.suppress(SetupError):
        _run("下载 Python 3.10", [uv, "python", "install", "3.10"])
        path = _python310(_answer([uv, *managed, "--managed-python", "3.10"], cwd=ROOT) or "")
        if path:
            return path
    raise SetupError(
        f"助手需要 Python 3.10，本机没有找到，也没能下载：请安装后用 {PYTHON310} 指明它的路径"
    )


def _python310(command: str) -> str | None:
    """The real path behind ``command`` when it runs and is 3.10 with what an environment needs."""
    code = (
        "import sys, ssl, ctypes, sqlite3; print(sys.version_info[:2] == (3, 10), sys.executable)"
    )
    answer = _answer([command, "-I", "-c", code], cwd=ROOT) or ""
    fits, _, path = answer.partition(" ")
    return path if fits == "True" and path else None


def _answer(command: Sequence[str], cwd: Path | None = None) -> str | None:
    """First line a program prints, or None when it cannot run or fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=cwd, env=_environment()
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None


def setting(name: str) -> str | None:
    """A variable from the environment, else from the project's `.env`."""
    if value := os.environ.get(name):
        return value
    try:
        lines = (ROOT / ".env").read_text("utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        key, equals, value = line.removeprefix("export ").partition("=")
        if equals and key.strip() == name:
            return value.strip().strip("'\"") or None
    return None


def _environment() -> dict[str, str]:
    """The environment without what would steer installers or interpreters elsewhere."""
    steering = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in steering}
    return kept | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_PROGRESS": "1",
        # Compiled once here instead of at every start where bytecode may not be written: the
        # assistant imports in a third of the time.
        "UV_COMPILE_BYTECODE": "1",
        "DEBIAN_FRONTEND": "noninteractive",
    }


def _run(title: str, command: Sequence[str]) -> None:
    """Run a step; says how long it has been going on. Raises SetupError with its meaning."""
    started = told = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output = None
            while output is None:
                try:
                    output = process.communicate(timeout=0.5)[0]
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                    if told == started and now - started >= PROGRESS_AFTER:
                        print(f"· {title} …", flush=True)
                        told = now
                    elif now - told >= PROGRESS_EVERY:
                        print(f"  已 {now - started:.0f} 秒", flush=True)
                        told = now
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        last = [line.strip() for line in output.splitlines() if line.strip()][-1:]
        raise SetupError(f"{title}失败：{_meaning(output) or ' '.join(last)}")
    if (seconds := time.monotonic() - started) >= PROGRESS_AFTER:
        print(f"✓ {title}（{seconds:.0f} 秒）", flush=True)


def _meaning(output: str) -> str | None:
    for signs, meaning in MEANINGS:
        if any(sign in output for sign in signs):
            return meaning
    return None


# ---------------------------------------------------------------- browser


def find_browser() -> str | None:
    """The machine's own Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if (path := shutil.which(name)) and _answer([path, "--version"]):
            return path
    return None


def ensure_browser() -> str:
    """Path of a Chromium: the machine's own, else Debian's package, else Playwright's.

    Raises SetupError when none can be had.
    """
    debian = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if not _answer(["fc-list", ":lang=zh", "family"]) and debian:
        _run("更新软件包列表", ["apt-get", "update"])
        _run("安装中文字体", ["apt-get", "install", "-y", "fonts-noto-cjk", "fontconfig"])
    if path := find_browser():
        return path
    if debian:
        with contextlib.suppress(SetupError):
            _run("更新软件包列表", ["apt-get", "update"])
            _run("安装 Chromium", ["apt-get", "install", "-y", "chromium"])
        if path := find_browser():
            return path
    python = str(SERVICE / "bin" / "python")
    try:
        _run("下载 Chromium", [python, "-m", "playwright", "install", "chromium"])
    except SetupError as error:
        raise SetupError(f"测试需要 Chromium，请安装后重试（{error}）") from error
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    path = _answer([python, "-c", code])
    if not path or not _answer([path, "--version"]):
        raise SetupError("Playwright 下载的 Chromium 无法运行，请安装系统的 Chromium 后重试")
    return path


# ---------------------------------------------------------------- clean


def private_folder(data_dir: Path) -> Path:
    """Where root keeps a database whose user cannot reach ``data_dir`` (service/postgres.py)."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:8]
    return Path("/var/lib") / f"hotline-{name}"


def clean() -> None:
    """Remove environments, caches and the data in the project. Raises SetupError while it runs."""
    data = ROOT / (setting("HOTLINE_DATA_DIR") or "data")
    with contextlib.suppress(FileNotFoundError), (data / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError("系统正在运行，请先停止再清理") from None
    folders = [SERVICE, ASSISTANT, TOOLS, private_folder(ROOT / "data"), ROOT / "data"]
    caches = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")
    folders += [ROOT / name for name in (*caches, ".schemathesis", ".rasa", "test-results")]
    folders += ROOT.glob("*.egg-info")
    rooms = [child for child in ROOT.iterdir() if not child.name.startswith(".")]
    for room in rooms:
        folders += room.rglob("__pycache__")
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
    if data.resolve() != (ROOT / "data").resolve() and data.exists():
        print(f"数据目录 {data} 不在项目默认位置，没有删除。")


if __name__ == "__main__":
    sys.exit(main())
