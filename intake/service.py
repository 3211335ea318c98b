"""From words to a filed case: keeps the draft, asks, sums up, registers once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.service import Registered, Registration, register
from cases.vocabulary import TYPE_NAMES, CaseType, Source, Urgency
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from core.identity import Actor
from core.privacy import decrypt, encrypt
from core.replies import Reply, say
from intake import form, several
from intake.case_types import guess_type, tells_trouble
from intake.facts import find_phone, own_phone, read_facts, without_contact, without_phone
from intake.form import Heard, Matter, Place
from intake.hearing import named_places, places_of, read_times
from intake.models import Draft
from intake.placing import recommend, territories
from language.normalise import normalise
from language.times import resolve
from routing.catalogue import Territory
from routing.service import Router
from units.elsewhere import OtherCity, other_city
from units.gazetteer import Gazetteer
from units.location import locate, without_names
from units.tree import UnitTree

_TYPES_BY_NAME = {name: kind for kind, name in TYPE_NAMES.items()}
# From this score (0-1) on, a piece of a message reads like a matter of its own.
_A_MATTER = 0.12
# That a sentence must reach, which nothing else marks as one; and one that names its own place.
_SURELY_A_MATTER, _THERE_A_MATTER = 0.7, 0.4
# Whoever writes more than that (characters) tells the story of one matter.
_SAID_BRIEFLY = 150
# How well (0-1) a category must fit words that show no, one, or so many signs of a matter.
_SIGNS = 2
_FITS = (0.5, 0.2, 0.05)
_SHORTEST = 4
# Danger to people or an outage now makes a case urgent; domain defaults, categories add to it.
_URGENT_WORDS = re.compile(
    r"塌陷|漏电|触电|带电|掉下来|砸(?:到|伤)|井盖(?:没|丢|不见|掉|缺)|断裂|停(?:水|电|气|暖)(?:了|一?天|半天|一?整天)|没(?:水|电|暖气)了|"
    r"拉横幅|跳楼|拼命|同归于尽|要出人命"
)


@dataclass(frozen=True)
class Reading:
    """What one message says of its matter: places and times as said, kinds of units best first."""

    type: CaseType | None
    places: tuple[str, ...]
    times: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Intake:
    """What the intake knows of the city, as of one moment. Immutable, safe to share."""

    router: Router
    gazetteer: Gazetteer
    tree: UnitTree

    def hear(self, text: str, act: str) -> Heard:
        """Read everything that ``text`` says."""
        plain = normalise(text)
        facts = read_facts(text, tuple(match.text for match in self.gazetteer.find(text)))
        places = places_of(self.gazetteer, text)
        if not any(place.code or place.street for place in places):
            places = places_of(self.gazetteer, plain) or places
        facts = replace(facts, phone=facts.phone or own_phone(plain))
        return Heard(text=text, act=act, facts=facts, places=places)

    def territories(self, place: Place) -> tuple[list[Territory], str]:
        """Where ``place`` may lie, and why it is not certain ("" when it is)."""
        known = Territory(place.district, place.street, place.label)
        located = locate(self.gazetteer, place.text) if place.text != form.UNKNOWN else None
        if place.street or located is None:
            return [known], ""
        found = [t for t in territories(located) if place.district in (None, t.district)]
        return (found, located.reason) if len(found) > 1 else ([known], "")

    def about(self, text: str) -> str:
        """``text`` in one spelling without names of roads and the like and without telephone
        numbers, for reading what the matter is."""
        plain = without_phone(normalise(text))
        return without_names(self.gazetteer, plain, locate(self.gazetteer, plain))

    def is_matter(self, text: str, *, asked_for: bool = False) -> bool:
        """Whether ``text`` tells a matter: trouble, a place and a time speak for one, and a category
        that fits; ``asked_for``: it may as well be a question about a service."""
        plain = normalise(text)
        trouble = tells_trouble(plain)
        signs = trouble + bool(self.gazetteer.find(plain)) + bool(read_facts(plain).since)
        if len(plain) < _SHORTEST or (asked_for and signs < _SIGNS):
            return False
        topic = self.router.topic(self.about(text))
        return topic is not None and topic.score >= _FITS[min(signs, _SIGNS)]

    def elsewhere(self, text: str) -> OtherCity | None:
        """The other city in which the matter of ``text`` lies, if it says so."""
        return other_city(text, self.gazetteer.city_name, self.gazetteer.names)

    def place_on_map(self, location: dict[str, Any]) -> Place:
        """The place of a shared location: by its label, else by its coordinates as they are."""
        label = str(location.get("label") or "").strip()
        if not label:
            return Place(text=f"{location['latitude']:.5f},{location['longitude']:.5f}")
        found = self.hear(label, "inform").places
        best = found[0] if len(found) == 1 else Place(text=label)
        return best.model_copy(update={"text": label})

    def classify(self, matter: Matter) -> Matter:
        """The matter with its category, type and urgency read from everything said so far."""
        new = matter.model_copy(deep=True)
        topic = self.router.topic(self.about(new.detail))
        hint = None
        if topic:
            new.category, new.category_name = topic.facts.code, topic.facts.name
            new.category_score, new.reasons = topic.score, topic.reasons
            new.around_the_clock = topic.facts.around_the_clock
            hint = _TYPES_BY_NAME.get(topic.facts.type_hint or "")
        new.type = new.type or guess_type(new.detail, hint)
        urgent = bool(topic and topic.facts.urgent and topic.score >= 0.6)
        new.urgent = urgent or bool(_URGENT_WORDS.search(new.detail))
        return new

    def reading(self, text: str) -> Reading:
        """What a message that tells a matter says, and the kinds of units that may lead."""
        matter = self.listen(Matter(), text, "file_case")
        where, unsure = self.territories(matter.place or Place(text=form.UNKNOWN))
        today = now().astimezone(LOCAL).date()
        ranked = recommend(self.router, self.about(text), where, today, unsure)
        return Reading(
            type=matter.type,
            places=tuple(named_places(self.gazetteer, text)),
            times=tuple(said.text for said in read_times(text)),
            kinds=tuple(unit.kind for c in ranked if (unit := self.tree.get(c.dispatch.lead))),
        )

    def listen(self, matter: Matter, text: str, act: str) -> Matter:
        """The matter after one more message, with the next question decided.

        A message with several matters gives the first one with the ``others``.
        """
        if matter.others:
            return self._hear_of_several(matter, text, act)
        pieces = self.matters_in(text) if not matter.words else [text]
        if not (len(pieces) > 1 and matter.awaiting in (None, "matter")):
            return form.settle(self._absorb(matter, text, act))
        whole = read_facts(text)
        new = self._absorb(matter, pieces[0], act)
        new.phone, new.name = new.phone or whole.phone, new.name or whole.name
        new.anonymous = new.anonymous or whole.anonymous
        new.others = [self._absorb(Matter(), piece, act) for piece in pieces[1:]]
        return form.settle(_with_places(new))

    def matters_in(self, text: str) -> list[str]:
        """The matters that ``text`` holds, one piece of it each.

        What is counted off, added on or a sentence of its own is a matter when it reads like one and
        they are not all of one category; when their number is announced, that many are.
        """
        counted = several.counted(text)
        for count, said in several.announced(text) if not counted else ():
            pieces, _ = self._that_read_like_matters(said)
            if len(pieces) == count:
                return pieces
        pieces, kinds = self._that_read_like_matters(counted or several.added(text))
        return pieces if kinds > 1 else self._in_sentences(text)

    def _in_sentences(self, text: str) -> list[str]:
        """The matters that only full stops or semicolons keep apart: each surely one of its own, and
        not all of one category. What goes on about a matter stays with it, and so does a long story."""
        if len(text) > _SAID_BRIEFLY:
            return [text]
        pieces: list[str] = []
        found: set[str] = set()
        before = ""
        for said in map(without_contact, several.sentences(text)):
            topic = self.router.topic(self.about(said)) if said else None
            least = _THERE_A_MATTER if named_places(self.gazetteer, said) else _SURELY_A_MATTER
            sure = topic is not None and topic.score >= least
            if topic is not None and sure and not (pieces and several.goes_on(said)):
                pieces.append(before + said)
                found.add(topic.facts.code)
                before = ""
            elif pieces and said:
                pieces[-1] += f"。{said}"
            elif said:
                before += f"{said}。"
        return pieces if len(found) > 1 else [text]

    def _that_read_like_matters(self, said: list[str]) -> tuple[list[str], int]:
        """The pieces that read like a matter, others added to the one before, and of how many
        categories they are. How the citizen is reached belongs to none of them."""
        pieces: list[str] = []
        found: set[str] = set()
        for piece in map(without_contact, said):
            topic = self.router.topic(self.about(piece)) if piece else None
            if topic is not None and topic.score >= _A_MATTER:
                pieces.append(piece)
                found.add(topic.facts.code)
            elif pieces and piece:
                pieces[-1] += f"，{piece}"
        return pieces, len(found)

    def _absorb(self, matter: Matter, text: str, act: str) -> Matter:
        heard = self.hear(text, act)
        if matter.awaiting == "place_choice" and matter.place_options and not heard.places:
            # "东侧", "18号": what was missing of the name.
            heard.places = places_of(self.gazetteer, matter.place_options[0].text + text)
        new = form.absorb(matter, heard)
        return self.classify(new) if new.words and new.words != matter.words else new

    def _hear_of_several(self, matter: Matter, text: str, act: str) -> Matter:
        new = matter.model_copy(deep=True)
        if several.all_one(text):
            for other in new.others:
                new.words += other.words
                new.place, new.since = new.place or other.place, new.since or other.since
            new.others = []
            return form.settle(self.classify(new))
        number, said = several.which(text), several.without_which(text)
        every = [new, *new.others]
        if number is None or number > len(every):
            first = self._absorb(new, said, act) if said else new
            first.others = new.others
            return form.settle(_with_places(first))
        if several.is_dropped(said):
            del every[number - 1]
        else:
            meant = every[number - 1].model_copy(update={"awaiting": "confirm", "others": []})
            every[number - 1] = self._absorb(meant, said, act)
        first = every[0].model_copy(
            update={
                "awaiting": new.awaiting,
                "asked": new.asked,
                "caller": new.caller,
                "others": every[1:],
                **form.contact_of(every[number - 1] if number <= len(every) else new, new),
            }
        )
        return form.settle(_with_places(first))


def _with_places(matter: Matter) -> Matter:
    """Matters that name no place of their own lie where the first one does that names one; a time
    that is told only at the end holds for all."""
    new = matter.model_copy(deep=True)
    every = [new, *new.others]
    place = next((one.place for one in every if one.place), None)
    for one in every:
        if place is not None and one.place is None and not one.place_options:
            text = several.inherited_place(one.detail, place.text)
            one.place = place.model_copy(update={"text": text})
    if all(one.since is None for one in every[:-1]):
        for one in every:
            one.since = every[-1].since
    return new


async def open_draft(session: AsyncSession, conversation: uuid.UUID) -> Draft | None:
    """The open draft of a conversation, locked until the transaction ends."""
    found = await session.scalars(
        select(Draft)
        .where(Draft.conversation_id == conversation, Draft.state == "open")
        .with_for_update()
    )
    return found.one_or_none()


async def last_filed(session: AsyncSession, conversation: uuid.UUID) -> Draft | None:
    """The draft of a conversation that was filed last."""
    found = await session.scalars(
        select(Draft)
        .where(Draft.conversation_id == conversation, Draft.state == "filed")
        .order_by(Draft.changed_at.desc())
        .limit(1)
    )
    return found.one_or_none()


async def start_draft(session: AsyncSession, conversation: uuid.UUID) -> Draft:
    """Open a draft, or return the one that is open."""
    await session.execute(
        insert(Draft)
        .values(
            id=uuid.uuid4(),
            conversation_id=conversation,
            state="open",
            content=encrypt(Matter().model_dump_json()),
            created_at=now(),
            changed_at=now(),
        )
        .on_conflict_do_nothing()
    )
    draft = await open_draft(session, conversation)
    assert draft is not None
    return draft


def read(draft: Draft) -> Matter:
    """The matter in a draft."""
    return Matter.model_validate_json(decrypt(draft.content))


def write(draft: Draft, matter: Matter) -> None:
    """Put ``matter`` into ``draft``."""
    draft.content = encrypt(matter.model_dump_json())
    draft.changed_at = now()


async def file(
    session: AsyncSession,
    intake: Intake,
    draft: Draft,
    channel: str,
    at: datetime | None = None,
) -> list[Registered]:
    """Register the draft's matters as a case each; the same draft again gives the same cases."""
    matter = read(draft)
    done = []
    for number, one in enumerate(form.each(matter)):
        key = f"draft:{draft.id}" + (f":{number}" if number else "")
        done.append(
            await register_matter(
                session, intake, one, key, draft.conversation_id, channel, at or now()
            )
        )
    draft.state, draft.case_id, draft.changed_at = "filed", done[0].case_id, now()
    return done


async def register_matter(
    session: AsyncSession,
    intake: Intake,
    matter: Matter,
    key: str,
    conversation: uuid.UUID | None,
    channel: str,
    at: datetime,
    *,
    by: Actor | None = None,
) -> Registered:
    """Register ``matter`` under ``key``, dispatched when the router is sure enough.

    ``channel`` is a `Source`; ``by`` the member of staff who wrote it down.
    """
    place = matter.place or Place(text=form.UNKNOWN)
    on = at.astimezone(LOCAL).date()
    where, unsure = intake.territories(place)
    ranked = recommend(intake.router, intake.about(matter.detail), where, on, unsure)
    best = ranked[0] if ranked else None
    dispatch = best.dispatch if best and best.automatic else None
    doubt = [*(best.dispatch.reasons[-1:] if best and unsure else []), "把握不足，请派单员确定"]
    reasons = [*matter.reasons, *(dispatch.reasons if dispatch else doubt)]
    routing: dict[str, Any] = {
        "entry": best.dispatch.entry if best else None,
        "score": round(best.score, 3) if best else 0.0,
        "reasons": reasons,
        "candidates": [
            {"unit": c.dispatch.lead, "entry": c.dispatch.entry, "score": round(c.score, 3)}
            for c in ranked[:3]
        ],
    }
    registration = Registration(
        key=key,
        conversation_id=conversation,
        source=Source(channel),
        type=matter.type or CaseType.OTHER,
        category=matter.category,
        title=form.title(matter),
        detail=matter.detail,
        place_text=place.text,
        place_code=place.code,
        street=place.street,
        district=place.district,
        since_text=_since(matter.since, at),
        urgency=Urgency.URGENT if matter.urgent else Urgency.NORMAL,
        around_the_clock=matter.around_the_clock,
        name=None if matter.anonymous else matter.name,
        phone=None if matter.anonymous else matter.phone,
        anonymous=matter.anonymous or not matter.phone,
        confidential=form.is_confidential(matter),
        on_behalf_of=matter.on_behalf_of,
        about_unit=intake.router.complained_of(
            matter.detail,
            where[0] if len(where) == 1 else Territory(),
            mentioned=matter.type is CaseType.REPORT,
        ),
        attachments=[uuid.UUID(a) for a in matter.attachments],
        lead=dispatch.lead if dispatch else None,
        assists=list(dispatch.assists) if dispatch else [],
        routing=routing,
    )
    return await register(session, registration, at, by=by)


def _since(said: str | None, at: datetime) -> str:
    """The time as said, with the days that a relative one means: 上周三（2026-11-18）."""
    if said is None or said == form.UNKNOWN:
        return form.UNKNOWN
    days = resolve(said, at.astimezone(LOCAL))
    if days is None:
        return said
    first, last = f"{days.first:%Y-%m-%d}", f"{days.last:%Y-%m-%d}"
    return f"{said}（{first if first == last else f'{first} 至 {last}'}）"


def _filed_card(one: Registered, tree: UnitTree) -> dict[str, Any]:
    return {
        "number": one.number,
        "query_code": one.query_code,
        "due_at": one.due.at.isoformat(),
        "provisional": one.due.provisional,
        "unit": tree.name(one.lead_unit) if one.lead_unit else None,
    }


def receipt(registered: Sequence[Registered], tree: UnitTree) -> Reply:
    """What the citizen is told once cases are filed: number, query code, when to expect what."""
    first = registered[0]
    card = {"kind": "case", **_filed_card(first, tree), "url": "/progress"}
    last = "请保存好编号和查询码，可随时查进度、催办或补充。"
    if len(registered) == 1:
        unit, expected = _unit_and_time(first, tree)
        text = f"已登记，工单编号 {first.number}，查询码 {first.query_code}{unit}。\n{expected} 前答复您。"
        return say(text + last, ("查进度", "case:progress"), card=card)
    card["cases"] = [_filed_card(one, tree) for one in registered]
    lines = [f"已分别登记 {len(registered)} 件："]
    for number, one in enumerate(registered, 1):
        unit, expected = _unit_and_time(one, tree)
        lines.append(
            f"{number}. 工单编号 {one.number}，查询码 {one.query_code}{unit}，{expected} 前答复"
        )
    return say("\n".join([*lines, last]), ("查进度", "case:progress"), card=card)


def _unit_and_time(one: Registered, tree: UnitTree) -> tuple[str, str]:
    due = one.due.at.astimezone(LOCAL)
    expected = f"预计 {due:%Y-%m-%d %H:%M}" + ("（暂定）" if one.due.provisional else "")
    known = f"，已派给{tree.name(one.lead_unit)}" if one.lead_unit else "，正在由派单员确定承办单位"
    return known, expected


class FormInput(BaseModel):
    """The written form, for when nobody or nothing can talk. ``key`` makes a repeat harmless.

    ``sms``: news about the case may be sent to ``phone`` as text messages.
    """

    key: str = Field(min_length=8, max_length=64)
    type: CaseType | None = None
    detail: str = Field(min_length=4, max_length=4000)
    place: str = Field(min_length=1, max_length=300)
    since: str = Field("", max_length=100)
    name: str = Field("", max_length=40)
    phone: str = Field("", max_length=30)
    anonymous: bool = False
    confidential: bool = False
    sms: bool = False
    on_behalf_of: str = Field("", max_length=40)


async def file_form(session: AsyncSession, intake: Intake, entry: FormInput) -> Registered:
    """File a case from the written form. Raises InvalidInput without a way to reach the citizen
    who does not ask to stay anonymous."""
    phone = find_phone(entry.phone)
    if not entry.anonymous and phone is None:
        raise InvalidInput(
            "请填写联系电话，或选择匿名反映",
            fields={"phone": "请填写手机号或带区号的电话号码"},
        )
    heard = intake.hear(entry.place, "inform")
    place = heard.places[0] if len(heard.places) == 1 else Place(text=entry.place)
    matter = Matter(
        words=[entry.detail.strip()],
        type=entry.type,
        place=place.model_copy(update={"text": entry.place.strip()}),
        since=entry.since.strip() or form.UNKNOWN,
        name=entry.name.strip() or None,
        phone=phone,
        anonymous=entry.anonymous,
        confidential=entry.confidential or None,
        on_behalf_of=entry.on_behalf_of.strip() or None,
    )
    matter = intake.classify(matter)
    return await register_matter(session, intake, matter, f"form:{entry.key}", None, "web", now())
