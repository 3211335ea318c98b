"""How well single messages are understood: acts, the five ways, types, places, times, units.

Pure measures over labelled messages in the format of ``utterances_open.jsonl``, and their reading. A
label is met strictly, or leniently when its note allows another (``also_act``, ``also_triage``,
``also_type``).
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn.metrics import f1_score

TRANSFER = "transfer_"
# Only of these are the place and the time of the matter labelled throughout.
_PLACED = ("file_case", "emergency")


class BadUtterances(ValueError):
    """A file of labelled messages that cannot be used; the message says in Chinese why."""


@dataclass(frozen=True)
class Utterance:
    """A labelled message. ``notes`` holds what the label's notes allow besides."""

    text: str
    act: str
    type: str | None = None
    triage: str | None = None
    unit_kind: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def also(self, key: str) -> set[str]:
        """What else is right for ``act``, ``triage`` or ``type``."""
        return {value.strip() for value in self.notes.get(f"also_{key}", "").split(",")} - {""}


@dataclass(frozen=True)
class Understood:
    """What came of a message; ``kinds`` of the recommended units, best first; milliseconds."""

    act: str | None
    triage: str | None
    type: str
    place: tuple[str, ...]
    time: tuple[str, ...]
    kinds: tuple[str, ...]
    milliseconds: float


Pair = tuple[Utterance, Understood]


def read_utterances(path: Path) -> list[Utterance]:
    """The labelled messages of a JSON-lines file. Raises BadUtterances."""
    found = []
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(
                Utterance(
                    text=row["text"],
                    act=row["act"],
                    type=row.get("type"),
                    triage=row.get("triage"),
                    unit_kind=tuple(row.get("unit_kind") or ()),
                    place=tuple(row.get("place") or ()),
                    time=tuple(row.get("time") or ()),
                    notes=_notes(row.get("notes") or ""),
                )
            )
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise BadUtterances(f"第 {number} 行不是带标签的话：{error}") from error
    if not found:
        raise BadUtterances("文件里没有带标签的话")
    return found


def _notes(text: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in text.split(";"))
    return {key: value for key, _, value in parts if key}


def measure(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Every figure, 0–1 and milliseconds. A figure over no messages is None."""
    acts = [(u, got) for u, got in pairs]
    ways = [(u, got) for u, got in pairs if u.triage]
    typed = [(u, got) for u, got in pairs if u.act == "file_case" and u.type]
    routed = [(u, got) for u, got in pairs if u.act == "file_case" and u.unit_kind]
    placed = [(u, got) for u, got in pairs if u.act in _PLACED]
    return {
        "n": len(pairs),
        "act": {
            "accuracy": _share(got.act == u.act for u, got in acts),
            "lenient": _share(act_right(u, got) for u, got in acts),
            "macro_f1": _macro_f1(acts),
        },
        "triage": {
            "accuracy": _share(got.triage == u.triage for u, got in ways),
            "lenient": _share(way_right(u, got) for u, got in ways),
        },
        "emergency": _emergency(pairs),
        "type": {
            "accuracy": _share(got.type == u.type for u, got in typed),
            "lenient": _share(type_right(u, got) for u, got in typed),
        },
        "place_f1": _spans_f1([places_of(pair) for pair in placed]),
        "time_f1": _spans_f1([(u.time, got.time) for u, got in placed]),
        "unit": {
            "top1": _share(got.kinds[:1] and got.kinds[0] in u.unit_kind for u, got in routed),
            "top3": _share(set(got.kinds[:3]) & set(u.unit_kind) for u, got in routed),
        },
        "ms": _milliseconds([got.milliseconds for _, got in pairs]),
    }


def act_right(u: Utterance, got: Understood) -> bool:
    """Whether the act is the label's, or one that its note allows."""
    return got.act == u.act or got.act in u.also("act")


def way_right(u: Utterance, got: Understood) -> bool:
    """Whether the message went the label's way, or one that its note allows."""
    return got.triage == u.triage or got.triage in u.also("triage")


def type_right(u: Utterance, got: Understood) -> bool:
    """Whether the case type is the label's, or one that its note allows."""
    return got.type == u.type or got.type in u.also("type")


def is_alarm(got: Understood) -> bool:
    """Whether the message was passed to an emergency number."""
    return (got.triage or "").startswith(TRANSFER)


def places_of(pair: Pair) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labelled and found places; an organisation alone may be left out (``place_optional``)."""
    u, got = pair
    optional = "place_optional" in u.notes and not got.place
    return (() if optional else u.place), got.place


def _emergency(pairs: Sequence[Pair]) -> dict[str, float | None]:
    """Recall over the emergencies; precision over the alarms that no note allows for."""
    alarms = [(u, got) for u, got in pairs if is_alarm(got)]
    fair = [
        u
        for u, _ in alarms
        if u.act == "emergency" or not any(w.startswith(TRANSFER) for w in u.also("triage"))
    ]
    return {
        "precision": _share(u.act == "emergency" for u in fair),
        "recall": _share(is_alarm(got) for u, got in pairs if u.act == "emergency"),
    }


def _share(rows: Iterable[object]) -> float | None:
    values = [bool(row) for row in rows]
    return round(sum(values) / len(values), 4) if values else None


def _macro_f1(pairs: Sequence[Pair]) -> float | None:
    if not pairs:
        return None
    truth, given = [u.act for u, _ in pairs], [got.act or "" for _, got in pairs]
    found = f1_score(truth, given, labels=sorted(set(truth)), average="macro", zero_division=0)
    return round(float(found), 4)


def _spans_f1(rows: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> float | None:
    """F1 over all stretches of all messages; a stretch is right when it is the label's, sign by
    sign."""
    labelled = sum(len(truth) for truth, _ in rows)
    given = sum(len(found) for _, found in rows)
    right = sum((Counter(truth) & Counter(found)).total() for truth, found in rows)
    return round(2 * right / (labelled + given), 4) if labelled + given else None


def _milliseconds(taken: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles([*taken, taken[-1]], n=20, method="inclusive")
    return {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1)}


def lines(pairs: Sequence[Pair]) -> list[str]:
    """The figures, the confusions and the misses, for people."""
    told = [f"{name}：{_told(value)}" for name, value in measure(pairs).items()]
    checks: tuple[tuple[str, Callable[[Utterance, Understood], bool], Callable[[Pair], str]], ...]
    checks = (
        ("意图", act_right, lambda p: f"{p[0].act} → {p[1].act}"),
        ("分流", lambda u, g: not u.triage or way_right(u, g), _way_told),
        ("类型", lambda u, g: not _typed(u) or type_right(u, g), _type_told),
        ("地点", lambda u, g: not _placed(u) or _same(*places_of((u, g))), _place_told),
        ("时间", lambda u, g: not _placed(u) or _same(u.time, g.time), _time_told),
        ("单位", _unit_right, lambda p: f"{p[0].unit_kind} → {p[1].kinds[:3]}"),
    )
    for name, right, describe in checks:
        missed = [(u, got) for u, got in pairs if not right(u, got)]
        if name in ("意图", "分流", "类型") and missed:
            confusions = Counter(describe(pair) for pair in missed)
            told.append(f"—— {name}的混淆")
            told += [f"{count:>4} 次  {what}" for what, count in confusions.most_common()]
        told.append(f"—— {name}没有对上的：{len(missed)}")
        told += [f"  {describe(pair)}：{pair[0].text}" for pair in missed]
    return told


def _told(value: Any) -> str:
    return (
        "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
    )


def _typed(u: Utterance) -> bool:
    return u.act == "file_case" and u.type is not None


def _placed(u: Utterance) -> bool:
    return u.act in _PLACED


def _same(truth: Sequence[str], found: Sequence[str]) -> bool:
    return Counter(truth) == Counter(found)


def _unit_right(u: Utterance, got: Understood) -> bool:
    return u.act != "file_case" or not u.unit_kind or bool(set(got.kinds[:1]) & set(u.unit_kind))


def _way_told(pair: Pair) -> str:
    return f"{pair[0].triage} → {pair[1].triage}"


def _type_told(pair: Pair) -> str:
    return f"{pair[0].type} → {pair[1].type}"


def _place_told(pair: Pair) -> str:
    return f"{list(pair[0].place)} → {list(pair[1].place)}"


def _time_told(pair: Pair) -> str:
    return f"{list(pair[0].time)} → {list(pair[1].time)}"
