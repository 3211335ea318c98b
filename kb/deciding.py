"""Decides what is said to a question: from which entry, or that it must be asked back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from kb.actions import action_flags, has_action, without_action
from kb.answers import offers, source_line
from kb.aspects import Aspect, asked, leftover, only_detail, points_back
from kb.choices import read_choice_value
from kb.event_answers import event_asked, without_order
from kb.guide_compare import compare, comparison_text, demanded, without_demand
from kb.kinds import happening, meant_kinds
from kb.notice_answers import concerning, needs_area
from kb.policy_answers import PolicyPart, policy_asked, without_asked
from kb.reply import (
    MOST_CHOICES,
    Answer,
    area_answer,
    card_of,
    choices_answer,
    event_answer,
    expired_answer,
    faq_answer,
    item_answer,
    lapsed_answer,
    notice_answer,
    policy_answer,
    units_answer,
    unknown_answer,
)
from kb.schemas import Entry, ItemRecord, Kind, LifeEventRecord, PolicyRecord
from kb.search import Hit
from kb.snapshot import Snapshot
from language.normalise import normalise

# From this score on an entry is answered from; down to the lower one it is only offered. Read off
# the figures that tests/kb/test_knowledge_base.py prints.
ANSWER_FROM = 0.6
OFFER_FROM = 0.25
# A life event is answered from on less when the words describe a happening.
_HAPPENING_FROM = 0.3
# Two items this near to each other in score are equally likely.
_EQUAL = 0.06
# A follow-up leaves its item only for one that is this much likelier.
_LOYALTY = 0.15
_FAQ_FROM = 0.72
_FAQ_WORDS = 4
# A question that is no more than what several names say means any of them with this score.
_SAME_WORD = 0.05
# A policy that lapsed is meant, not what replaced it, when it fits this much better.
_CLEARLY = 2.0
# Shorter names stand in many a sentence by chance.
_TELLING_NAME = 3
# Only items at least this near to the best one are offered beside it.
_BESIDE = 0.2

# Asked so, a question may be one that the entry answers in its own words.
_MAY_BE_COMMON = {
    (Aspect.OVERVIEW,), (Aspect.RESULT,), (Aspect.CONDITIONS,), (PolicyPart.WHO,), (PolicyPart.DEADLINE,),
}  # fmt: skip

Part = TypeVar("Part", bound=StrEnum)
Found = Mapping[Kind, list[Hit]]


@dataclass(frozen=True)
class Deciding:
    """Answers from one snapshot on one day.

    ``areas`` are codes of where the citizen is, narrowest first; None when it may still be asked.
    """

    snapshot: Snapshot
    day: date
    moment: datetime
    areas: Sequence[str] | None = None

    def answer(self, text: str, context: str | None) -> Answer:
        """Answer ``text``; ``context`` is the code of the entry that was talked about before."""
        published = self.snapshot.notices
        notice = self.notice(text)
        if notice is not None:
            return notice
        if self.areas is None and needs_area(text, published, self.moment):
            return area_answer()
        policy = self._policy_named(text)
        if policy is not None:
            return self.from_entry(policy.code, text)
        what = demanded(text)
        if what is not None:
            compared = self._compared(what, text, context)
            if compared is not None:
                return compared
        before = self.snapshot.entries.get(context or "")
        if context and _follows(text, before):
            return self.from_entry(context, text)
        if not leftover(text):
            return unknown_answer()
        found = self.snapshot.search.by_kind(text, MOST_CHOICES, self.day)
        found = {kind: self._in_force(hits) for kind, hits in found.items()}
        return self._of_other_kind(found, text) or self._of_items(found, text, context)

    def notice(self, text: str) -> Answer | None:
        """The latest notice that concerns ``text``, if one holds now."""
        found = concerning(text, self.snapshot.notices, self.moment, self.areas or ())
        return notice_answer(found[0]) if found else None

    def choice(self, value: str) -> Answer:
        """Answer a quick reply's value; unknown when it is none of ours."""
        read = read_choice_value(value)
        return self.from_entry(read.code, aspects=read.aspects) if read else unknown_answer()

    def from_entry(
        self, code: str, text: str = "", aspects: tuple[str, ...] | None = None
    ) -> Answer:
        """Answer what ``text``, or ``aspects`` by name, asks of one entry, if it holds."""
        entry = self.snapshot.entries.get(code)
        match entry:
            case PolicyRecord():
                parts = policy_asked(text) if aspects is None else _named(PolicyPart, aspects)
                answer = self._from_policy(entry, parts)
            case LifeEventRecord() if entry.valid_on(self.day):
                wanted = event_asked(text) if aspects is None else _named(Aspect, aspects)
                bundle = self.snapshot.bundle(entry, self.day)
                answer = event_answer(bundle, wanted) if bundle.items else expired_answer(entry)
            case ItemRecord() if entry.valid_on(self.day):
                wanted = asked(text) if aspects is None else _named(Aspect, aspects)
                answer = item_answer(entry, wanted, text, self.areas)
            case ItemRecord():
                return expired_answer(entry, self.snapshot.next_item(entry, self.day))
            case _:
                return expired_answer(entry)
        return self._with_common_question(entry, answer, text)

    def _of_other_kind(self, found: Found, text: str) -> Answer | None:
        """The answer from a life event or a policy, when that is what ``text`` means."""
        kinds = meant_kinds(text, {kind: hits[0] for kind, hits in found.items()})
        if not kinds or kinds == (Kind.ITEM,):
            return None
        sure = [found[kind][0] for kind in kinds if found[kind][0].score >= ANSWER_FROM]
        if len(sure) > 1:
            return choices_answer(sure, text, sure)
        if kinds[0] is Kind.ITEM:
            return None
        hits = found[kinds[0]]
        equal = [hit for hit in hits if hit.score >= hits[0].score - _EQUAL]
        described = kinds[0] is Kind.LIFE_EVENT and happening(text)
        enough = _HAPPENING_FROM if described else ANSWER_FROM
        if hits[0].score >= enough and len(equal) < 2:
            return self.from_entry(hits[0].code, text)
        if hits[0].score < OFFER_FROM:
            return None
        items = [hit for hit in found.get(Kind.ITEM, ()) if hit.score >= OFFER_FROM]
        offered = [*equal, *items][:MOST_CHOICES]
        return choices_answer(offered, text, offered)

    def _in_force(self, hits: list[Hit]) -> list[Hit]:
        """``hits`` without policies that lapsed, unless such a one is clearly meant."""
        held = [hit for hit in hits if self.snapshot.entries[hit.code].valid_on(self.day)]
        if not held or held[0].strength < hits[0].strength - _CLEARLY:
            return hits
        # What the lapsed one took away from its successor's chance is given back.
        return [replace(held[0], score=hits[0].score), *held[1:]]

    def _of_items(self, found: Found, text: str, context: str | None) -> Answer:
        hits = found.get(Kind.ITEM, [])
        if context in {hit.code for hit in hits if hit.score >= ANSWER_FROM}:
            near = next(hit for hit in hits if hit.code == context)
            others = [one for one in self._family(near.code) if one.code != near.code]
            if near.score >= hits[0].score - _LOYALTY and not _of_unit_named(others, text):
                return self.from_entry(near.code, text)
        before = self.snapshot.item(context)
        if before and has_action(text) and not leftover(without_action(text)):
            # "要是丢了呢" after 身份证换领 means the card, not just anything that got lost.
            hits = self._items(f"{without_action(before.name)}{text}", MOST_CHOICES)
        return self._from_hits(hits, text)

    def _items(self, text: str, limit: int) -> list[Hit]:
        return self.snapshot.search.search(text, limit, self.day, (Kind.ITEM,))

    def _from_hits(self, hits: list[Hit], text: str) -> Answer:
        if not hits or hits[0].score < OFFER_FROM:
            return unknown_answer(hits)
        best, rest = hits[0], leftover(text)
        equal = [hit for hit in hits if hit.score >= best.score - _EQUAL]
        named = [
            hit for hit in hits if hit.score >= _SAME_WORD and self._has_name_with(hit.code, rest)
        ]
        likely = max(equal, named, key=len)
        family = self._family(best.code)
        if best.score >= ANSWER_FROM and {hit.code for hit in likely} <= {
            one.code for one in family
        }:
            units = self._of_units(family, text)
            if len(units) > 1:
                return units_answer(units, text, self.areas or ())
            return self.from_entry(units[0].code, text)
        if (called := self._called(hits, text)) is not None:
            return self.from_entry(called.code, text)
        offered = likely if best.score >= ANSWER_FROM or len(likely) > 1 else hits
        if offered is not named:
            least = min(OFFER_FROM, best.score - _BESIDE)
            offered = [hit for hit in offered if hit.score >= least]
        return choices_answer(offered, text, hits)

    def _called(self, hits: list[Hit], text: str) -> Hit | None:
        """The one hit whose name or alias stands in ``text``, when it does so of no other."""
        plain = normalise(text)
        called = [
            hit
            for hit in hits
            if any(
                len(name) >= _TELLING_NAME and normalise(name) in plain
                for name in self._names(hit.code)
            )
        ]
        return called[0] if len(called) == 1 else None

    def _names(self, code: str) -> tuple[str, ...]:
        entry = self.snapshot.entries[code]
        return (entry.name, *entry.aliases)

    def _family(self, code: str) -> list[ItemRecord]:
        """The item, and those by which other units answer for the same matter."""
        item = self.snapshot.item(code)
        return [item, *self.snapshot.twins(item, self.day)] if item else []

    def _of_units(self, family: list[ItemRecord], text: str) -> list[ItemRecord]:
        """Of one matter's items that of the unit named, else of where the citizen is, else all."""
        named = _of_unit_named(family, text)
        near = [one for one in family if one.unit.split(".")[0] in (self.areas or ())]
        return (named or near)[:1] or family

    def _compared(self, what: str, text: str, context: str | None) -> Answer | None:
        """What a window demanded against the guide talked about, else the one ``text`` means.

        When it is not clear which, the guides' materials are offered.
        """
        about = without_demand(text)
        hits = self._items(about, MOST_CHOICES) if leftover(about) else []
        code = hits[0].code if hits and hits[0].score >= ANSWER_FROM else context
        item = self.snapshot.item(code)
        if item is None or not item.valid_on(self.day):
            near = [hit for hit in hits if hit.score >= OFFER_FROM]
            return choices_answer(near, "要什么材料", near) if near else None
        compared = compare(what, item)
        offered = [] if compared.found else [("请单位核实", "case:consult")]
        return Answer(
            kind="answer",
            text="\n".join([comparison_text(item, compared), source_line(item)]),
            code=item.code,
            aspects=(Aspect.MATERIALS,),
            choices=[*offered, *offers(item, (Aspect.MATERIALS,), 2)],
            card=card_of(item, Kind.ITEM),
        )

    def _policy_named(self, text: str) -> PolicyRecord | None:
        plain = normalise(text)
        named = [(len(name), code) for name, code in self.snapshot.policy_names if name in plain]
        return self.snapshot.policy(max(named)[1]) if named else None

    def _from_policy(self, policy: PolicyRecord, parts: tuple[PolicyPart, ...]) -> Answer:
        if not policy.valid_on(self.day):
            successor = self.snapshot.next_policy(policy, self.day)
            return lapsed_answer(policy, self.day, successor)
        items = (self.snapshot.item(code) for code in policy.items)
        held = [item for item in items if item and item.valid_on(self.day)]
        return policy_answer(policy, self.day, parts, held)

    def _has_name_with(self, code: str, word: str) -> bool:
        """Whether the item is called by ``word``, a thing or what is done with it: 公积金提取."""
        thing, done = without_action(word), has_action(word)
        wanted = action_flags(word)
        return any(
            word in name or (done and thing in name and bool((wanted * action_flags(name)).any()))
            for name in self._names(code)
        )

    def _with_common_question(self, entry: Entry, answer: Answer, text: str) -> Answer:
        """The entry's own words when ``text`` is nearly one of its common questions."""
        questions = entry.interpretation if isinstance(entry, PolicyRecord) else entry.faq
        short = len(leftover(text)) < _FAQ_WORDS
        if not questions or short or answer.aspects not in _MAY_BE_COMMON:
            return answer
        found = self.snapshot.search.common_question(text, entry.code)
        if found is None or found[1] < _FAQ_FROM:
            return answer
        faq = next(faq for faq in questions if faq.q == found[0])
        return faq_answer(answer, entry, faq.q, faq.a)


def _of_unit_named(items: list[ItemRecord], text: str) -> list[ItemRecord]:
    """Those of ``items`` whose unit is named in ``text``."""
    plain = normalise(text)
    return [item for item in items if normalise(item.unit_name) in plain]


def _named(parts: type[Part], names: tuple[str, ...]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.value in names)


def _follows(text: str, before: Entry | None) -> bool:
    """Whether a follow-up names no matter of its own: "那要多久", "小孩的呢", but not "谢谢"."""
    aspects: tuple[str, ...] = asked(text)
    match before:
        case LifeEventRecord():
            aspects, text = event_asked(text), without_order(text)
        case PolicyRecord():
            aspects, text = policy_asked(text) or asked(text), without_asked(text)
    rest = leftover(text)
    if not (aspects or points_back(text) or rest or "办" in text):
        return False
    return not rest or only_detail(rest)
