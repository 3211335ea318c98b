"""The custom actions that the assistant calls: served here, where the data is.

An action is idempotent per turn: what it does and what it answers are one transaction, keyed by the
turn. The assistant gets only a mark that there is an answer; the words stay in the service.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.actions import (
    guide,
    opinion,
    progress,
    rating,
    records,
    review_keeping,
    second_rating,
    service_review,
    small_talk,
    take_in,
    whereabouts,
)
from bot.actions.after_alarm import after_alarm
from bot.actions.dialogue import (
    Step,
    decide,
    how_to_report,
    looks_like_question,
    question_at_end,
    says_that_it_is_a_matter,
)
from bot.actions.records_meant import is_about_a_record
from bot.actions.review_words import plain
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from bot.alarms import awaits_help, raise_alarm
from bot.city import Line
from bot.seats.queueing import hand_over
from bot.understanding import understand
from core.errors import HotlineError
from core.replies import say
from intake.case_types import tells_trouble
from intake.emergencies import OUTAGE
from intake.form import is_opening
from intake.orders import without_orders
from intake.service import open_draft, read
from intake.triage import Way

log = structlog.get_logger(__name__)

ACTIONS = (
    "action_guide",
    "action_intake",
    "action_progress",
    "action_review",
    "action_handoff",
    "action_smalltalk",
    "action_route",
    "action_choose",
    "action_unclear",
)

# The assistant's confidence (0–1) in an emergency that interrupts a form; the gate's rules always do.
_SURE_WITHIN = 0.8
# Words that only name a service are no more than this.
_A_NAME = 10
# What was taken for one of these may go on about what was just answered: 电话多少, 要带啥子.
_MAY_GO_ON = (Step.SMALL_TALK, Step.UNCLEAR, Step.TAKE_IN, Step.ROUTE, Step.PROGRESS)
# What is asked for until it is shown whose a case is: other words leave it.
_ASKED_WHOSE = ("progress", "urge", "withdraw")
_HAPPENED = re.compile(r"[了没不被太丢]")
_GRADE_DIGIT = re.compile(r"^[1-5]$")


async def _hand_over(talk: Talk) -> Replies:
    return [await hand_over(talk.session, talk.conversation, "市民要求")]


_HANDLERS: dict[Step, Callable[[Talk], Awaitable[Replies]]] = {
    Step.GUIDE: guide.guide,
    Step.TAKE_IN: take_in.take_in,
    Step.CONFIRM: take_in.confirm,
    Step.DROP: take_in.drop,
    Step.PROGRESS: progress.progress,
    Step.REVIEW: rating.rating,
    Step.HANDOFF: _hand_over,
    Step.SMALL_TALK: small_talk.small_talk,
    Step.ROUTE: take_in.route,
    Step.UNCLEAR: small_talk.unclear,
}


async def respond(talk: Talk) -> Replies:
    """The replies to a turn: by the quick reply chosen, else by what the turn means here."""
    if talk.conversation.owner == "person" and talk.value is None:
        if awaits_help(talk.conversation):
            return await after_alarm(talk)
        # A seat took the talk while the assistant was listening.
        return [say("话务员已接入，会看到您说的话。")]
    question = whereabouts.question_answered(talk)
    if question is not None:
        return await guide.guide_where(talk, question)
    if talk.value is not None:
        return await _choose(talk, talk.value)
    awaiting = read(talk.draft).awaiting if talk.draft else talk.context.get("awaiting")
    await _weigh(talk, within=awaiting is not None)
    if talk.decision is not None and talk.decision.emergency is not None:
        alarm = talk.decision.emergency
        return [await raise_alarm(talk.session, talk.conversation, talk.text, alarm)]
    if talk.decision is not None and talk.decision.way is Way.POLICE_CLUE:
        return await take_in.route(talk)
    if talk.draft is None and (about_services := await _about_services(talk, awaiting)) is not None:
        return about_services
    if talk.draft is None and (opinion_given := await opinion.given(talk)) is not None:
        return opinion_given
    if talk.draft is None and talk.context.get("case") and _GRADE_DIGIT.match(plain(talk.text)):
        return await rating.rating(talk)
    if awaiting is None and (told := await guide.told_notice(talk)) is not None:
        return told
    if awaiting is None and (taken := await _in_reply(talk)) is not None:
        return taken
    awaiting = talk.context.get("awaiting") if talk.draft is None else awaiting
    step = decide(talk.act, talk.confidence, awaiting, talk.text)
    return await _HANDLERS[step if awaiting else _by_its_words(talk, step)](talk)


async def _about_services(talk: Talk, awaiting: str | None) -> Replies | None:
    """What is said of a transaction with an authority: its progress, or how it was."""
    if awaiting == second_rating.AWAITING:
        return await second_rating.go_on(talk)
    if awaiting in (*service_review.AWAITING, None) and (told := review_keeping.asked_after(talk)):
        return told
    if awaiting in service_review.AWAITING:
        return await service_review.go_on(talk)
    if awaiting in records.AWAITING:
        gone_on = await records.go_on(talk)
        if gone_on is not None:
            return gone_on
    elif awaiting not in (None, *_ASKED_WHOSE):
        return None
    elif is_about_a_record(talk.text, talk.act):
        talk.remember(awaiting=None)
        return await records.progress(talk)
    if service_review.wants(talk):
        talk.remember(awaiting=None)
        return await service_review.begin(talk)
    return review_keeping.named_again(talk, service_review.units_of(talk))


async def _in_reply(talk: Talk) -> Replies | None:
    """What takes up an offer of the turn before, or asks for one."""
    taken = await guide.take_up(talk)
    if taken is None and _asks_how_to_report(talk):
        return await take_in.offer(talk)
    return taken


def _names_a_service(talk: Talk) -> bool:
    """孩子落户: a few words that tell no trouble and that a guide answers."""
    if len(talk.text) > _A_NAME or is_opening(talk.text) or tells_trouble(talk.text):
        return False
    if _HAPPENED.search(talk.text):
        return False
    return not talk.context.get("case") and guide.answers(talk, talk.text)


def _asks_how_to_report(talk: Talk) -> bool:
    matter = how_to_report(talk.text)
    if matter is None or not talk.line.city.intake.is_matter(matter):
        return False
    talk.text, talk.act = matter, "file_case"
    return True


def _by_its_words(talk: Talk, step: Step) -> Step:
    """The step of a fresh turn once the city is asked: what only looks like a question is a matter,
    and a story that ends in a question which a guide answers is none."""
    if step in (Step.SMALL_TALK, Step.UNCLEAR) and OUTAGE.search(talk.text):
        talk.act = "file_case"
        return Step.TAKE_IN
    states = step is Step.GUIDE and not looks_like_question(talk.text)
    if states and talk.line.city.intake.is_matter(talk.text, asked_for=True):
        talk.act = "file_case"
        return Step.TAKE_IN
    if step in _MAY_GO_ON and guide.goes_on(talk):
        return Step.GUIDE
    if step in (Step.SMALL_TALK, Step.UNCLEAR) and talk.context.get("entry"):
        return step
    says_so = says_that_it_is_a_matter(talk.text)
    if step is Step.TAKE_IN and not says_so and _names_a_service(talk):
        return Step.GUIDE
    told = step in (Step.TAKE_IN, Step.GUIDE)
    question = question_at_end(talk.text) if told else None
    if question is not None and guide.answers(talk, question):
        return Step.GUIDE
    return step


async def _weigh(talk: Talk, *, within: bool) -> None:
    """Triage a message that begins a matter; within a form only a sure emergency counts."""
    found = understand(talk.text, talk.act, talk.confidence)
    decision = found.decision
    if decision is None or (
        within and not (decision.way is Way.TRANSFER and talk.confidence >= _SURE_WITHIN)
    ):
        return
    talk.act, talk.decision = found.act, decision
    await repository.record_decision(talk.session, talk.turn_id, decision)


async def _choose(talk: Talk, value: str) -> Replies:
    kind, _, rest = value.partition(":")
    match kind:
        case "item" | "policy" | "life_event":
            return await guide.choose_entry(talk, value)
        case "feedback":
            return await opinion.choose(talk, rest)
        case "intake":
            return await take_in.choose(talk, rest)
        case "case" if rest == "consult":
            return await take_in.consult(talk)
        case "case":
            return await progress.choose(talk, rest)
        case "review":
            return await rating.choose(talk, rest)
        case "second":
            return await second_rating.choose(talk, rest)
        case "rate":
            return await service_review.choose(talk, rest)
        case "record":
            return await records.choose(talk, rest)
        case "menu" if rest == "guide":
            return [say("请说要办什么事，例如“身份证过期了怎么换”“居住证要什么材料”。")]
        case "menu":
            talk.text, talk.act = "我要反映问题", "file_case"
            return await take_in.take_in(talk)
        case "form":
            card = {"kind": "link", "title": "填表反映", "url": "/form"}
            return [say("请打开“填表反映”页面填写，提交后同样会给您工单编号。", card=card)]
        case _:
            # A door may send any words as a choice: they are taken as said.
            talk.value, talk.text = None, value
            talk.act, talk.confidence = None, 0.0
            return await respond(talk)


async def _run(
    line: Line, name: str, conversation: uuid.UUID, turn: uuid.UUID, heard: Heard
) -> None:
    try:
        async with line.database.unit_of_work() as session:
            claim = await repository.claim_action(session, turn, name)
            if claim is not None:
                # The words as they came: the assistant's are normalised, and shortened if long.
                text = without_orders(claim.heard or heard.text)
                talk = await _talk(line, session, conversation, turn, text, heard)
                replies = await respond(talk)
                await repository.append(session, conversation, "assistant", replies, turn)
    except HotlineError as refused:
        async with line.database.unit_of_work() as session:
            if await repository.claim_action(session, turn, name) is not None:
                replies = [say(refused.message, *HELP_CHOICES)]
                await repository.append(session, conversation, "assistant", replies, turn)


class Heard:
    """What the assistant passed on: text, act with confidence, and a chosen value if any."""

    def __init__(self, message: dict[str, Any]) -> None:
        intent = message.get("intent") or {}
        self.text = str(message.get("text") or "")
        self.act = intent.get("name")
        self.confidence = float(intent.get("confidence") or 0.0)
        values = [e["value"] for e in message.get("entities") or [] if e.get("entity") == "value"]
        self.value = str(values[0]) if self.act == "choose" and values else None


async def _talk(
    line: Line,
    session: AsyncSession,
    conversation: uuid.UUID,
    turn: uuid.UUID,
    text: str,
    heard: Heard,
) -> Talk:
    found = await repository.find_conversation(session, conversation, lock=True)
    if found is None:
        raise LookupError(f"no conversation {conversation}")
    draft = await open_draft(session, conversation)
    return Talk(line, session, found, draft, turn, text, heard.act, heard.confidence, heard.value)


def make_executor(line: Line) -> ActionExecutor:
    """The rasa-sdk executor with every action of the line registered."""
    executor = ActionExecutor()
    for action_name in ACTIONS:
        executor.register_action(_action(line, action_name))
    return executor


def _action(line: Line, action_name: str) -> type[Action]:
    class TurnAction(Action):  # type: ignore[misc]
        def name(self) -> str:
            return action_name

        async def run(
            self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
        ) -> list[dict[str, Any]]:
            message = tracker.latest_message or {}
            turn = uuid.UUID(str(message["metadata"]["turn_id"]))
            conversation = uuid.UUID(tracker.sender_id)
            structlog.contextvars.bind_contextvars(
                conversation_id=str(conversation), turn_id=str(turn)
            )
            await _run(line, action_name, conversation, turn, Heard(message))
            dispatcher.utter_message(json_message={"reply": str(turn)})
            return []

    return TurnAction
