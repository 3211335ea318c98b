"""What one installation keeps to itself: generated secrets, and the sample city's logins."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.settings import SECRETS_FILE
from service.environments import setting

# Environment variables of the service, and those only the launcher knows.
SECRET_KEY = "HOTLINE_SECRET_KEY"
ASSISTANT_TOKEN = "HOTLINE_ASSISTANT_TOKEN"
DATABASE_PASSWORD = "HOTLINE_DATABASE_PASSWORD"
TRACKER_PASSWORD = "HOTLINE_TRACKER_PASSWORD"
LOGINS_FILE = "sample-logins.txt"
NAMES = (SECRET_KEY, ASSISTANT_TOKEN, DATABASE_PASSWORD, TRACKER_PASSWORD)

Login = tuple[str, str, str]


def read(data_dir: Path) -> dict[str, str]:
    """The secrets of ``data_dir``; what the environment or `.env` sets goes first."""
    found: dict[str, str] = {}
    try:
        lines = (data_dir / SECRETS_FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name in NAMES:
            found[name] = value
    return found | {name: chosen for name in NAMES if (chosen := setting(name))}


def ensure(data_dir: Path) -> dict[str, str]:
    """All secrets of ``data_dir``; missing ones are generated and stored in one step.

    The file is readable by its owner only. Raises OSError.
    """
    found = read(data_dir)
    missing = {name: secrets.token_urlsafe(32) for name in NAMES if name not in found}
    if missing:
        file = data_dir / SECRETS_FILE
        kept = file.read_text("utf-8") if file.exists() else ""
        write_private(file, kept + "".join(f"{name}={word}\n" for name, word in missing.items()))
    return found | missing


def write_private(file: Path, text: str) -> None:
    """Replace ``file`` as a whole; only its owner can read it."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def keep_logins(data_dir: Path, logins: list[Login]) -> None:
    """Store sample logins, one a line with tabs between login, password and role."""
    kept = {login: (login, password, role) for login, password, role in read_logins(data_dir)}
    kept |= {login[0]: login for login in logins}
    write_private(data_dir / LOGINS_FILE, "".join("\t".join(row) + "\n" for row in kept.values()))


def read_logins(data_dir: Path) -> list[Login]:
    """The sample logins that were kept, as (login, password, role)."""
    try:
        lines = (data_dir / LOGINS_FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    rows = [line.split("\t") for line in lines]
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]
