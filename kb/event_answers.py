"""A life event (一件事) as the answer a citizen reads: what it bundles, in which order. Pure.

Only items that may be answered from on the day are told; for the others one is told to ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.answers import fee_text, limit_sentence, limit_text, window_line
from kb.aspects import Aspect, asked
from kb.choices import choice_value, title_of
from kb.schemas import EventStep, ItemRecord, Kind, LifeEventRecord, SharedMaterial
from language.normalise import normalise

_ORDER = re.compile(
    r"先(?:办|去|弄|后)(?:哪|什么|啥)?[个项样里]?|哪[个项样]先|顺序|第一[步个项]|从哪[里儿]?(?:开始|办起)|都有?哪些"
)
_FORMALITIES = re.compile(r"(?:什么|哪些|啥|哪几样)?手续(?!费)")
_MOST_OFFERED = 8


@dataclass(frozen=True)
class Bundle:
    """A life event with the guides of those of its items that hold on the day, in its order."""

    event: LifeEventRecord
    items: Mapping[str, ItemRecord]

    @property
    def steps(self) -> list[EventStep]:
        """The steps whose items may be answered from."""
        return [step for step in self.event.steps if step.item in self.items]

    @property
    def left_out(self) -> int:
        """How many of its items may not be answered from."""
        return len(self.event.steps) - len(self.steps)


def event_asked(text: str) -> tuple[Aspect, ...]:
    """The aspects of a life event that ``text`` asks for; which comes first asks for the steps."""
    # 要办哪些手续 asks for all of it, not for papers.
    found = set(asked(_FORMALITIES.sub("", normalise(text))))
    if _ORDER.search(normalise(text)):
        found.add(Aspect.STEPS)
    return tuple(aspect for aspect in Aspect if aspect in found)


def without_order(text: str) -> str:
    """``text`` without the words that ask what comes first, or for all of it."""
    return re.sub("一共|总共|全部|加起来", "", _ORDER.sub("", normalise(text)))


def stages(bundle: Bundle) -> list[list[EventStep]]:
    """The steps in the order of doing: those of one stage wait for the stages before it only."""
    stage: dict[str, int] = {}
    for step in bundle.steps:
        stage[step.item] = max((stage[code] + 1 for code in step.after if code in stage), default=0)
    return [
        [step for step in bundle.steps if stage[step.item] == number]
        for number in sorted(set(stage.values()))
    ]


def event_text(bundle: Bundle, aspects: Sequence[Aspect]) -> str:
    """The answer to ``aspects`` of a life event; what it bundles and how when there are none."""
    event = bundle.event
    wanted = [aspect for aspect in aspects if aspect is not Aspect.OVERVIEW]
    if wanted:
        lines = [f"【{event.name}】"]
        lines += [line for aspect in wanted for line in _tell(bundle, aspect)]
    else:
        lines = [f"【{event.name}】{event.summary}", *_overview(bundle)]
    if bundle.left_out:
        lines.append(f"另有 {bundle.left_out} 项的办事指南目前不在有效期内，{_ask(event)}。")
    return "\n".join([*lines, event_source(event)])


def event_offers(bundle: Bundle, told: Sequence[Aspect]) -> list[tuple[str, str]]:
    """Quick replies: what must be brought unless told, then the guide of each step's item."""
    offered = []
    if Aspect.MATERIALS not in told:
        value = choice_value(bundle.event.code, (Aspect.MATERIALS,), Kind.LIFE_EVENT)
        offered.append(("要带什么材料", value))
    names = [bundle.items[step.item] for stage in stages(bundle) for step in stage]
    offered += [(title_of(item.name), choice_value(item.code, ())) for item in names]
    return offered[:_MOST_OFFERED]


def event_source(event: LifeEventRecord) -> str:
    """Name, code, version, validity and leading unit, as every answer ends."""
    until = f"至{event.valid_to.isoformat()}" if event.valid_to else ""
    return (
        f"来源：{event.name}（{event.code}，第{event.version}版，"
        f"有效期自{event.valid_from.isoformat()}{until}）· {event.unit_name}"
    )


def step_name(bundle: Bundle, step: EventStep) -> str:
    """The item of a step, with the situation in which it is needed and its note."""
    details = [f"{step.when}才办" if step.when else "", step.note or ""]
    said = "，".join(part for part in details if part)
    return bundle.items[step.item].name + (f"（{said}）" if said else "")


def shared_materials(bundle: Bundle) -> list[SharedMaterial]:
    """The materials that at least two of the items told need: handed in once."""
    return [
        shared
        for shared in bundle.event.shared_materials
        if sum(code in bundle.items for code in shared.items) > 1
    ]


def _overview(bundle: Bundle) -> list[str]:
    event = bundle.event
    lines = _order(bundle)
    if shared := shared_materials(bundle):
        lines.append(f"共用材料只交一次：{'、'.join(one.name for one in shared)}")
    lines += _time(bundle)
    if event.windows:
        first = event.windows[0]
        place = f"（{first.address}）" if first.address else ""
        lines.append(f"一个窗口办：{first.name}{place}")
    if event.online.available:
        lines.append("网上可办" + (f"：{event.online.url}" if event.online.url else ""))
    return lines + _phone(bundle)


def _order(bundle: Bundle) -> list[str]:
    found = stages(bundle)
    lines = []
    for number, stage in enumerate(found, 1):
        together = "（可同时办）" if len(stage) > 1 else ""
        names = "；".join(step_name(bundle, step) for step in stage)
        lines.append(f"第{number}步{together}：{names}" if len(found) > 1 else f"可同时办：{names}")
    return lines


def _materials(bundle: Bundle) -> list[str]:
    lines = ["共用的只交一次："] if shared_materials(bundle) else []
    for shared in shared_materials(bundle):
        copies = f"{shared.copies}份" if shared.copies else ""
        details = "，".join(part for part in (copies, shared.note or "") if part)
        lines.append(f"· {shared.name}{f'（{details}）' if details else ''}")
    return [*lines, "各事项另要的材料，点事项名称查看。"]


def _time(bundle: Bundle) -> list[str]:
    limits = bundle.event.limits
    said = [limit_sentence(limits) or "", limits.note or ""]
    joined = "；".join(part for part in said if part)
    return [f"时限：{joined}"] if joined else []


def _single_times(bundle: Bundle) -> list[str]:
    return [
        f"· {bundle.items[step.item].name}：{said}"
        for step in bundle.steps
        if (said := limit_text(bundle.items[step.item]))
    ]


def _place(bundle: Bundle) -> list[str]:
    return [window_line(window) for window in bundle.event.windows]


def _online(bundle: Bundle) -> list[str]:
    online = bundle.event.online
    if online.available is None:
        return []
    lines = ["可以网上办理。" if online.available else "目前不能网上办理。"]
    return [*lines, *filter(None, [online.how, online.url])]


def _fee(bundle: Bundle) -> list[str]:
    fees = [(item.name, fee_text(item)) for item in bundle.items.values()]
    charged = [f"· {name}：{fee}" for name, fee in fees if fee and fee != "不收费"]
    if charged:
        return [*charged, "其余不收费。"]
    return ["都不收费。"] if all(fee for _, fee in fees) else []


def _phone(bundle: Bundle) -> list[str]:
    return [f"咨询电话：{bundle.event.phone}"] if bundle.event.phone else []


def _tell(bundle: Bundle, aspect: Aspect) -> list[str]:
    match aspect:
        case Aspect.STEPS:
            told = _order(bundle)
        case Aspect.MATERIALS:
            told = _materials(bundle)
        case Aspect.TIME:
            told = _time(bundle) or _single_times(bundle)
        case Aspect.PLACE:
            told = _place(bundle)
        case Aspect.ONLINE:
            told = _online(bundle)
        case Aspect.FEE:
            told = _fee(bundle)
        case Aspect.PHONE:
            told = _phone(bundle)
        case _:
            told = []
    return told or [f"这一点各事项不同，请点事项名称查看，或{_ask(bundle.event)}。"]


def _ask(event: LifeEventRecord) -> str:
    return f"请致电 {event.phone} 核实" if event.phone else "请拨打 12345 转人工核实"
