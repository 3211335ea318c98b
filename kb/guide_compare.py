"""What a window asked for, held against the guide's list of materials. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from kb.schemas import ItemRecord, Material
from language.normalise import normalise

_ASKED = re.compile(
    r"(?:窗口|大厅|他们|工作人员|办事员|那边|社区|村里|街道|派出所|柜台)[^,。?!;]{0,8}?"
    r"(?:还|又|非|硬|说|一定|必须)?(?:要求?|让|叫|逼)(?:我们?|咱|本人)?"
    r"(?:还|再|另外|必须|得|去|先)*(?:要)?(?:交|开|提供|出具|拿|补|带|办|提交|出示)"
    r"(?:一?[份个张本]|上|来|齐)?(?P<what>[^,。?!;]{2,30})"
)
_TAIL = re.compile(
    r"(?:才[能给肯行]|否则|不然|合理|对[吗不]|可以吗|是不是|有没有|为什么|要不要).*$|[吗呢啊了吧的]+$"
)
_SAME = (
    ("户口本", "居民户口簿", "户口簿"),
    ("身份证", "居民身份证", "身份证件", "身份证明"),
    ("房产证", "不动产权证书", "不动产权属证书", "房屋产权证"),
    ("结婚证", "婚姻证明"),
    ("单身证明", "未婚证明", "婚姻状况证明", "无婚姻登记记录证明"),
    ("租房合同", "房屋租赁合同"),
    ("营业执照", "主体资格证明"),
    ("照片", "证件照", "免冠照片"),
)
_ALIKE = 82


@dataclass(frozen=True)
class Comparison:
    """``asked`` is what the window wants; ``found`` the guide's material that it is, if any."""

    asked: str
    found: Material | None


def demanded(text: str) -> str | None:
    """What ``text`` says a window asked for ("窗口还要我交无犯罪证明"), or None."""
    match = _ASKED.search(normalise(text))
    what = _TAIL.sub("", match.group("what")).strip() if match else ""
    return what if len(what) > 1 else None


def without_demand(text: str) -> str:
    """``text`` without what it says a window asked for: the matter that it was asked in."""
    return _ASKED.sub("", normalise(text))


def compare(asked: str, item: ItemRecord) -> Comparison:
    """The likeliest material of ``item`` that is ``asked`` by its own or another usual name."""
    best, found = 0.0, None
    for material in item.materials:
        score = max(
            fuzz.ratio(one, other) for one in _names(asked) for other in _names(material.name)
        )
        if score > best:
            best, found = score, material
    return Comparison(asked, found if best >= _ALIKE else None)


def comparison_text(item: ItemRecord, compared: Comparison) -> str:
    """What the guide says to the demand, without the source line."""
    asked, found = compared.asked, compared.found
    if found is None:
        if not item.materials:
            return f"【{item.name}】办事指南没有列出材料，无法判断“{asked}”该不该交。"
        names = "、".join(material.name for material in item.materials)
        return (
            f"【{item.name}】办事指南的材料里没有“{asked}”。\n指南列的是：{names}。\n"
            "如果窗口坚持要，我可以帮您登记，请主管单位核实。"
        )
    if found.when:
        need = f"，但只在“{found.when}”时需要"
    else:
        need = "，每个人都要交" if found.required else "，但不是必须交的"
    basis = f"\n依据：{found.basis}" if found.basis else ""
    return f"【{item.name}】办事指南里有“{found.name}”{need}。{basis}"


def _names(name: str) -> set[str]:
    plain = re.sub(r"[(（].*?[)）]|原件|复印件", "", normalise(name)).strip() or name
    names = {plain}
    for same in _SAME:
        if plain in same:
            names.update(same)
    return names
