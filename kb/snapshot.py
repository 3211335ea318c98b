"""Everything published at one moment, and the search over it. Never changed, only replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from kb.documents import document
from kb.event_answers import Bundle
from kb.schemas import Entry, ItemRecord, LifeEventRecord, NoticeRecord, PolicyRecord, Record
from kb.search import EntrySearch
from language.e5 import Ranker
from language.encoder import Encoder
from language.normalise import normalise


@dataclass(frozen=True)
class Snapshot:
    """Published entries by code, also those outside their validity; notices stand apart."""

    entries: dict[str, Entry] = field(default_factory=dict)
    notices: tuple[NoticeRecord, ...] = ()
    search: EntrySearch = field(default_factory=lambda: EntrySearch([]))

    @classmethod
    def of(
        cls,
        records: Iterable[Record],
        previous: Snapshot,
        encoder: Encoder | None,
        ranker: Ranker | None,
    ) -> Snapshot:
        """The snapshot of ``records``; what ``previous`` has read or encoded is used again."""
        kept = list(records)
        entries = {one.code: one for one in kept if not isinstance(one, NoticeRecord)}
        notices = tuple(one for one in kept if isinstance(one, NoticeRecord))
        if entries == previous.entries:
            return cls(entries, notices, previous.search)
        documents = [document(entry) for entry in entries.values()]
        return cls(entries, notices, EntrySearch(documents, encoder, previous.search, ranker))

    def item(self, code: str | None) -> ItemRecord | None:
        """The item of that code, valid or not."""
        found = self.entries.get(code or "")
        return found if isinstance(found, ItemRecord) else None

    def items(self) -> list[ItemRecord]:
        """Every item, by name."""
        found = [one for one in self.entries.values() if isinstance(one, ItemRecord)]
        return sorted(found, key=lambda entry: entry.name)

    def policies(self) -> list[PolicyRecord]:
        """Every policy, by name."""
        found = [one for one in self.entries.values() if isinstance(one, PolicyRecord)]
        return sorted(found, key=lambda entry: entry.name)

    def events(self) -> list[LifeEventRecord]:
        """Every life event, by name."""
        found = [one for one in self.entries.values() if isinstance(one, LifeEventRecord)]
        return sorted(found, key=lambda entry: entry.name)

    def policy(self, code: str | None) -> PolicyRecord | None:
        """The policy of that code, in force or not."""
        found = self.entries.get(code or "")
        return found if isinstance(found, PolicyRecord) else None

    def next_policy(self, policy: PolicyRecord, today: date) -> PolicyRecord | None:
        """The policy in force on ``today`` that took the place of ``policy``, if published."""
        found = self.policy(policy.superseded_by)
        return found if found and found.valid_on(today) else None

    def next_item(self, item: ItemRecord, today: date) -> ItemRecord | None:
        """The item that replaced ``item`` and may be answered from on ``today``, if published."""
        found = self.item(item.superseded_by)
        return found if found and found.valid_on(today) else None

    def twins(self, item: ItemRecord, today: date) -> list[ItemRecord]:
        """Items of other units, valid on ``today``, that share a name or alias with ``item``."""
        codes = {code for name in _called(item) for code in self._by_name.get(name, ())}
        found = [self.item(code) for code in sorted(codes)]
        return [one for one in found if one and one.unit != item.unit and one.valid_on(today)]

    @cached_property
    def _by_name(self) -> dict[str, set[str]]:
        codes: dict[str, set[str]] = defaultdict(set)
        for item in self.items():
            for name in _called(item):
                codes[name].add(item.code)
        return codes

    @cached_property
    def policy_names(self) -> list[tuple[str, str]]:
        """Every name and alias of a policy as it is compared, with the policy's code."""
        return [
            (normalise(name), policy.code)
            for policy in self.policies()
            for name in (policy.name, *policy.aliases)
        ]

    def bundle(self, event: LifeEventRecord, today: date) -> Bundle:
        """The life event with those of its items that may be answered from on ``today``."""
        items = ((step.item, self.item(step.item)) for step in event.steps)
        return Bundle(event, {code: one for code, one in items if one and one.valid_on(today)})


def _called(item: ItemRecord) -> set[str]:
    return {normalise(name) for name in (item.name, *item.aliases)}
