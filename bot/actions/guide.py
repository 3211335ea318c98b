"""Guide questions, answered from the knowledge base with source and validity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.actions.opinion import unhelpful
from bot.actions.talk import Replies, Talk
from bot.actions.whereabouts import areas_said, asks_where, known_areas
from cases.vocabulary import CaseType, Outcome
from core.calendar import LOCAL
from core.database import now
from core.replies import Choice, Reply, say
from intake import questions
from intake.case_types import tells_trouble
from intake.service import read
from kb.aspects import Aspect, asked, leftover, only_detail
from kb.choices import choice_value
from kb.recording import record
from kb.reply import Answer
from kb.schemas import Kind

# A citizen is asked back at most this often in a row.
_MOST_QUESTIONS = 2
_ENTRIES = ("item", "policy", "life_event")
# A remark on what was just answered is no longer than this.
_REMARK = 20
_WHETHER = re.compile(r"多少|[吗么不没]$|[?？]$|能不能|可不可以|行不|中不|成不|咋|怎么|呢$")
_TAKES = re.compile(
    r"^(?:嗯|哦|对|是|好|要|行|中|得行|可以|就是|就)(?:的|啊|呀|嘛|这个|这项|它|吧|滴|呢)*(?:谢谢)?[。！!，,]*$"
)
_PERSON = (("留下咨询，由单位答复", "case:consult"), ("转人工", "handoff"))


async def guide(talk: Talk) -> Replies:
    """Answer a question; while an intake is open, answer and come back to it."""
    replies = await tell(talk, talk.answer or look_up(talk, talk.context.get("entry")))
    if talk.draft is not None:
        replies.append(_back_to_form(talk))
    return replies


async def guide_where(talk: Talk, question: str) -> Replies:
    """The turn said where the citizen is: now the question that depends on it is answered."""
    talk.remember(areas=areas_said(talk))
    talk.text = question
    return await guide(talk)


def look_up(talk: Talk, context: str | None) -> Answer:
    """What the knowledge base says to the turn where the citizen is; ``context`` is the code of
    the entry it may follow up on."""
    found = areas_said(talk)
    if found:
        talk.remember(areas=found)
    return talk.line.knowledge.answer(talk.text, context, _today(), areas=known_areas(talk))


async def told_notice(talk: Talk) -> Replies | None:
    """What happens now and where, if the turn is about it and was not told so before."""
    notice = talk.line.knowledge.notice(talk.text, areas=areas_said(talk) or known_areas(talk))
    code = (notice.card or {}).get("code") if notice is not None else None
    told = talk.context.get("notices", [])
    if notice is None or code in told:
        return None
    talk.remember(notices=[*told, code], question=talk.text)
    [reply] = await tell(talk, notice)
    more = [
        Choice(title="还是要登记", value="case:consult"),
        Choice(title="转人工", value="handoff"),
    ]
    return [reply.model_copy(update={"choices": [*reply.choices, *more]})]


def answers(talk: Talk, question: str) -> bool:
    """Whether the knowledge base answers ``question``; if so the turn is about it from here on."""
    found = talk.line.knowledge.answer(question, None, _today(), areas=known_areas(talk))
    if found.kind != "answer":
        return False
    talk.text, talk.answer = question, found
    return True


def goes_on(talk: Talk) -> bool:
    """Whether the words are about the entry that was just answered from: 要带啥子, 户口不在这儿中不中."""
    if not talk.context.get("entry") or tells_trouble(talk.text):
        return False
    rest = leftover(talk.text)
    if asked(talk.text):
        return not rest
    return len(talk.text) <= _REMARK and only_detail(rest) and bool(_WHETHER.search(talk.text))


async def take_up(talk: Talk) -> Replies | None:
    """The one entry that was offered, taken up in words: 好, 要, or at once 多少钱; of several the
    question is kept until one is chosen."""
    offered, between = talk.context.get("offered"), talk.context.get("between")
    aspects = asked(talk.text) if not leftover(talk.text) else ()
    kept = between if between and aspects else None
    talk.remember(offered=None, between=kept)
    if kept:
        return [_first_which(kept, aspects)]
    if offered is None:
        return None
    if _TAKES.match(talk.text):
        return await choose_entry(talk, str(offered))
    code = str(offered).split(":")[1]
    return await tell(talk, look_up(talk, code)) if aspects else None


def _first_which(between: list[list[str]], aspects: Sequence[Aspect]) -> Reply:
    """The entries that were offered, once more, each leading to the ``aspects`` asked for now."""
    kinds = [(title, value.split(":")) for title, value in between]
    choices = [
        (title, choice_value(code, aspects, Kind(kind))) for title, (kind, code, *_) in kinds
    ]
    return say("这要看办哪一项，请先选：", *choices)


async def choose_entry(talk: Talk, value: str) -> Replies:
    """An entry or one of its aspects was chosen from quick replies."""
    answer = talk.line.knowledge.answer_choice(value, _today(), areas=known_areas(talk))
    return await tell(talk, answer)


async def tell(talk: Talk, answer: Answer) -> Replies:
    """Put an answer into words, remember its entry, and count the contact as answered."""
    talk.remember(offered=_only_offer(answer), between=_between(answer), answered=None)
    if answer.kind in ("choices", "area"):
        times = int(talk.context.get("questions", 0)) + 1
        if times <= _MOST_QUESTIONS:
            talk.remember(questions=times)
            return [asks_where(talk, answer)] if answer.kind == "area" else [_reply(answer)]
        answer = _given_up(answer)
    talk.remember(questions=None, answered=str(talk.turn_id) if answer.card else None)
    await record(talk.session, answer, talk.text, talk.conversation.id, talk.turn_id)
    match answer.kind:
        case "notice" | "units":
            await talk.settle(Outcome.ANSWERED, type=CaseType.CONSULTATION)
            talk.remember(failures=None)
            return [_with_opinion(talk, answer)]
        case "answer":
            if talk.context.get("entry") != answer.code:
                await talk.settle(Outcome.ANSWERED, type=CaseType.CONSULTATION)
            talk.remember(entry=answer.code, failures=None)
            if answer.asks_area:
                return [asks_where(talk, answer)]
            return [_with_opinion(talk, answer)]
    failures = int(talk.context.get("failures", 0)) + 1
    talk.remember(failures=failures, question=talk.text)
    return [say(answer.text, *answer.choices[:3], *_PERSON)]


def _reply(answer: Answer, *more: tuple[str, str]) -> Reply:
    return say(answer.text, *answer.choices, *more, card=answer.card)


def _only_offer(answer: Answer) -> str | None:
    """The value of the only entry that is offered instead of an answer."""
    values = [value for _, value in answer.choices if value.partition(":")[0] in _ENTRIES]
    return values[0] if answer.kind in ("choices", "unknown") and len(values) == 1 else None


def _between(answer: Answer) -> list[list[str]] | None:
    """Titles and values of the entries among which the citizen is asked to choose."""
    entries = [[title, value] for title, value in answer.choices if value.split(":")[0] in _ENTRIES]
    return entries if answer.kind == "choices" and len(entries) > 1 else None


def _with_opinion(talk: Talk, answer: Answer) -> Reply:
    """The answer with the offer to say that it did not help, if it was given from one entry."""
    return _reply(answer, *([unhelpful(talk.turn_id)] if answer.card is not None else []))


def _given_up(answer: Answer) -> Answer:
    """Instead of a third question back: what came nearest, a person, or a case."""
    text = "还是没能确定您要问哪一项，不再反复问您了。"
    if answer.choices:
        near = "；".join(title for title, _ in answer.choices)
        text += f"比较接近的有：{near}。"
    return replace(answer, kind="unknown", text=f"{text}也可以留下咨询由单位答复，或者转人工。")


def _today() -> date:
    return now().astimezone(LOCAL).date()


def _back_to_form(talk: Talk) -> Reply:
    assert talk.draft is not None
    pending = questions.question(read(talk.draft))
    return pending.model_copy(update={"text": "我们接着登记刚才的事。" + pending.text})
