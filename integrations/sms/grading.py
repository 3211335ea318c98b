"""Grades by text message: of a case, of a service, of what was put right; and the reason of a bad one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.actions.dialogue import looks_like_question
from bot.actions.review_words import COMPLAINS
from bot.understanding import at_the_gate
from cases.vocabulary import Source
from core.database import now
from core.errors import HotlineError
from core.privacy import keyed_hash
from core.replies import Reply, say
from integrations.sms import repository
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.sms.wording import graded, graded_in_words, no_such_choice, says_something
from notices.messages import Message
from notices.news import Asked, Question
from notices.service import enqueue
from notices.vocabulary import Kind
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.models import Rectification, ServiceRecord
from reviews.record_rating import open_until
from reviews.record_rating import submit_in_time as rate_record
from reviews.said import Given
from reviews.second import second_until
from reviews.second import submit_in_time as rate_second
from reviews.service import may_rate, submit_for_case

# Digits of a wrong grade; more may be a number that is called: 110.
_FEW = 2


async def grade(session: AsyncSession, message: TextMessage) -> bool:
    """Take the text as the grade of what this number was asked to rate last, or as the reason that
    was asked for; False when it is neither.

    Only what was told at this very number can be rated from it, and nothing else is opened.
    """
    if await repository.is_answered(session, _key(message)):
        return True
    asked = await repository.reason_asked(session, message.number)
    if asked is not None and await _is_open(session, asked[0]):
        return await _reason(session, message, *asked)
    question = await repository.question_open(session, message.number)
    given = graded(message.body)
    if given is None and question is not None:
        return await _without_digit(session, message, question)
    question = question or await _question_of_reason(session, message)
    if given is None or question is None:
        return False
    await _rate(session, message, question, *given)
    return True


async def answer(
    session: AsyncSession,
    message: TextMessage,
    reply: Reply,
    question: Question | None,
    kind: Kind = Kind.LINE,
) -> None:
    """Answer a text by a text, once; ``question`` is what it is about."""
    case = question.id if question and question.kind is Asked.CASE else None
    await enqueue(
        session,
        Message(
            key=_key(message),
            channel=CHANNEL,
            address=message.number,
            kind=kind,
            reply=reply,
            case_id=case,
            about=question.word if question and case is None else None,
        ),
    )


async def _is_open(session: AsyncSession, question: Question) -> bool:
    """Whether it can be rated now."""
    match question.kind:
        case Asked.CASE:
            return await may_rate(session, question.id, now())
        case Asked.RECORD:
            record = await session.get_one(ServiceRecord, question.id)
            return await open_until(session, record, now()) is not None
        case Asked.SECOND:
            one = await session.get_one(Rectification, question.id)
            return await second_until(session, one, now()) is not None


async def _without_digit(session: AsyncSession, message: TextMessage, question: Question) -> bool:
    """Take a text without a grade from 1 to 5 that follows the question: words that begin with a
    grade rate, signs that mean nothing leave the question open; False for anything else."""
    body = message.body.strip()
    if not body or at_the_gate(body) is not None or not await _is_open(session, question):
        return False
    if await repository.is_turn(session, message.number, message.id):
        return False
    if not says_something(body) and len(body) <= _FEW:
        told = f"{no_such_choice(5)}5 是非常满意，1 是非常不满意。"
        await answer(session, message, say(told), question)
        return True
    given = graded_in_words(body)
    if given is None or COMPLAINS.search(body) or looks_like_question(body):
        return False
    await _rate(session, message, question, *given)
    return True


async def _reason(
    session: AsyncSession, message: TextMessage, question: Question, grade: Grade
) -> bool:
    """Take what follows the question for the reason of ``grade``: words, or another grade."""
    body = message.body.strip()
    given = graded(body, apart=True)
    if given is None:
        if not body or at_the_gate(body) is not None:
            return False
        if await repository.is_turn(session, message.number, message.id):
            return False
        if not says_something(body):
            again = _ask_reason(grade, f"{no_such_choice(5)}\n")
            await answer(session, message, again, question)
            return True
        given = grade, body
    await _rate(session, message, question, *given)
    return True


async def _question_of_reason(session: AsyncSession, message: TextMessage) -> Question | None:
    """The unanswered question that a digit with its reason answers, whatever was talked about since."""
    given = graded(message.body, apart=True)
    if given is None or not given[1]:
        return None
    question = await repository.question_told(session, message.number)
    if question is None or not await _is_open(session, question):
        return None
    return None if await repository.is_turn(session, message.number, message.id) else question


async def _rate(
    session: AsyncSession, message: TextMessage, question: Question, grade: Grade, reason: str
) -> None:
    # Whoever is not content with what was put right has given the reason before.
    if grade in BAD and not reason and question.kind is not Asked.SECOND:
        await answer(session, message, _ask_reason(grade), question)
        return
    # A repeat of the same text is told nothing anew: its delivery is known.
    try:
        async with session.begin_nested():
            await _submit(session, message, question, grade, reason)
        await answer(session, message, _thanks(question, grade), question)
    except HotlineError as refused:
        await answer(session, message, say(refused.message), question)


async def _submit(
    session: AsyncSession, message: TextMessage, question: Question, grade: Grade, reason: str
) -> None:
    match question.kind:
        case Asked.CASE:
            await submit_for_case(session, question.id, grade, [], reason, Source.SMS, now())
        case Asked.RECORD:
            key = keyed_hash("text-review", message.id)
            given = Given(key, grade, Source.SMS, text=reason, phone=message.number)
            await rate_record(session, question.id, given, now())
        case Asked.SECOND:
            await rate_second(session, question.id, grade, reason, now())


def _ask_reason(grade: Grade, before: str = "") -> Reply:
    """The question for the reason; its card remembers the grade until the next text."""
    told = f"您选了“{GRADE_NAMES[grade]}”。请直接回复原因，或回复“{int(grade)}”加原因，例如“{int(grade)} 一直没人来”。"
    return say(before + told, card={"kind": repository.REASON, "grade": int(grade)})


def _key(message: TextMessage) -> str:
    """The key of the delivery that answers a text."""
    return f"text:{message.id}"


_THANKS = {
    Asked.CASE: ("您的评价", "感谢您的评价。", "会交由承办单位核实整改。"),
    Asked.RECORD: ("您对这次办理的评价", "感谢您的评价。", "会交由办理单位核实整改。"),
    Asked.SECOND: (
        "您对整改情况的评价",
        "这件事的整改到此结束。",
        "已转为督办，由督办员盯着单位继续办理，办完再回访您。",
    ),
}


def _thanks(question: Question, grade: Grade) -> Reply:
    what, good, bad = _THANKS[question.kind]
    return say(f"已记录{what}“{GRADE_NAMES[grade]}”，{bad if grade in BAD else good}")
