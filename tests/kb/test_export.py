"""What was taken in comes out again, and back in unchanged; nothing in it runs in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.database import Database
from kb.export import as_json, as_table, as_yaml
from kb.readers.mapping import load_mapping
from kb.readers.own_yaml import read_entries
from kb.readers.sources import read_source
from kb.readers.unit_names import UnitNames
from kb.schemas import Content, ItemContent, NoticeContent
from tests.kb.importing import hotline, hotline_json, state
from tests.kb.samples import CITY, COMPLETE
from units.loading import read_tree

ODD = {
    **COMPLETE,
    "name": "“怪”名｜称\\",
    "summary": "=1+1\n第二行",
    "aliases": ["-5", "@甲", "是", "12345", "2026-01-01", "null"],
    "process": ["一\n二", "=cmd", "三｜四"],
    "faq": [{"q": "问｜问", "a": "答\n- 答：“[{}]” #注 & *星 😀"}],
    "materials": [{"name": "表", "required": False, "note": "+86"}],
    "phones": {"inquiry": "+86 0000-12340001", "complaint": "-"},
}
NOTICE = {
    "code": "N-1",
    "name": "停水",
    "unit": "hotline",
    "topic": "停水",
    "text": "检修。",
    "starts_at": "2026-06-01T08:00:00+08:00",
    "ends_at": "2026-06-01T20:00:00+08:00",
}


def _contents() -> list[Content]:
    found = [entry.content for entry in read_entries(CITY)[0]]
    return [*found, ItemContent.model_validate(ODD), NoticeContent.model_validate(NOTICE)]


@pytest.mark.parametrize(("write", "name"), [(as_yaml, "a.yml"), (as_json, "a.json")])
def test_every_kind_of_entry_comes_back(write: object, name: str, tmp_path: Path) -> None:
    contents = _contents()
    assert callable(write)
    (tmp_path / name).write_text(write(contents), "utf-8")
    reading = read_source(tmp_path / name)
    assert reading.rejected == []
    assert [entry.content for entry in reading.entries] == contents


async def _exported(path: Path) -> int:
    done = await hotline_json("kb", "export", "-o", path)
    assert done["file"] == str(path)
    # Policies and life events do not fit into a table; that is said.
    assert (done["left_out"] > 0) == (path.suffix in (".csv", ".xlsx"))
    return int(done["entries"])


@pytest.fixture
async def odd(loaded_city: Database, tmp_path: Path) -> Database:
    """The city with an entry of another source that is hard to write down."""
    path = tmp_path / "odd.yml"
    path.write_text(as_yaml([ItemContent.model_validate(ODD)]), "utf-8")
    assert (await hotline("kb", "import", path, "--yes")).exit_code == 0
    return loaded_city


@pytest.mark.usefixtures("command_database")
@pytest.mark.parametrize("suffix", ["yml", "json", "csv", "xlsx"])
async def test_importing_an_export_changes_nothing(
    odd: Database, tmp_path: Path, suffix: str
) -> None:
    before = await state(odd)
    for source in ("city", "odd"):
        path = tmp_path / f"{source}-all.{suffix}"
        done = await hotline_json("kb", "export", "-o", path, "--source", source)
        again = await hotline_json("kb", "import", path, "--source", "odd", "--dry-run")
        if source == "odd":
            assert (again["unchanged"], again["rejected"]) == (done["entries"], [])
        else:
            # Another's entries are no import's to change.
            reasons = {row["reason"] for row in again["rejected"]}
            assert reasons == {"这个编码的条目已由来源“city”提供"}
            assert len(again["rejected"]) == done["entries"] > 200
        assert (again["new"], again["changed"]) == ([], [])
    assert await state(odd) == before


def test_the_city_survives_a_table(tmp_path: Path) -> None:
    items = [content for content in _contents() if isinstance(content, ItemContent)]
    head, rows = as_table(items, load_mapping("table"))
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *(rows[:-1])])
    reading = read_source(path, units=UnitNames(read_tree(CITY).units.values()))
    assert reading.rejected == []
    assert [entry.content for entry in reading.entries] == items[:-1]


@pytest.mark.usefixtures("command_database")
async def test_no_cell_begins_a_formula(odd: Database, tmp_path: Path) -> None:
    await _exported(tmp_path / "a.csv")
    await _exported(tmp_path / "a.xlsx")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    book = load_workbook(tmp_path / "a.xlsx")
    cells += [str(cell) for row in book["事项"].iter_rows(values_only=True) for cell in row if cell]
    assert any(cell.startswith("'=") for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))] == []


@pytest.mark.usefixtures("command_database")
async def test_what_cannot_be_exported_is_told(loaded_city: Database, tmp_path: Path) -> None:
    unknown = await hotline("kb", "export", "-o", tmp_path / "a.txt")
    assert (unknown.exit_code, "看不出格式" in unknown.output) == (2, True)
    policies = await hotline("kb", "export", "-o", tmp_path / "a.csv", "--kind", "policy")
    assert (policies.exit_code, "只能放事项" in policies.output) == (2, True)
    nothing = await hotline("kb", "export", "-o", tmp_path / "a.yml", "--source", "没有")
    assert (nothing.exit_code, (tmp_path / "a.yml").exists()) == (1, False)


@pytest.mark.usefixtures("command_database")
async def test_search_tells_what_a_question_finds_and_why(loaded_city: Database) -> None:
    found = await hotline_json("kb", "search", "身份证丢了怎么补办", "--no-encoders", "--limit", 2)
    first = found["hits"][0]
    assert (first["code"], first["unit_name"]) == ("SL-POLICE-002", "示例市公安局")
    assert first["score"] > 0.5 and first["reasons"]
    told = await hotline("kb", "search", "身份证丢了怎么补办", "--no-encoders")
    assert "1. 居民身份证丢失补领（SL-POLICE-002，第1版）" in told.stdout
    assert (await hotline("kb", "search", " ")).exit_code == 1
