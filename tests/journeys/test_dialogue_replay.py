"""Labelled dialogues from the first word to the case, on a line of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT

OWN = ROOT / "tests" / "bot" / "dialogues.jsonl"


def replayed(path: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "service.cli", "assistant", "replay", str(path), "--json"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.mark.proof
def test_our_own_dialogues_end_as_expected() -> None:
    figures = replayed(OWN)
    assert figures["failed"] == {}
    assert (
        figures["dialogues"] == figures["as_expected"] == len(OWN.read_text("utf-8").splitlines())
    )
    checks = figures["checks"]
    assert isinstance(checks, dict)
    assert checks["passed"] > 200 and checks["failed"] <= 4
