"""Public data outside the project; the one thing whose absence a test may skip for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stack import ROOT

SHARED = Path(os.environ.get("HOTLINE_SHARED_DATA", ROOT.parent / "shared" / "data"))


def shared_file(name: str) -> Path:
    """The file, or a skip that says what is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no shared data: {path} (set HOTLINE_SHARED_DATA)")
    return path
