"""How well questions find their entry, and whether what cannot be answered is left unanswered.

Pure measures over the answers to labelled questions, and the reading of such questions.
"""

from __future__ import annotations

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from language.normalise import normalise

DEPTH = 10
COVERAGE = 0.9
NONE = "none"
_NUMBER = re.compile(r"\d+")
_UNITS = ("工作日", "自然日")
_PARTS = re.compile(r"[|\n]")
_LABEL = re.compile(r"^(?:办理地点|办公地址|地址|咨询电话)[:：]")
_SPACE = re.compile(r"[\s　]+")


class BadQuestions(ValueError):
    """A file of questions that cannot be used; the message says in Chinese why."""


@dataclass(frozen=True)
class Question:
    """A labelled question: ``codes`` of the entries that answer it, none when nothing does.

    For a question after one aspect ``field`` and ``value`` say what the answer must contain.
    """

    text: str
    kind: str
    codes: frozenset[str]
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a question: codes found, best first; the best one's score (0–1); milliseconds;
    for an aspect question whether the answer contained the value."""

    question: Question
    codes: tuple[str, ...]
    score: float
    milliseconds: float
    told: bool | None = None

    @property
    def rank(self) -> int | None:
        """Place of the first right entry, from 1, among the first `DEPTH`; None: not among them."""
        places = (i for i, code in enumerate(self.codes[:DEPTH], 1) if code in self.question.codes)
        return next(places, None)


def read_questions(path: Path) -> list[Question]:
    """Labelled questions of a JSON-lines file: question, kind, acceptable (codes), field, value.

    Raises BadQuestions.
    """
    found = []
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(
                Question(
                    str(row["question"]),
                    str(row["kind"]),
                    frozenset(map(str, row["acceptable"])),
                    row.get("field"),
                    row.get("value"),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadQuestions(
                f"{path.name} 第 {number} 行不是一个问题（要有 question、kind、acceptable）"
            ) from error
    if not found:
        raise BadQuestions(f"{path.name} 里没有问题")
    return found


def measure(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures: top1, top3, mrr10, by_kind, aspect_value, none and ms, as the command prints them."""
    answerable = [outcome for outcome in outcomes if outcome.question.codes]
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in answerable:
        kinds[outcome.question.kind].append(outcome)
    told = [outcome.told for outcome in outcomes if outcome.told is not None]
    times = [outcome.milliseconds for outcome in outcomes]
    return {
        **ranking(answerable),
        "by_kind": {
            kind: {"n": len(found), **ranking(found)} for kind, found in sorted(kinds.items())
        },
        "aspect_value": round(sum(told) / len(told), 4) if told else None,
        "none": decision(outcomes),
        "ms": {
            "p50": round(statistics.median(times), 2),
            "p95": round(float(np.percentile(times, 95)), 2),
        },
    }


def ranking(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Shares (0–1) of answerable questions with a right entry first and among three; MRR@10."""
    ranks = [outcome.rank for outcome in outcomes]
    count = max(len(ranks), 1)
    return {
        "top1": round(sum(rank == 1 for rank in ranks) / count, 4),
        "top3": round(sum(rank is not None and rank <= 3 for rank in ranks) / count, 4),
        "mrr10": round(sum(1 / rank for rank in ranks if rank is not None) / count, 4),
    }


def decision(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """How well the score tells answerable questions from others.

    ``auc``, and ``precision_at_90``: with the threshold at which 90 % of the answerable questions are
    answered, the share right first of all that is answered; one that nothing answers counts as wrong.
    Both None where one of the two sorts is missing.
    """
    answerable = [outcome for outcome in outcomes if outcome.question.codes]
    if not answerable or len(answerable) == len(outcomes):
        return {"auc": None, "precision_at_90": None}
    labels = [bool(outcome.question.codes) for outcome in outcomes]
    auc = float(roc_auc_score(labels, [outcome.score for outcome in outcomes]))
    scores = sorted((outcome.score for outcome in answerable), reverse=True)
    threshold = scores[max(int(np.ceil(COVERAGE * len(scores))) - 1, 0)]
    answered = [outcome for outcome in outcomes if outcome.score >= threshold]
    right = sum(outcome.rank == 1 for outcome in answered)
    return {"auc": round(auc, 4), "precision_at_90": round(right / len(answered), 4)}


def contains_value(answer: str, value: str) -> bool:
    """Whether ``answer`` tells all of ``value``: every part of a list, each number with its unit.

    A value as registers write it, e.g. ``7(工作日)``, ``身份证|户口本``, ``办理地点：某路 1 号``.
    """
    said = _squeezed(answer)
    number = _NUMBER.search(value)
    units = [unit for unit in _UNITS if unit in value]
    if number and units:
        return f"{number.group()}个{units[0]}" in said
    if value.strip().isdigit():
        return bool(re.search(rf"(?<!\d){value.strip()}(?:次|趟)", said)) or (
            value.strip() == "0" and "不用到现场" in said
        )
    parts = (_squeezed(_LABEL.sub("", part)) for part in _PARTS.split(value))
    return all(part in said for part in parts if part)


def _squeezed(text: str) -> str:
    return _SPACE.sub("", normalise(text)).lower()


def lines(figures: dict[str, Any]) -> Iterable[str]:
    """The figures as a person reads them."""
    yield f"第一位正确 {figures['top1']:.3f}  前三位 {figures['top3']:.3f}  MRR@10 {figures['mrr10']:.3f}"
    for kind, found in figures["by_kind"].items():
        yield (
            f"  {kind:<11} {found['n']:>4} 题  第一位 {found['top1']:.3f}"
            f"  前三位 {found['top3']:.3f}  MRR@10 {found['mrr10']:.3f}"
        )
    if figures["aspect_value"] is not None:
        yield f"答案含有所问内容 {figures['aspect_value']:.3f}"
    if figures["none"]["auc"] is not None:
        yield (
            f"该不该回答 AUC {figures['none']['auc']:.3f}"
            f"  覆盖 90% 时回答正确 {figures['none']['precision_at_90']:.3f}"
        )
    yield f"每题毫秒 p50 {figures['ms']['p50']:.1f}  p95 {figures['ms']['p95']:.1f}"
