"""Excel files: what is text stays text."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from console.excel import Sheet, download, safe_text, workbook


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+8613800001234", "'+8613800001234"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("路灯=坏", "路灯=坏"),
        ("a\x07b", "ab"),
        ("\x07=1", "'=1"),
        ("", ""),
    ],
)
def test_no_text_becomes_a_formula(text: str, cell: str) -> None:
    assert safe_text(text) == cell


def test_a_written_book_can_be_read_again() -> None:
    rows = [["=HYPERLINK(1)", 3, 0.5, None]]
    content = workbook([Sheet("指标", ["单位", "件数", "率", "空"], rows, ["口径"], [20, 8])])
    sheet = load_workbook(io.BytesIO(content))["指标"]
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [
        ["口径", None, None, None],
        ["单位", "件数", "率", "空"],
        ["'=HYPERLINK(1)", 3, 0.5, None],
    ]
    assert sheet["A3"].data_type == "s"
    assert sheet.freeze_panes == "A3"


def test_a_download_has_its_chinese_name_and_is_not_kept() -> None:
    answer = download(b"x", "统计.xlsx")
    assert "filename*=UTF-8''%E7%BB%9F%E8%AE%A1.xlsx" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
