"""City data into tables: `units.yml` and `territory.yml`, checked whole before a row is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput
from units.addresses import Section
from units.gazetteer import Gazetteer, PlaceInfo
from units.models import Place, Unit
from units.repository import UnitRepository
from units.succession import SuccessionRepository, carried_over
from units.tree import FormerName, UnitInfo, UnitTree

Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
Named = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=100)]


Entry = TypeVar("Entry", "UnitData", "PlaceData")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FormerNameData(_Strict):
    name: Named
    until: date


class UnitData(_Strict):
    """One entry of units.yml."""

    code: Annotated[Code, StringConstraints(max_length=64)]
    name: Named
    short: Annotated[Named, StringConstraints(max_length=40)]
    aliases: list[Named] = []
    kind: Annotated[Named, StringConstraints(max_length=20)]
    level: Literal["city", "district", "street", "community"]
    parent: Code | None = None
    duties: list[Named] = []
    hours: Annotated[Text, StringConstraints(max_length=200)] = ""
    phone: Annotated[Text, StringConstraints(max_length=40)] = ""
    duty_phone: Annotated[Text, StringConstraints(max_length=40)] | None = None
    address: Annotated[Text, StringConstraints(max_length=200)] = ""
    answers_signed: bool = False
    former_names: list[FormerNameData] = []


class SectionData(_Strict):
    """A part of a road or estate; see units.addresses.Section."""

    name: Annotated[Named, StringConstraints(max_length=20)]
    parent: Code
    first: Annotated[int, Field(ge=1, le=9999)] | None = None
    last: Annotated[int, Field(ge=1, le=9999)] | None = None
    side: Literal["odd", "even"] | None = None

    @model_validator(mode="after")
    def _numbers_in_order(self) -> SectionData:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError("起始门牌号不能大于结束门牌号")
        return self

    @model_serializer(mode="wrap")
    def _without_unknown(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


class PlaceData(_Strict):
    """One entry of territory.yml."""

    code: Code
    name: Named
    kind: Literal["district", "street", "community", "road", "estate", "village", "landmark"]
    parent: Code | None = None
    unit: Code | None = None
    aliases: list[Named] = []
    sections: list[SectionData] = Field(default_factory=list)


@dataclass(frozen=True)
class LoadReport:
    """How many units and places were new, changed, or left the data."""

    new: int
    changed: int
    withdrawn: int


def read_city(city_dir: Path) -> tuple[list[UnitData], list[PlaceData]]:
    """Units and places of ``city_dir``, parents before children.

    Raises InvalidInput, naming file and entry, when a file cannot be read, an entry does not fit,
    a code occurs twice, or a parent or unit is missing.
    """
    units = _read(city_dir / "units.yml", TypeAdapter(list[UnitData]))
    places = _read(city_dir / "territory.yml", TypeAdapter(list[PlaceData]))
    units = _parents_first("units.yml", units)
    places = _parents_first("territory.yml", places)
    unit_codes, place_codes = {u.code for u in units}, {p.code for p in places}
    for place in places:
        if place.unit is not None and place.unit not in unit_codes:
            raise _invalid("territory.yml", place.code, f"没有承办单位 {place.unit}")
        for section in place.sections:
            if section.parent not in place_codes:
                raise _invalid("territory.yml", place.code, f"路段所在地 {section.parent} 不存在")
    return units, places


def read_tree(city_dir: Path) -> UnitTree:
    """The tree of ``city_dir``'s units without a database. Raises InvalidInput as `read_city`."""
    return UnitTree.of(
        UnitInfo(
            code=unit.code,
            name=unit.name,
            short=unit.short,
            kind=unit.kind,
            level=unit.level,
            parent=unit.parent,
            aliases=tuple(unit.aliases),
            duties=tuple(unit.duties),
            former_names=tuple(
                FormerName(former.name, former.until.isoformat()) for former in unit.former_names
            ),
        )
        for unit in read_city(city_dir)[0]
    )


def read_gazetteer(city_dir: Path) -> Gazetteer:
    """The gazetteer of ``city_dir`` without a database. Raises InvalidInput as `read_city`."""
    units, places = read_city(city_dir)
    city = next(unit.name for unit in units if unit.parent is None)
    return Gazetteer.of(
        (
            PlaceInfo(
                code=place.code,
                name=place.name,
                kind=place.kind,
                parent=place.parent,
                unit=place.unit,
                aliases=tuple(place.aliases),
                sections=tuple(Section(**section.model_dump()) for section in place.sections),
            )
            for place in places
        ),
        city.removesuffix("人民政府"),
    )


async def load(session: AsyncSession, city_dir: Path) -> LoadReport:
    """Make the tables say what the files of ``city_dir`` say; a second time changes nothing.

    What left the files stays as an inactive row; places that staff edited stay as they are. Raises InvalidInput before anything is written.
    """
    units, places = read_city(city_dir)
    repository = UnitRepository(session)
    await repository.lock()
    known_units = {unit.code: unit for unit in await repository.units()}
    known_places = {place.code: place for place in await repository.places(active_only=False)}
    mergers = await SuccessionRepository(session).done()
    units, places = carried_over(units, places, known_units, mergers)
    unit_counts = await _store(session, Unit, known_units, units)
    place_counts = await _store(session, Place, known_places, places)
    report = LoadReport(*(a + b for a, b in zip(unit_counts, place_counts, strict=True)))
    if report != LoadReport(0, 0, 0):
        await repository.announce()
    return report


async def _store(
    session: AsyncSession,
    table: type[Unit] | type[Place],
    known: Mapping[str, Unit | Place],
    wanted: Sequence[UnitData] | Sequence[PlaceData],
) -> tuple[int, int, int]:
    new = changed = withdrawn = 0
    # What staff edited in the console is theirs; the files speak for the rest.
    theirs = {code for code, row in known.items() if isinstance(row, Place) and row.edited}
    for data in wanted:
        if data.code in theirs:
            continue
        values: dict[str, Any] = {**data.model_dump(mode="json"), "active": True}
        row = known.get(data.code)
        if row is None:
            session.add(table(**values))
            # Rows refer to each other; written one by one they go in parents first.
            await session.flush()
            new += 1
        elif any(getattr(row, field) != value for field, value in values.items()):
            for field, value in values.items():
                setattr(row, field, value)
            changed += 1
    gone = known.keys() - {data.code for data in wanted} - theirs
    for code in gone:
        if known[code].active:
            known[code].active = False
            withdrawn += 1
    await session.flush()
    return new, changed, withdrawn


def _read(path: Path, adapter: TypeAdapter[list[Any]]) -> list[Any]:
    try:
        return adapter.validate_python(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))
    except OSError as error:
        raise InvalidInput(f"读不到文件 {path.name}：{error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} 不是有效的 YAML：{error}") from error
    except ValidationError as error:
        fields = {".".join(map(str, e["loc"])): e["msg"] for e in error.errors()}
        raise InvalidInput(f"{path.name} 有 {len(fields)} 处不符合格式", fields=fields) from error


def _parents_first(file: str, entries: list[Entry]) -> list[Entry]:
    by_code: dict[str, Entry] = {}
    for entry in entries:
        if entry.code in by_code:
            raise _invalid(file, entry.code, "编码重复")
        by_code[entry.code] = entry
    depth: dict[str, int] = {}
    for entry in entries:
        seen: list[str] = []
        here: Entry = entry
        while here.parent is not None:
            seen.append(here.code)
            if here.parent in seen:
                raise _invalid(file, entry.code, "上级关系成环")
            if here.parent not in by_code:
                raise _invalid(file, here.code, f"上级 {here.parent} 不存在")
            here = by_code[here.parent]
        depth[entry.code] = len(seen)
    return sorted(entries, key=lambda entry: depth[entry.code])


def _invalid(file: str, code: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{file}：{code} {reason}", fields={code: reason})
