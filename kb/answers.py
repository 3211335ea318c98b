"""An item and the aspects asked, as the answer a citizen reads. Pure: nothing is made up here.

The answer says what was asked and no more, and ends with its source. What the guide leaves out is
said plainly, with the number to call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb.aspects import Aspect
from kb.choices import choice_value
from kb.schemas import Days, ItemRecord, Limits, Material, Window
from kb.situations import named

TITLES = {
    Aspect.OVERVIEW: "事项简介",
    Aspect.CONDITIONS: "申请条件",
    Aspect.MATERIALS: "所需材料",
    Aspect.STEPS: "办理流程",
    Aspect.PLACE: "办理地点",
    Aspect.ONLINE: "网上办理",
    Aspect.AGENT: "能否代办",
    Aspect.VISITS: "跑动次数",
    Aspect.TIME: "办理时限",
    Aspect.FEE: "收费",
    Aspect.RESULT: "办理结果",
    Aspect.PHONE: "咨询电话",
    Aspect.BASIS: "办理依据",
}
# What people ask next, likeliest first.
_OFFERED = {
    Aspect.MATERIALS: "要带什么材料",
    Aspect.PLACE: "在哪里办",
    Aspect.TIME: "要多久",
    Aspect.ONLINE: "网上能办吗",
    Aspect.FEE: "要多少钱",
    Aspect.CONDITIONS: "要什么条件",
    Aspect.STEPS: "办理流程",
    Aspect.AGENT: "能代办吗",
}
# Told in an overview already, so not offered after one.
_IN_OVERVIEW = frozenset({Aspect.TIME, Aspect.FEE, Aspect.ONLINE})
_MOST_WINDOWS = 3


@dataclass(frozen=True)
class Asker:
    """What is known of who asks: the words said, and codes of where they are, narrowest first."""

    text: str = ""
    areas: Sequence[str] = ()


NOBODY = Asker()


def answer_text(item: ItemRecord, aspects: Sequence[Aspect], asker: Asker = NOBODY) -> str:
    """The answer to ``aspects`` of ``item``; an overview when there are none.

    When the citizen's words name a situation of the guide, only what it needs is told; of windows
    and agents for single areas (就近办, 全程代办) only those of where the citizen is.
    """
    wanted = [aspect for aspect in aspects if aspect is not Aspect.OVERVIEW]
    if not wanted:
        return "\n".join([_overview(item, asker), source_line(item)])
    lines = [f"【{item.name}】"]
    for aspect in wanted:
        told = _tell(item, aspect, asker) or _missing(item, aspect)
        if len(wanted) == 1:
            lines += told
        elif len(told) == 1:
            lines.append(f"{TITLES[aspect]}：{told[0]}")
        else:
            lines += [f"{TITLES[aspect]}：", *told]
    return "\n".join([*lines, source_line(item)])


def source_line(item: ItemRecord) -> str:
    """Item, code, version, validity and who carries it out, as every answer ends."""
    validity = f"有效期自{item.valid_from.isoformat()}"
    if item.valid_to is not None:
        validity += f"至{item.valid_to.isoformat()}"
    who = f"{item.department}，{item.unit_name}提供" if item.department else item.unit_name
    return f"来源：{item.name}（{item.code}，第{item.version}版，{validity}）· {who}"


def offers(item: ItemRecord, told: Sequence[Aspect], limit: int = 3) -> list[tuple[str, str]]:
    """Up to ``limit`` quick replies ``(title, value)`` for aspects not told yet."""
    known = set(told)
    if not known or Aspect.OVERVIEW in known:
        known |= _IN_OVERVIEW
    rest = [aspect for aspect in _OFFERED if aspect not in known and _tell(item, aspect)]
    return [(_OFFERED[aspect], choice_value(item.code, (aspect,))) for aspect in rest[:limit]]


def limit_text(item: ItemRecord) -> str | None:
    """Promised and legal time in one sentence without a full stop, or None when not given."""
    return limit_sentence(item.limits)


def limit_sentence(limits: Limits) -> str | None:
    """The same of any entry that has limits."""
    promised, legal = limits.promised, limits.legal
    if promised is None and legal is None:
        return None
    said = []
    if promised is not None:
        said.append("即时办结" if promised.days == 0 else f"承诺{_days(promised)}内办结")
    if legal is not None:
        said.append(f"法定时限{_days(legal)}" if legal.days else "法定即时办结")
    return "，".join(said)


def fee_text(item: ItemRecord) -> str | None:
    """Whether and what it costs, without a full stop, or None when the guide does not say."""
    if item.fees.charged is None:
        return None
    if not item.fees.charged:
        return "不收费"
    return "；".join(f"{fee.name} {fee.amount}" for fee in item.fees.items)


def _overview(item: ItemRecord, asker: Asker) -> str:
    lines = [f"【{item.name}】{item.summary}"]
    if time := limit_text(item):
        lines.append(f"时限：{time}")
    if fee := fee_text(item):
        lines.append(f"收费：{fee}")
    windows = near(item.windows, asker.areas)
    if windows:
        first = windows[0]
        place = first.name + (f"（{first.address}）" if first.address else "")
        more = f"等 {len(windows)} 处" if len(windows) > 1 else ""
        lines.append(f"去哪办：{place}{more}")
    if item.online.available:
        lines.append("网上可办" + (f"：{item.online.url}" if item.online.url else ""))
    return "\n".join(lines)


def _conditions(item: ItemRecord, asker: Asker) -> list[str]:
    meant = named(asker.text, [c.when for c in item.conditions if c.when])
    told = [c for c in item.conditions if not (meant and c.when) or c.when in meant]
    return [f"· {c.when}：{c.text}" if c.when else f"· {c.text}" for c in told]


def _materials(item: ItemRecord, asker: Asker) -> list[str]:
    meant = named(asker.text, [m.when for m in item.materials if m.when])
    always = [m for m in item.materials if m.required and not m.when]
    others = [m for m in item.materials if not (m.required and not m.when)]
    if meant:
        others = [m for m in others if m.when in meant]
    lines = [f"{number}. {_material(m)}" for number, m in enumerate(always, 1)]
    if others:
        lines.append("视情况提供：" if always else "没有人人都要交的材料，视情况提供：")
        lines += [f"· {m.when + '：' if m.when else ''}{_material(m)}" for m in others]
    if lines and item.handling.tolerated:
        lines.append(f"可以容缺后补：{'、'.join(item.handling.tolerated)}")
    if lines and item.handling.pledged:
        lines.append(f"可以用书面承诺代替：{'、'.join(item.handling.pledged)}")
    return lines


def _material(material: Material) -> str:
    form = material.form or ""
    if material.copies:
        form += f"{material.copies}份"
    details = "，".join(part for part in (form, material.signature) if part)
    note = f"，{material.note}" if material.note else ""
    blank = f"，空表：{material.blank_form}" if material.blank_form else ""
    sample = f"，样例：{material.sample}" if material.sample else ""
    return f"{material.name}{f'（{details}）' if details else ''}{note}{blank}{sample}"


def _steps(item: ItemRecord) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(item.process, 1)]


def near(windows: Sequence[Window], areas: Sequence[str]) -> list[Window]:
    """The windows for people of ``areas``, the narrowest area's first, then those for everybody.

    All of them when ``areas`` is empty or no window is left.
    """
    own = [window for area in areas for window in windows if window.area == area]
    kept = [*own, *(window for window in windows if window.area is None)]
    return kept if areas and kept else list(windows)


def differs_by_area(item: ItemRecord, aspects: Sequence[Aspect]) -> bool:
    """Whether what ``aspects`` ask depends on where the citizen lives."""
    areas = {window.area for window in item.windows if window.area}
    by_window = Aspect.PLACE in aspects and len(areas) > 1
    return by_window or (Aspect.AGENT in aspects and bool(item.agents))


def _place(item: ItemRecord, asker: Asker) -> list[str]:
    windows = near(item.windows, asker.areas)
    lines = [window_line(window) for window in windows[:_MOST_WINDOWS]]
    if len(windows) > _MOST_WINDOWS:
        lines.append(f"另有 {len(windows) - _MOST_WINDOWS} 处，见指南页面。")
    return lines


def window_line(window: Window) -> str:
    """A window with address, hours and phone, as a line of a list."""
    parts = [window.name]
    if window.address:
        parts.append(window.address)
    if window.hours:
        parts.append(window.hours)
    if window.phone:
        parts.append(f"电话 {window.phone}")
    return "· " + "，".join(parts)


def _online(item: ItemRecord) -> list[str]:
    if item.online.available is None:
        return []
    if not item.online.available:
        how = f"。{item.online.how}" if item.online.how else "，请到窗口办理。"
        return [f"目前不能网上办理{how}"]
    lines = ["可以网上办理。"]
    if item.online.how:
        lines.append(item.online.how)
    if item.online.url:
        lines.append(f"网址：{item.online.url}")
    if item.handling.mobile:
        lines.append("手机上也能办。")
    if item.handling.scope:
        lines.append(f"通办范围：{item.handling.scope}")
    return lines


def _agent(item: ItemRecord, asker: Asker) -> list[str]:
    lines = [item.agent] if item.agent else []
    agents = [one for one in item.agents if not asker.areas or one.area in asker.areas]
    lines += [f"· 全程代办：{one.name}，电话 {one.phone}" for one in agents[:_MOST_WINDOWS]]
    if len(agents) > _MOST_WINDOWS:
        lines.append(f"另有 {len(agents) - _MOST_WINDOWS} 处代办点，见指南页面。")
    return lines


def _visits(item: ItemRecord) -> list[str]:
    if item.visits is None:
        return []
    lines = ["不用到现场。" if item.visits == 0 else f"最多到现场 {item.visits} 次。"]
    if item.visits and item.visits_reason:
        lines.append(f"要到现场的原因：{item.visits_reason}")
    if item.handling.courier:
        lines.append("材料和结果可以快递。")
    return lines


def _time(item: ItemRecord) -> list[str]:
    said = limit_text(item)
    lines = [f"{said}。"] if said else []
    if item.limits.note:
        lines.append(item.limits.note)
    return lines


def _fee(item: ItemRecord) -> list[str]:
    if item.fees.charged is None:
        return []
    if not item.fees.charged:
        return ["不收费。"]
    lines = [f"· {fee.name}：{fee.amount}" for fee in item.fees.items]
    if item.fees.basis:
        lines.append(f"收费依据：{item.fees.basis}")
    return lines


def _result(item: ItemRecord) -> list[str]:
    return [item.result] if item.result else []


def _phone(item: ItemRecord) -> list[str]:
    lines = [f"咨询电话：{item.phone}"] if item.phone else []
    if item.phones.complaint:
        lines.append(f"监督投诉电话：{item.phones.complaint}")
    return lines


def _basis(item: ItemRecord) -> list[str]:
    return [f"· {basis}" for basis in item.legal_basis]


def _tell(item: ItemRecord, aspect: Aspect, asker: Asker = NOBODY) -> list[str]:
    for_asker = _FOR_ASKER.get(aspect)
    return for_asker(item, asker) if for_asker else _TELL[aspect](item)


def _missing(item: ItemRecord, aspect: Aspect) -> list[str]:
    call = f"请致电 {item.phone} 核实" if item.phone else "请拨打 12345 转人工核实"
    return [f"办事指南没有写明{TITLES[aspect]}，{call}。"]


def _days(days: Days) -> str:
    return f" {days.days} 个{days.unit}" if days.unit == "工作日" else f" {days.days} 个自然日"


_FOR_ASKER: dict[Aspect, Callable[[ItemRecord, Asker], list[str]]] = {
    Aspect.CONDITIONS: _conditions,
    Aspect.MATERIALS: _materials,
    Aspect.PLACE: _place,
    Aspect.AGENT: _agent,
}
_TELL: dict[Aspect, Callable[[ItemRecord], list[str]]] = {
    Aspect.STEPS: _steps,
    Aspect.ONLINE: _online,
    Aspect.VISITS: _visits,
    Aspect.TIME: _time,
    Aspect.FEE: _fee,
    Aspect.RESULT: _result,
    Aspect.PHONE: _phone,
    Aspect.BASIS: _basis,
}
