"""What happened to a case, told to whoever brought it: through one door, once, at a decent hour."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from cases.identity import identity_of
from cases.models import Case
from cases.numbers import query_code, review_path
from cases.repository import CaseRepository
from cases.telling import CASE_ANSWERED, CASE_FILED, CASE_PROGRESS
from cases.views import is_secret
from cases.vocabulary import Source
from core.calendar import LOCAL
from core.database import now
from core.outbox import Handler
from core.replies import Reply, say
from core.settings import Settings
from notices import repository
from notices.channels import can_text, registered
from notices.doors import SMS, Person, Talk, by_sms, is_away, pushes_to, release
from notices.invitations import news_of
from notices.messages import Message, address_hash
from notices.news import Asked, News, Question, question_of
from notices.service import enqueue
from notices.tasks import NOTICE_REFUSED
from notices.templates import shortened, templates
from notices.vocabulary import Kind
from reviews.grades import GRADE_NAMES, Grade
from reviews.inviting import RECORD_FINISHED
from reviews.rectifying import CALLED_BACK

# Who does many things a day for others is asked about one of them.
ONE_A_DAY = timedelta(days=1)
_PROGRESS_CHOICE = ("查进度", "case:progress")


class Conversations(Protocol):
    """What is needed of the rooms above: the conversations and their transcripts."""

    async def find(self, session: AsyncSession, conversation_id: uuid.UUID) -> Talk | None:
        """The conversation, its row locked."""
        ...

    async def show(
        self,
        session: AsyncSession,
        conversation_id: uuid.UUID,
        reply: Reply,
        about: Mapping[str, Any],
    ) -> None:
        """Add a line that is not sent by itself; the talk is ``about`` that from now on: ``case``
        (number), ``second`` (id of a rectification that can be rated)."""
        ...

    async def texted(self, session: AsyncSession, address: str, reply: Reply) -> None:
        """Add what is sent to ``address`` by text message to its conversation."""
        ...


class Teller:
    """Handles what leaves the outbox for citizens."""

    def __init__(self, conversations: Conversations, settings: Settings) -> None:
        self.conversations = conversations
        self.settings = settings

    @property
    def handlers(self) -> dict[str, Handler]:
        """By topic of the outbox."""
        return {
            CASE_FILED: self.filed,
            CASE_PROGRESS: self.progress,
            CASE_ANSWERED: self.answered,
            RECORD_FINISHED: self.record_finished,
            CALLED_BACK: self.called_back,
            NOTICE_REFUSED: self.refused,
        }

    async def filed(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """Number and query code, to somebody who saw no receipt."""
        case = await _case(session, payload)
        due = f"{case.due_at.astimezone(LOCAL):%m月%d日%H:%M}"
        text = templates().notice(
            templates().filed,
            secret=is_secret(case),
            number=case.number,
            code=query_code(case.number),
            due=due,
        )
        news = News(f"filed:{case.id}", Kind.FILED, None, text, case)
        await self._tell(session, news, _conversation(payload))

    async def progress(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """What happened in between: an interim answer, another date."""
        case = await _case(session, payload)
        said, secret = str(payload["text"]), is_secret(case)
        words = templates()
        text = words.notice(words.progress, secret=secret, number=case.number, text=said)
        shown = words.progress.secret if secret else words.progress.text
        title, path = payload.get("link") or (None, None)
        card = {"kind": "link", "title": title, "url": path} if path and not secret else None
        line = say(shown.format(number=case.number, text=said), _PROGRESS_CHOICE, card=card)
        key = f"progress:{case.id}:{payload['key']}"
        await self._tell(
            session, News(key, Kind.PROGRESS, line, text, case), _conversation(payload)
        )

    async def answered(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """The answer of a round, with the invitation to rate it; none of a round that is over."""
        case = await _case(session, payload)
        if case.round != payload["round"]:
            return
        secret, words = is_secret(case), templates()
        answer = shortened(case.citizen_answer)
        text = words.notice(words.answered, secret=secret, number=case.number, answer=answer)
        line = invitation(case, secret=secret)
        key = f"answered:{case.id}:{case.round}"
        news = News(key, Kind.ANSWERED, line, text, case)
        await self._tell(session, news, _conversation(payload))

    async def record_finished(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """The invitation to rate a service (办件) that is finished."""
        await self._invite(session, Question(Asked.RECORD, int(payload["record_id"])))

    async def called_back(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """The invitation to rate how a bad review was put right, after the calling back (二评)."""
        await self._invite(session, Question(Asked.SECOND, int(payload["rectification_id"])))

    async def _invite(self, session: AsyncSession, question: Question) -> None:
        found = await news_of(session, question, now())
        if found is None:
            return
        news, conversation = found
        if news.case is not None:
            conversation = await CaseRepository(session, None).conversation_of(news.case)
        await self._tell(session, news, conversation)

    async def refused(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """The door of the conversation would not take it: a text message, if it may be sent."""
        failed = await repository.find(session, int(payload["delivery_id"]))
        if failed is None or failed.channel == SMS:
            return
        if failed.about is not None:
            question = question_of(failed)
            found = await news_of(session, question, now()) if question else None
            if found is not None:
                await self._text(session, found[0], now())
            return
        if failed.case_id is None:
            return
        case = await CaseRepository(session, None).get(failed.case_id)
        kind = Kind(failed.kind)
        words = templates()
        wording = words.answered if kind is Kind.ANSWERED else words.progress
        text = words.notice(
            wording,
            secret=is_secret(case),
            number=case.number,
            text="有新进展，请凭编号和查询码查询。",
            answer=shortened(case.citizen_answer),
        )
        news = News(f"{failed.key}:instead", kind, None, text, case)
        await self._text(session, news, now())

    async def _tell(
        self, session: AsyncSession, news: News, conversation: uuid.UUID | None
    ) -> None:
        at = now()
        talk = await self.conversations.find(session, conversation) if conversation else None
        address = pushes_to(talk, registered())
        # A text asks for the grade itself.
        by_text = news.kind is Kind.RATE and talk is not None and talk.channel == SMS
        reply = news.line if news.line is not None and not by_text else say(news.text)
        if conversation and talk and news.line is not None:
            await self.conversations.show(session, conversation, reply, _about(news))
        if talk is not None and address is not None:
            await self._enqueue(session, news, talk.channel, address, reply, at, conversation)
        elif is_away(talk, at):
            await self._text(session, news, at)

    async def _text(self, session: AsyncSession, news: News, at: datetime) -> None:
        """A text message to the number left with it, if there is one that wants it."""
        person = await _person(session, news) if can_text() else None
        if person is None or person.phone is None or not by_sms(person):
            return
        if news.about is not None and news.about.kind is Asked.RECORD:
            address = address_hash(SMS, person.phone)
            if await repository.asked_since(session, address, at - ONE_A_DAY):
                return
        reply = say(news.text)
        await self.conversations.texted(session, person.phone, reply)
        await self._enqueue(session, news, SMS, person.phone, reply, at, None)

    async def _enqueue(
        self,
        session: AsyncSession,
        news: News,
        channel: str,
        address: str,
        reply: Reply,
        at: datetime,
        conversation: uuid.UUID | None,
    ) -> None:
        later = release(news.kind, at, self.settings.quiet_from, self.settings.quiet_to)
        if later is not None and news.until is not None and later > news.until:
            return
        await enqueue(
            session,
            Message(
                key=f"{news.key}:{channel}",
                channel=channel,
                address=address,
                kind=news.kind,
                reply=reply,
                conversation_id=conversation,
                case_id=news.case.id if news.case else None,
                about=news.about.word if news.about else None,
                not_before=later,
                held=later is not None,
            ),
        )


def invitation(case: Case, *, secret: bool) -> Reply:
    """The answer and how to rate it, as a chat shows them."""
    number, link = case.number, review_path(case.number, case.id, case.round)
    said = f"\n答复：{case.citizen_answer}" if case.citizen_answer and not secret else ""
    return say(
        f"您的工单 {number} 已有办理结果。{said}\n请对这次办理作个评价，也可以随时说“不满意”和原因。",
        *[(GRADE_NAMES[g], f"review:{int(g)}") for g in sorted(Grade, reverse=True)],
        card={"kind": "review", "number": number, "url": link},
    )


async def _case(session: AsyncSession, payload: dict[str, Any]) -> Case:
    return await CaseRepository(session, None).get(int(payload["case_id"]))


def _about(news: News) -> dict[str, Any]:
    if news.case is not None and news.kind is Kind.ANSWERED:
        return {"case": news.case.number}
    asked = news.about
    return {"second": asked.id} if asked is not None and asked.kind is Asked.SECOND else {}


def _conversation(payload: dict[str, Any]) -> uuid.UUID | None:
    given = payload.get("conversation_id")
    return uuid.UUID(str(given)) if given else None


async def _person(session: AsyncSession, news: News) -> Person | None:
    """Whom a text message would reach, and what was said about text messages."""
    if news.case is None:
        return news.person
    identity = await identity_of(session, news.case.id)
    return Person(
        source=Source(news.case.source),
        phone=identity.phone if identity else None,
        choice=await repository.sms_choice(session, news.case.id),
    )
