"""The knowledge base of a process: a snapshot that is searched, and the decision what to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from kb.actions import action_flags, has_action, without_action
from kb.answers import answer_text, choice_value, faq_text, offers, read_choice_value, source_line
from kb.aspects import Aspect, asked, leftover, only_detail, points_back
from kb.documents import Document, document
from kb.guide_compare import compare, comparison_text, demanded
from kb.notice_answers import concerning, notice_text
from kb.policy_answers import lapsed_text, policy_text
from kb.repository import KnowledgeRepository
from kb.schemas import ItemRecord, NoticeRecord, PolicyRecord, Record
from kb.search import EntrySearch, Hit
from language.e5 import Ranker
from language.encoder import Encoder
from language.normalise import normalise

# From this score on an item is answered from; down to the lower one it is only offered. Read off
# the figures that tests/kb/test_search_quality.py prints.
ANSWER_FROM = 0.5
OFFER_FROM = 0.25
# Two items this near to each other in score are equally likely.
_EQUAL = 0.06
# A follow-up leaves its item only for one that is this much likelier.
_LOYALTY = 0.15
_FAQ_FROM = 0.72
_FAQ_WORDS = 4
# A question that is no more than what several names say means any of them with this score.
_SAME_WORD = 0.05
# Only items at least this near to the best one are offered beside it.
_BESIDE = 0.2
_MOST_CHOICES = 3


@dataclass(frozen=True)
class Answer:
    """What the knowledge base says to a question.

    ``kind``: ``answer`` from one item; ``choices`` when several may be meant; ``unknown``, with
    the titles of up to three nearest items; ``expired`` when the item that was being talked about
    may no longer be answered from; ``notice`` for what happens now. ``choices`` are quick replies ``(title, value)``; a value goes
    back to `KnowledgeBase.answer_choice`.
    """

    kind: Literal["answer", "choices", "unknown", "expired", "notice"]
    text: str
    item_code: str | None = None
    aspects: tuple[str, ...] = ()
    choices: list[tuple[str, str]] = field(default_factory=list)
    card: dict[str, Any] | None = None
    nearest: list[str] = field(default_factory=list)


def local_today() -> date:
    """The present day of the line."""
    return now().astimezone(LOCAL).date()


class KnowledgeBase:
    """Held by the process; `refresh` when PostgreSQL announces ``kb_changed``."""

    def __init__(self, encoder: Encoder | None, ranker: Ranker | None = None) -> None:
        self._encoder = encoder
        self._ranker = ranker
        self._items: dict[str, ItemRecord] = {}
        self._policies: dict[str, PolicyRecord] = {}
        self._notices: list[NoticeRecord] = []
        self._search = EntrySearch([])
        self._refreshing = asyncio.Lock()

    async def refresh(self, session: AsyncSession) -> int:
        """Take over what is published now; returns the number of items.

        The index is built in a thread beside the running one, which answers meanwhile.
        """
        async with self._refreshing:
            found = await KnowledgeRepository(session).published()
            items = [record for record in found if isinstance(record, ItemRecord)]
            self.take_others(found)
            known = [item for item in items if self._items.get(item.code) == item]
            if len(known) != len(items) or len(items) != len(self._items):
                await self.take(items)
            return len(items)

    async def take(self, items: list[ItemRecord]) -> None:
        """Replace the snapshot by ``items``."""
        documents = [document(item) for item in items]
        search = await asyncio.to_thread(
            EntrySearch, documents, self._encoder, self._search, self._ranker
        )
        self._items, self._search = {item.code: item for item in items}, search

    async def search_with(self, changed: Document) -> EntrySearch:
        """The search as it would be if ``changed`` were published; built beside the running one."""
        others = [entry for entry in self._search.documents if entry.code != changed.code]
        return await asyncio.to_thread(
            EntrySearch, [*others, changed], self._encoder, self._search, self._ranker
        )

    @property
    def search_now(self) -> EntrySearch:
        """The search over what is published."""
        return self._search

    @property
    def encoder(self) -> Encoder | None:
        """What tells how near two texts are, where it is installed."""
        return self._encoder

    def take_others(self, records: Iterable[Record]) -> None:
        """Replace policies and notices by those among ``records``."""
        kept = list(records)
        self._policies = {one.code: one for one in kept if isinstance(one, PolicyRecord)}
        self._notices = [one for one in kept if isinstance(one, NoticeRecord)]

    def notices_in_force(self, moment: datetime) -> list[NoticeRecord]:
        """Notices that are to be told at ``moment`` (aware), the latest first."""
        held = (notice for notice in self._notices if notice.valid_at(moment))
        return sorted(held, key=lambda notice: notice.starts_at, reverse=True)

    def policies(self) -> list[PolicyRecord]:
        """Every published policy, in force or not, by name."""
        return sorted(self._policies.values(), key=lambda policy: policy.name)

    def policy(self, code: str) -> PolicyRecord:
        """The policy, in force or not. Raises NotFound when it is unknown or withdrawn."""
        if code not in self._policies:
            raise NotFound("没有这份政策，或它已撤回")
        return self._policies[code]

    def successor(self, policy: PolicyRecord, today: date) -> PolicyRecord | None:
        """The policy in force on ``today`` that took the place of ``policy``, if published."""
        found = self._policies.get(policy.superseded_by or "")
        return found if found and found.valid_on(today) else None

    def search(self, text: str, limit: int = 10, today: date | None = None) -> list[Hit]:
        """Items valid on ``today`` that ``text`` may mean, best first, with score and reasons."""
        return self._search.search(text, limit, today or local_today())

    def items(self, today: date | None = None) -> list[ItemRecord]:
        """Every item valid on ``today``, by name."""
        day = today or local_today()
        return sorted(
            (item for item in self._items.values() if item.valid_on(day)), key=lambda i: i.name
        )

    def get(self, code: str, today: date | None = None) -> ItemRecord:
        """The item. Raises NotFound when it is unknown, withdrawn or not valid on ``today``."""
        item = self._items.get(code)
        if item is None or not item.valid_on(today or local_today()):
            raise NotFound("没有这个事项，或它的办事指南已失效")
        return item

    def answer(
        self,
        text: str,
        context_item_code: str | None = None,
        today: date | None = None,
        *,
        areas: Sequence[str] = (),
        moment: datetime | None = None,
    ) -> Answer:
        """Answer ``text``; ``context_item_code`` is the item that was talked about before.

        ``areas`` are codes of where the citizen is, for notices; ``moment`` (aware) is now.
        A notice goes first, then a policy called by its name, then what a window demanded.
        """
        day = today or local_today()
        notices = concerning(text, self._notices, moment or now(), areas)
        if notices:
            return self._from_notice(notices[0])
        policy = self._policy_named(text)
        if policy is not None:
            return self._from_policy(policy, day)
        what = demanded(text)
        if what is not None:
            compared = self._compared(what, text, context_item_code, day)
            if compared is not None:
                return compared
        aspects = asked(text)
        rest = leftover(text)
        if context_item_code and _says_nothing_new(text, rest, aspects):
            return self._from_item(context_item_code, aspects, day, text)
        if not rest:
            return self._unknown([])
        hits = self._search.search(text, _MOST_CHOICES, day)
        if context_item_code in {hit.code for hit in hits if hit.score >= ANSWER_FROM}:
            near = next(hit for hit in hits if hit.code == context_item_code)
            if near.score >= hits[0].score - _LOYALTY:
                return self._from_item(near.code, aspects, day, text)
        context = self._items.get(context_item_code or "")
        if context and has_action(text) and not leftover(without_action(text)):
            # "要是丢了呢" after 身份证换领 means the card, not just anything that got lost.
            about = f"{without_action(context.name)}{text}"
            hits = self._search.search(about, _MOST_CHOICES, day)
        return self._from_hits(hits, aspects, day, text, rest)

    def answer_choice(self, value: str, today: date | None = None) -> Answer:
        """Answer a quick reply's value ``item:<code>:<aspect>``; unknown when it is none."""
        read = read_choice_value(value)
        if read is None:
            return self._unknown([])
        return self._from_item(read[0], read[1], today or local_today())

    def _from_hits(
        self, hits: list[Hit], aspects: tuple[Aspect, ...], day: date, text: str, rest: str
    ) -> Answer:
        if not hits or hits[0].score < OFFER_FROM:
            return self._unknown(hits)
        best = hits[0]
        equal = [hit for hit in hits if hit.score >= best.score - _EQUAL]
        named = [
            hit for hit in hits if hit.score >= _SAME_WORD and self._has_name_with(hit.code, rest)
        ]
        likely = max(equal, named, key=len)
        if best.score >= ANSWER_FROM and len(likely) < 2:
            return self._from_item(best.code, aspects, day, text)
        offered = likely if best.score >= ANSWER_FROM or len(likely) > 1 else hits
        if offered is not named:
            least = min(OFFER_FROM, best.score - _BESIDE)
            offered = [hit for hit in offered if hit.score >= least]
        question = "您问的是下面哪一项？" if len(offered) > 1 else "您问的是这一项吗？"
        return Answer(
            kind="choices",
            text=question,
            aspects=tuple(aspects),
            choices=[(_title(hit.name), choice_value(hit.code, aspects)) for hit in offered],
            nearest=[hit.name for hit in hits],
        )

    def _compared(self, what: str, text: str, context: str | None, day: date) -> Answer | None:
        """What a window demanded against the guide talked about, else the one ``text`` means."""
        about = text.replace(what, "")
        hits = self._search.search(about, 1, day) if leftover(about) else []
        code = hits[0].code if hits and hits[0].score >= ANSWER_FROM else context
        item = self._items.get(code or "")
        if item is None or not item.valid_on(day):
            return None
        compared = compare(what, item)
        offered = [] if compared.found else [("请单位核实", "case:consult")]
        return Answer(
            kind="answer",
            text="\n".join([comparison_text(item, compared), source_line(item)]),
            item_code=item.code,
            aspects=(Aspect.MATERIALS,),
            choices=[*offered, *offers(item, (Aspect.MATERIALS,), 2)],
            card=_card(item),
        )

    def _policy_named(self, text: str) -> PolicyRecord | None:
        plain = normalise(text)
        named = [
            (len(name), policy.code)
            for policy in self._policies.values()
            for name in (policy.name, *policy.aliases)
            if normalise(name) in plain
        ]
        return self._policies[max(named)[1]] if named else None

    def _from_policy(self, policy: PolicyRecord, day: date) -> Answer:
        if policy.valid_on(day):
            card = {
                "kind": "policy",
                "code": policy.code,
                "name": policy.name,
                "unit": policy.unit_name,
                "version": policy.version,
                "valid_from": policy.valid_from.isoformat(),
                "valid_to": policy.ends_on.isoformat() if policy.ends_on else None,
            }
            return Answer(kind="answer", text=policy_text(policy, day), card=card)
        successor = self.successor(policy, day)
        name = successor.name if successor else None
        return Answer(kind="expired", text=lapsed_text(policy, day, name))

    def _from_notice(self, notice: NoticeRecord) -> Answer:
        card = {
            "kind": "notice",
            "code": notice.code,
            "name": notice.name,
            "unit": notice.unit_name,
            "version": notice.version,
        }
        return Answer(kind="notice", text=notice_text(notice), card=card)

    def _has_name_with(self, code: str, word: str) -> bool:
        """Whether the item is called by ``word``, a thing or what is done with it: 公积金提取."""
        item = self._items[code]
        thing, done = without_action(word), has_action(word)
        wanted = action_flags(word)
        return any(
            word in name or (done and thing in name and bool((wanted * action_flags(name)).any()))
            for name in (item.name, *item.aliases)
        )

    def _from_item(
        self,
        code: str,
        aspects: tuple[Aspect, ...],
        day: date,
        text: str = "",
    ) -> Answer:
        item = self._items.get(code)
        if item is None or not item.valid_on(day):
            return self._expired(item)
        said = aspects or (Aspect.OVERVIEW,)
        body = answer_text(item, said, text)
        told: tuple[str, ...] = said
        faq = self._common_question(item, aspects, text)
        if faq is not None:
            body, told = faq, ("faq",)
        return Answer(
            kind="answer",
            text=body,
            item_code=item.code,
            aspects=told,
            choices=offers(item, said),
            card=_card(item),
        )

    def _common_question(
        self, item: ItemRecord, aspects: tuple[Aspect, ...], text: str
    ) -> str | None:
        """The item's own answer when ``text`` is nearly one of its common questions."""
        if aspects not in ((), (Aspect.RESULT,), (Aspect.CONDITIONS,)):
            return None
        if len(leftover(text)) < _FAQ_WORDS:
            return None
        found = self._search.common_question(text, item.code)
        if found is None or found[1] < _FAQ_FROM:
            return None
        faq = next(faq for faq in item.faq if faq.q == found[0])
        return faq_text(item, faq.q, faq.a)

    def _expired(self, item: ItemRecord | None) -> Answer:
        name = f"“{item.name}”的办事指南" if item else "刚才那份办事指南"
        phone = f"，也可致电 {item.phone} 核实最新规定" if item and item.phone else ""
        return Answer(
            kind="expired",
            text=f"{name}目前不在有效期内，我不能再据此回答。您可以转人工{phone}。",
            item_code=item.code if item else None,
        )

    def _unknown(self, hits: list[Hit]) -> Answer:
        nearest = [hit.name for hit in hits[:_MOST_CHOICES]]
        text = "这个问题我还没有可靠的答案，不敢乱说。"
        if nearest:
            text += "\n知识库里比较接近的有：" + "；".join(nearest) + "。"
        return Answer(
            kind="unknown",
            text=text,
            choices=[
                (_title(hit.name), choice_value(hit.code, ())) for hit in hits[:_MOST_CHOICES]
            ],
            nearest=nearest,
        )


def item_url(code: str) -> str:
    """Path of the item's page."""
    return f"/items/{code}"


def _card(item: ItemRecord) -> dict[str, Any]:
    return {
        "kind": "item",
        "code": item.code,
        "name": item.name,
        "unit": item.unit_name,
        "version": item.version,
        "valid_from": item.valid_from.isoformat(),
        "valid_to": item.valid_to.isoformat() if item.valid_to else None,
        "url": item_url(item.code),
    }


def _title(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"


def _says_nothing_new(text: str, rest: str, aspects: tuple[Aspect, ...]) -> bool:
    """Whether a follow-up names no matter of its own: "那要多久", "小孩的呢", but not "谢谢"."""
    if not (aspects or points_back(text) or rest or "办" in text):
        return False
    return not rest or only_detail(rest)
