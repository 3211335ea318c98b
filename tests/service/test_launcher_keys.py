"""Secrets are generated once, kept to their owner, and replaced by what the operator sets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from service import keys


@pytest.fixture(autouse=True)
def no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in keys.NAMES:
        monkeypatch.delenv(name, raising=False)


def test_the_first_start_generates_all_and_the_second_keeps_them(tmp_path: Path) -> None:
    first = keys.ensure(tmp_path)
    assert set(first) == set(keys.NAMES)
    assert len(set(first.values())) == len(keys.NAMES)
    assert all(len(value) >= 40 for value in first.values())
    assert keys.ensure(tmp_path) == first == keys.read(tmp_path)


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    keys.keep_logins(tmp_path, [("seat", "word", "seat")])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"secrets.env": 0o600, keys.LOGINS_FILE: 0o600}


def test_what_the_operator_sets_is_used_and_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.SECRET_KEY, "chosen")
    assert keys.ensure(tmp_path)[keys.SECRET_KEY] == "chosen"
    assert "chosen" not in (tmp_path / "secrets.env").read_text("utf-8")


def test_a_new_secret_joins_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text(f"{keys.SECRET_KEY}=old\n", "utf-8")
    assert keys.ensure(tmp_path)[keys.SECRET_KEY] == "old"
    assert keys.read(tmp_path).keys() == set(keys.NAMES)


def test_sample_logins_are_kept_and_renewed_by_login(tmp_path: Path) -> None:
    assert keys.read_logins(tmp_path) == []
    keys.keep_logins(tmp_path, [("seat", "one", "seat"), ("admin", "two", "administrator")])
    keys.keep_logins(tmp_path, [("seat", "three", "seat")])
    assert keys.read_logins(tmp_path) == [
        ("seat", "three", "seat"),
        ("admin", "two", "administrator"),
    ]
