"""Choosing a unit by typing: what the list offers, and which unit a text means. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.errors import InvalidInput
from units.tree import UnitInfo, UnitTree


@dataclass(frozen=True)
class UnitOption:
    """One line of the list: ``value`` goes into the field, ``label`` is searched as well."""

    value: str
    label: str


def unit_options(tree: UnitTree, among: Collection[str] | None = None) -> list[UnitOption]:
    """Every active unit (or those of ``among``), from the city down."""
    units = [u for u in tree.units.values() if u.active and (among is None or u.code in among)]
    units.sort(key=lambda u: (len(tree.ancestors(u.code)), u.code))
    return [UnitOption(u.name, _label(tree, u)) for u in units]


def find_unit(
    tree: UnitTree, typed: str, among: Collection[str] | None = None, *, loose: bool = False
) -> UnitInfo:
    """The unit that ``typed`` names: by full, short or other name, former name or code.

    ``loose`` also takes a part of a full name: enough to look something up, not to hand over a
    case. Raises InvalidInput (field ``unit``) when none or several fit.
    """
    wanted = typed.strip()
    units = [u for u in tree.units.values() if u.active and (among is None or u.code in among)]
    for names in (_full, _short, _aliases, _former, _code):
        found = [u for u in units if wanted and wanted in names(u)]
        if found:
            return _only(found)
    if loose and wanted and (found := [u for u in units if wanted in u.name]):
        return _only(found)
    problem = "请从单位名录中选择" if wanted else "请选择单位"
    raise InvalidInput("没有这个承办单位", fields={"unit": problem})


def _only(found: list[UnitInfo]) -> UnitInfo:
    if len(found) > 1:
        some = "、".join(u.name for u in found[:4])
        raise InvalidInput("单位名称不明确", fields={"unit": f"有几个单位叫这个名字：{some}"})
    return found[0]


def _full(unit: UnitInfo) -> Collection[str]:
    return (unit.name,)


def _short(unit: UnitInfo) -> Collection[str]:
    return (unit.short,)


def _aliases(unit: UnitInfo) -> Collection[str]:
    return unit.aliases


def _former(unit: UnitInfo) -> Collection[str]:
    return [former.name for former in unit.former_names]


def _code(unit: UnitInfo) -> Collection[str]:
    return (unit.code,)


def _label(tree: UnitTree, unit: UnitInfo) -> str:
    above = [tree.short(code) for code in reversed(tree.ancestors(unit.code)[:-1])]
    facts = [unit.short, unit.kind, *above]
    facts += [f"原{former.name}" for former in unit.former_names[-2:]]
    if unit.duties:
        facts.append("、".join(unit.duties[:4]))
    return " · ".join(facts)
