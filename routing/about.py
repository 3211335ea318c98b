"""Whether a matter is about one of the city's own units or its staff, and which.

Such a matter goes to the superior, never to the unit itself (首问负责 does not make anyone judge of
their own case). Pure rules, cautious: a department that is only named on the way ("打过城管局电话没
用") is not what the matter is about. Parts of a department (a police station, a counter) are not
units of the tree; their superior is the department, to which the catalogue leads anyway. What a
water, power, gas, heating or bus company does is its service and goes the catalogue's way.
"""

from __future__ import annotations

import re

from routing.catalogue import Territory
from units.tree import UnitTree

_CONDUCT = (
    r"(?:态度(?:太|很|特别|非常|极其|十分|极|也)?(?:恶劣|差|冷漠|蛮横|不好|傲慢|生硬|恶心|嚣张)|爱理不理|爱答不理"
    r"|收.{0,12}(?:红包|好处费?|保护费|贿|礼金|烟酒)|保护费|(?:乱|随意|违规|重复)(?:罚款|收费|执法)"
    r"|(?:侵占|挪用|套取|冒领|截留|私分|克扣).{0,10}(?:款|金|补贴|补偿|低保)|低保.{0,8}(?:亲戚|亲属|关系户|自己人)|优亲厚友"
    r"|不作为|乱作为|慢作为|推诿|踢皮球|互相推|刁难|吃拿卡要|卡要|索贿|受贿|行贿|贪污|索要|收(?:了)?(?:红包|好处|烟酒|钱)"
    r"|徇私|包庇|保护伞|官官相护|骂人|骂我|打人|打我|辱骂|推搡|懒政|怠政|失职|渎职|玩忽职守|滥用职权|以权谋私|脱岗|在岗.{0,4}打牌"
    r"|上班.{0,6}(?:打牌|玩手机|睡觉|喝酒|打游戏)|(?:粗暴|暴力|野蛮|选择性|不文明)执法|执法不公|弄虚作假|泄露)"
)
_STAFF = (
    r"(?:工作人员|办事人员|办事员|人员|领导|局长|科长|处长|主任|书记|镇长|乡长|干部|队员|执法|窗口|公务员"
    r"|负责人|的人|协管员|接线员|值班|民警|警察|城管|村主任|村支书|支书|网格员)"
)
_BLAME = r"(?:投诉|举报|控告|反映|状告|告)"
_CLAUSE = r"[^，,。！!？?；;\n]"
_AUTHORITY = re.compile(r"(?:局|委|委员会|政府|街道办|街办|办事处|支队|联合会|残联|居委会|村委会)$")
# Whoever reports (举报) a unit's people need not say it in one clause.
_PEOPLE = re.compile(_STAFF)
_VILLAGE_PEOPLE = re.compile(
    r"(?:村|社区|居委会)(?:的)?(?:主任|书记|支书|干部|会计)|街道.{0,4}(?:城管|工作人员|干部|领导)"
)
_ANY_STREET = r"(?:街道办事处|街道办|镇政府|乡政府|镇里|街办)"
_HAS_CONDUCT = re.compile(_CONDUCT)
_SERVICE = "公司"


class Conduct:
    """Finds the unit whose conduct a text complains of. Immutable, safe to share."""

    def __init__(self, tree: UnitTree) -> None:
        self._tree = tree
        self._names = _names(tree)

    def complained_of(self, text: str, place: Territory, *, anywhere: bool = False) -> str | None:
        """Code of the unit, None when there is none.

        A department named without its district is the district's own where the place has one. With
        ``anywhere`` the unit, its people and what they did need not stand together.
        """
        if not _HAS_CONDUCT.search(text):
            return None
        if anywhere and (unit := self._reported(text, place)):
            return unit
        named = [name for name in self._names if name in text and _blamed(text, re.escape(name))]
        if named:
            return _of_the_place(self._names[max(named, key=len)], self._tree, place)
        if place.street and _blamed(text, _ANY_STREET):
            return place.street
        return None

    def _reported(self, text: str, place: Territory) -> str | None:
        """The unit of the people whom a report names: by its name, else of the place."""
        named = [name for name in self._names if name in text]
        if named and _PEOPLE.search(text):
            return _of_the_place(self._names[max(named, key=len)], self._tree, place)
        villages = _VILLAGE_PEOPLE.search(text)
        if villages and place.street:
            return place.street
        return None


def _names(tree: UnitTree) -> dict[str, str]:
    names: dict[str, str] = {}
    for unit in tree.units.values():
        if not unit.active or unit.kind.endswith(_SERVICE):
            continue
        for name in (unit.name, unit.short, _without_city(unit.name), *unit.aliases):
            if len(name) >= 3 and _AUTHORITY.search(name):
                names.setdefault(name, unit.code)
    return names


def _without_city(name: str) -> str:
    return re.sub(r"^.{2,4}市(?=.{3})", "", name)


def _of_the_place(code: str, tree: UnitTree, place: Territory) -> str:
    own = f"{place.district}.{code}"
    return own if place.district and tree.get(own) else code


def _blamed(text: str, name: str) -> bool:
    """Whether the text blames the unit of that name for its conduct."""
    patterns = (
        rf"{name}的?(?:{_CLAUSE}{{0,6}}{_STAFF}){_CLAUSE}{{0,16}}[，,]?{_CLAUSE}{{0,10}}{_CONDUCT}",
        rf"{name}{_CLAUSE}{{0,4}}{_CONDUCT}",
        rf"{_BLAME}{_CLAUSE}{{0,8}}{name}{_CLAUSE}{{0,20}}[，,。]?{_CLAUSE}{{0,20}}{_CONDUCT}",
    )
    return any(re.search(pattern, text) for pattern in patterns)
