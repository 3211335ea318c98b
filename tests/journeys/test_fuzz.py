"""The public interface under generated requests: no 5xx, no status that is not documented."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.stack import ROOT, Stack


def test_no_request_breaks_the_public_interface(stack: Stack, tmp_path: Path) -> None:
    run = subprocess.run(
        [
            *(str(ROOT / ".venv" / "bin" / "schemathesis"), "run"),
            f"{stack.address}/openapi.json",
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
            # An event stream never ends.
            *("--exclude-path-regex", "/events$"),
            *("--max-examples", "60"),
            *("--workers", "2"),
            *("--request-timeout", "20"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
