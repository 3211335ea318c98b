"""Foreign files: what is read of them, what is refused, and with which words."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from kb.readers.decoding import decode
from kb.readers.mapping import SourceMapping, Translation, load_mapping
from kb.readers.plain import LONGEST, Refused, cell_text, plain
from kb.readers.reading import Reading, UnusableSource
from kb.readers.sources import read_source
from kb.readers.unit_names import UnitNames
from kb.schemas import ItemContent
from tests.stack import ROOT
from units.tree import FormerName, UnitInfo

CHINESE = "编码,名称\nA-1,居民身份证换领\nA-2,户口迁移登记和落户办理\n"
BIG5 = "編碼,名稱\nA-1,居民身份證換領\nA-2,戶口遷移登記與落戶辦理，請備妥國民身分證\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_usual_encodings_are_read(encoding: str) -> None:
    assert decode(CHINESE.encode(encoding), "a.csv") == CHINESE


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"  \n", "空文件"),
        (CHINESE.encode("utf-16"), "UTF-16"),
        (CHINESE.encode("utf-16-le"), "UTF-16"),
        (BIG5.encode("big5"), "第 1 行"),
        (CHINESE.encode()[:-5] + b"\xe6", "第 3 行有读不出的字节"),
    ],
)
def test_other_encodings_are_told(data: bytes, told: str) -> None:
    with pytest.raises(UnusableSource, match=told):
        decode(data, "a.csv")


@pytest.mark.parametrize(
    ("text", "read", "marked"),
    [
        ("面积<90平方米", "面积<90平方米", False),
        ("《<中华人民共和国价格法>办法》", "《<中华人民共和国价格法>办法》", False),
        ("<p>一、申请</p><p>二、<b>受理</b></p>", "一、申请\n二、受理", True),
        ("第一条<br/>第二条&nbsp;完", "第一条\n第二条 完", True),
        ("A&amp;B &lt;90", "A&B <90", True),
        ("x<!-- 备注 -->y", "xy", True),
        (" 前后空格\r\n第二行 ", "前后空格\n第二行", False),
    ],
)
def test_markup_goes_and_text_stays(text: str, read: str, marked: bool) -> None:
    assert plain(text) == (read, marked)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>看</a>",
        "<iframe src=//x>",
        "<style>*{}</style>",
        "长" * (LONGEST + 1),
    ],
)
def test_what_acts_or_floods_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        plain(text)


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", '=HYPERLINK("http://x")']
)
def test_formulas_are_refused_and_escaped_ones_are_text(text: str) -> None:
    with pytest.raises(Refused, match="公式"):
        cell_text(text)
    assert cell_text(f"'{text}") == text


@pytest.mark.parametrize("text", ["-", "+86 0000-12340001", "-5", "'引号开头", "0000-12345678"])
def test_phones_numbers_and_dashes_are_no_formulas(text: str) -> None:
    assert cell_text(text) == text


def _rule(rule: dict[str, Any] | str, value: Any) -> tuple[Any, list[str]]:
    mapping = SourceMapping.model_validate({"fields": {"x": rule}})
    translation = Translation(mapping, {"列": value, "乙": "二"})
    return translation.raw.get("x"), translation.remarks


@pytest.mark.parametrize(
    ("rule", "value", "read"),
    [
        ("列", " 甲 ", "甲"),
        ("列", "无", None),
        ("列", None, None),
        ({"join": ["列", "乙"]}, "甲", "甲 二"),
        ({"join": ["列", "乙"]}, "", "二"),
        ({"value": 3}, "甲", 3),
        ({"from": "列", "default": "其他"}, "无", "其他"),
        ({"from": "列", "remove": "地点："}, "地点：一楼", "一楼"),
        ({"from": "列", "present": True}, "平台", True),
        ({"from": "列", "split": "|"}, "甲| 乙||丙", ["甲", "乙", "丙"]),
        ({"from": "列", "split": "|"}, "甲\\|乙|丙", ["甲|乙", "丙"]),
        ({"from": "列", "table": {"是": True, "否": False}}, "否", False),
        ({"from": "列", "table": {"1": "甲"}}, 1, "甲"),
        ({"from": "列", "split": ",", "table": {"1": "甲", "2": "乙"}}, "1,2", ["甲", "乙"]),
        ({"from": "列", "pattern": r"(?P<days>\d+)天"}, "约20天", {"days": "20"}),
        ({"from": "列", "split": ";", "parts": ["q", "a"]}, "问｜答;问", [{"q": "问", "a": "答"}, {"q": "问"}]),
        ({"from": "列", "each": {"name": "m"}}, [{"m": "表"}, "坏"], [{"name": "表"}]),
        ({"from": "列", "date": True}, "2026/3/1", "2026-03-01"),
        ({"from": "列", "date": True}, "20260301", "2026-03-01"),
        ({"from": "列", "date": True}, "2026年3月1日", "2026-03-01"),
        ({"from": "列", "date": True}, "2026-03-01 00:00:00", "2026-03-01"),
        ({"from": "列", "date": True}, 1772294400000, "2026-03-01"),
    ],
)  # fmt: skip
def test_how_a_field_is_read(rule: dict[str, Any] | str, value: Any, read: Any) -> None:
    assert _rule(rule, value) == (read, [])


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"from": "列", "table": {"1": "甲"}}, "7"),
        ({"from": "列", "pattern": r"^https?://\S+$"}, "见官网"),
        ({"from": "列", "date": True}, "长期"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_remarked(rule: dict[str, Any], value: str) -> None:
    read, remarks = _rule(rule, value)
    assert read is None
    assert value in remarks[0] and "没有采用" in remarks[0]


def test_dotted_fields_make_objects_and_lists() -> None:
    fields = {"a.b.c": "列", "w.1.n": {"value": 2}, "w.0.n": {"value": 1}}
    raw = Translation(SourceMapping.model_validate({"fields": fields}), {"列": "甲"}).raw
    assert raw == {"a": {"b": {"c": "甲"}}, "w": [{"n": 1}, {"n": 2}]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fields: [", "不是有效的 YAML"),
        ("title: 甲", "fields：必填"),
        ("fields: {code: {form: 编码}}", "没有这个字段"),
        ("fields: {code: {from: 编码, pattern: '('}}", "正则"),
    ],
)
def test_a_bad_mapping_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "m.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(UnusableSource, match=told):
        load_mapping(str(path))
    with pytest.raises(UnusableSource, match="guangdong"):
        load_mapping("nowhere")


def test_the_mapping_in_the_guide_is_one(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "knowledge.md").read_text("utf-8")
    (tmp_path / "m.yml").write_text(guide.split("```yaml\n")[1].split("```")[0], "utf-8")
    mapping = load_mapping(str(tmp_path / "m.yml"))
    assert mapping.units == {"某省公安厅": "police"}
    assert {"实施编码", "事项名称", "法定时限"} <= set(mapping.needed_columns)


def test_units_go_by_any_name_that_means_one() -> None:
    def unit(code: str, *aliases: str, former: str = "") -> UnitInfo:
        old = (FormerName(former, "2019-01-01"),) if former else ()
        return UnitInfo(code, f"示例市{code}局", f"{code}局", "局", "city", None, aliases, former_names=old)  # fmt: skip

    names = UnitNames(
        [unit("a", "共同", former="示例市旧局"), unit("b", "共同", "另名")], {"省厅": "b"}
    )
    known = {"示例市a局": "a", "a局": "a", "示例市旧局": "a", "b": "b", "另名": "b", "省厅": "b"}
    assert {name: names.code(name) for name in known} == known
    assert names.code("共同") is None and names.code("没有的局") is None


HEAD = ["编码", "名称", "承办单位", "事项类型", "行使层级", "简介", "生效日期", "咨询电话"]
GOOD = [
    "T-1",
    "渔船登记",
    "agriculture",
    "行政确认",
    "县级",
    "办登记。",
    "2026-01-01",
    "0000-12340001",
]


def _csv(path: Path, *rows: list[str] | str, end: str = "\n") -> Path:
    lines = [row if isinstance(row, str) else ",".join(row) for row in (HEAD, *rows)]
    path.write_text("\n".join(lines) + end, "utf-8")
    return path


def _xlsx(path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def _read(path: Path) -> Reading:
    units = UnitNames([UnitInfo("agriculture", "示例市农业农村局", "农业局", "局", "city", None)])
    return read_source(path, units=units)


def _other(code: str, **changes: str) -> list[str]:
    row = dict(zip(HEAD, GOOD, strict=True)) | {"编码": code} | changes
    return list(row.values())


BAD_ROWS: list[tuple[list[str] | str, int, str | None, str]] = [
    (_other("T-2", 名称=""), 3, "T-2", "name：必填"),
    (_other("T-2", 名称="=cmd()"), 3, "T-2", "“名称”以 = + - @ 开头"),
    (_other("T-2", 简介="<script>x</script>"), 3, "T-2", "“简介”含有脚本"),
    (_other("T-2", 简介="字" * 100_001), 3, "T-2", "“简介”有 100,001 个字"),
    (_other("T-2", 承办单位="外星局"), 3, "T-2", "没有承办单位“外星局”"),
    (_other("T-2", 生效日期="迟早"), 3, "T-2", "valid_from：必填"),
    (_other("T-1"), 3, "T-1", "编码与 第 2 行的条目重复"),
    (_other("小写 t"), 3, "小写 t", "code："),
    ([*_other("T-2"), "多一格"], 3, None, "有 9 列，应有 8 列"),
    (_other("T-2")[:-1], 3, None, "有 7 列，应有 8 列"),
]


@pytest.mark.parametrize(("row", "line", "code", "told"), BAD_ROWS)
def test_a_bad_row_is_told_with_its_line_and_spoils_no_other(
    tmp_path: Path, row: list[str], line: int, code: str | None, told: str
) -> None:
    reading = _read(_csv(tmp_path / "a.csv", GOOD, row, _other("T-3")))
    assert [entry.content.code for entry in reading.entries] == ["T-1", "T-3"]
    (rejected,) = reading.rejected
    assert (rejected.file, rejected.line, rejected.code) == ("a.csv", line, code)
    assert told in rejected.reason


def test_lines_count_also_within_cells(tmp_path: Path) -> None:
    long = _other("T-2", 简介='"第一行\n第二行\n第三行"')
    reading = _read(_csv(tmp_path / "a.csv", long, "", _other("T-3"), _other("T-4", 名称="")))
    assert [entry.line for entry in reading.entries] == [2, 6]
    assert reading.rejected[0].line == 7


BAD_TABLES: list[tuple[str, str]] = [
    ("编码,名称\nA,甲\n", "缺少列 事项类型、行使层级、简介、生效日期"),
    (",".join(HEAD) + "\n", "没有数据行"),
    (",".join([*HEAD, "名称"]) + "\n" + ",".join([*GOOD, ""]), "列名重复：名称"),
    (",".join(HEAD) + "\n" + ",".join(GOOD) + "\nT-2,半", "最后一行只有 2 列"),
    (",".join(HEAD) + "\n" + ",".join(GOOD) + '\nT-2,"半\nT-3,x\n', "第 3 行起的引号里中断"),
]


@pytest.mark.parametrize(("text", "told"), BAD_TABLES)
def test_a_table_that_is_no_whole_is_refused_as_one(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(text, "utf-8")
    with pytest.raises(UnusableSource, match=told):
        _read(tmp_path / "a.csv")


def test_excel_is_read_like_a_csv(tmp_path: Path) -> None:
    title = ["示例市事项表（2026）"]
    second = [*_other("T-2")[:6], date(2026, 2, 1), 12345]
    number = [11310000200356400.0, *GOOD[1:]]
    formula = ["T-4", '=HYPERLINK("http://x","点我")', *GOOD[2:]]
    reading = _read(_xlsx(tmp_path / "a.xlsx", title, HEAD, GOOD, second, number, formula))
    first, other = (entry.content for entry in reading.entries)
    assert isinstance(first, ItemContent) and isinstance(other, ItemContent)
    assert (first.code, first.unit) == ("T-1", "agriculture")
    assert (other.valid_from, other.phones.inquiry) == (date(2026, 2, 1), "12345")
    assert [(r.line, r.code) for r in reading.rejected] == [(5, None), (6, "T-4")]
    assert "长数字" in reading.rejected[0].reason and "公式" in reading.rejected[1].reason


def _bomb(path: Path) -> bytes:
    _xlsx(path, HEAD, GOOD)
    data = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", b"\0" * 30_000_000)
    return data.getvalue()


def _with_doctype(path: Path) -> bytes:
    _xlsx(path, HEAD, GOOD)
    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w") as new:
        for part in old.infolist():
            new.writestr(part, old.read(part))
        new.writestr("xl/evil.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    return data.getvalue()


BAD_EXCEL = [
    (lambda path: _xlsx(path, HEAD, GOOD).read_bytes()[:-400], "不是完整的 .xlsx"),
    (lambda path: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "不是完整的 .xlsx"),
    (lambda path: _xlsx(path, ["编码"], ["T-1"]).read_bytes(), "缺少列"),
    (_bomb, "太大，不读"),
    (_with_doctype, "外部定义"),
]


@pytest.mark.parametrize(("make", "told"), BAD_EXCEL)
def test_a_damaged_or_hostile_workbook_is_refused(tmp_path: Path, make: Any, told: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(make(path))
    with pytest.raises(UnusableSource, match=told):
        _read(path)


NATIONAL: dict[str, Any] = {
    "taskCode": "11310000MB2F30661Y2312003564000",
    "taskName": "渔业捕捞许可",
    "taskVersion": 3,
    "taskType": "01",
    "useLevel": "3",
    "deptName": "示例市农业农村局",
    "projectType": "2",
    "serverType": "1,2,9",
    "byLaw": "《渔业法》第二十三条",
    "acceptCondition": "<p>有船舶</p><p>有船员</p>",
    "anticipateDay": 20,
    "anticipateType": "1",
    "promiseDay": "5",
    "promiseType": "1",
    "isFee": "0",
    "isOnline": 1,
    "isExpress": True,
    "limitSceneNum": 0,
    "planEffectiveDate": "2026-01-01 00:00:00",
    "planCancelDate": None,
    "taskState": "1",
    "materials": [
        {"materialName": "申请表", "materialType": "1", "paperNum": 1, "isNeed": "1"},
        {"materialName": "委托书", "isNeed": "0", "situation": "代办时"},
    ],
}


def test_the_national_interface_is_read_by_its_codes(tmp_path: Path) -> None:
    ended = {**NATIONAL, "taskCode": "X-2", "taskState": "3"}
    odd = {**NATIONAL, "taskCode": "X-3", "serverType": "1,8"}
    records = [NATIONAL, ended, odd, "坏", {**NATIONAL, "taskCode": "X-4", "taskName": ""}]
    path = tmp_path / "a.json"
    whole = {"code": 200, "data": {"total": 5, "list": records}}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=0), "utf-8")
    reading = _read(path)
    item = reading.entries[0].content
    assert isinstance(item, ItemContent)
    assert (item.type, item.level, item.handling_type) == ("行政许可", "市级", "承诺件")
    assert (item.unit, item.version, item.audience) == ("agriculture", 3, ["自然人", "企业法人", "其他组织"])  # fmt: skip
    assert item.conditions[0].text == "有船舶\n有船员"
    assert item.limits.legal is not None and item.limits.promised is not None
    assert (item.limits.legal.days, item.limits.promised.days) == (20, 5)
    assert (item.fees.charged, item.online.available, item.handling.courier) == (False, True, True)
    assert (item.valid_from, item.valid_to) == (date(2026, 1, 1), None)
    assert [(m.name, m.required, m.when) for m in item.materials] == [
        ("申请表", True, None),
        ("委托书", False, "代办时"),
    ]
    assert reading.skipped == 1
    assert [(r.code, r.reason) for r in reading.rejected] == [
        (None, "不是一个对象"),
        ("X-4", "name：必填"),
    ]
    lines = path.read_text("utf-8").splitlines()
    assert [lines[entry.line - 1] for entry in reading.entries] == ["{", "{"]
    assert lines[reading.rejected[0].line - 1].startswith('"坏"')
    assert any("“8”不在对照表里" in remark.text for remark in reading.remarks)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps([NATIONAL])[:-30], "第 1 行第"),
        ("[" * 100_000, "不是完整|太深"),
        ('{"data": []}', "没有带字段"),
        ("[1, 2]", "没有带字段"),
    ],
)
def test_json_that_is_no_whole_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(UnusableSource, match=told):
        _read(tmp_path / "a.json")
