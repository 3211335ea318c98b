"""Tables as Excel files. Text is never taken for a formula, whoever wrote it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from starlette.responses import Response

Value = str | int | float | None
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_767


@dataclass(frozen=True)
class Sheet:
    """One sheet: ``notes`` stand above the table, ``widths`` are columns' widths in characters."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Value]]
    notes: Sequence[str] = ()
    widths: Sequence[int] = field(default_factory=tuple)


def safe_text(text: str) -> str:
    """``text`` as a cell holds it: no control characters, and an apostrophe before what would
    begin a formula."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST]
    return f"'{text}" if text.startswith(_FORMULA) else text


def workbook(sheets: Iterable[Sheet]) -> bytes:
    """An ``.xlsx`` file with these sheets in order."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title[:31])
        for number, width in enumerate(sheet.widths):
            page.column_dimensions[chr(ord("A") + number)].width = width
        page.freeze_panes = f"A{len(sheet.notes) + 2}"
        for note in sheet.notes:
            page.append([safe_text(note)])
        page.append([_head(page, text) for text in sheet.head])
        for row in sheet.rows:
            page.append([safe_text(v) if isinstance(v, str) else v for v in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def download(content: bytes, name: str) -> Response:
    """The file ``name`` (with its Chinese, RFC 6266) as an answer that nobody keeps."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def _head(page: object, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, safe_text(text))
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
