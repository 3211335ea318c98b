"""Which notices (停水, 暴雨 …) concern what a citizen said, and how they are told. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from core.calendar import LOCAL
from kb.schemas import NoticeRecord
from language.normalise import normalise

_TOPICS = {
    "停水": r"停水|没水|没有水|断水|不来水|来水",
    "停电": r"停电|没电|没有电|断电|跳闸|来电(?!话)",
    "停气": r"停气|没气|没有气|断气|停燃气|没燃气|停天然气",
    "停暖": r"停暖|没暖气|暖气不热|停供暖|不供暖",
    "天气": r"暴雨|台风|大风|寒潮|高温|冰雹|大雾|雷电|预警|积水|内涝",
    "交通": r"封路|限行|管制|绕行|改道|停运|公交停",
    "办公": r"放假|闭馆|暂停办公|不上班|停办|系统维护",
}


def concerning(
    text: str, notices: Iterable[NoticeRecord], moment: datetime, areas: Sequence[str] = ()
) -> list[NoticeRecord]:
    """The notices that hold at ``moment`` and fit topic and place of ``text``, latest first.

    ``areas`` are the codes of where the citizen is, from the narrowest to the widest; when unknown,
    only notices for the whole city or whose place is named fit: see `needs_area`.
    """
    plain = normalise(text)
    found = [
        notice
        for notice in notices
        if _about(plain, notice, moment)
        and (
            not notice.areas
            or any(normalise(place) in plain for place in notice.places)
            or not set(areas).isdisjoint(notice.areas)
        )
    ]
    return sorted(found, key=lambda notice: notice.starts_at, reverse=True)


def needs_area(
    text: str, notices: Iterable[NoticeRecord], moment: datetime, areas: Sequence[str] = ()
) -> bool:
    """Whether it must be asked where the citizen is: a notice fits, but for some areas only."""
    plain = normalise(text)
    held = [notice for notice in notices if _about(plain, notice, moment)]
    return not areas and bool(held) and not concerning(text, held, moment)


def notice_text(notice: NoticeRecord) -> str:
    """The notice with its time, whom to ask, and its source."""
    span = f"时间：{_moment(notice.starts_at)}至{_moment(notice.ends_at)}"
    lines = [f"【{notice.name}】{notice.text}", span]
    if notice.places:
        lines.append(f"范围：{'、'.join(notice.places)}")
    if notice.phone:
        lines.append(f"咨询电话：{notice.phone}")
    source = f"来源：{notice.name}（{notice.code}，第{notice.version}版）· {notice.unit_name}"
    return "\n".join([*lines, source])


def _about(plain: str, notice: NoticeRecord, moment: datetime) -> bool:
    if not notice.valid_at(moment):
        return False
    rule = _TOPICS.get(notice.topic)
    return bool(re.search(rule, plain)) if rule else normalise(notice.name) in plain


def _moment(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%m月%d日%H:%M")
