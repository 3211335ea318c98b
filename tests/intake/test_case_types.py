"""求助, 投诉, 举报, 建议, 表扬, 咨询 by the words of a matter."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter

import pytest
from sklearn.metrics import accuracy_score, f1_score

from cases.vocabulary import TYPE_NAMES, CaseType
from intake.case_types import guess_type
from tests.shared_data import shared_file

TYPES = [
    ("我要投诉物业不修电梯", CaseType.COMPLAINT),
    ("楼上半夜拖桌子吵得睡不着", CaseType.COMPLAINT),
    ("医院窗口的人态度恶劣", CaseType.COMPLAINT),
    ("匿名举报有人烧电缆皮", CaseType.REPORT),
    ("有个小作坊没有执照", CaseType.REPORT),
    ("半夜往河里排黑水", CaseType.REPORT),
    ("路灯坏了三天", CaseType.HELP),
    ("家里停水两天了", CaseType.HELP),
    ("我的低保没到账，想想办法", CaseType.HELP),
    ("建议公园多放几个长椅", CaseType.SUGGESTION),
    ("希望图书馆周一也开门", CaseType.SUGGESTION),
    ("末班车能不能延到九点", CaseType.SUGGESTION),
    ("给窗口的小伙子点个赞", CaseType.PRAISE),
    ("感谢供水公司的师傅", CaseType.PRAISE),
    ("路灯不亮，希望尽快处理，感谢", CaseType.HELP),
    ("请问地铁几号线什么时候通车？", CaseType.CONSULTATION),
]


@pytest.mark.parametrize(("text", "kind"), TYPES)
def test_the_words_of_a_matter_say_its_type(text: str, kind: CaseType) -> None:
    assert guess_type(text) is kind


def test_the_category_helps_where_the_words_do_not() -> None:
    assert guess_type("那个灯的事", CaseType.HELP) is CaseType.HELP
    assert guess_type("物业收费的事", CaseType.HELP) is CaseType.COMPLAINT


def test_real_tickets_about_a_river() -> None:
    """Types of 845 real tickets from their words alone; nothing is learnt from the file.

    Four of five are 投诉, so answering that always is more often right and tells nothing.
    """
    csv.field_size_limit(sys.maxsize)
    with shared_file("river_tickets.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = [row["type"] for row in rows]
    found = [TYPE_NAMES[guess_type(f"{row['title']}。{row['content']}")] for row in rows]
    labels = sorted(set(truth))
    figures = {
        "n": len(rows),
        "accuracy": round(accuracy_score(truth, found), 3),
        "macro_f1": round(
            f1_score(truth, found, labels=labels, average="macro", zero_division=0), 3
        ),
    }
    print(json.dumps(figures))
    for (label, guess), count in Counter(zip(truth, found, strict=True)).most_common(12):
        print(f"{count:>4} {label} → {guess}")
    always = f1_score(truth, ["投诉"] * len(truth), labels=labels, average="macro", zero_division=0)
    assert figures["accuracy"] >= 0.70
    assert figures["macro_f1"] >= always + 0.15
