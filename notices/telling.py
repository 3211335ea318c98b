"""What happened to a case, told to whoever brought it: through one door, once, at a decent hour."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
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
from notices.messages import Message
from notices.service import enqueue
from notices.tasks import NOTICE_REFUSED
from notices.templates import shortened, templates
from notices.vocabulary import Kind
from reviews.grades import GRADE_NAMES, Grade

_PROGRESS_CHOICE = ("查进度", "case:progress")


class Conversations(Protocol):
    """What is needed of the rooms above: the conversations and their transcripts."""

    async def find(self, session: AsyncSession, conversation_id: uuid.UUID) -> Talk | None:
        """The conversation, its row locked."""
        ...

    async def show(
        self, session: AsyncSession, conversation_id: uuid.UUID, reply: Reply, about: str | None
    ) -> None:
        """Add a line that is not sent by itself; the talk is about case ``about`` from now on."""
        ...

    async def texted(self, session: AsyncSession, address: str, reply: Reply) -> None:
        """Add what is sent to ``address`` by text message to its conversation."""
        ...


@dataclass(frozen=True)
class News:
    """One happening: what a chat shows, and what a text message says."""

    key: str
    kind: Kind
    case: Case
    line: Reply | None
    text: str


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
        news = News(f"filed:{case.id}", Kind.FILED, case, None, text)
        await self._tell(session, news, payload)

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
        await self._tell(session, News(key, Kind.PROGRESS, case, line, text), payload)

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
        news = News(key, Kind.ANSWERED, case, line, text)
        await self._tell(session, news, payload)

    async def refused(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        """The door of the conversation would not take it: a text message, if it may be sent."""
        failed = await repository.find(session, int(payload["delivery_id"]))
        if failed is None or failed.case_id is None or failed.channel == SMS:
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
        news = News(f"{failed.key}:instead", kind, case, None, text)
        await self._text(session, news, now())

    async def _tell(self, session: AsyncSession, news: News, payload: dict[str, Any]) -> None:
        at = now()
        given = payload.get("conversation_id")
        conversation = uuid.UUID(str(given)) if given else None
        talk = await self.conversations.find(session, conversation) if conversation else None
        if conversation and talk and news.line is not None:
            about = news.case.number if news.kind is Kind.ANSWERED else None
            await self.conversations.show(session, conversation, news.line, about)
        address = pushes_to(talk, registered())
        if talk is not None and address is not None:
            reply = news.line or say(news.text)
            await self._enqueue(session, news, talk.channel, address, reply, at, conversation)
        elif is_away(talk, at):
            await self._text(session, news, at)

    async def _text(self, session: AsyncSession, news: News, at: datetime) -> None:
        """A text message to the number left with the case, if there is one that wants it."""
        if not can_text():
            return
        identity = await identity_of(session, news.case.id)
        phone = identity.phone if identity else None
        person = Person(
            source=Source(news.case.source),
            phone=phone,
            choice=await repository.sms_choice(session, news.case.id),
        )
        if phone is None or not by_sms(person):
            return
        reply = say(news.text)
        await self.conversations.texted(session, phone, reply)
        await self._enqueue(session, news, SMS, phone, reply, at, None)

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
        await enqueue(
            session,
            Message(
                key=f"{news.key}:{channel}",
                channel=channel,
                address=address,
                kind=news.kind,
                reply=reply,
                conversation_id=conversation,
                case_id=news.case.id,
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
