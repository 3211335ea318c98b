"""Search on the sample city with questions of our own: quality, decision, validity."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from kb.documents import document
from kb.schemas import Kind, Record
from kb.search import EntrySearch
from language.e5 import Ranker
from language.encoder import Encoder, Vectors, load_encoder
from tests.kb.samples import TODAY, bare, city_entries, complete

QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
]


# Those that an item answers, or nothing: what search over items alone is measured by.
OF_ITEMS = [q for q in QUESTIONS if q["kind"] not in ("policy", "life_event")]


def search_of(
    items: Sequence[Record],
    encoder: Encoder | None = None,
    previous: EntrySearch | None = None,
    ranker: Ranker | None = None,
) -> EntrySearch:
    """Search over ``items``."""
    return EntrySearch([document(item) for item in items], encoder, previous, ranker)


@pytest.fixture(scope="module")
def searches(encoders: tuple[Encoder, Ranker]) -> dict[str, EntrySearch]:
    items = city_entries()
    encoder, ranker = encoders
    return {
        "with both encoders": search_of(items, encoder, ranker=ranker),
        "with one encoder": search_of(items, encoder),
        "by words": search_of(items),
    }


FLOORS = [
    # how, top-1, top-3, AUC of the decision to answer
    ("with both encoders", 0.91, 0.97, 0.93),
    ("with one encoder", 0.91, 0.97, 0.92),
    ("by words", 0.88, 0.95, 0.91),
]


@pytest.mark.parametrize(("how", "top1", "top3", "auc"), FLOORS)
def test_quality(
    searches: dict[str, EntrySearch],
    capsys: pytest.CaptureFixture[str],
    how: str,
    top1: float,
    top3: float,
    auc: float,
) -> None:
    of_items = (Kind.ITEM,)
    found = [searches[how].search(q["question"], 10, TODAY, of_items) for q in OF_ITEMS]
    ranks: dict[str, list[int]] = defaultdict(list)
    for question, hits in zip(OF_ITEMS, found, strict=True):
        if question["code"]:
            codes = [hit.code for hit in hits]
            rank = codes.index(question["code"]) if question["code"] in codes else 99
            ranks[question["kind"]].append(rank)
            ranks["all"].append(rank)
    answerable = [question["code"] is not None for question in OF_ITEMS]
    scores = [hits[0].score if hits else 0.0 for hits in found]
    measured = float(roc_auc_score(answerable, scores))
    with capsys.disabled():
        print(f"\n{how}, {len(OF_ITEMS)} questions, {len(searches[how].documents)} entries")
        for kind, places in ranks.items():
            print(f"  {kind:10} n {len(places):3}  top1 {_top(places, 1):.3f}", end="")
            print(f"  top3 {_top(places, 3):.3f}")
        print(f"  AUC {measured:.3f}")
    assert _top(ranks["all"], 1) >= top1
    assert _top(ranks["all"], 3) >= top3
    assert measured >= auc


def test_our_questions_are_not_the_items_own() -> None:
    own = {text for one in city_entries() for text in (*one.questions, *one.aliases)}
    assert not [question for question in QUESTIONS if question["question"] in own]


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_validity_is_checked_on_the_day_of_the_question(today: date, found: bool) -> None:
    search = search_of(
        [
            complete(valid_to="2026-06-30"),
            bare(code="T-002", name="养蜂登记", valid_from="2020-01-01"),
        ],
        None,
    )
    codes = [hit.code for hit in search.search("渔船登记", 5, today)]
    assert ("T-001" in codes) is found
    assert "T-002" in codes


def test_a_hit_says_why(searches: dict[str, EntrySearch]) -> None:
    hit = searches["with both encoders"].search("身份证丢了补办", 1, TODAY)[0]
    assert (hit.code, hit.unit) == ("SL-POLICE-002", "police")
    assert 0 < hit.score <= 1
    assert any("意思与" in reason for reason in hit.reasons)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "😀😀", "?" * 5000, "身份证" * 3000, "\ud800", "a", "的", "%s' OR 1=1--"],
)
def test_odd_input_finds_something_or_nothing(searches: dict[str, EntrySearch], text: str) -> None:
    for search in searches.values():
        assert all(0 <= hit.score <= 1 for hit in search.search(text, 3, TODAY))


class _Counting:
    """The real encoder, counting what it is asked."""

    def __init__(self) -> None:
        found = load_encoder()
        assert found is not None
        self._encoder: Encoder = found
        self.texts = 0

    def encode(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        return self._encoder.encode(texts)


def test_a_new_snapshot_encodes_only_what_is_new() -> None:
    encoder = _Counting()
    first = search_of([complete(), bare(code="T-002", name="养蜂登记")], encoder)
    begun = encoder.texts
    items = [complete(aliases=["渔船上户", "渔船落户"]), bare(code="T-002", name="养蜂登记")]
    second = search_of(items, encoder, first)
    assert encoder.texts == begun + 1
    fresh = search_of(items, encoder)
    question = "打鱼船怎么登记"
    for one, other in zip(
        second.search(question, 2, TODAY), fresh.search(question, 2, TODAY), strict=True
    ):
        # Vectors differ in their last digits with the texts they were made beside.
        assert (one.code, one.score) == (other.code, pytest.approx(other.score, rel=1e-6))


def test_an_empty_knowledge_base_and_one_of_a_single_item() -> None:
    assert search_of([]).search("渔船登记", 3, TODAY) == []
    assert search_of([complete()]).search("渔船登记", 0, TODAY) == []
    assert len(search_of([complete()]).search("渔船登记", 3, TODAY)) == 1


def _top(ranks: list[int], k: int) -> float:
    return sum(rank < k for rank in ranks) / len(ranks)
