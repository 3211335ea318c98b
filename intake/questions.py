"""What the intake says: the next question, or the summary to confirm."""

from __future__ import annotations

import re

from cases.vocabulary import TYPE_NAMES, CaseType
from core.calendar import LOCAL
from core.database import now
from core.privacy import mask_phone, mask_text
from core.replies import Reply, say
from intake.facts import without_phone
from intake.form import UNKNOWN, Matter, each, is_confidential, premises, wants_spot
from language.times import resolve

# A day that is said as a date needs no other.
_DATED = re.compile(r"[月号]|\d日")


def question(matter: Matter) -> Reply:
    """What to say next: the question that `settle` decided on, or the summary.

    What is asked a second time is asked in other words, shorter and with an example.
    """
    again = matter.asked.get(matter.awaiting or "", 0) > 1
    match matter.awaiting:
        case "matter":
            return say(
                "请直接说发生了什么事，例如“望湖路的路灯坏了”。"
                if again
                else "好的，请说说是什么事、在哪里、从什么时候开始的。"
            )
        case "place":
            return say(
                "事情在哪里？说路名加门牌，或者小区名，例如“望湖路8号”。"
                if again
                else "记下了。请问事情发生在哪里？请说路名和门牌、小区名或附近的标志。",
                ("说不清地点", "不清楚"),
            )
        case "place_choice":
            first = matter.place_options[0]
            choices = [(p.label, f"intake:place:{p.choice}") for p in matter.place_options[:5]]
            if again:
                return say("没听出是哪一处，请从下面选一个，或者只说区名。", *choices)
            boundary = all(p.code == first.code for p in matter.place_options)
            return say(
                f"“{first.text}”两边归不同的地方管，请问在哪一边？知道门牌号也可以直接说。"
                if boundary
                else f"有不止一处叫“{first.text}”，请问是哪一处？",
                *choices,
            )
        case "place_detail":
            assert matter.place is not None
            if wants_spot(matter):
                return say(
                    f"{matter.place.text}比较长，请问在哪个路口、多少号，或者靠近什么？",
                    ("说不清", "不清楚"),
                )
            return say(
                f"记下了。请问是{premises(matter.place.text)}的哪个门？",
                *[(gate, gate) for gate in ("东门", "南门", "西门", "北门")],
                ("不清楚", "不清楚"),
            )
        case "since":
            return say(
                "大概什么时候开始的？例如“昨天晚上”“有三天了”。"
                if again
                else "请问是从什么时候开始的，或者什么时候发生的？",
                ("说不清时间", "不清楚"),
            )
        case "contact" if matter.caller:
            return say(
                f"电话号码就用尾号 {matter.caller[-4:]} 的这个，可以吗？可以就说“可以”，不留就说“匿名”，"
                "要用别的号码请直接说。"
                if again
                else f"可以打您现在这个号码 {mask_phone(matter.caller)} 联系您吗？"
                "要用别的号码，请直接说；不想留可以选“匿名”。",
                ("可以", "就打这个号码"),
                ("匿名反映", "intake:anonymous"),
            )
        case "contact":
            return say(
                "请留一个电话，手机号是 11 位数字；不留就说“匿名”。"
                if again
                else "请留一个联系电话，承办单位会与您联系。不想留可以选“匿名”；要求身份保密也请告诉我。",
                ("匿名反映", "intake:anonymous"),
            )
        case _:
            return summary(matter)


def summary(matter: Matter) -> Reply:
    """Everything that will be filed, for the citizen to confirm or to correct in own words."""
    contact = "匿名" if matter.anonymous or not matter.phone else mask_phone(matter.phone)
    if matter.name and not matter.anonymous:
        contact = f"{matter.name} {contact}"
    matters = each(matter)
    secret = any(is_confidential(one) for one in matters)
    rows = _matter_rows(matter) if len(matters) == 1 else _rows_of_several(matters)
    rows += [
        ("联系", contact),
        ("替谁反映", matter.on_behalf_of or "本人"),
        ("身份保密", "是" if secret else "否"),
    ]
    if matter.attachments:
        rows.append(("图片", f"{len(matter.attachments)} 张"))
    lines = [f"{label}：{value}" for label, value in rows]
    choices = [("确认提交", "intake:confirm")]
    if not secret:
        choices.append(("要求保密", "intake:confidential"))
    choices += [("修改", "intake:edit"), ("不提交了", "intake:drop")]
    if len(matters) > 1:
        choices.insert(1, ("是同一件事", "intake:one"))
    example = "第二件的地点是东门" if len(matters) > 1 else "地点是东门"
    count = f"（共 {len(matters)} 件，将分别登记）" if len(matters) > 1 else ""
    return say(
        f"请核对{count}：\n"
        + "\n".join(lines)
        + f"\n没有问题请选“确认提交”；哪里不对，直接说就行，比如“{example}”。",
        *choices,
        card={"kind": "summary", "rows": [{"label": a, "value": b} for a, b in rows]},
    )


def _time_of(matter: Matter) -> str:
    """The time as said, with the day that a relative one means today: 上周三（11月18日）."""
    said = matter.since
    days = resolve(said, now().astimezone(LOCAL)) if said and not _DATED.search(said) else None
    if said is None or days is None or days.first != days.last:
        return said or UNKNOWN
    return f"{said}（{days.first.month}月{days.first.day}日）"


def _place_of(matter: Matter) -> str:
    place = matter.place.text if matter.place else UNKNOWN
    if matter.place and matter.place.label and matter.place.label not in place:
        place += f"（{matter.place.label}）"
    return place


def _matter_rows(matter: Matter) -> list[tuple[str, str]]:
    return [
        ("类型", TYPE_NAMES[matter.type or CaseType.COMPLAINT]),
        ("事情", mask_text(without_phone(matter.detail))),
        ("地点", _place_of(matter)),
        ("时间", _time_of(matter)),
    ]


def _rows_of_several(matters: list[Matter]) -> list[tuple[str, str]]:
    return [
        (
            f"第{number}件",
            f"【{TYPE_NAMES[one.type or CaseType.COMPLAINT]}】{mask_text(without_phone(one.detail))}"
            f"（地点：{_place_of(one)}；时间：{_time_of(one)}）",
        )
        for number, one in enumerate(matters, 1)
    ]
