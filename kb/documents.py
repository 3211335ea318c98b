"""What search reads of an entry of any kind: how it is called, asked for, and what else it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kb.schemas import (
    EntryContent,
    ItemContent,
    Kind,
    LifeEventContent,
    NoticeContent,
    PolicyContent,
)


@dataclass(frozen=True)
class Document:
    """An entry for search. ``rest`` is further text that may hold a word of a question.

    It is found from ``valid_from`` to ``valid_to``, both included; None: without end.
    """

    code: str
    kind: Kind
    name: str
    aliases: tuple[str, ...]
    questions: tuple[str, ...]
    faq_questions: tuple[str, ...]
    rest: str
    unit: str
    valid_from: date
    valid_to: date | None


def document(content: EntryContent) -> Document:
    """The document of an item, a policy, a life event or a notice.

    A policy is found without end, so that one that lapsed is told as lapsed; that is for the reader
    of the hit to judge. Raises TypeError for any other content.
    """
    match content:
        case ItemContent():
            return _document(content, Kind.ITEM, _item_text(content), _faq(content))
        case PolicyContent():
            asked = tuple(faq.q for faq in content.interpretation)
            return _document(content, Kind.POLICY, _policy_text(content), asked)
        case LifeEventContent():
            asked = tuple(faq.q for faq in content.faq)
            return _document(content, Kind.LIFE_EVENT, _event_text(content), asked)
        case NoticeContent():
            return Document(
                code=content.code,
                kind=Kind.NOTICE,
                name=content.name,
                aliases=tuple(content.aliases),
                questions=tuple(content.questions),
                faq_questions=(),
                rest=" ".join([content.topic, content.text, *content.places]),
                unit=content.unit,
                valid_from=content.starts_at.date(),
                valid_to=content.ends_at.date(),
            )
    raise TypeError(f"no document of {type(content).__name__}")


def draft_document(kind: Kind, code: str, raw: Mapping[str, Any]) -> Document:
    """The document of what a draft says, also unfinished: by its names and wordings, always valid."""
    faq = raw.get("interpretation" if kind is Kind.POLICY else "faq")
    asked = (one.get("q") for one in _listed(faq) if isinstance(one, Mapping))
    return Document(
        code=code,
        kind=kind,
        name=str(raw.get("name") or code),
        aliases=tuple(map(str, _listed(raw.get("aliases")))),
        questions=tuple(map(str, _listed(raw.get("questions")))),
        faq_questions=tuple(str(q) for q in asked if q),
        rest=" ".join(str(raw.get(field) or "") for field in ("summary", "theme", "result")),
        unit=str(raw.get("unit") or ""),
        valid_from=date.min,
        valid_to=None,
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _document(
    content: ItemContent | PolicyContent | LifeEventContent,
    kind: Kind,
    rest: str,
    faq_questions: tuple[str, ...],
) -> Document:
    return Document(
        code=content.code,
        kind=kind,
        name=content.name,
        aliases=tuple(content.aliases),
        questions=tuple(content.questions),
        faq_questions=faq_questions,
        rest=rest,
        unit=content.unit,
        valid_from=content.valid_from,
        valid_to=None if kind is Kind.POLICY else content.valid_to,
    )


def _faq(item: ItemContent) -> tuple[str, ...]:
    return tuple(faq.q for faq in item.faq)


def _item_text(item: ItemContent) -> str:
    conditions = [f"{condition.when or ''} {condition.text}" for condition in item.conditions]
    materials = [material.name for material in item.materials]
    return " ".join([item.summary, item.theme, item.result or "", *conditions, *materials])


def _policy_text(policy: PolicyContent) -> str:
    benefits = [f"{benefit.name} {benefit.who or ''}" for benefit in policy.benefits]
    conditions = [condition.text for condition in policy.conditions]
    return " ".join([policy.summary, policy.theme, *policy.audience, *benefits, *conditions])


def _event_text(event: LifeEventContent) -> str:
    situations = [step.when or "" for step in event.steps]
    materials = [material.name for material in event.shared_materials]
    return " ".join([event.summary, *event.audience, *situations, *materials])
