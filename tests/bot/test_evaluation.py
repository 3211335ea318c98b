"""Figures over labelled messages: strict, lenient, alarms, stretches of text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation import BadUtterances, Understood, Utterance, lines, measure, read_utterances


def got(
    act: str = "file_case",
    triage: str | None = "accept",
    type: str = "投诉",
    place: tuple[str, ...] = (),
    time: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
) -> Understood:
    return Understood(act, triage, type, place, time, kinds, 10.0)


def case(**changes: object) -> Utterance:
    values: dict[str, object] = {"text": "灯坏了", "act": "file_case", "triage": "accept"}
    return Utterance(**{**values, **changes})  # type: ignore[arg-type]


def test_a_note_makes_another_act_right_only_leniently() -> None:
    pairs = [(case(notes={"also_act": "urge,review"}), got(act="urge")), (case(), got())]
    assert measure(pairs)["act"]["accuracy"] == 0.5
    assert measure(pairs)["act"]["lenient"] == 1.0


def test_alarms_that_a_note_allows_do_not_count_against_precision() -> None:
    fire = case(act="emergency", triage="transfer_119")
    dam = case(notes={"also_triage": "transfer_119"})
    near = case(notes={"near": "1"})
    pairs = [(fire, got(triage="transfer_119")), (dam, got(triage="transfer_119"))]
    assert measure(pairs)["emergency"] == {"precision": 1.0, "recall": 1.0}
    pairs = [(fire, got()), (near, got(triage="transfer_110"))]
    assert measure(pairs)["emergency"] == {"precision": 0.0, "recall": 0.0}


def test_stretches_count_once_each_and_optional_ones_may_be_left_out() -> None:
    two = case(place=("望湖路", "东门"), time=("昨天",))
    shop = case(place=("贝贝家政",), notes={"place_optional": "1"})
    pairs = [(two, got(place=("东门",), time=("昨天",))), (shop, got())]
    assert measure(pairs)["place_f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert measure(pairs)["time_f1"] == 1.0


def test_types_and_units_count_over_cases_only() -> None:
    typed = case(type="举报", unit_kind=("城管", "交警"), notes={"also_type": "投诉"})
    asked = Utterance("几点开门", "ask_guide", unit_kind=("公安",))
    pairs = [(typed, got(kinds=("公安", "交警"))), (asked, got(act="ask_guide"))]
    assert measure(pairs)["type"] == {"accuracy": 0.0, "lenient": 1.0}
    assert measure(pairs)["unit"] == {"top1": 0.0, "top3": 1.0}


def test_what_was_missed_is_told_with_its_words() -> None:
    told = "\n".join(lines([(case(), got(act="urge"))]))
    assert "file_case → urge：灯坏了" in told


@pytest.mark.parametrize("content", ["", "{", '{"text": "灯坏了"}', "[1]"])
def test_a_file_without_labels_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(BadUtterances):
        read_utterances(file)
