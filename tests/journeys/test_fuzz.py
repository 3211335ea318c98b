"""The public interface under generated requests: no 5xx, no status that is not documented."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.stack import ROOT, Citizen, Stack


@pytest.mark.parametrize("known", [False, True], ids=["stranger", "citizen"])
def test_no_request_breaks_the_public_interface(stack: Stack, tmp_path: Path, known: bool) -> None:
    """Once as anybody, once inside a conversation and with a case that exist."""
    if known:
        (tmp_path / "schemathesis.toml").write_text(_inside(stack), "utf-8")
    run = subprocess.run(
        [
            *(str(ROOT / ".venv" / "bin" / "schemathesis"), "run"),
            f"{stack.address}/openapi.json",
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
            # An event stream never ends.
            *("--exclude-path-regex", "/events$"),
            *("--max-examples", "50"),
            *("--request-timeout", "30"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


def _inside(stack: Stack) -> str:
    citizen = Citizen(stack.address)
    citizen.say("春晖路18号路灯坏了三天了，电话13800000051")
    card = citizen.choose("intake:confirm")[0]["card"]
    return f"""
headers = {{ Authorization = "Bearer {citizen.token}" }}

[parameters]
conversation = "{citizen.id}"
number = "{card["number"]}"
"""
