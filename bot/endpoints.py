"""The public interface of conversations, and the private one that the assistant calls back."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot import farewell, repository
from bot.gateway import Gateway
from bot.inputs import MAX_TEXT, TextInput, TurnInput
from bot.repository import Line
from bot.seats.plan import load_plan
from bot.seats.queueing import standing
from bot.web_talk import token_for
from core.database import now
from core.errors import NotAllowed
from core.replies import Choice, Reply
from core.wire import error_responses

router = APIRouter(prefix="/api/conversations", tags=["对话"])
internal = APIRouter(prefix="/internal", include_in_schema=False)

_OPEN_ERRORS = error_responses(
    {
        400: "请求体不是有效的 JSON",
        413: "请求太大",
        422: "请求格式不对",
        429: "太频繁，Retry-After 秒后再试",
    }
)
_ERRORS = error_responses(
    {
        400: "请求体不是有效的 JSON",
        401: "缺少会话凭证",
        403: "会话凭证不对",
        404: "没有这个对话",
        413: "请求或图片太大",
        422: "请求格式不对",
        429: "太频繁，Retry-After 秒后再试；紧急情况不受限制",
    }
)
_RATING_ERRORS = {**_ERRORS, **error_responses({409: "这次服务已经评价过"})}

ConversationId = Annotated[uuid.UUID, Path(description="对话编号")]
Authorization = Annotated[
    str | None, Header(description="Bearer <token>，开始对话时得到", max_length=200)
]


class NewConversation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: Literal["web", "wechat", "phone", "sms"] = Field("web", description="从哪个渠道来")


class OpenedConversation(BaseModel):
    id: uuid.UUID
    token: str = Field(description="之后每次请求放在 Authorization: Bearer 里")


class NewTurn(BaseModel):
    """One turn: ``text``, or an ``input`` of another kind."""

    model_config = ConfigDict(extra="forbid")

    client_id: str = Field(
        min_length=1, max_length=64, description="客户端给这一轮起的唯一编号，重发不会重复办理"
    )
    text: str | None = Field(None, min_length=1, max_length=MAX_TEXT)
    input: TurnInput | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> NewTurn:
        if (self.text is None) == (self.input is None):
            raise ValueError("text 和 input 须有且只有一个")
        return self


class TurnAnswer(BaseModel):
    replies: list[Reply]
    message_ids: list[int] = Field(description="与 replies 一一对应的事件编号")


class TranscriptMessage(BaseModel):
    id: int
    speaker: str = Field(description="citizen | assistant | person | system")
    text: str
    choices: list[Choice]
    card: dict[str, Any] | None
    at: datetime


class Waiting(BaseModel):
    owner: Literal["assistant", "queue", "seat"] = Field(description="谁在接待：助手、等候中、座席")
    ahead: int = Field(description="等候时前面还有几位")
    free: bool = Field(description="等候时是否有空闲座席")


class Rating(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grade: int = Field(ge=1, le=5, description="1 非常不满意 … 5 非常满意")
    reasons: list[farewell.Reason] = Field(
        [], max_length=len(farewell.Reason), description="不满意的原因，可与等次一起或随后再发"
    )
    text: str = Field("", max_length=farewell.MAX_WORDS, description="不满意的说明")


class Transcript(BaseModel):
    messages: list[TranscriptMessage]


@router.post("", status_code=201, responses=_OPEN_ERRORS, summary="开始一个对话")
async def open_conversation(
    request: Request, wanted: Annotated[NewConversation | None, Body()] = None
) -> OpenedConversation:
    """开始一个对话，得到编号和凭证。"""
    await request.app.state.limits.request(request)
    channel = wanted.channel if wanted else "web"
    conversation, token = await _gateway(request).open(channel)
    return OpenedConversation(id=conversation, token=token)


@router.post("/{conversation}/turns", responses=_ERRORS, summary="说一句话，得到答复")
async def take_turn(
    request: Request,
    conversation: ConversationId,
    turn: NewTurn,
    authorization: Authorization = None,
) -> TurnAnswer:
    """发送一轮输入。同一个 client_id 再发一次得到同样的答复，不会重复办理。"""
    structlog.contextvars.bind_contextvars(conversation_id=str(conversation))
    heard = turn.input or TextInput(kind="text", text=turn.text or "")
    token = token_for(request, conversation, authorization)
    await request.app.state.limits.turn(request, conversation, token, heard)
    answered = await _gateway(request).take(conversation, token, turn.client_id, heard)
    return TurnAnswer(replies=answered.replies, message_ids=answered.message_ids)


@router.get("/{conversation}/messages", responses=_ERRORS, summary="取回对话记录")
async def messages(
    request: Request,
    conversation: ConversationId,
    after: Annotated[int, Query(ge=0, le=2**62, description="此事件编号之后的")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    authorization: Authorization = None,
) -> Transcript:
    """对话记录，按先后排列；也可用来轮询。"""
    gateway = _gateway(request)
    await gateway.check(conversation, token_for(request, conversation, authorization))
    request.app.state.wakeups.saw(conversation)
    async with gateway.database.unit_of_work() as session:
        lines = await repository.transcript(session, conversation, after, limit)
    return Transcript(messages=[_message(line) for line in lines])


@router.get("/{conversation}/waiting", responses=_ERRORS, summary="转人工后排在第几位")
async def waiting(
    request: Request, conversation: ConversationId, authorization: Authorization = None
) -> Waiting:
    """等候人工时的位置；owner 为 queue 时才有位置。"""
    gateway = _gateway(request)
    await gateway.check(conversation, token_for(request, conversation, authorization))
    async with gateway.database.unit_of_work() as session:
        found = await repository.find_conversation(session, conversation)
        assert found is not None
        owner = (
            "assistant" if found.owner != "person" else "queue" if found.seat is None else "seat"
        )
        if owner != "queue":
            return Waiting(owner=owner, ahead=0, free=False)
        stands = await standing(session, found, load_plan())
    return Waiting(owner=owner, ahead=stands.ahead, free=stands.free)


@router.get(
    "/{conversation}/events",
    responses={
        **_ERRORS,
        200: {
            "description": "事件流：id 为事件编号，data 为一条对话记录的 JSON",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
    response_class=EventSourceResponse,
    summary="持续接收对话记录",
)
async def events(
    request: Request,
    conversation: ConversationId,
    after: Annotated[int, Query(ge=0, le=2**62, description="此事件编号之后的")] = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    authorization: Authorization = None,
) -> EventSourceResponse:
    """服务器推送事件；断线后带上 Last-Event-ID 续接。"""
    gateway = _gateway(request)
    await gateway.check(conversation, token_for(request, conversation, authorization))
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = max(after, min(int(last_event_id), 2**62))

    async def stream() -> AsyncIterator[ServerSentEvent]:
        # Something at once: silence then means that a proxy on the way holds the stream back.
        yield ServerSentEvent(comment="hotline")
        lines = request.app.state.wakeups.lines(gateway.database, conversation, after)
        async for line in lines:
            yield ServerSentEvent(data=_message(line).model_dump_json(), id=str(line.id))

    return EventSourceResponse(stream(), ping=15)


@router.post("/{conversation}/rating", responses=_RATING_ERRORS, summary="评价这次服务")
async def rate_conversation(
    request: Request,
    conversation: ConversationId,
    rating: Rating,
    authorization: Authorization = None,
) -> Rating:
    """话务一次一评：同样的评价再发一次不变，另评一次答 409。不满意的可说明一次原因。"""
    gateway = _gateway(request)
    await gateway.check(conversation, token_for(request, conversation, authorization))
    async with gateway.database.unit_of_work() as session:
        await farewell.rate(session, conversation, rating.grade, now())
        if rating.reasons or rating.text.strip():
            await farewell.explain(session, conversation, rating.reasons, rating.text)
    return rating


@internal.post("/actions")
async def actions(
    request: Request, call: dict[str, Any], x_hotline_token: Annotated[str, Header()] = ""
) -> Response:
    """Run one custom action for the assistant (rasa-sdk's webhook protocol)."""
    expected = request.app.state.settings.assistant_token.get_secret_value()
    if not expected or not hmac.compare_digest(x_hotline_token.encode(), expected.encode()):
        raise NotAllowed("令牌不对")
    # Our actions never look at the domain, so it need not be sent.
    result = await request.app.state.executor.run({**call, "domain": {}})
    body = result.model_dump_json() if result is not None else "{}"
    return Response(body, media_type="application/json")


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


def _message(line: Line) -> TranscriptMessage:
    reply = line.reply
    return TranscriptMessage(
        id=line.id,
        speaker=line.speaker,
        text=reply.text,
        choices=reply.choices,
        card=reply.card,
        at=line.at,
    )
