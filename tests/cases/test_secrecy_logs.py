"""What the programs write into their logs: codes, counts and reasons, never a citizen's words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from core.settings import ROOT

ROOMS = (
    "core", "language", "units", "kb", "routing", "cases", "reviews", "intake", "notices", "bot",
    "integrations", "console", "service",
)  # fmt: skip
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
# Whatever else somebody wants to write down has to be thought about here first.
HARMLESS = {
    "by", "case", "change", "changed", "code", "count", "delivery", "done", "draft", "elapsed",
    "emergency_kind", "exc_info", "feedback", "file", "first", "found", "how", "line", "method", "new", "number", "old", "path", "place",
    "publication", "reason", "reference", "status", "turn_id", "unit",
}  # fmt: skip


def _calls(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id.lstrip("_") in {"log", "logger"}
        ):
            yield node


def test_log_lines_carry_only_what_was_thought_about() -> None:
    seen = 0
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for call in _calls(file):
                where = f"{file.relative_to(ROOT)}:{call.lineno}"
                seen += 1
                assert isinstance(call.args[0], ast.Constant), where
                named = {word.arg for word in call.keywords if word.arg}
                assert named <= HARMLESS, (where, named - HARMLESS)
    assert seen > 10
