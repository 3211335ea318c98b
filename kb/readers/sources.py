"""Any file that brings entries, read by its kind: the one reader of import, checks and figures."""

from __future__ import annotations

from pathlib import Path

from kb.readers.decoding import read_text
from kb.readers.mapping import SourceMapping, Translation, load_mapping
from kb.readers.own_yaml import FOLDERS, read_folder, take_own, take_text
from kb.readers.plain import Refused
from kb.readers.reading import Reading, UnusableSource
from kb.readers.records import read_records
from kb.readers.tables import Row, read_table
from kb.readers.unit_names import UnitNames
from kb.schemas import Kind

# The mapping of a file that names none: our own table, the national interface.
_USUAL = {".csv": "table", ".xlsx": "table", ".json": "national"}
_OWN = ("code", "name", "unit")


def read_source(
    path: Path,
    *,
    mapping: str | None = None,
    units: UnitNames | None = None,
    default_unit: str | None = None,
) -> Reading:
    """What ``path`` brings: our YAML (a file, or a folder like a city's), JSON, CSV or Excel.

    ``mapping`` is the path of a mapping or the name of one that ships; ``default_unit`` the code
    of who answers for entries whose unit nobody knows. Raises UnusableSource.
    """
    if path.is_dir():
        return _folder(path)
    suffix = path.suffix.lower()
    if suffix in (".yml", ".yaml"):
        reading = Reading()
        take_text(reading, FOLDERS.get(path.parent.name, Kind.ITEM), read_text(path), path.name)
        return _something(reading, path)
    if suffix == ".json" and mapping is None and (own := _own_json(path)) is not None:
        return own
    chosen = load_mapping(mapping or _USUAL.get(suffix, "table"))
    needed = chosen.needed_columns
    rows = read_records(path, needed) if suffix == ".json" else read_table(path, needed)
    return _translated(path.name, rows, chosen, units or UnitNames(), default_unit)


def _own_json(path: Path) -> Reading | None:
    """Entries by our own fields, as exports write them, or None when it is none of ours."""
    try:
        rows = read_records(path, _OWN)
    except UnusableSource:
        return None
    reading = Reading()
    for row in rows:
        if row.problem is not None:
            reading.reject(path.name, row.line, None, row.problem)
        else:
            take_own(reading, Kind.ITEM, row.cells, path.name, row.line)
    return reading


def _folder(path: Path) -> Reading:
    if any((path / name).is_dir() for name in FOLDERS):
        return read_folder(path)
    reading = Reading()
    kind = FOLDERS.get(path.name, Kind.ITEM)
    for file in sorted(path.glob("*.yml")):
        take_text(reading, kind, read_text(file), file.name)
    return _something(reading, path)


def _something(reading: Reading, path: Path) -> Reading:
    if not reading.entries and not reading.rejected:
        raise UnusableSource(f"{path.name} 里没有条目")
    return reading


def _translated(
    file: str, rows: list[Row], mapping: SourceMapping, units: UnitNames, default: str | None
) -> Reading:
    reading = Reading()
    named = UnitNames(also=mapping.units)
    default = default or mapping.default_unit
    code_column = mapping.fields["code"].column if "code" in mapping.fields else None
    for row in rows:
        code = row.cells.get(code_column or "")
        told = code.strip() or None if isinstance(code, str) else None
        if row.problem is not None:
            reading.reject(file, row.line, None, row.problem)
            continue
        if not mapping.takes(row.cells):
            reading.skipped += 1
            continue
        try:
            translation = Translation(mapping, row.cells)
        except Refused as error:
            reading.reject(file, row.line, told, str(error))
            continue
        raw = translation.raw
        name = str(raw.get("unit", ""))
        unit = named.code(name) or units.code(name) or default
        if unit is None:
            reason = f"没有承办单位“{name}”：请在映射文件的 units 里写明，或用 --unit 指定"
            reading.reject(file, row.line, told, reason)
            continue
        raw["unit"] = unit
        reading.take(mapping.kind, raw, file, row.line, translation.remarks)
    return reading
