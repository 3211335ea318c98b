"""``hotline assistant evaluate`` refuses what it cannot measure, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "没有带标签的话"), ('{"text": "灯坏了"}\n', "第 1 行不是带标签的话")],
)
def test_a_file_without_labels_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(content, "utf-8")
    result = CliRunner().invoke(app, ["assistant", "evaluate", str(file)])
    assert result.exit_code == 1
    assert said in result.output


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["assistant", "evaluate", str(tmp_path / "none.jsonl")])
    assert result.exit_code == 1
    assert "读不了文件" in result.output
