"""What the knowledge base says to a question: text, quick replies, card and source. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from kb.answers import Asker, answer_text, differs_by_area, offers
from kb.aspects import Aspect, asked
from kb.choices import OVERVIEW, choice_value, title_of
from kb.event_answers import Bundle, event_asked, event_offers, event_text
from kb.notice_answers import notice_text
from kb.policy_answers import PolicyPart, lapsed_text, policy_asked, policy_offers, policy_text
from kb.schemas import Entry, ItemRecord, Kind, NoticeRecord, PolicyRecord, Record
from kb.search import Hit

MOST_CHOICES = 3
_MOST_GUIDES = 2
_PAGES = {Kind.ITEM: "items", Kind.POLICY: "policies", Kind.LIFE_EVENT: "life-events"}


@dataclass(frozen=True)
class Answer:
    """What the knowledge base says to a question.

    ``kind``: ``answer`` from the entry ``code``; ``choices`` when several may be meant; ``units`` when
    several units say something of their own on it; ``area`` when it must be known first where the
    citizen is; ``unknown``, with the titles of up to three nearest entries; ``expired`` when the
    entry meant may not be answered from; ``notice`` for what happens now. ``choices`` are quick
    replies ``(title, value)``; a value goes back to `KnowledgeBase.answer_choice`. ``asks_area``:
    the answer would be more exact if it were known where the citizen is.
    """

    kind: Literal["answer", "choices", "units", "area", "unknown", "expired", "notice"]
    text: str
    code: str | None = None
    aspects: tuple[str, ...] = ()
    choices: list[tuple[str, str]] = field(default_factory=list)
    card: dict[str, Any] | None = None
    nearest: list[str] = field(default_factory=list)
    asks_area: bool = False


def entry_url(code: str, kind: Kind = Kind.ITEM) -> str:
    """Path of the entry's page."""
    return f"/{_PAGES[kind]}/{code}"


def item_answer(
    item: ItemRecord, aspects: tuple[Aspect, ...], text: str = "", areas: Sequence[str] | None = ()
) -> Answer:
    """The answer to ``aspects`` of an item, an overview without any.

    ``areas``: where the citizen is; None when that may still be asked.
    """
    said = aspects or (Aspect.OVERVIEW,)
    return Answer(
        kind="answer",
        text=answer_text(item, said, Asker(text, areas or ())),
        code=item.code,
        aspects=said,
        choices=offers(item, said),
        card=card_of(item, Kind.ITEM),
        asks_area=areas is None and differs_by_area(item, said),
    )


def units_answer(items: Sequence[ItemRecord], text: str, areas: Sequence[str]) -> Answer:
    """What each of several units says on the same matter, told apart by unit."""
    aspects = asked(text) or (Aspect.TIME, Aspect.FEE)
    asker = Asker(text, areas)
    told = [(item, answer_text(item, aspects, asker)) for item in items[:MOST_CHOICES]]
    said = {text.rsplit("\n", 1)[0] for _, text in told}
    differ = "，说法不一样，请按您要去的单位看" if len(said) > 1 else ""
    head = f"“{items[0].name}”有 {len(items)} 个单位在办{differ}："
    return Answer(
        kind="units",
        text="\n".join([head, *(f"▪ {item.unit_name}\n{said}" for item, said in told)]),
        aspects=aspects,
        choices=[
            (title_of(f"{item.unit_name}：{item.name}"), choice_value(item.code, asked(text)))
            for item, _ in told
        ],
        nearest=[item.name for item, _ in told],
    )


def area_answer() -> Answer:
    """Asks where the citizen is, since what happens now does not happen everywhere."""
    return Answer(
        kind="area", text="您在哪个区县、哪条街道或哪个小区？我看看是不是在这次的范围里。"
    )


def event_answer(bundle: Bundle, aspects: tuple[Aspect, ...]) -> Answer:
    """The answer to ``aspects`` of a life event, what it bundles without any."""
    said = aspects or (Aspect.OVERVIEW,)
    return Answer(
        kind="answer",
        text=event_text(bundle, said),
        code=bundle.event.code,
        aspects=said,
        choices=event_offers(bundle, said),
        card=card_of(bundle.event, Kind.LIFE_EVENT),
    )


def policy_answer(
    policy: PolicyRecord, today: date, parts: tuple[PolicyPart, ...], items: Sequence[ItemRecord]
) -> Answer:
    """The answer to ``parts`` of a policy in force; ``items`` are the ways to apply for it."""
    guides = [(title_of(f"办理：{item.name}"), choice_value(item.code, ())) for item in items]
    return Answer(
        kind="answer",
        text=policy_text(policy, today, parts),
        code=policy.code,
        aspects=parts or (OVERVIEW,),
        choices=[*policy_offers(policy, today, parts), *guides[:_MOST_GUIDES]],
        card=card_of(policy, Kind.POLICY),
    )


def lapsed_answer(policy: PolicyRecord, today: date, successor: PolicyRecord | None) -> Answer:
    """Says why a policy is not answered from, and offers what holds instead."""
    follows = (
        [(title_of(successor.name), choice_value(successor.code, (), Kind.POLICY))]
        if successor
        else []
    )
    return Answer(
        kind="expired",
        text=lapsed_text(policy, today, successor.name if successor else None),
        code=policy.code,
        choices=follows,
    )


def faq_answer(answer: Answer, entry: Entry, question: str, said: str) -> Answer:
    """``answer`` with the entry's own words to one of its common questions."""
    lines = [f"【{entry.name}】{question}", said, answer.text.rsplit("\n", 1)[-1]]
    return replace(answer, text="\n".join(lines), aspects=("faq",))


def notice_answer(notice: NoticeRecord) -> Answer:
    """What happens now."""
    card = {
        "kind": "notice",
        "code": notice.code,
        "name": notice.name,
        "unit": notice.unit_name,
        "version": notice.version,
    }
    return Answer(kind="notice", text=notice_text(notice), card=card)


def choices_answer(hits: Sequence[Hit], text: str, nearest: Sequence[Hit]) -> Answer:
    """Asks back which of ``hits`` is meant by ``text``; each keeps what was asked of it."""
    return Answer(
        kind="choices",
        text="您问的是下面哪一项？" if len(hits) > 1 else "您问的是这一项吗？",
        aspects=parts_asked(text, hits[0].kind),
        choices=[
            (title_of(hit.name), choice_value(hit.code, parts_asked(text, hit.kind), hit.kind))
            for hit in hits
        ],
        nearest=[hit.name for hit in nearest],
    )


def parts_asked(text: str, kind: Kind) -> tuple[str, ...]:
    """What ``text`` asks of an entry of that kind, by name."""
    if kind is Kind.POLICY:
        return policy_asked(text)
    return event_asked(text) if kind is Kind.LIFE_EVENT else asked(text)


def expired_answer(entry: Record | None, successor: ItemRecord | None = None) -> Answer:
    """Says that the entry meant may not be answered from, and offers what replaced it."""
    guide = "这份说明" if entry and not isinstance(entry, ItemRecord) else "办事指南"
    name = f"“{entry.name}”的{guide}" if entry else "刚才那份办事指南"
    phone = None if entry is None or isinstance(entry, NoticeRecord) else entry.phone
    now = f"现行的是“{successor.name}”。" if successor else ""
    call = f"，也可致电 {phone} 核实最新规定" if phone else ""
    return Answer(
        kind="expired",
        text=f"{name}目前不在有效期内，我不能再据此回答。{now}您可以转人工{call}。",
        code=entry.code if entry else None,
        choices=[(title_of(successor.name), choice_value(successor.code, ()))] if successor else [],
    )


def unknown_answer(hits: Sequence[Hit] = ()) -> Answer:
    """Says plainly that there is no answer, with what came nearest."""
    near = hits[:MOST_CHOICES]
    text = "这个问题我还没有可靠的答案，不敢乱说。"
    if near:
        text += "\n知识库里比较接近的有：" + "；".join(hit.name for hit in near) + "。"
    return Answer(
        kind="unknown",
        text=text,
        choices=[(title_of(hit.name), choice_value(hit.code, (), hit.kind)) for hit in near],
        nearest=[hit.name for hit in near],
    )


def card_of(entry: Record, kind: Kind) -> dict[str, Any]:
    """The entry as a card: who answers for it, its version, validity and page."""
    assert not isinstance(entry, NoticeRecord)
    end = entry.ends_on if isinstance(entry, PolicyRecord) else entry.valid_to
    return {
        "kind": kind.value,
        "code": entry.code,
        "name": entry.name,
        "unit": entry.unit_name,
        "version": entry.version,
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": end.isoformat() if end else None,
        "url": entry_url(entry.code, kind),
    }
