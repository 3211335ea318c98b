"""What words say of service records (办件): whether they ask after one, and which is meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from reviews.models import ServiceRecord
from reviews.own_records import find_number

# What was handed in to an authority, and what was told to the line.
_APPLIED = re.compile(
    r"办件|申请|申报|申领|受理号|材料|审核|审批|过审|批(?:了|下来|没|复|准)|制证|许可|备案|补贴|津贴|低保|公积金|"
    r"设立|注册|注销|变更登记|执照|护照|通行证|身份证|居住证|社保卡|房产证|不动产|驾驶证|行驶证|户口|准生证|(?:的|个)证"
)
TOLD = re.compile(
    r"投诉|反映|反应|举报|报修|诉求|工单|单子|公单|12345|热线|登记的|打(?:过|的)?电话|建议"
)
_ASKS = re.compile(
    r"进度|到哪(?:了|一步|儿)|(?:办|审|批|弄|做)(?:得|的)?(?:怎么样|咋样|好|完|下来|成)|状态|下来(?:了)?[没吗]|通过了?[没吗]|"
    r"审(?:核|批)?(?:到|过)|批(?:了|下来)?[没吗]|可以(?:去)?(?:拿|领|取)|(?:查|看).{0,6}办件"
)
# Words around what is meant, and those that stand in the names of many items.
_FILLERS = re.compile(
    r"我|要|想|看|查|就|是|的|那个|那件|这个|这件|办件|一?下|吧|呢|进度|办理|办|到哪|怎么样|好|了|没|申请|登记|[\W_]"
)
_LEAST = 2


def is_about_a_record(text: str, act: str | None) -> bool:
    """Whether ``text`` asks after what was handed in to an authority, not after a case."""
    if TOLD.search(text):
        return False
    if find_number(text):
        return True
    if act not in ("ask_progress", "urge"):
        return False
    return bool(_APPLIED.search(text)) and bool(_ASKS.search(text))


def alike(text: str, records: Sequence[ServiceRecord]) -> list[ServiceRecord]:
    """Those of ``records`` whose item shares the longest run of words with ``text``, at least two
    characters: 居住证那个, 我的居住证办到哪了; none when no item is named."""
    words = _FILLERS.sub("", text)
    shared = [_shared(words, _FILLERS.sub("", one.item_name)) for one in records]
    most = max(shared, default=0)
    if most < _LEAST:
        return []
    return [one for one, run in zip(records, shared, strict=True) if run == most]


def _shared(words: str, item: str) -> int:
    matcher = SequenceMatcher(None, words, item, autojunk=False)
    return matcher.find_longest_match(0, len(words), 0, len(item)).size
