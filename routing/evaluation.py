"""How good a classifier of texts is, measured on rows it has not seen."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routing.learn import (
    INNER_FOLDS,
    MEANING_UP_TO,
    Encoder,
    Floats,
    Labels,
    Model,
    Reader,
    Tick,
    number,
    split,
)

WANTED_PRECISION = 0.97
_BINS = 10
# A single message may hold a whole file pasted into it.
_LONGEST_FIELD = 10_000_000


class BadTable(ValueError):
    """A file that cannot be learnt from; the message says in Chinese what to do."""


@dataclass(frozen=True)
class Table:
    """Rows of texts with their labels, both in the order of the file."""

    rows: list[tuple[str, ...]]
    labels: list[str]


def read_table(path: Path, text: Sequence[str], label: str) -> Table:
    """The columns ``text`` and ``label`` of a CSV or JSON-lines file (UTF-8 or GB18030).

    Rows without label or without any text are left out. Raises BadTable.
    """
    records = _records(path)
    if not records:
        raise BadTable(f"{path.name} 里没有数据行")
    columns = list(records[0])
    missing = [name for name in (*text, label) if name not in records[0]]
    if missing:
        raise BadTable(f"{path.name} 没有列 {'、'.join(missing)}，现有：{'、'.join(columns)}")
    rows, labels = [], []
    for record in records:
        row = tuple(_plain(record.get(name)) for name in text)
        name = _plain(record.get(label))
        if name and any(row):
            rows.append(row)
            labels.append(name)
    if not rows:
        raise BadTable(f"{path.name} 的每一行都缺标签或文字")
    return Table(rows, labels)


def measure(probabilities: Floats, truth: Labels, names: Sequence[str]) -> dict[str, Any]:
    """Figures of probabilities (rows, labels) against the true labels.

    ``ece``: expected calibration error over ten equal bins of confidence; ``coverage_at_97``: the
    largest share of rows, surest first, of which 97 % are right. A label in ``truth`` that has no
    column (-1) counts as wrong.
    """
    guessed = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    right = guessed == truth
    per_label = {}
    for at, name in enumerate(names):
        hits = int(((guessed == at) & (truth == at)).sum())
        claimed, there = int((guessed == at).sum()), int((truth == at).sum())
        if not claimed and not there:
            continue
        precision, recall = hits / max(claimed, 1), hits / max(there, 1)
        per_label[name] = {
            "n": there,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
        }
    return {
        "n": len(truth),
        "accuracy": round(float(right.mean()), 4),
        "macro_f1": round(float(np.mean([row["f1"] for row in per_label.values()])), 4),
        "ece": round(calibration_error(confidence, right), 4),
        "coverage_at_97": round(coverage(confidence, right, WANTED_PRECISION), 4),
        "per_label": per_label,
    }


def calibration_error(confidence: Floats, right: Any) -> float:
    """Mean distance between confidence and share right, over ten equal bins; 0 is perfect."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for here in range(_BINS):
        inside = bins == here
        if inside.any():
            gap = abs(float(confidence[inside].mean()) - float(np.mean(right[inside])))
            error += float(inside.mean()) * gap
    return error


def coverage(confidence: Floats, right: Any, precision: float) -> float:
    """The largest share, surest first, with at least that precision (0–1); 0 when there is none."""
    order = np.argsort(-confidence, kind="stable")
    precise = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # A cut may only fall between different confidences.
    ends = np.append(np.diff(confidence[order]) != 0, True)
    reached = np.flatnonzero((precise >= precision) & ends)
    return float((reached[-1] + 1) / len(order)) if len(reached) else 0.0


def across(
    table: Table, folds: int, encoder: Encoder | None, tick: Tick = lambda: None
) -> tuple[Floats, Labels, list[str]]:
    """Probabilities, truth and label names, each row judged by a model of the other folds.

    Words are counted once for all folds; what they are worth is learnt in each. ``tick`` is called
    ``steps(folds)`` times. Raises BadTable.
    """
    names, truth = _numbered(table)
    if folds < 2 or folds > len(truth):
        raise BadTable(f"折数应在 2 到 {len(truth)} 之间")
    reader = Reader(table.rows, encoder if len(truth) <= MEANING_UP_TO else None)
    counts = reader.read(table.rows)
    probabilities = np.zeros((len(truth), len(names)))
    for learnt, tested in split(truth, folds):
        model = Model(counts.take(learnt), truth[learnt], len(names), tick)
        probabilities[tested] = model.probabilities(counts.take(tested))
    return probabilities, truth, names


def steps(folds: int) -> int:
    """How often ``across`` ticks."""
    return folds * (INNER_FOLDS + 1)


def truth_for(labels: Sequence[str], names: Sequence[str]) -> Labels:
    """Positions of ``labels`` among ``names``; -1 for one that is not among them."""
    position = {name: at for at, name in enumerate(names)}
    return np.array([position.get(label, -1) for label in labels])


def curve(
    table: Table, encoder: Encoder | None, tick: Tick = lambda: None
) -> list[dict[str, float]]:
    """Figures for growing parts of the file, each tested on the same fifth: is more data worth it?

    Raises BadTable.
    """
    names, truth = _numbered(table)
    reader = Reader(table.rows, encoder if len(truth) <= MEANING_UP_TO else None)
    counts = reader.read(table.rows)
    learnt, tested = next(split(truth, 5))
    shuffled = np.random.default_rng(1).permutation(learnt)
    points = []
    for share in CURVE_SHARES:
        part = np.sort(shuffled[: max(2 * len(names), int(share * len(learnt)))])
        model = Model(counts.take(part), truth[part], len(names), tick)
        found = measure(model.probabilities(counts.take(tested)), truth[tested], names)
        points.append({"rows": len(part), "accuracy": found["accuracy"], "f1": found["macro_f1"]})
    return points


CURVE_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)


def scarce(labels: Sequence[str], fewest: int) -> list[str]:
    """Labels with fewer rows than that: some fold will not have seen them."""
    return sorted(name for name, rows in Counter(labels).items() if rows < fewest)


def _numbered(table: Table) -> tuple[list[str], Labels]:
    try:
        return number(table.labels)
    except ValueError as error:
        raise BadTable(str(error)) from None


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BadTable(f"找不到文件：{path}") from None
    except OSError as error:
        raise BadTable(f"读不了 {path}：{error.strerror}") from None
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            content = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise BadTable(f"{path.name} 的编码既不是 UTF-8 也不是 GB18030") from None
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _json_lines(path, content)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        return list(csv.DictReader(io.StringIO(content, newline="")))
    except csv.Error as error:
        raise BadTable(f"{path.name} 不是合格的 CSV：{error}") from None


def _json_lines(path: Path, content: str) -> list[dict[str, Any]]:
    records = []
    for line, text in enumerate(content.split("\n"), 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except json.JSONDecodeError:
            raise BadTable(f"{path.name} 第 {line} 行不是 JSON") from None
        if not isinstance(record, dict):
            raise BadTable(f"{path.name} 第 {line} 行应是一个 JSON 对象")
        records.append(record)
    return records


def _plain(value: Any) -> str:
    return str(value).strip() if value is not None else ""
