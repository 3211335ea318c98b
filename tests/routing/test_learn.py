"""The general text classifier and how it is measured."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from language.encoder import load_encoder
from routing.evaluation import (
    BadTable,
    Table,
    across,
    calibration_error,
    coverage,
    measure,
    read_table,
    scarce,
    steps,
    truth_for,
)
from routing.learn import Model, Reader, TextClassifier, number, split
from service.cli import app
from tests.shared_data import shared_file

LIGHTS = [("路灯", f"{name}路的路灯坏了{n}天没人修") for name in "东西南北" for n in range(1, 6)]
WAGES = [("工资", f"{name}厂的老板拖欠工资{n}个月") for name in "东西南北" for n in range(1, 6)]
SMALL = Table([*LIGHTS, *WAGES], ["城管"] * 20 + ["人社"] * 20)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(name: str, content: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return path

    return writing


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_usual_encodings(write: Write, encoding: str) -> None:
    path = write("a.csv", '标题,内容,类\n灯坏,"一行\n两行",城管\n无标签,x,\n', encoding)
    assert read_table(path, ["标题", "内容"], "类") == Table([("灯坏", "一行\n两行")], ["城管"])


def test_json_lines_are_read(write: Write) -> None:
    path = write("a.jsonl", '{"text": "灯坏", "label": "城管"}\n\n{"text": null, "label": "x"}\n')
    assert read_table(path, ["text"], "label") == Table([("灯坏",)], ["城管"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "text,label\n", "没有数据行"),
        ("a.csv", "text,kind\nx,y\n", "没有列 label，现有：text、kind"),
        ("a.csv", "text,label\nx,\n", "缺标签或文字"),
        ("a.jsonl", "{\n", "第 1 行不是 JSON"),
        ("a.jsonl", "[1]\n", "第 1 行应是一个 JSON 对象"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    write: Write, name: str, content: str, said: str
) -> None:
    with pytest.raises(BadTable, match=said):
        read_table(write(name, content), ["text"], "label")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(BadTable, match="编码"):
        read_table(tmp_path / "a.csv", ["text"], "label")


def test_figures_by_hand() -> None:
    likely = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    found = measure(likely, np.array([0, 0, 1, 1]), ["甲", "乙"])
    assert (found["n"], found["accuracy"]) == (4, 0.75)
    assert found["per_label"]["甲"] == {"n": 2, "precision": 0.6667, "recall": 1.0, "f1": 0.8}
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2, abs=1e-4)
    # Bins 0.9, 0.8, 0.7 are 0.1, 0.2 and 0.3 too modest, 0.6 is 0.6 too sure.
    assert found["ece"] == pytest.approx((0.1 + 0.2 + 0.3 + 0.6) / 4, abs=1e-4)
    assert found["coverage_at_97"] == 0.75


def test_an_unknown_label_counts_as_wrong() -> None:
    truth = truth_for(["甲", "丙"], ["甲", "乙"])
    assert truth.tolist() == [0, -1]
    assert measure(np.array([[0.9, 0.1], [0.9, 0.1]]), truth, ["甲", "乙"])["accuracy"] == 0.5


def test_coverage_never_cuts_between_equal_confidences() -> None:
    right = np.array([True, True, False, True])
    assert coverage(np.array([0.9, 0.8, 0.8, 0.1]), right, 0.97) == 0.25
    assert coverage(np.array([0.9, 0.8, 0.7, 0.1]), right, 0.97) == 0.5
    assert coverage(np.array([0.9]), np.array([False]), 0.97) == 0.0


def test_calibration_error_of_honest_confidence_is_nil() -> None:
    right = np.array([True, True, True, False] * 5)
    assert calibration_error(np.full(20, 0.75), right) == pytest.approx(0.0)


def test_folds_hold_every_row_once_and_every_label_evenly() -> None:
    labels = np.array([0] * 10 + [1] * 5 + [2])
    tested = [fold for _, fold in split(labels, 5)]
    assert sorted(np.concatenate(tested).tolist()) == list(range(16))
    assert all((labels[fold] == 0).sum() == 2 and (labels[fold] == 1).sum() == 1 for fold in tested)


def test_rows_not_seen_are_judged_and_every_step_is_told() -> None:
    ticks: list[int] = []
    likely, truth, names = across(SMALL, 4, None, lambda: ticks.append(1))
    found = measure(likely, truth, names)
    assert found["accuracy"] == 1.0 and len(ticks) == steps(4)
    assert np.allclose(likely.sum(axis=1), 1.0)


def test_a_label_with_a_single_row_does_no_harm() -> None:
    table = Table([*SMALL.rows, ("公园", "公园长椅坏了")], [*SMALL.labels, "园林"])
    likely, truth, names = across(table, 4, None)
    assert measure(likely, truth, names)["accuracy"] >= 0.95
    assert scarce(table.labels, 4) == ["园林"]


def test_a_model_is_written_and_read_again(tmp_path: Path) -> None:
    model = TextClassifier(SMALL.rows, SMALL.labels)
    path = tmp_path / "models" / "topics.model"
    model.save(path)
    again = TextClassifier.open(path)
    asked = [("", "我们那条街的路灯又不亮了"), ("", "工资三个月没发")]
    assert np.array_equal(again.probabilities(asked), model.probabilities(asked))
    assert [again.labels[at] for at in again.probabilities(asked).argmax(axis=1)] == [
        "城管",
        "人社",
    ]


def test_other_files_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "x.model").write_bytes(b"text")
    with pytest.raises(ValueError, match="不是分类模型文件"):
        TextClassifier.open(tmp_path / "x.model")


@pytest.mark.parametrize("labels", [["甲"] * 9, ["甲", "乙"]])
def test_too_little_to_learn_from_is_refused(labels: list[str]) -> None:
    with pytest.raises(ValueError):
        number(labels)


def test_the_command_measures_and_trains(write: Write, tmp_path: Path) -> None:
    rows = [{"t": a, "d": b, "k": k} for (a, b), k in zip(SMALL.rows, SMALL.labels, strict=True)]
    path = write("a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    columns = ["--text", "t,d", "--label", "k", "--json"]
    model = tmp_path / "a.model"

    def run(*arguments: str) -> dict[str, object]:
        result = CliRunner().invoke(app, ["routing", *arguments, *columns])
        assert result.exit_code == 0, result.stderr
        found: dict[str, object] = json.loads(result.stdout)
        return found

    keys = {"n", "accuracy", "macro_f1", "ece", "coverage_at_97", "per_label"}
    for arguments in (
        [str(path), "--folds", "2"],
        ["--train", str(path), "--folds", "2"],
        ["--train", str(path), "--test", str(path)],
    ):
        found = run("evaluate", *arguments)
        assert set(found) == keys and found["n"] == 40 and found["accuracy"] == 1.0
    assert run("train", str(path), "--out", str(model))["labels"] == ["人社", "城管"]
    assert run("evaluate", "--model", str(model), "--test", str(path))["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "nowhere.csv"], "找不到文件"),
        (["evaluate"], "请给出数据文件"),
        (["train", "nowhere.csv"], "找不到文件"),
        (["recommend", "  "], "请写出诉求内容"),
    ],
)
def test_the_command_tells_what_is_missing(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["routing", *arguments])
    assert result.exit_code == 1 and said in result.stderr and not result.stdout


def test_items_find_their_department() -> None:
    """One fold of five, by name only; the whole is `hotline routing evaluate`."""
    table = read_table(shared_file("item_department.csv"), ["item_name"], "department")
    encoder = load_encoder()
    assert encoder is not None
    names, truth = number(table.labels)
    counts = Reader(table.rows, lambda texts: encoder.encode(list(texts))).read(table.rows)
    learnt, tested = next(split(truth, 5))
    model = Model(counts.take(learnt), truth[learnt], len(names))
    found = measure(model.probabilities(counts.take(tested)), truth[tested], names)
    print(f"\n{found['accuracy']=} {found['ece']=}")
    assert found["accuracy"] >= 0.80


def test_topics_of_messages_from_few_of_them() -> None:
    """Six hundred of the messages; the whole takes minutes: `hotline routing evaluate`."""
    path = shared_file("citizen_messages.csv")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))[:600]
    table = Table([(row["title"], row["detail"]) for row in rows], [row["label"] for row in rows])
    names, truth = number(table.labels)
    counts = Reader(table.rows).read(table.rows)
    learnt, tested = next(split(truth, 5))
    model = Model(counts.take(learnt), truth[learnt], len(names))
    found = measure(model.probabilities(counts.take(tested)), truth[tested], names)
    print(f"\n{found['macro_f1']=} {found['ece']=}")
    assert found["macro_f1"] >= 0.75
