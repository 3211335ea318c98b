"""Guide questions, answered from the knowledge base with source and validity."""

from __future__ import annotations

from datetime import datetime

from bot.actions.opinion import unhelpful
from bot.actions.talk import Replies, Talk
from cases.vocabulary import CaseType, Outcome
from core.calendar import LOCAL
from core.replies import Reply, say
from intake import questions
from intake.service import read
from kb.recording import record
from kb.reply import Answer


async def guide(talk: Talk) -> Replies:
    """Answer a question; while an intake is open, answer and come back to it."""
    today = datetime.now(LOCAL).date()
    answer = talk.line.knowledge.answer(talk.text, talk.context.get("entry"), today)
    replies = await tell(talk, answer)
    if talk.draft is not None:
        replies.append(_back_to_form(talk))
    return replies


async def choose_entry(talk: Talk, value: str) -> Replies:
    """An entry or one of its aspects was chosen from quick replies."""
    today = datetime.now(LOCAL).date()
    return await tell(talk, talk.line.knowledge.answer_choice(value, today))


async def tell(talk: Talk, answer: Answer) -> Replies:
    """Put an answer into words, remember its entry, and count the contact as answered."""
    await record(talk.session, answer, talk.text, talk.conversation.id, talk.turn_id)
    if answer.kind == "notice":
        await talk.settle(Outcome.ANSWERED, type=CaseType.CONSULTATION)
        talk.remember(failures=None)
        return [say(answer.text, unhelpful(talk.turn_id))]
    if answer.kind == "answer":
        if talk.context.get("entry") != answer.code:
            await talk.settle(Outcome.ANSWERED, type=CaseType.CONSULTATION)
        talk.remember(entry=answer.code, failures=None)
        return [say(answer.text, *answer.choices, unhelpful(talk.turn_id), card=answer.card)]
    if answer.kind == "choices":
        return [say(answer.text, *answer.choices)]
    failures = int(talk.context.get("failures", 0)) + 1
    talk.remember(failures=failures, question=talk.text)
    return [
        say(
            answer.text,
            *answer.choices[:3],
            ("留下咨询，由单位答复", "case:consult"),
            ("转人工", "handoff"),
        )
    ]


def _back_to_form(talk: Talk) -> Reply:
    assert talk.draft is not None
    pending = questions.question(read(talk.draft))
    return pending.model_copy(update={"text": "我们接着登记刚才的事。" + pending.text})
